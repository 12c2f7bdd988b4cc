//! How a file was saved: only UTF-8 is read, and whoever saves otherwise is told how to.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{FileId, Span};

/// How a file was saved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encoding {
    /// As it should be.
    #[default]
    Utf8,
    /// Two bytes a letter, as Windows calls "Unicode".
    Utf16,
    /// Otherwise: up to this byte it could be UTF-8; and the encoding that is likelier.
    Other(usize, &'static str),
}

/// The encoding that a text which is not UTF-8 was likely written in: letters of Cyrillic stand side by side, those of the West that
/// ASCII lacks one by one among the others.
pub fn likely(bytes: &[u8]) -> &'static str {
    // Those of Ukrainian and Russian that stand before the others: Ґ Ё Є Ї І і ґ ё є ї.
    const APART: [u8; 10] = [0xa5, 0xa8, 0xaa, 0xaf, 0xb2, 0xb3, 0xb4, 0xb8, 0xba, 0xbf];
    let is_letter = |byte: u8| byte >= 0xc0 || APART.contains(&byte);
    let beyond = bytes.iter().filter(|byte| is_letter(**byte)).count();
    let pairs = bytes
        .windows(2)
        .filter(|pair| is_letter(pair[0]) && is_letter(pair[1]));
    if pairs.count() * 2 < beyond {
        "WINDOWS-1252"
    } else {
        "WINDOWS-1251"
    }
}

/// The text of a file, as well as it can be read.
pub(crate) fn decoded(bytes: Vec<u8>) -> (String, Encoding) {
    if let Some(text) = utf16(&bytes) {
        return (text, Encoding::Utf16);
    }
    match String::from_utf8(bytes) {
        Ok(text) => (text, Encoding::Utf8),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            (text, Encoding::Other(at, likely(error.as_bytes())))
        }
    }
}

/// The text if it has two bytes a letter: by its mark, or by the zero in its first letter.
fn utf16(bytes: &[u8]) -> Option<String> {
    let read: fn([u8; 2]) -> u16 = match bytes.get(..2)? {
        [0xff, 0xfe] => u16::from_le_bytes,
        [0xfe, 0xff] => u16::from_be_bytes,
        [letter, 0] if *letter > 0 => u16::from_le_bytes,
        [0, letter] if *letter > 0 => u16::from_be_bytes,
        _ => return None,
    };
    let (pairs, _) = bytes.as_chunks::<2>();
    let letters: Vec<u16> = pairs.iter().map(|pair| read(*pair)).collect();
    Some(String::from_utf16_lossy(&letters))
}

impl Encoding {
    /// Reports what isn't UTF-8.
    pub(crate) fn report(self, file: FileId, diagnostics: &Diagnostics) {
        let (at, message, from) = match self {
            Self::Utf8 => return,
            Self::Utf16 => (
                0,
                "this file is saved as UTF-16, and only UTF-8 is read",
                "UTF-16",
            ),
            Self::Other(at, from) => (
                at,
                "from here on this file is not UTF-8: it was saved in another encoding",
                from,
            ),
        };
        let help = format!(
            "save it as UTF-8: `Save as`, then `Encoding: UTF-8` in Notepad, `Save with Encoding` in VS Code; or \
             `iconv -f {from} -t UTF-8 OLD > NEW`"
        );
        let report = Diagnostic::error("encoding", Span::new(file, at, at), message);
        diagnostics.push(report.help(help));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_known_by_its_bytes() {
        let utf16 = |read: fn(u16) -> [u8; 2], mark: &str| {
            let text = format!("{mark}journey: ні");
            text.encode_utf16().flat_map(read).collect::<Vec<u8>>()
        };
        for bytes in [
            utf16(u16::to_le_bytes, "\u{feff}"),
            utf16(u16::to_be_bytes, "\u{feff}"),
            utf16(u16::to_le_bytes, ""),
            utf16(u16::to_be_bytes, ""),
        ] {
            let (text, encoding) = decoded(bytes);
            assert_eq!(encoding, Encoding::Utf16);
            assert!(text.ends_with("journey: ні"), "{text}");
        }
        assert_eq!(decoded("ні".into()), ("ні".to_owned(), Encoding::Utf8));
        let cyrillic = decoded(b"a: \xed\xb3".to_vec()).1;
        assert_eq!(cyrillic, Encoding::Other(3, "WINDOWS-1251"));
        let german = decoded(b"a: Gr\xfc\xdfe f\xfcr J\xf6rg".to_vec()).1;
        assert_eq!(german, Encoding::Other(5, "WINDOWS-1252"));
        assert_eq!(decoded(Vec::new()).1, Encoding::Utf8);
    }
}
