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
fn large_texts_full_of_mistakes_end_soon() {
    for text in [
        "a: [".to_owned()
            + &"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx, ".repeat(19_000)
            + "]\n",
        "a:\n".to_owned() + &"\t- b: !x\n".repeat(9_000),
        "a:\n".to_owned() + &"  - b: 1\n   c: 2\n".repeat(4_000),
        "a:\n".to_owned() + &"  - b: 1\n     c: 2\n".repeat(4_000),
        "a: {".to_owned() + &"b:1, ".repeat(15_000),
        "a: \"".to_owned() + &"b\n c: \"d\n".repeat(9_000),
        "\"".repeat(500_000),
        "'a' 'b' ".repeat(100_000),
        "a: b: ".repeat(100_000),
        "? ".repeat(100_000),
        " \n#\n".repeat(200_000) + "a: !x\n",
    ] {
        let (_, found) = read_text(&text);
        assert!(found.len() < 100);
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

/// A journey as authors write it, with every kind of value.
const JOURNEY: &str = r#"journey: dormant-cascade          # id
title: Bring back the sleeping
trigger:
  inactive: { since: customer.last_purchase_at, for: 9 months, at: "10:00" }
audience: customer.orders_count > 0 && !has_tag("staff")
exit:
  - event: order.paid
    reason: purchased
vars: { tel: +380501112233, title: 'Знижка: "10"' }
steps:
  - id: nine
    send: email
    data: { discount: 10, until: =days(7) }
  - wait: 3d
  - run: |
      let x = 1;
      #{ y: x }
  - choose:
    - when: customer.total > 5
      steps: [{ tag: vip }, { untag: [a, b] }]
    - otherwise:
      - exit: "done \"it\""
"#;

#[test]
fn no_change_of_a_few_characters_makes_the_reader_panic_or_lose_its_place() {
    let signs: Vec<char> = "\"'[]{}:#-!&*|>%@`,\t \n\\~?a\u{7}я\u{feff}"
        .chars()
        .collect();
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        // xorshift64*: the same texts in every run.
        seed ^= seed >> 12;
        seed ^= seed << 25;
        seed ^= seed >> 27;
        (seed.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % below
    };
    for round in 0..3_000 {
        let mut chars: Vec<char> = JOURNEY.chars().collect();
        for _ in 0..1 + round % 4 {
            let at = next(chars.len());
            match next(4) {
                0 => drop(chars.remove(at)),
                1 => chars.insert(at, signs[next(signs.len())]),
                2 => chars[at] = signs[next(signs.len())],
                _ => chars.truncate(at.max(1)),
            }
        }
        let text: String = chars.into_iter().collect();
        let (root, found) = read_text(&text);
        assert!(
            root.is_some() || !found.is_empty(),
            "nothing read and nothing said:\n{text}"
        );
        assert!(
            found.len() < 40,
            "{} findings for a few changes:\n{text}\n{found:#?}",
            found.len()
        );
    }
}

#[test]
fn a_good_journey_is_read_in_silence() {
    check(JOURNEY, &[]);
}
