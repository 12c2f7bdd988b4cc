//! Reports of mail servers (RFC 3464) and of mailboxes whose people complain (RFC 5965): what became of a message.

use kurant_engine::provider::Fate;
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders as _};

use super::letter::{Says, raw};
use crate::channel::{is_bad_address, is_enhanced};

/// The parts that say what became of a message, in ASCII and beyond it (RFC 6533).
const STATUS: [&str; 2] = ["delivery-status", "global-delivery-status"];
/// The part that says what somebody complains of.
const FEEDBACK: &str = "feedback-report";
/// Parts that give the headers of the message alone.
const HEADERS: [&str; 2] = ["rfc822-headers", "global-headers"];
/// Fields of reports in which addresses and names of ours may stand.
const NAMING: [&str; 2] = ["original-envelope-id", "original-mail-from"];
/// So many recipients of a report are looked at; a message of ours has one.
const MOST_RECIPIENTS: usize = 100;

/// Fields, by their names in small letters.
type Fields = Vec<(String, String)>;

/// What a report says, and the places where it may name the message; none for what is no report.
pub(super) fn read(mail: &Message<'_>) -> Option<Result<(Vec<String>, Says), &'static str>> {
    let status = part(mail, "message", &STATUS);
    let feedback = part(mail, "message", &[FEEDBACK]);
    let groups = groups(&text(status.or(feedback)?));
    let mut names = Vec::new();
    for (name, value) in groups.iter().flatten() {
        if NAMING.contains(&name.as_str()) {
            names.push(value.clone());
        }
    }
    names.extend(of_the_message(mail));
    let says = match status.is_some() {
        true => of_delivery(&groups),
        false => of_complaint(&groups),
    };
    Some(says.map(|fate| {
        let says = fate.map_or(Says::Nothing("no_fact"), Says::Fate);
        (names, says)
    }))
}

/// What a delivery report says.
fn of_delivery(groups: &[Fields]) -> Result<Option<Fate>, &'static str> {
    let recipients = groups
        .iter()
        .filter_map(|own| Some((word(own, "action")?, own)));
    let recipients: Vec<(String, &Fields)> = recipients.take(MOST_RECIPIENTS).collect();
    if recipients.is_empty() {
        return Err("it is a delivery report that says of nobody what became of the message");
    }
    // One message has one recipient; where a server made several of it, all of them have to be nobody.
    let mut failed = recipients
        .iter()
        .filter(|(did, _)| did == "failed")
        .peekable();
    if failed.peek().is_some() {
        let fate = match failed.all(|(_, own)| is_bounce(own)) {
            true => Fate::Bounced,
            false => Fate::Failed,
        };
        return Ok(Some(fate));
    }
    let is_there = recipients.iter().any(|(did, _)| did == "delivered");
    Ok(is_there.then_some(Fate::Delivered))
}

/// Whether nobody has the address: by the status, or by what the other server said where that tells more.
fn is_bounce(recipient: &Fields) -> bool {
    let status = word(recipient, "status").filter(|own| is_enhanced(own));
    if let Some(own) = status.as_deref().filter(|own| !own.ends_with(".0.0")) {
        return is_bad_address(Some(own), None);
    }
    let said = field(recipient, "diagnostic-code").unwrap_or_default();
    let enhanced = said.split(|c: char| !c.is_ascii_digit() && c != '.');
    // A bare code may have been said of the message, or of us.
    enhanced
        .filter(|own| is_enhanced(own))
        .any(|own| is_bad_address(Some(own), None))
}

/// What a complaint says.
fn of_complaint(groups: &[Fields]) -> Result<Option<Fate>, &'static str> {
    let kind = groups.iter().find_map(|own| word(own, "feedback-type"));
    let kind = kind.ok_or("it is a complaint that doesn't say what about")?;
    Ok((kind == "abuse").then_some(Fate::Complained))
}

/// What the message that a report is about says of itself, as far as that is given back.
fn of_the_message(mail: &Message<'_>) -> Vec<String> {
    let whole = mail.parts.iter().find_map(MessagePart::message);
    let headers = part(mail, "text", &HEADERS).or_else(|| part(mail, "message", &HEADERS));
    let headers = headers.map(text).unwrap_or_default();
    let headers = fields(&headers);
    let given = |name: &'static str| {
        let whole = whole.into_iter().flat_map(move |own| raw(own, &[name]));
        whole.chain(field(&headers, name).map(str::to_owned))
    };
    given("Message-ID").chain(given("Return-Path")).collect()
}

fn part<'m, 'x>(mail: &'m Message<'x>, kind: &str, subs: &[&str]) -> Option<&'m MessagePart<'x>> {
    let is_own = |part: &&MessagePart<'_>| {
        let own = part.content_type();
        own.is_some_and(|own| {
            let sub = own.subtype().unwrap_or_default();
            own.ctype().eq_ignore_ascii_case(kind)
                && subs.iter().any(|one| sub.eq_ignore_ascii_case(one))
        })
    };
    mail.parts.iter().find(is_own)
}

fn text(part: &MessagePart<'_>) -> String {
    String::from_utf8_lossy(part.contents()).into_owned()
}

/// The groups of fields, as empty lines part them.
fn groups(text: &str) -> Vec<Fields> {
    let mut groups = vec![String::new()];
    for line in text.lines() {
        match (line.trim().is_empty(), groups.last_mut()) {
            (false, Some(last)) => {
                last.push_str(line);
                last.push_str("\r\n");
            }
            _ => groups.push(String::new()),
        }
    }
    let groups = groups.iter().filter(|own| !own.is_empty());
    groups
        .take(MOST_RECIPIENTS)
        .map(|own| fields(own))
        .collect()
}

fn fields(text: &str) -> Fields {
    let text = format!("{text}\r\n\r\n");
    let Some(read) = MessageParser::new().parse_headers(text.as_bytes()) else {
        return Fields::new();
    };
    let own = read.headers().iter().map(|own| {
        let value = text.get(own.offset_start as usize..own.offset_end as usize);
        (
            own.name().to_ascii_lowercase(),
            value.unwrap_or_default().trim().to_owned(),
        )
    });
    own.collect()
}

fn field<'f>(fields: &'f Fields, name: &str) -> Option<&'f str> {
    let own = fields
        .iter()
        .find(|(own, _)| own.eq_ignore_ascii_case(name));
    own.map(|(_, value)| value.as_str())
}

/// The first word of a field, in small letters: comments may stand behind it.
fn word(fields: &Fields, name: &str) -> Option<String> {
    let value = field(fields, name)?;
    let word = value
        .split(|c: char| c.is_whitespace() || matches!(c, '(' | ';'))
        .next()?;
    Some(word.to_ascii_lowercase())
}
