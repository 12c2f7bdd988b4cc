//! The pages as HTML: plain, without scripts, cookies, or anything from elsewhere.

use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kurant_engine::definition::Tracking;
use minijinja::HtmlEscape;
use sha2::{Digest, Sha256};

use super::choice::{Choice, SHOWN, box_of};
use super::words::Words;

/// How the pages look. The policy below allows this and no other style.
const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:10vh auto;padding:0 1rem;color:#222;background:#fff}h1{font-size:1.5rem}fieldset{border:0;padding:0;margin:1rem 0}legend{font-weight:600}label{display:block;padding:.3rem 0}button{font:inherit;padding:.6rem 1.4rem;border:0;border-radius:.4rem;background:#174ea6;color:#fff;cursor:pointer}a{color:#174ea6}";

/// A page to ask whether to unsubscribe, or that says that it is done.
pub(super) fn unsubscribe(words: &Words, name: &str, choice: &Choice, preferences: &str) -> String {
    let channel = words.channel(&choice.channel);
    let said = |text: &str| filled(text, name, channel);
    let title = words.unsubscribe_title;
    let body = if choice.is_out() {
        format!(
            "<h1>{}</h1><p>{}</p>",
            said(words.is_out),
            words.what_still_comes
        )
    } else {
        format!(
            "<h1>{}</h1><p>{}</p><form method=\"post\"><button>{}</button></form>",
            said(words.unsubscribe_question),
            words.what_still_comes,
            words.unsubscribe_button
        )
    };
    let link = format!(
        "<p><a href=\"{preferences}\">{}</a></p>",
        words.preferences_link
    );
    page(words.language, title, &(body + &link))
}

/// A page with all that can be chosen.
pub(super) fn preferences(words: &Words, name: &str, choice: &Choice, is_saved: bool) -> String {
    let title = filled(words.preferences_title, name, "");
    let mut body = format!("<h1>{title}</h1>");
    if is_saved {
        body += &format!("<p role=\"status\">{}</p>", words.saved);
    }
    body += "<form method=\"post\">";
    let channels = choice.channels.iter();
    let channels = channels.map(|(own, is_in)| ("channel", &**own, words.channel(own), *is_in));
    let topics = choice.topics.iter();
    let topics = topics.map(|(own, is_in)| ("topic", &**own, &**own, *is_in));
    body += &boxes(words.channels, channels);
    body += &boxes(words.topics, topics);
    if let Some((tracking, said)) = choice.tracking {
        let field = Tracking::CONSENT;
        let shown = words.tracked(tracking);
        body += &boxes(
            words.tracking,
            [(field, field, shown, said == Some(true))].into_iter(),
        );
    }
    body += &format!("<button>{}</button></form>", words.save);
    body += &format!("<p>{}</p>", words.what_still_comes);
    page(words.language, &title, &body)
}

/// Boxes to tick; nothing where there are none.
fn boxes<'b>(
    legend: &str,
    boxes: impl Iterator<Item = (&'static str, &'b str, &'b str, bool)>,
) -> String {
    let mut inside = String::new();
    for (field, value, shown, is_in) in boxes {
        let ticked = if is_in { " checked" } else { "" };
        let own = box_of(field, value);
        let (value, shown, own) = (HtmlEscape(value), HtmlEscape(shown), HtmlEscape(&own));
        inside += &format!(
            "<label><input type=\"checkbox\" name=\"{field}\" value=\"{value}\"{ticked}> {shown}</label><input type=\"hidden\" name=\"{SHOWN}\" value=\"{own}\">"
        );
    }
    match inside.is_empty() {
        true => inside,
        false => format!("<fieldset><legend>{legend}</legend>{inside}</fieldset>"),
    }
}

/// A text with its places filled in.
fn filled(text: &str, name: &str, channel: &str) -> String {
    // One after the other would fill in what a name says.
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        let (place, after) = behind.split_once('}').unwrap_or((behind, ""));
        let value = if place == "name" { name } else { channel };
        out += before;
        out += &HtmlEscape(value).to_string();
        rest = after;
    }
    out + rest
}

fn page(language: &str, title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><meta name=\"robots\" content=\"noindex,nofollow\"><title>{title}</title><style>{STYLE}</style></head><body>{body}</body></html>\n"
    )
}

/// A page with the headers that keep it what it is.
pub(super) fn answer(status: StatusCode, html: String) -> Response {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    let own = |name: &'static str| HeaderName::from_static(name);
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (own("x-robots-tag"), "noindex, nofollow"),
    ];
    let policy = [(header::CONTENT_SECURITY_POLICY, policy)];
    (status, headers, policy, html).into_response()
}

/// What whoever has no link of ours is told, whatever is wrong with it.
pub(super) fn nothing_here() -> Response {
    let body =
        "<h1>Nothing is here</h1><p>This link is not whole. Copy all of it from the message.</p>";
    answer(StatusCode::NOT_FOUND, page("en", "Nothing is here", body))
}

/// What somebody is told who comes while nothing can be done.
pub(super) fn later() -> Response {
    let body = "<h1>Please try again in a minute</h1>";
    let page = page("en", "Please try again in a minute", body);
    let mut answer = answer(StatusCode::SERVICE_UNAVAILABLE, page);
    let headers = answer.headers_mut();
    headers.insert(
        header::RETRY_AFTER,
        axum::http::HeaderValue::from_static("60"),
    );
    answer
}

/// What somebody is told who comes again and again.
pub(super) fn too_often() -> Response {
    let mut answer = later();
    *answer.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(is_in: bool) -> Choice {
        Choice {
            channel: "email".to_owned(),
            channels: vec![("email".to_owned(), is_in), ("<b>".to_owned(), false)],
            topics: vec![("\"><script>".to_owned(), true)],
            tracking: None,
        }
    }

    #[test]
    fn what_others_have_named_is_text_on_a_page() {
        let words = Words::of(Some("uk"), "en");
        let name = "<script>{channel}";
        let pages = [
            unsubscribe(words, name, &choice(true), "/p/x"),
            unsubscribe(words, name, &choice(false), "/p/x"),
            preferences(words, name, &choice(true), true),
        ];
        for page in pages {
            assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
            assert!(page.contains("&lt;script&gt;{channel}"), "{page}");
            for part in ["http:", "https:", "src=", "<link", "cookie"] {
                assert!(!page.contains(part), "{part}: {page}");
            }
        }
    }

    #[test]
    fn a_box_asks_for_what_is_noticed_and_for_no_more() {
        use kurant_engine::definition::Whose::{Consented, Off, On};
        for (links, opens, english, ukrainian) in [
            (
                Consented,
                Off,
                "Yes, which links I follow",
                "Так, за якими посиланнями я переходжу",
            ),
            (
                Off,
                Consented,
                "Yes, whether I open them",
                "Так, чи я їх відкриваю",
            ),
            (
                Consented,
                Consented,
                "Yes, whether I open them and which links I follow",
                "Так, чи я їх відкриваю і за якими посиланнями переходжу",
            ),
            // Whoever says no is left alone in both.
            (
                On,
                Consented,
                "Yes, whether I open them and which links I follow",
                "Так, чи я їх відкриваю і за якими посиланнями переходжу",
            ),
        ] {
            for (language, text) in [("en", english), ("uk", ukrainian)] {
                for (is_in, ticked) in [(true, " checked"), (false, "")] {
                    let choice = Choice {
                        tracking: Some((Tracking { links, opens }, is_in.then_some(true))),
                        ..choice(true)
                    };
                    let page = preferences(Words::of(None, language), "Shop", &choice, false);
                    let own =
                        format!("name=\"tracking\" value=\"tracking\"{ticked}> {text}</label>");
                    assert!(page.contains(&own), "{own}: {page}");
                }
            }
        }
        let page = preferences(Words::of(None, "en"), "Shop", &choice(true), false);
        assert!(!page.contains("tracking"), "{page}");
    }

    #[test]
    fn whoever_is_out_is_asked_nothing_more() {
        let words = Words::of(None, "en");
        let asks = unsubscribe(words, "Shop", &choice(true), "/p/x");
        assert!(
            asks.contains("<form method=\"post\"><button>Unsubscribe"),
            "{asks}"
        );
        let says = unsubscribe(words, "Shop", &choice(false), "/p/x");
        assert!(
            says.contains("no more news and offers from Shop by email"),
            "{says}"
        );
        assert!(!says.contains("<form"), "{says}");
        let saved = preferences(words, "Shop", &choice(true), true);
        assert!(saved.contains("value=\"email\" checked> email"), "{saved}");
    }
}
