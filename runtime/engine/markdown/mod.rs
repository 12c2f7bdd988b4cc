//! Markdown: letters as people write them, made into HTML that looks the same in every mail program.
//!
//! Values have been filled in before, as [`shield`]ed text: no value becomes a heading, a link or a tag, whatever a customer wrote.
//! Mail programs take few styles, and those best from the element itself: that is where they stand. The same text gives the same HTML,
//! byte by byte.

mod shield;

use std::ops::Range;

use pulldown_cmark::{CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd, html};

pub use shield::{shielded, unshielded};

const OPTIONS: Options = Options::ENABLE_STRIKETHROUGH.union(Options::ENABLE_TABLES);
/// What stands around each letter: one column, at most 600 pixels wide, as wide as the window on a telephone.
const PAGE: &str = include_str!("letter.html");
/// Where the letter's language stands in it, and where its text.
const LANGUAGE: &str = "LANGUAGE";
const TEXT: &str = "<!-- TEXT -->";

/// Where a link or a picture may lead. Nothing else is of use in a letter.
const SCHEMES: [&str; 4] = ["https:", "http:", "mailto:", "tel:"];

const PARAGRAPH: &str = "margin:0 0 16px";
const RULE: &str = "border:0;border-top:1px solid #dddddd;margin:24px 0 16px";
const SMALL_PRINT: &str = "font-size:13px;line-height:20px;color:#667085";
const CODE: &str = "padding:2px 6px;background:#f0f0ee;font-family:Consolas,Menlo,monospace";
const LINK: &str = "color:#1a5fb4";
const BUTTON: &str = "display:inline-block;padding:12px 24px;border-radius:6px;background:#1f2933;color:#ffffff;\
    font-weight:bold;text-decoration:none";

/// Makes HTML of a letter whose values are filled in, for readers of a language (`uk`, `uk-UA`; none = not known).
pub fn to_html(letter: &str, language: Option<&str>) -> String {
    let events: Vec<Event<'_>> = Parser::new_ext(letter, OPTIONS).collect();
    let mut text = String::with_capacity(letter.len() * 2);
    html::push_html(&mut text, dressed(&events).into_iter());
    let language = language.unwrap_or_default().replace('_', "-");
    let is_language = language
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let language = if is_language { &language } else { "" };
    PAGE.replacen(LANGUAGE, language, 1)
        .replacen(TEXT, text.trim_end(), 1)
}

/// The same events, with their values as they are and with styles. What stands below the last rule is small print.
fn dressed<'e>(events: &[Event<'e>]) -> Vec<Event<'e>> {
    let last_rule = last_rule(events);
    let mut out = Vec::with_capacity(events.len());
    let (mut at, mut button_ends) = (0, None);
    let mut around = Around::default();
    while let Some(event) = events.get(at) {
        let rest = &events[at..];
        if let Some((url, length)) = button(rest) {
            out.push(tag(format!(
                "<p style=\"margin:8px 0 24px\"><a href=\"{}\" style=\"{BUTTON}\">",
                shield::attribute(&shield::address(url))
            )));
            button_ends = Some(at + length);
            at += 3;
        } else if button_ends == Some(at) {
            out.push(tag("</a></p>\n".to_owned()));
            at += 3;
        } else if is_blank(rest) {
            at += 3;
        } else {
            let is_last = last_rule == Some(at);
            out.push(around.dressed(event, is_last));
            at += 1;
        }
    }
    if last_rule.is_some() {
        out.push(tag("</div>".to_owned()));
    }
    out
}

/// What stands around an event.
#[derive(Default)]
struct Around {
    /// Whether each link and picture leads anywhere; else its end goes too.
    leads: Vec<bool>,
    /// How many pictures: within one there is only text, to be read where it isn't shown.
    pictures: usize,
}

impl Around {
    fn dressed<'e>(&mut self, event: &Event<'e>, is_last_rule: bool) -> Event<'e> {
        match event {
            Event::Start(start) if self.pictures == 0 => opened(start, self),
            Event::Start(Tag::Image { .. }) => {
                self.pictures += 1;
                self.leads.push(false);
                tag(String::new())
            }
            Event::End(TagEnd::Image) => {
                self.pictures = self.pictures.saturating_sub(1);
                match self.leads.pop() {
                    Some(true) => event.clone(),
                    _ => tag(String::new()),
                }
            }
            Event::Text(text) | Event::Code(text) if self.pictures > 0 => {
                Event::Text(unshielded(text).into())
            }
            _ if self.pictures > 0 => tag(String::new()),
            Event::End(TagEnd::Link) => match self.leads.pop() {
                Some(true) => tag("</a>".to_owned()),
                _ => tag(String::new()),
            },
            Event::Rule => {
                let small = match is_last_rule {
                    true => format!("<div style=\"{SMALL_PRINT}\">\n"),
                    false => String::new(),
                };
                tag(format!("<hr style=\"{RULE}\" />\n{small}"))
            }
            Event::Code(code) => tag(format!(
                "<code style=\"{CODE}\">{}</code>",
                shield::attribute(code)
            )),
            _ => as_it_is(event),
        }
    }
}

/// Whether a paragraph holds nothing but values that are empty.
fn is_blank(events: &[Event<'_>]) -> bool {
    let [
        Event::Start(Tag::Paragraph),
        Event::Text(text),
        Event::End(TagEnd::Paragraph),
        ..,
    ] = events
    else {
        return false;
    };
    unshielded(text).trim().is_empty()
}

/// The last rule that stands in no list and no quotation.
fn last_rule(events: &[Event<'_>]) -> Option<usize> {
    let (mut depth, mut last) = (0_usize, None);
    for (at, event) in events.iter().enumerate() {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Rule if depth == 0 => last = Some(at),
            _ => {}
        }
    }
    last
}

/// Where a button leads, and after how many events its link ends: a paragraph that is one link, in bold.
fn button<'e>(events: &'e [Event<'_>]) -> Option<(&'e str, usize)> {
    let [
        Event::Start(Tag::Paragraph),
        Event::Start(Tag::Strong),
        Event::Start(Tag::Link { dest_url, .. }),
        rest @ ..,
    ] = events
    else {
        return None;
    };
    let end = rest
        .iter()
        .position(|event| matches!(event, Event::End(TagEnd::Link)))?;
    let ends = matches!(
        rest.get(end + 1..end + 3)?,
        [Event::End(TagEnd::Strong), Event::End(TagEnd::Paragraph)]
    );
    (ends && is_fit(dest_url)).then_some((&**dest_url, end + 3))
}

/// An element with its style.
fn opened<'e>(start: &Tag<'e>, around: &mut Around) -> Event<'e> {
    let leads = &mut around.leads;
    let element = match start {
        Tag::Paragraph => format!("<p style=\"{PARAGRAPH}\">"),
        Tag::Heading { level, .. } => {
            let (size, line) = match level {
                HeadingLevel::H1 => (26, 32),
                HeadingLevel::H2 => (21, 28),
                _ => (17, 24),
            };
            format!("<{level} style=\"margin:8px 0 16px;font-size:{size}px;line-height:{line}px\">")
        }
        Tag::BlockQuote(_) => "<blockquote style=\"margin:0 0 16px;padding-left:16px;border-left:3px solid #dddddd;color:#555555\">\n".to_owned(),
        Tag::List(None) => "<ul style=\"margin:0 0 16px;padding-left:24px\">\n".to_owned(),
        Tag::List(Some(first)) => {
            format!("<ol start=\"{first}\" style=\"margin:0 0 16px;padding-left:24px\">\n")
        }
        Tag::Item => "<li style=\"margin:0 0 6px\">".to_owned(),
        Tag::Link { link_type, dest_url, .. } => {
            leads.push(is_fit(dest_url) || *link_type == LinkType::Email);
            if leads.last() == Some(&false) {
                return tag(String::new());
            }
            let mail = if *link_type == LinkType::Email { "mailto:" } else { "" };
            let url = shield::attribute(&shield::address(dest_url));
            format!("<a href=\"{mail}{url}\" style=\"{LINK}\">")
        }
        Tag::Image { link_type, dest_url, title, id } => {
            around.pictures += 1;
            leads.push(is_fit(dest_url));
            if leads.last() == Some(&false) {
                return tag(String::new());
            }
            return Event::Start(Tag::Image {
                link_type: *link_type,
                dest_url: shield::address(dest_url).into(),
                title: unshielded(title).into(),
                id: id.clone(),
            });
        }
        _ => return Event::Start(start.clone()),
    };
    tag(element)
}

/// HTML of ours.
fn tag<'e>(text: String) -> Event<'e> {
    Event::InlineHtml(CowStr::from(text))
}

/// Text of the template, with the values in it. In its own HTML a value stays text.
fn as_it_is<'e>(event: &Event<'e>) -> Event<'e> {
    match event {
        Event::Text(text) => Event::Text(unshielded(text).into()),
        Event::Html(html) => Event::Html(shield::in_html(html).into()),
        Event::InlineHtml(html) => Event::InlineHtml(shield::in_html(html).into()),
        other => other.clone(),
    }
}

/// The links and pictures of a letter, its Jinja not filled in, that lead nowhere whatever it is filled with.
pub fn dead_links(letter: &str) -> Vec<Range<usize>> {
    let unfilled = shield::without_jinja(letter);
    let events = Parser::new_ext(&unfilled, OPTIONS).into_offset_iter();
    let dead = events.filter_map(|(event, place)| match event {
        Event::Start(Tag::Link {
            link_type: LinkType::Email,
            ..
        }) => None,
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
            (!shield::is_filled_in(&dest_url) && !is_fit(&dest_url)).then_some(place)
        }
        _ => None,
    });
    dead.collect()
}

/// Whether a letter may lead there.
fn is_fit(url: &str) -> bool {
    let url = unshielded(url);
    let begins = |scheme: &str| {
        let own = url.trim_start().get(..scheme.len());
        own.is_some_and(|own| own.eq_ignore_ascii_case(scheme))
    };
    SCHEMES.iter().any(|scheme| begins(scheme))
}

#[cfg(test)]
mod tests;
