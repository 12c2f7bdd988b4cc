use super::{check, tree};

#[test]
fn a_value_with_a_sign_of_yaml_is_shown_in_quotes() {
    for (text, place, written) in [
        (
            "when: !has_tag(\"x\")  # staff\nb: 1\n",
            "1:7",
            "`when: '!has_tag(\"x\")'`",
        ),
        (
            "when: !has_tag(\"x\") && a > 1\n",
            "1:7",
            "`when: '!has_tag(\"x\") && a > 1'`",
        ),
        ("when: !(a || b)\nb: 1\n", "1:7", "`when: '!(a || b)'`"),
        ("when: \"a\" == b\n", "1:7", "`when: '\"a\" == b'`"),
        (
            "title: \"He said \"hi\" to me\"\n",
            "1:8",
            "`title: 'He said \"hi\" to me'`",
        ),
        ("title: 'don't'\n", "1:8", "`title: \"don't\"`"),
        ("title: Sale: now\n", "1:8", "`title: 'Sale: now'`"),
        ("title: Продаж: зараз\n", "1:8", "`title: 'Продаж: зараз'`"),
        ("  title: Sale:\n", "1:10", "`title: 'Sale:'`"),
        ("a: %x\nb: 1\n", "1:4", "`a: '%x'`"),
        ("a: @x\n", "1:4", "`a: '@x'`"),
        ("a: `x`\n", "1:4", "`a: '`x`'`"),
        (
            "a: [1,2].contains(x)\nb: 1\n",
            "1:4",
            "`a: '[1,2].contains(x)'`",
        ),
        ("a: > 5\nb: 1\n", "1:4", "`a: '> 5'`"),
        ("a: |x| > 3\n", "1:4", "`a: '|x| > 3'`"),
        ("a: *bold* text\nb: 1\n", "1:4", "`a: '*bold* text'`"),
        ("a: & b\n", "1:4", "`a: '& b'`"),
        ("a: ]\nb: 1\n", "1:4", "`a: ']'`"),
        ("a: ? x\n", "1:4", "`a: '? x'`"),
        ("a:\n  - !x\n  - ok\n", "2:5", "`- '!x'`"),
        (
            "a: { t: Hello, world, b: 2 }\n",
            "1:9",
            "`t: 'Hello, world'`",
        ),
        (
            "a: { w: count(\"a\", 3) > 1 }\n",
            "1:9",
            "`w: 'count(\"a\", 3) > 1'`",
        ),
        ("a: { w: a[0] == 1 }\n", "1:9", "`w: 'a[0] == 1'`"),
        ("a: { w: x: y }\n", "1:9", "`w: 'x: y'`"),
        (
            "a: { w: !has_tag(\"x\") }\n",
            "1:9",
            "`w: '!has_tag(\"x\")'`",
        ),
        (
            "a: {{ customer.x }}\nb: 1\n",
            "1:4",
            "`a: '{{ customer.x }}'`",
        ),
        ("a: { w: {{ x.y }}, z: b }\n", "1:9", "`w: '{{ x.y }}'`"),
        (
            "when: !customer.vip\n  && b\nc: 1\n",
            "1:7",
            "`when: '!customer.vip && b'`",
        ),
        ("a: [x, %y]\n", "1:8", "`'%y'`"),
    ] {
        check(text, &[(&format!("{place} quote-needed"), written)]);
    }
}

#[test]
fn the_value_is_read_as_it_was_meant() {
    for (text, meant) in [
        (
            "when: !has_tag(\"x\")  # staff\nb: 1\n",
            r#"{when: "!has_tag(\"x\")", b: "1"}"#,
        ),
        (
            "title: Sale: now\nb: !x\n",
            r#"{title: "Sale: now", b: "!x"}"#,
        ),
        (
            "a: { t: Hello, world, b: %y }\n",
            r#"{a: {t: "Hello, world", b: "%y"}}"#,
        ),
        ("a: b\r\nc: !x\r\nd: 1\r\n", r#"{a: "b", c: "!x", d: "1"}"#),
    ] {
        assert_eq!(tree(text), meant);
    }
}

#[test]
fn what_yaml_would_lose_as_a_comment_is_reported() {
    check(
        "a: #fff\nb: 1 # c\n",
        &[("1:4 lost-to-comment", "`a: '#fff'`")],
    );
    check(
        "title: Order #12 late\n",
        &[("1:8 lost-to-comment", "`title: 'Order #12 late'`")],
    );
    check(
        "when: has_tag(\"a #b\")\n",
        &[("1:7 lost-to-comment", "'has_tag(\"a #b\")'")],
    );
    check(
        "when: a && # c\n  b\nx: !y\n",
        &[
            ("1:12 lost-to-comment", "above the value"),
            ("3:4 quote-needed", ""),
        ],
    );
    assert_eq!(tree("when: a && # c\n  b\n"), r#"{when: "a && b"}"#);
    check("when: a == # b\n", &[("1:7 lost-to-comment", "'a == # b'")]);
    check(
        "wait: 3d #was 5\nzone: Europe/Kyiv #home\ntitle: 18+ # adults\nstatus: live     # draft (default)\nsteps: # all\n  - a\n",
        &[],
    );
}
