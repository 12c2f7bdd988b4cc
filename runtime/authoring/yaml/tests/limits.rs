use super::{check, read_text, tree};

#[test]
fn hostile_texts_are_refused_with_one_report() {
    for (text, code) in [
        ("[".repeat(100_000), "too-deep"),
        ("{a: ".repeat(100_000), "too-deep"),
        ("- ".repeat(100_000), "too-deep"),
        (
            "a: [".to_owned() + &"x, ".repeat(30_000) + "]",
            "too-many-values",
        ),
        ("a: 1\n".repeat(300_000), "file-too-large"),
    ] {
        let (root, found) = read_text(&text);
        assert!(root.is_none());
        assert!(
            found.len() == 1 && found[0].contains(code),
            "{code}: {found:#?}"
        );
    }
}

#[test]
fn an_alias_bomb_is_never_expanded() {
    let mut bomb = "a0: &a0 [lol]\n".to_owned();
    for level in 1..10 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let (root, found) = read_text(&bomb);
    assert!(root.is_some());
    assert!(
        found
            .iter()
            .all(|found| found.contains("yaml-alias") || found.contains("yaml-anchor")),
        "{found:#?}"
    );
}

#[test]
fn ten_thousand_mistakes_end_after_some() {
    let (_, found) = read_text(&"- !x\n".repeat(9_000));
    assert!(found.len() < 100);
    assert!(found[0].contains("too-many-mistakes"), "{:#?}", found[0]);
}

#[test]
fn a_text_without_content_is_nothing() {
    assert_eq!(tree(""), "~");
    assert_eq!(tree("# only a comment\n"), "~");
    check("", &[]);
}
