//! A message in HTML: what stands beside its subject, and what those read who see no HTML.

use super::Rendered;

/// How long a line of the text is. An address is never broken: it would lead nowhere.
const WIDTH: usize = 78;
/// Seen by mail programs that show the beginning of a letter beside its subject, and by nobody who opens it.
const HIDING: &str = "display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden;mso-hide:all";
/// Blanks behind it, or what comes next in the letter would be shown there too.
const BLANK: &str = "&#847;&zwnj;&nbsp;";
/// So many: more than any mail program shows.
const BLANKS: usize = 80;

impl Rendered {
    /// The message as it leaves: HTML begins with its preheader, which is hidden.
    pub fn whole(&self) -> String {
        if self.preheader.is_empty() {
            return self.body.clone();
        }
        let at = beginning(&self.body);
        let (head, rest) = self.body.split_at(at);
        let preheader = &self.preheader;
        let blanks = BLANK.repeat(BLANKS);
        format!("{head}<div style=\"{HIDING}\">{preheader}{blanks}</div>{rest}")
    }

    /// The message as text.
    ///
    /// # Errors
    /// When its HTML can't be read.
    pub fn text(&self) -> Result<String, String> {
        match self.format.as_str() {
            "html" => text_of_html(&self.body),
            _ => Ok(self.body.clone()),
        }
    }
}

/// Where the body of a page begins; of a piece of HTML that is its beginning.
fn beginning(html: &str) -> usize {
    let small = html.to_ascii_lowercase();
    let behind = |tag: &str| {
        let (at, _) = small.match_indices(tag).find(|(at, _)| {
            let next = small[at + tag.len()..].chars().next();
            next.is_none_or(|next| !next.is_ascii_alphanumeric() && next != '-')
        })?;
        Some(at + small[at..].find('>')? + 1)
    };
    let own = ["<body", "</head", "<html", "<!doctype"];
    own.into_iter().find_map(behind).unwrap_or(0)
}

fn text_of_html(html: &str) -> Result<String, String> {
    // Tables lay letters out: side by side their cells would be narrow columns of words.
    let read = html2text::config::plain()
        .raw_mode(true)
        .no_link_wrapping()
        .link_footnotes(true)
        .string_from_read(html.as_bytes(), WIDTH);
    let read = read.map_err(|_| "unfit: its HTML can't be read".to_owned())?;
    Ok(without_gaps(&read))
}

/// Letters are laid out in tables within tables, which leave lines without anything on them: one of them is enough.
fn without_gaps(text: &str) -> String {
    let (mut out, mut is_gap) = (String::with_capacity(text.len()), true);
    for line in text.lines().map(str::trim_end) {
        if line.is_empty() && is_gap {
            continue;
        }
        is_gap = line.is_empty();
        out += line;
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(body: &str, preheader: &str) -> Rendered {
        Rendered {
            format: "html".to_owned(),
            body: body.to_owned(),
            preheader: preheader.to_owned(),
            ..Rendered::default()
        }
    }

    #[test]
    fn the_preheader_is_the_first_thing_in_the_body() {
        for (html, begins) in [
            ("<p>a</p>", ""),
            ("<body><p>a</p></body>", "<body>"),
            ("<html><BODY class=\"x\">a", "<html><BODY class=\"x\">"),
            (
                "<!DOCTYPE html><html><head><title>t</title></head>a",
                "<!DOCTYPE html><html><head><title>t</title></head>",
            ),
            ("<bodyguard>a</bodyguard>", ""),
            ("<body", ""),
        ] {
            let whole = rendered(html, "Soon &lt;b&gt;").whole();
            let hidden = format!("{begins}<div style=\"{HIDING}\">Soon &lt;b&gt;&#847;");
            assert!(whole.starts_with(&hidden), "{whole}");
            assert!(whole.ends_with(&html[begins.len()..]), "{whole}");
            assert_eq!(rendered(html, "").whole(), html);
        }
    }

    #[test]
    fn the_text_keeps_links_whole_and_has_no_preheader() {
        let link = format!("https://mail.shop.example/u/{}", "x".repeat(200));
        let html = format!(
            "<table><tr><td><table><tr><td><h1>Sale</h1></td></tr><tr><td>Dear Anna, <a href=\"{link}\">come in</a></td></tr></table></td></tr></table>"
        );
        let text = rendered(&html, "Soon").text().expect("text");
        assert!(text.contains(&link), "{text}");
        assert!(
            text.contains("Sale") && text.contains("Dear Anna, [come in]"),
            "{text}"
        );
        assert!(!text.contains("Soon") && !text.contains("\n\n\n"), "{text}");
        assert!(!text.contains(['│', '─', '┬']), "{text}");
    }
}
