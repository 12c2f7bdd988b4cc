//! The talk with a mail server, up to the point of no return and beyond it.

use std::error::Error as _;
use std::future::Future;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::Severity;
use tokio::time::timeout;

use super::email::Email;
use super::server::{Encryption, MailServer};

/// How long a connection may take to be made.
const TO_CONNECT: Duration = Duration::from_secs(8);
/// How long the words before the message may take.
const TO_ANNOUNCE: Duration = Duration::from_secs(8);
/// How long the message itself may take, and the server's answer to it. With the times above it stays below the time for which
/// a claim holds.
const TO_TAKE: Duration = Duration::from_secs(25);

/// The server's word that it wants the message now.
const GO_AHEAD: u16 = 354;
/// So many numbers make an enhanced code.
const ENHANCED: usize = 3;

/// What says that nobody has an address: no such mailbox, no such domain, no address at all, one that has moved away, a domain that
/// takes no mail; and a mailbox that is closed.
const BAD_ADDRESSES: [&str; 6] = ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"];
/// The same of a server that says no more than a code, when it was told the address.
const BAD_ADDRESS: [u16; 3] = [550, 551, 553];

/// A connection.
pub(super) struct Line {
    connection: AsyncSmtpConnection,
    /// So many messages went through it.
    pub(super) sent: u32,
}

/// Why something was not taken.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server said so: its code, that code with what stands beside it, and whether it was asked for the address alone.
    Answer {
        code: u16,
        said: String,
        of_address: bool,
    },
    /// Nothing more was heard of it.
    Lost(String),
    /// This message can't be brought to this server.
    Unable(String),
}

impl Failure {
    pub(super) fn is_answer(&self) -> bool {
        matches!(self, Self::Answer { .. })
    }

    /// What was said, as far as it is kept.
    pub(super) fn said(self) -> String {
        match self {
            Self::Answer { said, .. } | Self::Lost(said) | Self::Unable(said) => said,
        }
    }

    /// Whether nobody has the address, and nobody will (RFC 3463): no such mailbox or domain, or one that is closed for good.
    /// What is said of the sender, of a full mailbox or of the message itself says nothing of the address.
    pub(super) fn is_about_the_address(&self) -> bool {
        let Self::Answer {
            code,
            said,
            of_address,
        } = self
        else {
            return false;
        };
        let enhanced = said.split_whitespace().nth(1);
        is_bad_address(enhanced, of_address.then_some(*code))
    }

    /// Whether the server ends a connection that nobody used for long.
    pub(super) fn is_hanging_up(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::Answer { code: 421, .. })
    }
}

/// Whether an enhanced code says that nobody has the address; where there is none, a bare one that was said of the address alone.
pub(crate) fn is_bad_address(enhanced: Option<&str>, of_address: Option<u16>) -> bool {
    match enhanced {
        Some(own) => BAD_ADDRESSES.contains(&own),
        None => of_address.is_some_and(|code| BAD_ADDRESS.contains(&code)),
    }
}

impl Line {
    /// A connection; or why there is none, without secrets.
    pub(super) async fn open(server: &MailServer) -> Result<Self, String> {
        match timeout(TO_CONNECT, connect(server)).await {
            Ok(connected) => connected.map(|connection| Self {
                connection,
                sent: 0,
            }),
            Err(_) => Err(format!(
                "it did not answer within {} seconds",
                TO_CONNECT.as_secs()
            )),
        }
    }

    /// Who writes to whom, up to the server's word that it wants the message now.
    pub(super) async fn announce(&mut self, email: &Email) -> Result<(), Failure> {
        within(TO_ANNOUNCE, self.words(email)).await
    }

    async fn words(&mut self, email: &Email) -> Result<(), Failure> {
        let mut options = Vec::new();
        if !(email.to.to_string() + email.from.as_ref()).is_ascii() {
            let server = self.connection.server_info();
            if !server.supports_feature(Extension::SmtpUtfEight) {
                let why = "the mail server takes no addresses like this one (SMTPUTF8)";
                return Err(Failure::Unable(why.to_owned()));
            }
            options.push(MailParameter::SmtpUtfEight);
        }
        let connection = &mut self.connection;
        let from = Mail::new(Some(email.from.clone()), options);
        connection.command(from).await.map_err(failure)?;
        let to = Rcpt::new(email.to.clone(), Vec::new());
        connection.command(to).await.map_err(of_address)?;
        let said = connection.command(Data).await.map_err(failure)?;
        match said.has_code(GO_AHEAD) {
            true => Ok(()),
            false => Err(Failure::Lost("it did not ask for the message".to_owned())),
        }
    }

    /// The message itself. From its first byte on a connection that is lost leaves it in doubt.
    pub(super) async fn message(&mut self, email: &Email) -> Result<(), Failure> {
        self.sent += 1;
        let taking = async {
            let said = self.connection.message(&email.bytes).await;
            let said = said.map_err(failure)?;
            match said.code().severity {
                Severity::PositiveCompletion => Ok(()),
                _ => Err(Failure::Lost("its answer was none".to_owned())),
            }
        };
        within(TO_TAKE, taking).await
    }

    /// Forgets what was begun; says whether the connection is still of use.
    pub(super) async fn reset(&mut self) -> bool {
        let reset = async { self.connection.command(Rset).await.map_err(failure) };
        within(TO_ANNOUNCE, reset).await.is_ok()
    }
}

async fn within<T>(
    patience: Duration,
    saying: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let silent = || {
        Failure::Lost(format!(
            "it said nothing for {} seconds",
            patience.as_secs()
        ))
    };
    timeout(patience, saying)
        .await
        .unwrap_or_else(|_| Err(silent()))
}

async fn connect(server: &MailServer) -> Result<AsyncSmtpConnection, String> {
    let tls = || {
        let made = TlsParameters::new(server.host.clone());
        made.map_err(|error| format!("TLS can't be used: {error}"))
    };
    let hello = ClientId::Domain(server.from.email.domain().to_owned());
    let at_once = match server.encryption {
        Encryption::Required => Some(tls()?),
        _ => None,
    };
    let place = (server.host.as_str(), server.port);
    let connecting =
        AsyncSmtpConnection::connect_tokio1(place, Some(TO_CONNECT), &hello, at_once, None);
    let mut connection = connecting.await.map_err(|error| unmade(&error))?;
    if server.encryption == Encryption::StartTls {
        if !connection.can_starttls() {
            return Err("it offers no STARTTLS, and nothing is sent in the clear".to_owned());
        }
        let upgraded = connection.starttls(tls()?, &hello).await;
        upgraded.map_err(|error| unmade(&error))?;
    }
    if let Some((user, password)) = &server.login {
        let credentials = Credentials::new(user.clone(), password.clone());
        let known = connection
            .auth(&[Mechanism::Plain, Mechanism::Login], &credentials)
            .await;
        known.map_err(|error| format!("it does not let us in: {}", unmade(&error)))?;
    }
    Ok(connection)
}

/// Why there is no connection.
fn unmade(error: &Error) -> String {
    match error.status() {
        Some(_) => format!("it says {}", said(error)),
        // Neither a message nor a password has been written yet.
        None => match error.source() {
            Some(source) => source.to_string(),
            None => error.to_string(),
        },
    }
}

fn failure(error: Error) -> Failure {
    match error.status() {
        Some(code) => Failure::Answer {
            code: code.into(),
            said: said(&error),
            of_address: false,
        },
        None if error.is_client() => Failure::Unable("it can't be written as mail".to_owned()),
        None => Failure::Lost("the connection was lost".to_owned()),
    }
}

/// The same, when the server was told the address and nothing else.
fn of_address(error: Error) -> Failure {
    match failure(error) {
        Failure::Answer { code, said, .. } => Failure::Answer {
            code,
            said,
            of_address: true,
        },
        other => other,
    }
}

/// The code of an answer, and its enhanced code if it has one: `550 5.1.1`. None of its words: they may name the person.
fn said(error: &Error) -> String {
    let code = error.status().map(|code| code.to_string());
    let text = error.source().map(ToString::to_string).unwrap_or_default();
    let enhanced = text.split_whitespace().find(|word| is_enhanced(word));
    [code.as_deref(), enhanced]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

/// `5.1.1`, and nothing else.
pub(crate) fn is_enhanced(word: &str) -> bool {
    let is_number =
        |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    word.starts_with(['4', '5'])
        && word.split('.').count() == ENHANCED
        && word.split('.').all(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_said_of_the_address_gives_it_up() {
        let answer = |code, said: &str, of_address| Failure::Answer {
            code,
            said: said.to_owned(),
            of_address,
        };
        for (code, said, of_address, is_bounce) in [
            (550, "550 5.1.1", true, true),
            (550, "550 5.1.1", false, true),
            (550, "550 5.2.1", true, true),
            (550, "550", true, true),
            (551, "551", true, true),
            (553, "553", true, true),
            (550, "550", false, false),
            (554, "554", true, false),
            (552, "552 5.2.2", true, false),
            (550, "550 5.7.1", true, false),
            (553, "553 5.1.8", true, false),
            (553, "553 5.1.7", true, false),
        ] {
            let failure = answer(code, said, of_address);
            assert_eq!(failure.is_about_the_address(), is_bounce, "{said}");
        }
        assert!(!Failure::Lost("550 5.1.1".to_owned()).is_about_the_address());
    }

    #[test]
    fn of_an_answer_only_its_codes_are_kept() {
        for word in ["5.1.1", "4.7.1", "5.7.509"] {
            assert!(is_enhanced(word), "{word}");
        }
        for word in [
            "5.1",
            "5.1.1.1",
            "anna@example.com",
            "5.1.",
            "5.1.1234",
            "1.2.3",
        ] {
            assert!(!is_enhanced(word), "{word}");
        }
    }
}
