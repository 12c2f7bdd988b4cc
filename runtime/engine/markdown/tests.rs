use super::*;

/// What stands in the letter.
fn text_of(letter: &str) -> String {
    let whole = to_html(letter, None);
    let (_, rest) = whole.split_once("break-word\">\n").expect("a beginning");
    let (text, _) = rest.split_once("\n</td>").expect("an end");
    text.to_owned()
}

/// Without the styles.
fn plain(letter: &str) -> String {
    let mut text = text_of(letter);
    while let Some(at) = text.find(" style=\"") {
        let end = text[at + 8..].find('"').expect("an end") + at + 9;
        text.replace_range(at..end, "");
    }
    text
}

#[test]
fn marks_become_elements() {
    for (letter, html) in [
        ("Hello\nyou", "<p>Hello\nyou</p>"),
        (
            "# Sale\n\n- a\n- b",
            "<h1>Sale</h1>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>",
        ),
        (
            "3. a\n4. b",
            "<ol start=\"3\">\n<li>a</li>\n<li>b</li>\n</ol>",
        ),
        (
            "**10%** off, *only* `SPRING`",
            "<p><strong>10%</strong> off, <em>only</em> <code>SPRING</code></p>",
        ),
        (
            "[in](https://shop.example/?a=1&b=2)",
            "<p><a href=\"https://shop.example/?a=1&amp;b=2\">in</a></p>",
        ),
        (
            "<hello@shop.example>",
            "<p><a href=\"mailto:hello@shop.example\">hello@shop.example</a></p>",
        ),
        (
            "a\n\n---\n\nb\n\n---\n\nc",
            "<p>a</p>\n<hr />\n<p>b</p>\n<hr />\n<div>\n<p>c</p>\n</div>",
        ),
        (
            "> a\n>\n> ---\n",
            "<blockquote>\n<p>a</p>\n<hr />\n</blockquote>",
        ),
        ("> said", "<blockquote>\n<p>said</p>\n</blockquote>"),
        ("a <b>c</b>", "<p>a <b>c</b></p>"),
        ("a < b & c", "<p>a &lt; b &amp; c</p>"),
    ] {
        assert_eq!(plain(letter), html, "{letter}");
    }
}

#[test]
fn one_link_in_bold_on_a_line_of_its_own_is_a_button() {
    let letter = "**[Come *in*](https://shop.example)**";
    let html = text_of(letter);
    assert!(html.contains(BUTTON), "{html}");
    assert_eq!(
        plain(letter),
        "<p><a href=\"https://shop.example\">Come <em>in</em></a></p>"
    );
    for other in [
        "so **[in](https://shop.example)**",
        "[in](https://shop.example)",
        "**[in](https://shop.example)** now",
    ] {
        assert!(!text_of(other).contains(BUTTON), "{other}");
    }
}

#[test]
fn a_value_is_text_wherever_it_stands() {
    let values = [
        "**bold**",
        "# head",
        "[in](https://evil.example)",
        "![x](https://evil.example/x.png)",
        "<script>alert(1)</script>",
        "<https://evil.example>",
        "\" onclick=\"x",
        "`code`",
        "1. one",
        "- one",
        "===",
        "---",
        "    four blanks",
        "a\n\nb",
        "&lt;b&gt;",
        "~~gone~~",
        "| a | b |",
        "\\",
        "[ref]: https://evil.example",
    ];
    for value in values {
        let mut seen = String::new();
        html_text(&mut seen, value);
        for (before, after) in [
            ("", ""),
            ("Dear ", ", hello"),
            ("# ", ""),
            ("- ", ""),
            ("text\n", "\nmore"),
            ("**", "**"),
        ] {
            let html = plain(&format!("{before}{}{after}", shielded(value)));
            let expected = plain(&format!("{before}VALUE{after}"));
            assert_eq!(
                html,
                expected.replace("VALUE", &seen),
                "{before}{value}{after}"
            );
        }
        let code = plain(&format!("`{}`", shielded(value)));
        assert!(
            code.contains(&seen) || code.contains(&shield::attribute(value)),
            "{value}: {code}"
        );
    }
}

/// As text stands in HTML.
fn html_text(out: &mut String, text: &str) {
    html::push_html(out, std::iter::once(Event::Text(text.to_owned().into())));
}

#[test]
fn a_value_in_an_address_or_in_html_of_the_template_stays_there() {
    let base = shielded("https://shop.example/?q=(a b)&x=\"><b>");
    let name = shielded("A&b=1 #x/\"");
    for (link, href) in [
        (
            base.clone(),
            "https://shop.example/?q=(a%20b)&amp;x=&#34;&gt;&lt;b&gt;",
        ),
        (
            format!("{base}&n={name}&k=1"),
            "https://shop.example/?q=(a%20b)&amp;x=&#34;&gt;&lt;b&gt;&amp;n=A%26b%3D1%20%23x/%22&amp;k=1",
        ),
        (
            format!("https://shop.example/?n={name}"),
            "https://shop.example/?n=A%26b%3D1%20%23x/%22",
        ),
        (
            format!("https://{}/in", shielded("shop.example")),
            "https://shop.example/in",
        ),
    ] {
        let html = plain(&format!("[in]({link})"));
        assert_eq!(html, format!("<p><a href=\"{href}\">in</a></p>"));
        let button = plain(&format!("**[in]({link})**"));
        assert_eq!(button, html);
    }
    assert_eq!(
        plain(&format!("<{}>", shielded("https://shop.example/?a=1"))),
        "<p><a href=\"https://shop.example/?a=1\">https://shop.example/?a=1</a></p>"
    );
    let own = plain(&format!("<b title=\"{}\">x</b>", shielded("\"><i>")));
    assert_eq!(own, "<p><b title=\"&#34;&#62;&#60;i&#62;\">x</b></p>");
    let bare = plain(&format!("<b title={}>x</b>", shielded("x onclick=y")));
    assert_eq!(bare, "<p><b title=x&#32;onclick&#61;y>x</b></p>");
}

#[test]
fn a_link_that_leads_nowhere_good_is_its_text() {
    for url in ["javascript:alert(1)", "data:text/html,x", "/basket", ""] {
        assert_eq!(plain(&format!("[in](<{url}>)")), "<p>in</p>", "{url}");
        assert_eq!(
            plain(&format!("[in]({})", shielded(url))),
            "<p>in</p>",
            "{url}"
        );
        assert_eq!(plain(&format!("![in](<{url}>)")), "<p>in</p>", "{url}");
    }
}

#[test]
fn the_language_is_told_to_those_who_read_aloud() {
    assert!(to_html("a", Some("uk_UA")).contains("<html lang=\"uk-UA\">"));
    assert!(to_html("a", Some("\"><b>")).contains("<html lang=\"\">"));
}

#[test]
fn values_come_back_as_they_were() {
    let all: String = (0..0x250).filter_map(char::from_u32).collect();
    assert_eq!(unshielded(&shielded(&all)), all);
}

#[test]
fn what_leads_nowhere_whatever_it_is_filled_with_is_found_at_its_place() {
    let letter = "{% if x %}Привіт{% endif %}, [a](htps://shop.example) [b](/sale) ![c](c.png)\n\n\
        [d]({{ link }}) [e](https://shop.example/{{ x }}) [f](mailto:a@b.example) <g@b.example> {\n\n\
        **[h](shop.example/{# ~ #}now)** {{ x\n}} [i](javascript:alert(1))";
    let found: Vec<&str> = dead_links(letter)
        .into_iter()
        .map(|place| &letter[place])
        .collect();
    assert_eq!(
        found,
        [
            "[a](htps://shop.example)",
            "[b](/sale)",
            "![c](c.png)",
            "[i](javascript:alert(1))"
        ]
    );
}

#[test]
fn letters_and_digits_of_a_value_make_nothing_either() {
    for (letter, html) in [
        (format!("<{}>", shielded("SPRING")), "<p>&lt;SPRING&gt;</p>"),
        (
            format!("<{}>x", shielded("script")),
            "<p>&lt;script&gt;x</p>",
        ),
        (format!("{}. Mai", shielded("24")), "<p>24. Mai</p>"),
        (
            format!("a **{}** b", shielded("")),
            "<p>a <strong></strong> b</p>",
        ),
        (format!("a\n\n{}\n\nb", shielded("")), "<p>a</p>\n<p>b</p>"),
    ] {
        assert_eq!(plain(&letter), html, "{letter}");
    }
}

#[test]
fn within_a_button_and_a_picture_values_are_what_they_are() {
    let (code, url) = (
        shielded("A-1 <b>"),
        shielded("https://shop.example/a-b.png"),
    );
    let letter = format!("**[Use `{code}` ![{code} `{code}`]({url})](https://shop.example)**");
    assert_eq!(
        plain(&letter),
        "<p><a href=\"https://shop.example\">Use <code>A-1 &lt;b&gt;</code> \
         <img src=\"https://shop.example/a-b.png\" alt=\"A-1 &lt;b&gt; A-1 &lt;b&gt;\" /></a></p>"
    );
}
