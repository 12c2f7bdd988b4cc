use super::{check, tree};

#[test]
fn tabs_and_wrong_indentation_are_found() {
    check(
        "a:\n\tb: 1\n\tc: 2\nd: !x\n",
        &[
            ("2:1 tab-indentation", "two spaces"),
            ("4:4 quote-needed", "'!x'"),
        ],
    );
    let over = "steps:\n  - send: email\n     template: x\n     data: 1\n  - wait: 3d\n";
    check(over, &[("3:6 indentation", "begin `template` in column 5")]);
    assert_eq!(
        tree(over),
        r#"{steps: [{send: "email", template: "x", data: "1"}, {wait: "3d"}]}"#
    );
    let under = "steps:\n  - send: email\n   template: x\n  - wait: !x\n";
    check(
        under,
        &[
            ("3:4 indentation", "4 (as `send`)"),
            ("4:11 quote-needed", "'!x'"),
        ],
    );
    assert_eq!(
        tree(under),
        r#"{steps: [{send: "email", template: "x"}, {wait: "!x"}]}"#
    );
    check("a: 1\n  b: 2\nc: 3\n", &[("2:3 indentation", "column 1")]);
    check(
        "a: b\n- c\nd: 1\n",
        &[("2:1 indentation", "indent the item deeper")],
    );
    let items = "steps:\n  - wait: 3d\n- send: email\n  template: x\nz: !y\n";
    check(
        items,
        &[
            ("3:1 indentation", "column 3, as `- wait`"),
            ("5:4 quote-needed", "'!y'"),
        ],
    );
    assert_eq!(
        tree(items),
        r#"{steps: [{wait: "3d"}, {send: "email", template: "x"}], z: "!y"}"#
    );
    let swallowed = "steps:\n- a\n - b\nc: 1\n";
    check(swallowed, &[("3:2 indentation", "column 1, as `- a`")]);
    assert_eq!(tree(swallowed), r#"{steps: ["a", "b"], c: "1"}"#);
    check("- a\nb: c\n", &[("2:1 indentation", "begin it with `- `")]);
}

#[test]
fn missing_colons_and_spaces_are_found() {
    check(
        "a: 1\nsend:email\nb: 2\n",
        &[("2:1 missing-space", "`send: email`")],
    );
    assert_eq!(
        tree("a: 1\nsend:email\nb: 2\n"),
        r#"{a: "1", send: "email", b: "2"}"#
    );
    check(
        "- id: x\n  send:email\n  b: 1\n",
        &[("2:3 missing-space", "`send: email`")],
    );
    check(
        "trigger:\n  event x\n  where: b\n",
        &[("2:3 missing-colon", "`event: x`")],
    );
    assert_eq!(tree("a: {w:1, b: 2}\n"), r#"{a: {w: "1", b: "2"}}"#);
    check("a: {w:1}\n", &[("1:5 missing-space", "`w: 1`")]);
    check(
        "a: \"x\"# c\nb: 1\n",
        &[("1:7 missing-space", "before the `#`")],
    );
    check("a: - x\nb: 2\n", &[("1:4 list-beside-key", "`a: [x]`")]);
}

#[test]
fn unclosed_quotes_and_brackets_are_reported_where_they_open() {
    check(
        "a: \"abc\nb: 1\nc: \"d\"\n",
        &[("1:4 unclosed-quote", "`a: \"abc\"`")],
    );
    check("a: 'abc\nb: 1\n", &[("1:4 unclosed-quote", "`a: 'abc'`")]);
    check(
        "a: [mon, tue\nb: 1\n",
        &[("1:4 unclosed-bracket", "`a: [mon, tue]`")],
    );
    check(
        "a: {x: {y: 1}\nb: 2\n",
        &[("1:4 unclosed-bracket", "`a: {x: {y: 1}}`")],
    );
    let spread = "set: {\n  a: 1,\n  b: 2\nsteps: 1\n";
    check(spread, &[("1:6 unclosed-bracket", "add `}`")]);
    assert_eq!(tree(spread), r#"{set: {a: "1", b: "2"}, steps: "1"}"#);
    check("a: \"\\d+\"\nb: 1\n", &[("1:5 bad-escape", "`a: '\\d+'`")]);
}

#[test]
fn what_the_language_leaves_out_of_yaml_is_refused() {
    check("a: !!str 5\n", &[("1:4 yaml-tag", "take `!!str` away")]);
    check("a: !foo\n  b: 1\n", &[("1:4 yaml-tag", "take `!foo` away")]);
    check(
        "a: *x\nb: &y z\n",
        &[
            ("1:4 yaml-alias", "'*x'"),
            ("2:4 yaml-anchor", "write the value out"),
        ],
    );
    check(
        "b: 1\n<<: {a: 1}\n",
        &[("2:1 yaml-merge-key", "write the keys out")],
    );
    check(
        "a: 1\n---\nb: 1\n",
        &[("2:1 several-documents", "take the `---` away")],
    );
    check("? a\n: b\n", &[("1:3 complex-key", "`a: ...`")]);
    check("[a]: b\n", &[("1:1 complex-key", "single quotes")]);
    check(
        "a: 1\nb: 2\na: 3\n",
        &[("3:1 duplicate-key", "keep one of the two")],
    );
}

#[test]
fn every_mistake_of_a_file_is_reported() {
    check(
        "a: [1, 2\nb: {x: 1\nc: \"zz\nd: 'ok'\ne: !x\nf: y: z\na: 1\n",
        &[
            ("1:4 unclosed-bracket", ""),
            ("2:4 unclosed-bracket", ""),
            ("3:4 unclosed-quote", ""),
            ("5:4 quote-needed", ""),
            ("6:4 quote-needed", ""),
            ("7:1 duplicate-key", ""),
        ],
    );
}

#[test]
fn commas_and_stray_signs_are_found() {
    check(
        "a: { for: 3d at: x }\nb: !x\n",
        &[
            ("1:13 missing-comma", "`3d, at: ...`"),
            ("2:4 quote-needed", ""),
        ],
    );
    assert_eq!(
        tree("a: { for: 3d at: x }\n"),
        r#"{a: {for: "3d", at: "x"}}"#
    );
    let lines = "a: {\n  for: 3d\n  at: \"10:00\"\n}\nb: 1\n";
    check(lines, &[("2:10 missing-comma", "`3d, at: ...`")]);
    assert_eq!(tree(lines), r#"{a: {for: "3d", at: "10:00"}, b: "1"}"#);
    check(
        "a: { b: \"x\" c: 1 }\n",
        &[("1:12 missing-comma", "c: ...")],
    );
    check(
        "a: { b: 1,, c: 2 }\nd: [, x]\n",
        &[("1:11 extra-comma", ""), ("2:5 extra-comma", "")],
    );
    check(
        "a: 1\n@b: 2\nc: 3\n",
        &[("2:1 stray-sign", "take the `@` away")],
    );
    check(
        "steps:\n  - ,wait: 3d\n  - wait: 4d\n",
        &[("2:5 stray-sign", "")],
    );
    check(
        "a: 1\n[b: 2\nc: !x\n",
        &[("2:1 stray-sign", ""), ("3:4 quote-needed", "")],
    );
    check(
        "a: { b: 1 # c }\nd: !x\n",
        &[
            ("1:4 unclosed-bracket", "before the comment"),
            ("2:4 quote-needed", ""),
        ],
    );
}

#[test]
fn one_wrong_line_is_not_reported_again_for_each_line_below_it() {
    let first_item = "steps:\n   - id: nine\n    send: email\n    data: { a: 1 }\n  - wait: 3d\n  - run: |\n      x\nb: !x\n";
    let (_, found) = super::read_text(first_item);
    assert!(found.len() <= 3, "{found:#?}");
    assert!(
        found
            .iter()
            .any(|found| found.starts_with("8:4 quote-needed")),
        "{found:#?}"
    );
}
