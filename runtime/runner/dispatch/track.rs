//! Links that lead by way of here, and the picture by which a letter tells that it was opened.
//!
//! Only what is certainly a link on the web is touched. What can't be read for sure stays as it is: a link that isn't noticed is no
//! harm, one that leads nowhere is.

use std::ops::Range;

use kurant_engine::definition::{LETTERS, Tracking};
use kurant_engine::map::Map;
use kurant_engine::value::Value;
use minijinja::HtmlEscape;
use url::Url;

use crate::public::{PublicLinks, Ticket};

/// The longest link that leads by way of here: what it becomes is longer by a half.
const LONGEST: usize = 1_500;
/// What a sentence ends with, and a link doesn't.
const BEHIND_LINKS: &[char] = &[
    '.', ',', ';', ':', '!', '?', ')', ']', '}', '\'', '"', '»', '”', '*', '_',
];

/// What is noticed of one message.
pub(super) struct Tracks<'t> {
    links: &'t PublicLinks,
    ticket: &'t Ticket,
    notices: (bool, bool),
    /// Where links lead that are left alone.
    spared: Vec<String>,
}

impl<'t> Tracks<'t> {
    /// What the workspace lets be noticed of a message to this customer; `spared` are links that are left alone.
    pub(super) fn of(
        tracking: Tracking,
        links: &'t PublicLinks,
        ticket: &'t Ticket,
        context: &Map,
        spared: Vec<String>,
    ) -> Self {
        let said = said(context);
        Self {
            links,
            ticket,
            notices: (tracking.links.lets(said), tracking.opens.lets(said)),
            spared,
        }
    }

    /// The body of a message as it leaves.
    pub(super) fn put_into(&self, format: &str, body: String) -> String {
        let (clicks, opens) = self.notices;
        let body = match format {
            "html" if clicks => {
                self.replaced(&body, &hrefs(&body), |link| HtmlEscape(link).to_string())
            }
            // By any other channel a long link costs, or shows.
            "txt" if clicks && self.ticket.channel == LETTERS => {
                self.replaced(&body, &bare(&body), str::to_owned)
            }
            _ => body,
        };
        match format {
            "html" if opens => self.with_picture(body),
            _ => body,
        }
    }

    fn replaced(
        &self,
        body: &str,
        found: &[(Range<usize>, String)],
        written: impl Fn(&str) -> String,
    ) -> String {
        let mut out = String::with_capacity(body.len() * 2);
        let mut upto = 0;
        for (place, link) in found {
            let Some(leads_to) = self.leads_to(link) else {
                continue;
            };
            out += &body[upto..place.start];
            out += &written(&self.links.click(self.ticket, &leads_to));
            upto = place.end;
        }
        out += &body[upto..];
        out
    }

    /// Where a link leads, as it may stand in a header; none if it is left alone.
    fn leads_to(&self, link: &str) -> Option<String> {
        let link = link.trim();
        if link.len() > LONGEST
            || self.links.is_own(link)
            || self.spared.iter().any(|own| own == link)
        {
            return None;
        }
        let url = Url::parse(link).ok()?;
        let is_web = matches!(url.scheme(), "https" | "http") && url.has_host();
        let is_plain = link.bytes().all(|byte| byte.is_ascii_graphic());
        is_web.then(|| match is_plain {
            true => link.to_owned(),
            false => url.as_str().to_owned(),
        })
    }

    fn with_picture(&self, mut body: String) -> String {
        let url = self.links.picture(self.ticket);
        let picture = format!(
            "<img src=\"{}\" width=\"1\" height=\"1\" alt=\"\" style=\"display:block;border:0\">",
            HtmlEscape(&url)
        );
        let end = body.to_ascii_lowercase().rfind("</body");
        body.insert_str(end.unwrap_or(body.len()), &picture);
        body
    }
}

/// What a customer says about being noticed.
fn said(context: &Map) -> Option<bool> {
    let Some(Value::Map(customer)) = context.get("customer") else {
        return None;
    };
    let Some(Value::Map(consents)) = customer.get("consents") else {
        return None;
    };
    match consents.get(Tracking::CONSENT) {
        Some(Value::Bool(said)) => Some(*said),
        _ => None,
    }
}

/// The links of plain text, each with its place.
fn bare(text: &str) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("http").map(|at| from + at) {
        from = at + 4;
        let rest = &text[at..];
        let begins = rest.starts_with("https://") || rest.starts_with("http://");
        let before = text[..at].chars().next_back();
        if !begins || before.is_some_and(char::is_alphanumeric) {
            continue;
        }
        let is_end =
            |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '`' | '|' | '\\' | '^');
        let link = rest.split(is_end).next().unwrap_or_default();
        let mut link = link.trim_end_matches(BEHIND_LINKS);
        // `(see https://shop.example/a)`, but `https://shop.example/a_(b)`.
        if rest[link.len()..].starts_with(')')
            && link.matches('(').count() > link.matches(')').count()
        {
            link = &rest[..=link.len()];
        }
        found.push((at..at + link.len(), link.to_owned()));
        from = at + link.len().max(4);
    }
    found
}

/// The links of HTML, each with the place of its value: what stands in `href` of an `a`, outside comments.
fn hrefs(html: &str) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = html[from..].find('<').map(|at| from + at) {
        let rest = &html[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            // Some mail programs read what stands in comments: it is left as it is.
            let Some(end) = comment.find("-->") else {
                break;
            };
            from = at + 4 + end + 3;
            continue;
        }
        let Some(end) = end_of_tag(rest) else {
            break;
        };
        let mut letters = rest[1..].chars();
        let is_link = letters
            .next()
            .is_some_and(|own| own.eq_ignore_ascii_case(&'a'))
            && letters.next().is_some_and(|own| own.is_ascii_whitespace());
        if is_link && let Some(value) = href(&rest[..end]) {
            let link = unescaped(&rest[value.clone()]);
            found.push((at + value.start..at + value.end, link));
        }
        from = at + end;
    }
    found
}

/// Where a tag ends: behind its `>`, which may stand in quotes before.
fn end_of_tag(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in tag.bytes().enumerate() {
        match (quote, byte) {
            (Some(own), byte) if own == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'>') => return Some(at + 1),
            (None, _) => {}
        }
    }
    None
}

/// The place of the value of `href` in a tag; only where it stands in quotes.
fn href(tag: &str) -> Option<Range<usize>> {
    let bytes = tag.as_bytes();
    let mut at = 1;
    // Behind the tag's name.
    while bytes
        .get(at)
        .is_some_and(|byte| !byte.is_ascii_whitespace())
    {
        at += 1;
    }
    loop {
        while bytes
            .get(at)
            .is_some_and(|byte| byte.is_ascii_whitespace() || *byte == b'/')
        {
            at += 1;
        }
        let begins = at;
        while bytes
            .get(at)
            .is_some_and(|byte| !byte.is_ascii_whitespace() && !b"=>/".contains(byte))
        {
            at += 1;
        }
        let name = tag.get(begins..at)?;
        if name.is_empty() {
            return None;
        }
        while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        if bytes.get(at) != Some(&b'=') {
            continue;
        }
        at += 1;
        while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        let quote = *bytes.get(at)?;
        if !matches!(quote, b'"' | b'\'') {
            // A value without quotes ends at a blank.
            while bytes
                .get(at)
                .is_some_and(|byte| !byte.is_ascii_whitespace() && *byte != b'>')
            {
                at += 1;
            }
            continue;
        }
        let value = at + 1;
        let length = bytes[value..].iter().position(|byte| *byte == quote)?;
        if name.eq_ignore_ascii_case("href") {
            return Some(value..value + length);
        }
        at = value + length + 1;
    }
}

/// A value of HTML as it is meant: with the escapes that stand in addresses.
fn unescaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('&') {
        out += &rest[..at];
        rest = &rest[at..];
        let end = rest.find(';').filter(|end| *end <= 10);
        let meant = end.and_then(|end| meant(&rest[1..end]));
        match (meant, end) {
            (Some(meant), Some(end)) => {
                out.push(meant);
                rest = &rest[end + 1..];
            }
            _ => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out + rest
}

fn meant(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "lt" => Some('<'),
        "gt" => Some('>'),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests;
