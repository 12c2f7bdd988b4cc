use kurant_engine::id::Key;

use kurant_engine::definition::Whose;

use super::*;
use crate::public::Sent;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn links() -> PublicLinks {
    PublicLinks::new("https://mail.shop.example", SECRET).expect("links")
}

fn ticket(channel: &str) -> Ticket {
    Ticket {
        customer: "anna".into(),
        channel: channel.to_owned(),
        message: Some(Sent {
            key: Key::of(&["k"]),
            journey: "winback".to_owned(),
            step: "nine".to_owned(),
        }),
    }
}

fn context(said: Option<bool>) -> Map {
    let consents = said.map(|said| (Tracking::CONSENT, Value::Bool(said)));
    let consents = Map::from_iter(consents);
    let customer = Map::from_iter([("consents", Value::Map(consents))]);
    Map::from_iter([("customer", Value::Map(customer))])
}

/// A body with all that may be noticed.
fn put(format: &str, channel: &str, body: &str, tracking: Tracking) -> String {
    let (links, ticket) = (links(), ticket(channel));
    let spared = vec!["https://shop.example/out?a=1&b=2".to_owned()];
    let tracks = Tracks::of(tracking, &links, &ticket, &context(None), spared);
    tracks.put_into(format, body.to_owned())
}

const LINKS: Tracking = Tracking {
    links: Whose::On,
    opens: Whose::Off,
};
const OPENS: Tracking = Tracking {
    links: Whose::Off,
    opens: Whose::On,
};

#[test]
fn links_of_html_lead_by_way_of_here_and_nothing_else_is_touched() {
    let (links, ticket) = (links(), ticket("email"));
    let by = |link: &str| HtmlEscape(&links.click(&ticket, link)).to_string();
    for (html, link) in [
        ("<a href=\"{}\">x</a>", "https://shop.example/a"),
        (
            "<A  class='b>' HREF = '{}' >x</a>",
            "http://shop.example/?q=1",
        ),
        (
            "<p>a < b<br/></p><a data-x=1 href=\"{}\">x</a>",
            "https://shop.example/",
        ),
        ("<a\n  href=\"{}\"\n>x</a>", "https://shop.example/#top"),
    ] {
        let body = html.replace("{}", link);
        let wanted = html.replace("{}", &by(link));
        assert_eq!(put("html", "email", &body, LINKS), wanted, "{body}");
    }
    let escaped = "<a href=\"https:&#x2f;&#x2f;shop.example&#47;?a=1&amp;b=2\">x</a>";
    let wanted = format!("<a href=\"{}\">x</a>", by("https://shop.example/?a=1&b=2"));
    assert_eq!(put("html", "email", escaped, LINKS), wanted);
    let unicode = "<a href=\"https://крамниця.укр/ї\">x</a>";
    // As it may stand in a header.
    let plain = Url::parse("https://крамниця.укр/ї").expect("a link");
    assert!(plain.as_str().is_ascii() && plain.as_str().starts_with("https://xn--"));
    let wanted = format!("<a href=\"{}\">x</a>", by(plain.as_str()));
    assert_eq!(put("html", "email", unicode, LINKS), wanted);
    for alone in [
        "<a href=\"mailto:a@shop.example\">x</a>",
        "<a href=\"tel:+380501112233\">x</a>",
        "<a href=\"#top\">x</a>",
        "<a href=\"/a\">x</a>",
        "<a href=\"javascript:alert(1)\">x</a>",
        "<a href=\"https://mail.shop.example/u/x\">x</a>",
        "<a href=\"https:&#x2f;&#x2f;mail.shop.example/p/x\">x</a>",
        "<a href=\"https://shop.example/out?a=1&amp;b=2\">x</a>",
        "<a href=https://shop.example/a>x</a>",
        "<a name=\"x\">x</a>",
        "<abbr href=\"https://shop.example/a\">x</abbr>",
        "<img src=\"https://shop.example/a.png\">",
        "<link href=\"https://shop.example/a.css\">",
        "<!--[if mso]><a href=\"https://shop.example/a\">x</a><![endif]-->",
        "<a href=\"https://shop.example/a",
        "<a href=\"https://shop.example/a\"",
        "<!-- <a href=\"https://shop.example/a\">",
        "a < b & c > d https://shop.example/a",
        "<",
        "<a",
        "<a ",
        "<a href",
        "<a href=",
        "<a href=\"\">x</a>",
        "<a href=\"https://\">x</a>",
    ] {
        assert_eq!(put("html", "email", alone, LINKS), alone);
    }
    let long = format!(
        "<a href=\"https://shop.example/{}\">x</a>",
        "x".repeat(LONGEST)
    );
    assert_eq!(put("html", "email", &long, LINKS), long);
}

#[test]
fn links_of_a_letter_in_plain_text_lead_by_way_of_here() {
    let (links, ticket) = (links(), ticket("email"));
    for (text, link) in [
        ("Come: {}", "https://shop.example/a"),
        ("({}).", "https://shop.example/a"),
        ("«{}»!", "http://shop.example/a?b=c&d"),
        ("{}\nand more", "https://shop.example/a_(b)"),
        ("[x]({})", "https://shop.example/a"),
        ("ї {}, ї", "https://shop.example/a"),
    ] {
        let body = text.replace("{}", link);
        let wanted = text.replace("{}", &links.click(&ticket, link));
        assert_eq!(put("txt", "email", &body, LINKS), wanted, "{body}");
        assert_eq!(put("txt", "sms", &body, LINKS), body);
    }
    for alone in [
        "http",
        "https://",
        "xhttps://shop.example/a",
        "https://mail.shop.example/u/x",
        "mailto:a@shop.example",
        "",
    ] {
        assert_eq!(put("txt", "email", alone, LINKS), alone);
    }
}

#[test]
fn the_picture_is_the_last_thing_in_the_body() {
    let url = HtmlEscape(&links().picture(&ticket("email"))).to_string();
    let letter = put("html", "email", "<body><p>a</p></BODY></html>", OPENS);
    assert!(letter.starts_with("<body><p>a</p><img src=\""), "{letter}");
    assert!(
        letter.contains(&url) && letter.ends_with("</BODY></html>"),
        "{letter}"
    );
    let piece = put("html", "email", "<p>a</p>", OPENS);
    assert!(
        piece.starts_with("<p>a</p><img") && piece.ends_with("\">"),
        "{piece}"
    );
    assert_eq!(put("txt", "email", "a", OPENS), "a");
}

#[test]
fn nothing_is_noticed_of_whoever_did_not_agree() {
    use Whose::{Consented, Off, On};
    let (links, ticket) = (links(), ticket("email"));
    let body = "<a href=\"https://shop.example/a\">x</a>";
    for (whose, said, is_noticed) in [
        (Off, None, false),
        (Off, Some(true), false),
        (Consented, None, false),
        (Consented, Some(false), false),
        (Consented, Some(true), true),
        (On, None, true),
        (On, Some(true), true),
        (On, Some(false), false),
    ] {
        let tracking = Tracking {
            links: whose,
            opens: whose,
        };
        let tracks = Tracks::of(tracking, &links, &ticket, &context(said), Vec::new());
        let own = tracks.put_into("html", body.to_owned());
        let written = |path: &str| HtmlEscape(path).to_string();
        assert_eq!(own != body, is_noticed, "{whose:?} {said:?}");
        assert_eq!(
            own.contains(&written("/c/")),
            is_noticed,
            "{whose:?} {said:?}"
        );
        assert_eq!(
            own.contains(&written("/o/")),
            is_noticed,
            "{whose:?} {said:?}"
        );
    }
}
