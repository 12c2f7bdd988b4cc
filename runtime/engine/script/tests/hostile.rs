//! Scripts that mean harm, or were written in haste: each ends soon, with an error that says why.

use super::*;
use crate::script::ErrorKind;

#[test]
fn nothing_runs_for_ever() {
    for source in [
        "while true {}",
        "loop { let x = 1; }",
        "let n = 0; loop { n += 1; }",
        "let n = 0; for i in 0..1000000000000 { n = i; }",
        "let x = 0; do { x += 1; } while true;",
        "fn f(n) { if n == 0 { 0 } else { f(n - 1) + f(n - 1) } } f(15)",
        "let f = |n| n; loop { f.call(1); }",
        "let a = [1, 2, 3]; loop { a.sort(); a.reverse(); }",
    ] {
        let error = run(source).expect_err(source);
        assert_eq!(error.kind, ErrorKind::Limit, "{source}: {error}");
    }
}

#[test]
fn comparing_lists_is_work_too() {
    for source in [
        "let a = []; a.pad(1000, 5); loop { a == a; }",
        "let a = []; a.pad(999, \"x\"); loop { \"y\" in a; }",
        "let a = []; a.pad(999, 5); loop { a.index_of(7); }",
        "let m = #{}; for i in 0..400 { m[`k${i}`] = i; } loop { m != m; }",
    ] {
        let error = run(source).expect_err(source);
        assert_eq!(error.kind, ErrorKind::Limit, "{source}: {error}");
    }
    for (source, value) in [
        (
            "[1, 2.0, \"a\", [3], #{a: ()}] == [1.0, 2, \"a\", [3], #{a: ()}]",
            true,
        ),
        ("[1, 2] != [1, 3]", true),
        ("[1, 2] == [1, 2, 3]", false),
        ("[1] == [\"1\"]", false),
        ("#{a: 1, b: [now]} == #{b: [now], a: 1.0}", true),
        ("#{a: 1} == #{b: 1}", false),
        ("#{a: 1} != #{a: 2}", true),
        ("[2] in [[1], [2]]", true),
        ("\"5\" in [5]", false),
        (
            "customer.tags == [\"newsletter\", \"app\", \"vip\", \"br\"]",
            true,
        ),
        (
            "[1, 2, 3].index_of(3) == 2 && [1].index_of(\"1\") == -1",
            true,
        ),
        ("date(\"2026-11-22\") in [today()]", true),
    ] {
        assert_eq!(evaluate(source), Ok(value.into()), "{source}");
    }
}

#[test]
fn nothing_calls_itself_for_ever() {
    for source in [
        "fn f(n) { f(n + 1) } f(0)",
        "fn a() { b() } fn b() { a() } a()",
        "text::forever(0)",
    ] {
        let error = run(source).expect_err(source);
        assert_eq!(error.kind, ErrorKind::Limit, "{source}: {error}");
    }
}

#[test]
fn nothing_grows_for_ever() {
    for source in [
        "let s = \"x\"; loop { s += s; }",
        "let s = \"x\"; loop { s = `${s}${s}`; }",
        "let a = [1]; loop { a += a; }",
        "let a = [1]; loop { a.push(a); }",
        "let m = #{}; let n = 0; loop { m[`k${n}`] = m; n += 1; }",
        "let s = \"\"; s.pad(1000000000, \"x\"); s",
        "let a = []; a.pad(1000000000, 0); a",
        "let s = \"x\"; loop { s.replace(\"x\", \"xxxxxxxx\"); }",
    ] {
        let error = run(source).expect_err(source);
        assert_eq!(error.kind, ErrorKind::Limit, "{source}: {error}");
    }
}

#[test]
fn deep_nesting_is_refused() {
    for source in [
        format!("{}1{}", "(".repeat(5_000), ")".repeat(5_000)),
        format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000)),
        format!("{}true", "!".repeat(5_000)),
        format!("1{}", " + 1".repeat(5_000)),
        format!("1{}", " ?? 1".repeat(500)),
        format!("customer{}", ".x".repeat(5_000)),
        format!("{}true{}", "#{a: ".repeat(1_000), "}".repeat(1_000)),
    ] {
        if let Err(error) = evaluate(&source) {
            assert!(
                matches!(error.kind, ErrorKind::Syntax | ErrorKind::Limit),
                "{error}"
            );
        }
    }
}

#[test]
fn there_is_no_way_out() {
    for source in [
        "eval(\"1 + 1\")",
        "import \"x\" as y; y::f()",
        "print(\"x\")",
        "debug(\"x\")",
        "sleep(5)",
        "timestamp()",
        "exit()",
        "rand()",
        "open_file(\"/etc/passwd\")",
        "Fn(\"in_segment\").call(\"vip\")",
        "blob(1000000000)",
        "this.x",
        "call(5)",
    ] {
        assert!(run(source).is_err(), "{source}");
    }
}

#[test]
fn arithmetic_at_the_edges_is_an_error_or_a_value() {
    for source in [
        "9223372036854775807 + 1",
        "-9223372036854775807 - 2",
        "9223372036854775807 * 9223372036854775807",
        "(-9223372036854775807 - 1) / -1",
        "(-9223372036854775807 - 1) % -1",
        "-(-9223372036854775807 - 1)",
        "abs(-9223372036854775807 - 1)",
        "10 ** 100",
        "2.5 ** 1000.0",
        "1 % 0",
        "1.5 / 0.0",
        "1.5 % 0.0",
        "79228162514264337593543950335.0 + 1.0",
        "parse_int(\"99999999999999999999\")",
    ] {
        let error = run(source).expect_err(source);
        assert!(
            matches!(error.kind, ErrorKind::Arithmetic | ErrorKind::Syntax),
            "{source}: {error:?}"
        );
    }
    for source in [
        "now + days(9223372036854775807)",
        "now - months(9223372036854775807)",
        "now + hours(9223372036854775807) + hours(9223372036854775807)",
        "today() - days(9223372036854775807)",
        "today() + months(9223372036854775807)",
        "days_since(today() - months(9223372036854775807))",
        "count(\"order.paid\", days(9223372036854775807))",
        "count(\"order.paid\", months(-9223372036854775807))",
        "1 << 1000",
        "1 >> -1000",
    ] {
        assert!(run(source).is_ok(), "{source}: {:?}", run(source));
    }
}

#[test]
fn strange_texts_give_an_error_and_nothing_worse() {
    let texts = [
        "",
        " ",
        "\"",
        "'",
        "`",
        "`${",
        "`${`",
        "#",
        "#{",
        "#{a",
        "|",
        "|x|",
        "||",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ";",
        ",",
        ".",
        "..",
        "...",
        "1.",
        "1..",
        ".5",
        "0x",
        "0b2",
        "'ab'",
        "\\",
        "@",
        "$",
        "a b",
        "1 2",
        "x = 1",
        "if",
        "if true",
        "if true { 1 }",
        "switch 1 { _ => 2 }",
        "let",
        "fn",
        "fn f",
        "customer.",
        "customer.until",
        "customer.5",
        ".x",
        "::",
        "a::",
        "a::b",
        "/* ",
        "// x",
        "1e3",
        "\u{0}",
        "👋",
        "\u{202e}",
        "customer . first_name",
        "\"\\u{110000}\"",
        "\"\\xZZ\"",
        "9999999999999999999999",
        "1_000",
        "_",
        "__",
        "a[",
        "a[0",
        "#\"",
        "##\"x\"#",
    ];
    for text in texts {
        let _ = evaluate(text);
        let _ = run(text);
    }
}

#[test]
fn a_panic_inside_is_an_error_and_the_person_comes_back() {
    let (scripts, _) = compile("true", "when").unwrap();
    let mut own = person();
    let error =
        crate::script::scene::play::<()>(&mut own, &frame(), &scripts.segments_for_tests(), || {
            panic!("inside a native")
        });
    assert_eq!(error.unwrap_err().kind, ErrorKind::Internal);
    assert_eq!(own, person());
    assert_eq!(scripts.is_in_segment("vip", &mut own, &frame()), Ok(true));
}
