//! How long a text message is: by the alphabet that it needs, and in how many parts it leaves.
//!
//! 3GPP TS 23.038 has the alphabet, 3GPP TS 23.040 the parts: 140 bytes each, six of which tell the parts of one message
//! apart if there is more than one.

/// The basic alphabet, but for Latin letters, digits and line ends: a letter of seven bits each.
const BASIC: &str = "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";
/// Those that take two.
const EXTENDED: &str = "^{}\\[~]|€\u{c}";

/// Its length in people's words.
pub(super) fn length(text: &str) -> String {
    let (count, alphabet, alone, of_many) = match septets(text) {
        Some(count) => (count, "GSM-7", 160, 153),
        None => (text.encode_utf16().count(), "UCS-2", 70, 67),
    };
    let parts = match count {
        count if count <= alone => 1,
        count => count.div_ceil(of_many),
    };
    let (letters, parts) = (plural(count, "letter"), plural(parts, "part"));
    match text.chars().find(|letter| septets_of(*letter).is_none()) {
        Some(letter) => format!("{letters} in {alphabet}, since it holds `{letter}`: {parts}"),
        None => format!("{letters} in {alphabet}: {parts}"),
    }
}

fn plural(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

/// The length in letters of seven bits; none when it needs others.
fn septets(text: &str) -> Option<usize> {
    text.chars().map(septets_of).sum()
}

fn septets_of(letter: char) -> Option<usize> {
    match letter {
        letter if letter.is_ascii_alphanumeric() || matches!(letter, '\n' | '\r') => Some(1),
        letter if BASIC.contains(letter) => Some(1),
        letter if EXTENDED.contains(letter) => Some(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_counted_as_networks_do() {
        for (text, told) in [
            (String::new(), "0 letters in GSM-7: 1 part"),
            ("x".repeat(160), "160 letters in GSM-7: 1 part"),
            ("x".repeat(161), "161 letters in GSM-7: 2 parts"),
            ("x".repeat(306), "306 letters in GSM-7: 2 parts"),
            ("x".repeat(307), "307 letters in GSM-7: 3 parts"),
            ("€".repeat(80), "160 letters in GSM-7: 1 part"),
            ("€".repeat(81), "162 letters in GSM-7: 2 parts"),
            (
                "д".repeat(70),
                "70 letters in UCS-2, since it holds `д`: 1 part",
            ),
            (
                "д".repeat(71),
                "71 letters in UCS-2, since it holds `д`: 2 parts",
            ),
            (
                "🎁".repeat(35),
                "70 letters in UCS-2, since it holds `🎁`: 1 part",
            ),
            (
                format!("{}’", "x".repeat(70)),
                "71 letters in UCS-2, since it holds `’`: 2 parts",
            ),
        ] {
            assert_eq!(length(&text), told, "{text}");
        }
    }
}
