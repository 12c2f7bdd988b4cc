//! The names by which a message is known when it comes back.
//!
//! Its key, and behind it sixteen digits that only the channel's secret makes of that key: nobody who knows or guesses a key speaks for its
//! message. Digits and small letters stay what they are on their way through any mail server.

use std::path::{Path, PathBuf};

use kurant_engine::id::Key;
use lettre::Address;
use lettre::message::Mailbox;

use crate::channel::mailbox;
use crate::public::Seal;

/// The digits of a key.
const KEY: usize = 32;
/// The digits behind it: 64 bits, each try of which would be a mail.
const SEAL: usize = 16;
/// The digits of a name.
const NAME: usize = KEY + SEAL;
/// The longest part of an address before `@` (RFC 5321).
const LONGEST_LOCAL: usize = 64;
/// What stands between an address and a name.
const BETWEEN: char = '+';

/// Where the mail of a channel comes back to, and by which names it is known.
#[derive(Clone)]
pub struct ReturnedMail {
    folder: PathBuf,
    seal: Seal,
    bounces: Option<Address>,
    replies: Option<Mailbox>,
}

impl ReturnedMail {
    /// Mail that a mail server brings into a folder (a Maildir); names are sealed by a secret, and those of one channel are nothing to
    /// another.
    ///
    /// # Errors
    /// What is wrong with the secret, without it.
    pub fn into(folder: PathBuf, channel: &str, secret: &str) -> Result<Self, String> {
        Ok(Self {
            folder,
            seal: Seal::of(secret, &format!("mail {channel}"))?,
            bounces: None,
            replies: None,
        })
    }

    /// Whom mail servers tell what becomes of a message; the message's name is put into it.
    ///
    /// # Errors
    /// When it is no address, or leaves no room for a name.
    pub fn bounces(mut self, address: &str) -> Result<Self, String> {
        self.bounces = Some(roomy("bounces", address)?.email);
        Ok(self)
    }

    /// Where answers go; the message's name is put into it.
    ///
    /// # Errors
    /// When it is no address, or leaves no room for a name.
    pub fn replies(mut self, address: &str) -> Result<Self, String> {
        self.replies = Some(roomy("replies", address)?);
        Ok(self)
    }

    /// Where it is read.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The addresses of ours that mail comes back to, without names.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = String> {
        let replies = self.replies.as_ref().map(|own| &own.email);
        let all = [self.bounces.as_ref(), replies].into_iter().flatten();
        all.map(ToString::to_string)
    }

    /// The name of a message.
    pub(crate) fn name(&self, key: Key) -> String {
        let key = key.to_string();
        let seal = self.seal.mark(&key);
        format!("{key}{}", &seal[..SEAL])
    }

    /// Whom mail servers tell what becomes of a message, if anybody but its sender.
    pub(crate) fn bounces_to(&self, key: Key) -> Option<Address> {
        self.named(self.bounces.as_ref()?, key)
    }

    /// Where answers to a message go, if anybody is named for them.
    pub(crate) fn replies_to(&self, key: Key) -> Option<Mailbox> {
        let own = self.replies.as_ref()?;
        let email = self.named(&own.email, key)?;
        Some(Mailbox::new(own.name.clone(), email))
    }

    fn named(&self, address: &Address, key: Key) -> Option<Address> {
        let user = format!("{}{BETWEEN}{}", address.user(), self.name(key));
        Address::new(user, address.domain()).ok()
    }

    /// The first message of ours that a text names.
    pub(crate) fn first_in(&self, text: &str) -> Option<Key> {
        let mut runs = text.split(|c: char| !c.is_ascii_hexdigit());
        runs.find_map(|run| self.open(run))
    }

    /// The message that these digits name, if they are one of our names: what stands before it belongs to whoever wrote it there.
    fn open(&self, run: &str) -> Option<Key> {
        let name = run.get(run.len().checked_sub(NAME)?..)?;
        let key: Key = name.get(..KEY)?.to_ascii_lowercase().parse().ok()?;
        self.name(key).eq_ignore_ascii_case(name).then_some(key)
    }
}

/// An address that a name has room in.
fn roomy(key: &str, address: &str) -> Result<Mailbox, String> {
    let own = mailbox(key, address)?;
    let most = LONGEST_LOCAL - NAME - BETWEEN.len_utf8();
    if own.email.user().len() > most {
        return Err(format!(
            "`{key}` has more than {most} letters before `@`: with the name of a message behind them it would be no address any more"
        ));
    }
    Ok(own)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::returned) fn own(channel: &str) -> ReturnedMail {
        let secret = "0123456789abcdef0123456789abcdef";
        let own = ReturnedMail::into(PathBuf::from("mail"), channel, secret).expect("a secret");
        let own = own.bounces("bounces@shop.example").expect("an address");
        own.replies("Shop <answers@shop.example>")
            .expect("an address")
    }

    #[test]
    fn a_name_is_found_wherever_mail_servers_put_it() {
        let (own, key) = (own("email"), Key::of(&["k"]));
        let name = own.name(key);
        assert_eq!(own.name(key), name, "the same each time");
        let sender = own.bounces_to(key).expect("an address").to_string();
        assert_eq!(sender, format!("bounces+{name}@shop.example"));
        let replies = own.replies_to(key).expect("an address").to_string();
        assert_eq!(replies, format!("Shop <answers+{name}@shop.example>"));
        for text in [
            format!("<{name}@shop.example>"),
            format!("rfc822; bounces+{name}@shop.example"),
            format!(" \"Shop\" <BOUNCES+{}@SHOP.EXAMPLE>", name.to_uppercase()),
            format!("SRS0=a1b2=C3=shop.example=bounces+{name}@relay.example"),
            format!("mailto:bounces%2B{name}@shop.example"),
            format!("<abc@x.example>\r\n\t<{name}@shop.example>"),
        ] {
            assert_eq!(own.first_in(&text), Some(key), "{text}");
        }
    }

    #[test]
    fn what_nobody_sealed_is_no_name() {
        let (mine, key) = (own("email"), Key::of(&["k"]));
        let name = mine.name(key);
        let mut other = name.clone().into_bytes();
        for at in 0..NAME {
            let was = other[at];
            other[at] = if was == b'0' { b'1' } else { b'0' };
            assert_eq!(
                mine.first_in(&String::from_utf8_lossy(&other)),
                None,
                "{at}"
            );
            other[at] = was;
        }
        for text in [
            "",
            "bounces@shop.example",
            &key.to_string(),
            &name[1..],
            &format!("{name}a"),
            &"a".repeat(100_000),
        ] {
            assert_eq!(mine.first_in(text), None);
        }
        assert_eq!(own("news").first_in(&name), None, "of another channel");
    }

    #[test]
    fn an_address_without_room_is_told_and_a_short_secret_too() {
        let made = |secret| ReturnedMail::into(PathBuf::from("mail"), "email", secret);
        let why = made("s3cret").err().expect("no secret");
        assert!(why.contains("openssl") && !why.contains("s3cret"), "{why}");
        let made = || made("0123456789abcdef0123456789abcdef").expect("a secret");
        assert!(made().bounces("fifteen-letters@shop.example").is_ok());
        let why = made().bounces("sixteen-letters-@shop.example").err();
        assert!(why.is_some_and(|why| why.contains("more than 15 letters")));
        assert!(made().replies("nobody").is_err());
    }
}
