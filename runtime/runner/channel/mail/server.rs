//! A mail server as `kurant.yaml` names it.

use std::fmt;

use lettre::message::Mailbox;

use crate::returned::ReturnedMail;

/// How many connections there are at the most.
pub(crate) const MOST_CONNECTIONS: usize = 64;

/// How a connection is kept from others' eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// TLS from the first byte on.
    Required,
    /// TLS after `STARTTLS`, which the server has to offer.
    StartTls,
    /// None; only on this machine.
    None,
}

/// A mail server, who sends by it, and how it wants to be treated.
#[derive(Clone)]
pub struct MailServer {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) encryption: Encryption,
    pub(super) login: Option<(String, String)>,
    pub(super) from: Mailbox,
    pub(super) reply_to: Option<Mailbox>,
    pub(super) returned: Option<ReturnedMail>,
    pub(super) connections: usize,
    pub(super) valid_for: i64,
}

impl MailServer {
    /// A server; `from` is an address, or `Name <address>`. A message is tried for `valid_for` milliseconds.
    ///
    /// # Errors
    /// What is wrong, in people's words and without secrets.
    pub fn new(
        (host, port): (&str, u16),
        encryption: Encryption,
        from: &str,
        valid_for: i64,
    ) -> Result<Self, String> {
        if encryption == Encryption::None && !is_this_machine(host) {
            return Err(
                "`tls: none` would send messages and passwords in the clear; it is for this machine only"
                    .to_owned(),
            );
        }
        Ok(Self {
            host: host.to_owned(),
            port,
            encryption,
            login: None,
            from: mailbox("from", from)?,
            reply_to: None,
            returned: None,
            connections: 4,
            valid_for,
        })
    }

    /// This one with what another one says of who we are; none = that is the same.
    pub(super) fn renewed(&self, fresh: &Self) -> Option<Self> {
        let is_another = (&self.host, self.port) != (&fresh.host, fresh.port);
        (!is_another && self.login != fresh.login).then(|| Self {
            login: fresh.login.clone(),
            ..self.clone()
        })
    }

    /// The address that it sends from.
    pub fn sender(&self) -> String {
        self.from.email.to_string()
    }

    /// The addresses that customers know it by.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = String> {
        let all = [Some(&self.from), self.reply_to.as_ref()];
        let all = all.into_iter().flatten();
        let known = all.map(|own| own.email.to_string());
        let returned = self.returned.iter().flat_map(ReturnedMail::addresses);
        known.chain(returned)
    }

    /// Who it is to the server.
    #[must_use]
    pub fn login(mut self, user: &str, password: &str) -> Self {
        self.login = Some((user.to_owned(), password.to_owned()));
        self
    }

    /// Where answers go.
    ///
    /// # Errors
    /// When it is no address.
    pub fn reply_to(mut self, address: &str) -> Result<Self, String> {
        self.reply_to = Some(mailbox("reply_to", address)?);
        Ok(self)
    }

    /// What comes back as mail is known by these names, and read there.
    #[must_use]
    pub fn returned(mut self, returned: ReturnedMail) -> Self {
        self.returned = Some(returned);
        self
    }

    /// Where what comes back as mail is read, if it is.
    pub fn returned_mail(&self) -> Option<&ReturnedMail> {
        self.returned.as_ref()
    }

    /// So many messages at once.
    #[must_use]
    pub fn connections(mut self, connections: usize) -> Self {
        self.connections = connections.clamp(1, MOST_CONNECTIONS);
        self
    }
}

/// Whether a host is this machine by its name.
fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = |address: std::net::IpAddr| address.is_loopback();
    host.eq_ignore_ascii_case("localhost") || address.parse().is_ok_and(is_loopback)
}

pub(crate) fn mailbox(key: &str, text: &str) -> Result<Mailbox, String> {
    let is_sound = !super::email::is_unfit(text);
    let parsed = text.parse::<Mailbox>().ok().filter(|_| is_sound);
    parsed.ok_or_else(|| {
        format!("`{key}` is no address: write `hello@shop.example`, or `Shop <hello@shop.example>`")
    })
}

/// Host and port; never the password.
impl fmt::Display for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailServer({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(host: &str, encryption: Encryption, from: &str) -> Result<MailServer, String> {
        MailServer::new((host, 25), encryption, from, 0)
    }

    #[test]
    fn in_the_clear_only_on_this_machine() {
        for host in ["localhost", "127.0.0.1", "::1", "127.9.9.9"] {
            assert!(
                server(host, Encryption::None, "a@b.example").is_ok(),
                "{host}"
            );
        }
        for host in [
            "mail.example",
            "10.0.0.1",
            "localhost.evil.example",
            "0.0.0.0",
        ] {
            assert!(
                server(host, Encryption::None, "a@b.example").is_err(),
                "{host}"
            );
            assert!(
                server(host, Encryption::StartTls, "a@b.example").is_ok(),
                "{host}"
            );
        }
    }

    #[test]
    fn a_sender_is_an_address_and_no_more() {
        for from in [
            "a@b.example",
            "Shop <a@b.example>",
            "Крамниця <a@b.example>",
        ] {
            assert!(server("m", Encryption::Required, from).is_ok(), "{from}");
        }
        for from in [
            "",
            "shop",
            "a@b.example\r\nBcc: c@d.example",
            "a@b.example, c@d.example",
        ] {
            assert!(server("m", Encryption::Required, from).is_err(), "{from}");
        }
    }

    #[test]
    fn a_server_is_shown_without_its_password() {
        let own = server("m.example", Encryption::Required, "a@b.example").expect("a server");
        let shown = format!("{0} {0:?}", own.login("user", "s3cret"));
        assert_eq!(shown, "m.example:25 MailServer(m.example:25)");
    }
}
