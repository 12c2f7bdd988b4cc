use super::*;

fn letter(inside: &str) -> String {
    format!(
        "<mjml><mj-head><mj-preview>Soon &lt;b&gt;\n  more</mj-preview></mj-head><mj-body><mj-section><mj-column>{inside}</mj-column></mj-section></mj-body></mjml>"
    )
}

#[test]
fn a_letter_becomes_html_that_loads_nothing_and_is_the_same_each_time() {
    let letter = letter(
        "<mj-text><p>Dear Anna,<br>welcome</p></mj-text><mj-button href=\"https://shop.example/?a=1&amp;b=2\">Look</mj-button>",
    );
    let html = to_html(&letter).expect("HTML");
    assert_eq!(html.preview, "Soon &lt;b&gt; more");
    for part in [
        "<!doctype html>",
        "Dear Anna,",
        "https://shop.example/?a=1&amp;b=2",
    ] {
        assert!(html.text.contains(part), "{part}: {}", html.text);
    }
    for part in ["<mj-", "Soon", "fonts.googleapis.com", "@import", "<link"] {
        assert!(!html.text.contains(part), "{part}: {}", html.text);
    }
    assert_eq!(to_html(&letter), Ok(html));
}

#[test]
fn a_value_that_was_escaped_stays_text_wherever_it_stands() {
    let hostile = "&lt;/mj-text&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;mj-include path=&quot;file:&#x2f;&#x2f;&#x2f;etc&#x2f;passwd&quot;/&gt;--&gt;{{ 7 * 7 }}";
    let inside = format!(
        "<mj-text>{hostile}</mj-text><mj-button href=\"{hostile}\">{hostile}</mj-button><mj-image alt=\"{hostile}\" src=\"https://shop.example/a.png\" /><mj-raw><p title=\"{hostile}\">{hostile}</p></mj-raw><mj-table><tr><td>{hostile}</td></tr></mj-table>"
    );
    let html = to_html(&letter(&inside)).expect("HTML").text;
    assert!(
        !html.contains("<script") && !html.contains("<mj-"),
        "{html}"
    );
    assert_eq!(
        html.matches("alert(1)").count(),
        html.matches("&lt;script&gt;alert(1)").count()
    );
    assert!(html.contains("{{ 7 * 7 }}"), "nothing is filled in again");
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (text, place, what) in [
        ("", "", What::NoRoot),
        ("Hello", "", What::NoRoot),
        ("<p>Hello</p>", "<p>", What::NoRoot),
        ("<mjml></mjml><mjml></mjml>", "<mjml>", What::NoRoot),
        (
            &letter("<mj-txt>a</mj-txt>"),
            "<mj-txt>",
            What::Unknown("mj-txt".into()),
        ),
        (
            &letter("<mj-text>a"),
            "</mj-column>",
            What::Crossed("mj-column".into(), Some("mj-text".into())),
        ),
        (
            "<mjml><mj-body>",
            "<mj-body>",
            What::Unclosed("mj-body".into()),
        ),
        ("<mjml></mjml></p>", "</p>", What::Crossed("p".into(), None)),
        (
            &letter("<mj-include path=\"a.mjml\" />"),
            "<mj-include path=\"a.mjml\" />",
            What::Include,
        ),
        (&letter(&"<p>".repeat(100_000)), "<p>", What::Deep),
        (
            "<mjml><mj-text>a</mj-text></mjml>",
            "<mj-text",
            What::Misplaced("mj-text".into()),
        ),
    ] {
        let wrong = to_html(text).expect_err("it is no MJML");
        assert_eq!(wrong.what, what, "{}", text.get(..200).unwrap_or(text));
        assert_eq!(&text[wrong.place], place, "{what}");
    }
}

#[test]
fn no_text_makes_it_panic() {
    let whole =
        letter("<mj-text>Привіт, <b>Анно</b> 🎁</mj-text><!-- a --><mj-raw><![CDATA[x]]></mj-raw>");
    for (at, _) in whole.char_indices() {
        let _ = to_html(&whole[..at]);
        let _ = to_html(&whole[at..]);
        let _ = to_html(&format!("{}<{}", &whole[..at], &whole[at..]));
        let _ = to_html(&format!("{}\"{}", &whole[..at], &whole[at..]));
    }
}
