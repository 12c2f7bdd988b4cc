//! A message as it goes over the wire: the same bytes at each try, as long as its template is the same.

use std::time::{Duration, SystemTime};

use kurant_engine::id::Key;
use kurant_engine::input::Command;
use lettre::Address;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message, MultiPart, MultiPartKind, SinglePart};

use super::MailServer;
use super::unsubscribe::{ListUnsubscribe, OneClick};
use crate::dispatch::Rendered;

/// The longest subject, in bytes.
const LONGEST_SUBJECT: usize = 900;

/// A message, ready to be sent.
pub(crate) struct Email {
    pub(super) from: Address,
    pub(super) to: Address,
    pub(super) bytes: Vec<u8>,
}

impl Email {
    /// The message of a command to an address, by a server.
    ///
    /// # Errors
    /// Why it can't be one, without anything personal.
    pub(crate) fn write(
        server: &MailServer,
        command: &Command,
        to: &str,
        rendered: &Rendered,
    ) -> Result<Self, String> {
        if is_unfit(to) {
            return Err("unfit: the address holds a character that none may hold".to_owned());
        }
        let to: Address = to
            .trim()
            .parse()
            .map_err(|_| "unfit: the customer's address is no email address".to_owned())?;
        let subject = subject(rendered)?;
        let names = Names::of(server, command.key);
        let mut message = Message::builder()
            .from(server.from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(subject)
            .date(moment(command.at.millis()))
            .message_id(Some(names.message));
        if let Some(replies) = names.replies {
            message = message.reply_to(replies);
        }
        if let Some(unsubscribe) = &rendered.unsubscribe {
            message = message.header(ListUnsubscribe::to(&unsubscribe.url)?);
            if unsubscribe.is_ours {
                message = message.header(OneClick);
            }
        }
        let unwritten = |error: lettre::error::Error| format!("unfit: {error}");
        let text = SinglePart::plain(rendered.text()?);
        let message = match rendered.format.as_str() {
            "html" => {
                let html = SinglePart::builder()
                    .header(ContentType::TEXT_HTML)
                    .body(rendered.whole());
                // Nothing that is encoded holds `=_`, and each try has the same bytes.
                let both = MultiPart::builder()
                    .kind(MultiPartKind::Alternative)
                    .boundary(format!("=_{}", command.key))
                    .singlepart(text)
                    .singlepart(html);
                message.multipart(both).map_err(unwritten)?
            }
            _ => message.singlepart(text).map_err(unwritten)?,
        };
        Ok(Self {
            from: names.sender,
            to,
            bytes: message.formatted(),
        })
    }
}

/// By what a message is known when it comes back, or is answered.
struct Names {
    /// Its `Message-ID`.
    message: String,
    /// Whom the mail server tells what becomes of it.
    sender: Address,
    /// Where answers go.
    replies: Option<Mailbox>,
}

impl Names {
    fn of(server: &MailServer, key: Key) -> Self {
        let domain = server.from.email.domain();
        let Some(returned) = &server.returned else {
            return Self {
                message: format!("<{key}@{domain}>"),
                sender: server.from.email.clone(),
                replies: server.reply_to.clone(),
            };
        };
        let sender = returned.bounces_to(key);
        Self {
            message: format!("<{}@{domain}>", returned.name(key)),
            sender: sender.unwrap_or_else(|| server.from.email.clone()),
            replies: returned.replies_to(key).or_else(|| server.reply_to.clone()),
        }
    }
}

/// What stands above it. What comes of a template may hold whatever a customer wrote.
fn subject(rendered: &Rendered) -> Result<&str, String> {
    let subject = rendered.front.get("subject").map_or("", |own| own.trim());
    if subject.is_empty() {
        return Err("unfit: the message has no subject".to_owned());
    }
    if is_unfit(subject) {
        return Err(
            "unfit: the subject holds a line break, or a character that isn't seen".to_owned(),
        );
    }
    if subject.len() > LONGEST_SUBJECT {
        return Err(format!(
            "unfit: the subject is longer than {LONGEST_SUBJECT} bytes"
        ));
    }
    Ok(subject)
}

/// Whether a text may not stand in a header: it holds what ends one, what nobody sees, or what turns the reading round.
pub(crate) fn is_unfit(text: &str) -> bool {
    let is_unseen = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{FEFF}')
    };
    text.chars().any(is_unseen)
}

fn moment(millis: i64) -> SystemTime {
    let since = Duration::from_millis(u64::try_from(millis).unwrap_or_default());
    SystemTime::UNIX_EPOCH + since
}
