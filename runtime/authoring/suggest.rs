//! "Did you mean": the known word that an unknown one was most likely meant to be.

/// The known word nearest to `word`, if one is near enough to be worth saying.
///
/// Case, and `-`, `_` and spaces, do not count as differences. A short word may differ by one letter, a long one by a third of its letters;
/// two letters swapped are one difference. Of equally near words the first listed wins.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = fold(word);
    if wanted.is_empty() {
        return None;
    }
    let mut best: Option<(usize, &str)> = None;
    for candidate in known {
        let folded = fold(candidate);
        let distance = strsim::damerau_levenshtein(&wanted, &folded);
        let length = wanted.chars().count().max(folded.chars().count());
        let allowed = if length <= 2 {
            0
        } else {
            (length / 3).clamp(1, 4)
        };
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// As [`nearest`], but first through words that people use for the same thing: `("delay", "wait")` says that who writes `delay` means `wait`.
pub fn nearest_or_synonym<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
    synonyms: &[(&str, &'a str)],
) -> Option<&'a str> {
    let wanted = fold(word);
    let meant = synonyms
        .iter()
        .find(|(other, _)| fold(other) == wanted)
        .map(|(_, right)| *right);
    match meant {
        Some(right) if known.clone().into_iter().any(|known| known == right) => Some(right),
        _ => nearest(word, known),
    }
}

/// The words in backquotes, as a sentence names them: `` `a`, `b` or `c` ``.
pub fn either<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [front @ .., last] => format!("{} or {last}", front.join(", ")),
    }
}

fn fold(word: &str) -> String {
    word.chars()
        .filter(|c| !matches!(c, '-' | '_' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERBS: [&str; 6] = [
        "send",
        "wait",
        "wait_for",
        "template",
        "fallback_after",
        "id",
    ];

    #[test]
    fn a_slip_of_the_finger_finds_its_word() {
        for (typed, meant) in [
            ("templte", Some("template")),
            ("Template", Some("template")),
            ("waitfor", Some("wait_for")),
            ("wiat", Some("wait")),
            ("fallbackAfter", Some("fallback_after")),
            ("sned", Some("send")),
            ("xyz", None),
            ("", None),
            ("colour", None),
            ("is", None),
        ] {
            assert_eq!(nearest(typed, VERBS), meant, "{typed}");
        }
    }

    #[test]
    fn a_synonym_counts_only_where_its_word_is_allowed() {
        let synonyms = [("delay", "wait"), ("email", "channel")];
        assert_eq!(nearest_or_synonym("Delay", VERBS, &synonyms), Some("wait"));
        assert_eq!(nearest_or_synonym("email", VERBS, &synonyms), None);
    }

    #[test]
    fn a_choice_reads_as_a_sentence() {
        assert_eq!(either(["a"]), "`a`");
        assert_eq!(either(["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
