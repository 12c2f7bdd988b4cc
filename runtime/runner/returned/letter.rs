//! A mail that came back: which message of ours it may name, and what follows from it. Nothing here knows whose names are right.

use std::borrow::Cow;

use kurant_engine::id::Key;
use kurant_engine::provider::Fate;
use mail_parser::{Message, MessageParser};

use super::{reply, report};

/// Where a mail server says for whom it took a mail. What it adds itself comes first.
const RECIPIENTS: [&str; 8] = [
    "X-Original-To",
    "Delivered-To",
    "X-Delivered-To",
    "Envelope-To",
    "X-Envelope-To",
    "To",
    "Cc",
    "Resent-To",
];
/// What an answer says of what it answers.
const ANSWERS: [&str; 1] = ["In-Reply-To"];
/// What was said before in the same talk, the latest last.
const THREAD: [&str; 1] = ["References"];
/// Headers that only programs write.
const BY_PROGRAMS: [&str; 6] = [
    "List-Id",
    "X-Autoreply",
    "X-Autorespond",
    "X-Autoresponder",
    "X-Auto-Reply",
    "X-Failed-Recipients",
];
/// What is said of mail that no person wrote to us.
const PRECEDENCES: [&str; 4] = ["bulk", "junk", "list", "auto_reply"];
/// So many places are looked at for a name.
const MOST_PLACES: usize = 200;

/// A mail, as far as it concerns us.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Letter {
    /// Where it may name a message of ours, the surest place first.
    pub(super) places: Vec<String>,
    /// What follows from it, if it does.
    pub(super) says: Says,
}

/// What follows from a mail.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Says {
    /// This became of the message.
    Fate(Fate),
    /// Somebody answered it.
    Reply {
        /// What tells this answer from others.
        id: String,
        /// What they wrote.
        text: String,
    },
    /// Nothing; and why, in a word for counters.
    Nothing(&'static str),
}

/// Reads a mail, or says why it can't be read, without anything that stands in it. Addresses of ours tell where what somebody wrote ends,
/// and what they answer begins.
pub(super) fn read(bytes: &[u8], ours: &[String]) -> Result<Letter, &'static str> {
    if bytes.trim_ascii().is_empty() {
        return Err("it is empty");
    }
    let mail = MessageParser::default().parse(bytes);
    // Whatever stands before a colon is a header to a reader that wants to understand.
    let is_mail = |own: &Message<'_>| own.headers().iter().any(|one| !one.name.is_other());
    let mail = mail.filter(|own| !own.parts.is_empty() && is_mail(own));
    let mail = mail.ok_or("it is no mail: it has no headers")?;
    let mut places = raw(&mail, &RECIPIENTS);
    let says = match report::read(&mail) {
        Some(read) => {
            let (more, says) = read?;
            places.extend(more);
            says
        }
        None => {
            places.extend(raw(&mail, &ANSWERS));
            for thread in raw(&mail, &THREAD) {
                places.extend(thread.split_whitespace().rev().map(str::to_owned));
            }
            of_a_person(&mail, bytes, ours)
        }
    };
    places.truncate(MOST_PLACES);
    Ok(Letter { places, says })
}

fn of_a_person(mail: &Message<'_>, bytes: &[u8], ours: &[String]) -> Says {
    if is_automatic(mail) {
        return Says::Nothing("automatic");
    }
    if is_own(mail, ours) {
        return Says::Nothing("own");
    }
    let id = raw(mail, &["Message-ID"]).into_iter().next();
    let id = id.unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned());
    let text = mail.body_text(0).unwrap_or(Cow::Borrowed(""));
    Says::Reply {
        id: Key::of(&["mail", id.trim()]).to_string(),
        text: reply::written(&text, ours),
    }
}

/// Whether it is from us: a copy of what we sent, or somebody of ours who writes in the same talk. It is no answer of the customer's.
fn is_own(mail: &Message<'_>, ours: &[String]) -> bool {
    let from = mail.from().into_iter().flat_map(|own| own.iter());
    let mut from = from.filter_map(|own| Some(plain(own.address()?)));
    from.any(|own| ours.iter().any(|ours| plain(ours) == own))
}

/// An address without what stands behind `+`, in small letters.
fn plain(address: &str) -> String {
    let address = address.trim().to_lowercase();
    match address.rsplit_once('@') {
        Some((user, domain)) => {
            let user = user.split('+').next().unwrap_or_default();
            format!("{user}@{domain}")
        }
        None => address,
    }
}

/// Whether a program wrote it by itself (RFC 3834), as far as it says so.
fn is_automatic(mail: &Message<'_>) -> bool {
    let first = |name: &'static str| raw(mail, &[name]).into_iter().next();
    let word = |name| {
        let value: Option<String> = first(name);
        let value = value.map(|own| own.to_ascii_lowercase());
        value.map(|own| own.split(';').next().unwrap_or_default().trim().to_owned())
    };
    let is_report = mail.root_part().headers.iter().any(|own| {
        let kind = own.value.as_content_type();
        kind.is_some_and(|kind| kind.subtype() == Some("report"))
    });
    is_report
        || word("Auto-Submitted").is_some_and(|own| own != "no")
        || word("Precedence").is_some_and(|own| PRECEDENCES.contains(&own.as_str()))
        || first("Return-Path").is_some_and(|own| own.trim() == "<>")
        || !raw(mail, &BY_PROGRAMS).is_empty()
}

/// What these headers say as they stand there, one name after the other.
pub(super) fn raw(mail: &Message<'_>, names: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for name in names {
        for own in mail.headers().iter() {
            let place = own.offset_start as usize..own.offset_end as usize;
            if own.name().eq_ignore_ascii_case(name)
                && let Some(value) = mail.raw_message.get(place)
            {
                found.push(String::from_utf8_lossy(value).trim().to_owned());
            }
        }
    }
    found
}
