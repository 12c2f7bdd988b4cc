//! What somebody wrote in an answer, without what they answered.
//!
//! Mail programs agree on one thing only: lines of what is answered begin with `>`. Beyond that it is told by lines that name us as the
//! writer, in whatever language, and by the rules that mail programs draw. Where that errs, more is kept than was written.

/// The most that is kept, in characters.
pub(super) const LONGEST: usize = 2_000;
/// So many lines are looked at.
const MOST_LINES: usize = 5_000;
/// A rule of so many signs stands between what was written and what is answered.
const RULE: usize = 5;
/// What is written before the colon of a header is no longer, in characters.
const HEADER_NAME: usize = 20;

/// The words of the person who answered.
pub(super) fn written(text: &str, ours: &[String]) -> String {
    let lines: Vec<&str> = text.lines().take(MOST_LINES).map(str::trim_end).collect();
    let (mut kept, mut at): (Vec<&str>, usize) = (Vec::new(), 0);
    let mut is_quoted_before = false;
    while let Some(line) = lines.get(at) {
        if let Some(length) = attribution(&lines[at..], ours) {
            let behind = lines[at + length..].iter();
            let next = behind.clone().find(|own| !own.trim().is_empty());
            if !next.is_some_and(|own| is_quoted(own)) {
                break;
            }
            at += length;
            continue;
        }
        if ends(line, ours) {
            break;
        }
        if is_quoted(line) {
            if !is_quoted_before {
                drop_attribution(&mut kept);
            }
            is_quoted_before = true;
        } else {
            kept.push(line);
        }
        at += 1;
    }
    let text = kept.join("\n");
    let is_seen = |c: &char| *c == '\n' || *c == '\t' || !c.is_control();
    let text: String = text.trim().chars().filter(is_seen).take(LONGEST).collect();
    text.trim_end().to_owned()
}

fn is_quoted(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

fn names_us(line: &str, ours: &[String]) -> bool {
    let line = line.to_lowercase();
    ours.iter().any(|own| line.contains(&own.to_lowercase()))
}

/// How many lines say that we wrote what follows: `On Monday Shop <hello@shop.example> wrote:`, on one line or two.
fn attribution(lines: &[&str], ours: &[String]) -> Option<usize> {
    let is_end = |line: &str| line.ends_with([':', '：']);
    let first = lines.first()?;
    if is_quoted(first) || first.trim().is_empty() {
        return None;
    }
    if is_end(first) && names_us(first, ours) {
        return Some(1);
    }
    let second = lines.get(1).filter(|own| is_end(own) && !is_quoted(own))?;
    let is_broken = names_us(first, ours) || (first.ends_with('<') && names_us(second, ours));
    is_broken.then_some(2)
}

/// Whether nothing that was written stands behind this line: a signature, a rule, or the headers of what is answered.
fn ends(line: &str, ours: &[String]) -> bool {
    let bare = line.trim();
    let is_rule = |sign| bare.chars().take_while(|own| *own == sign).count() >= RULE;
    let is_header = || {
        let name = line.split(':').next().unwrap_or_default();
        let is_name = !name.trim().contains(' ') && name.chars().count() <= HEADER_NAME;
        line.contains(':') && is_name && names_us(line, ours)
    };
    bare == "--" || is_rule('-') || is_rule('_') || is_header()
}

/// Takes out who is said to have written what is quoted from here on.
fn drop_attribution(kept: &mut Vec<&str>) {
    let until = kept.iter().rposition(|own| !own.is_empty());
    if let Some(last) = until
        && kept[last].ends_with([':', '：'])
    {
        kept.truncate(last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        written(text, &["hello@shop.example".to_owned()])
    }

    #[test]
    fn what_is_answered_is_left_out_as_mail_programs_write_it() {
        for text in [
            "Yes, please.\n\nOn Tue, Dec 1, 2026 at 10:00 AM Shop <hello@shop.example> wrote:\n\n> Dear Anna\n> Come in\n",
            "Yes, please.\n\nOn Tue, Dec 1, 2026 at 10:00 AM A Shop With Long Name <\nhello@shop.example> wrote:\n\n> Dear Anna\n",
            "Yes, please.\r\n\r\nвт, 1 груд. 2026 р. о 10:00 Крамниця <hello@shop.example> пише:\r\n\r\n> Анно\r\n",
            "Yes, please.\n\nAm 01.12.2026 um 10:00 schrieb Shop:\n> Dear Anna\n>\n> Come in\n",
            "Yes, please.\n\n-----Original Message-----\nFrom: Shop\nDear Anna\n",
            "Yes, please.\n________________________________\nFrom: Shop <hello@shop.example>\nDear Anna\n",
            "Yes, please.\n\nVon: Shop <hello@shop.example>\nGesendet: Dienstag\nDear Anna\n",
            "Yes, please.\n\nOn Tuesday Shop <HELLO@shop.example> wrote:\n\nDear Anna, as a web mailer gives it without marks\n",
            "> Dear Anna, do you want it?\n\nYes, please.\n",
            "Yes, please.\n-- \nAnna, Head of Something\n",
            "Yes, \u{7}please.\u{0}\n",
        ] {
            assert_eq!(words(text), "Yes, please.", "{text}");
        }
    }

    #[test]
    fn what_is_written_between_the_lines_is_kept() {
        let text = "On Tuesday Shop <hello@shop.example> wrote:\n> Red or blue?\nBlue.\n\n> When?\nNote: tomorrow - or later.\n";
        assert_eq!(words(text), "Blue.\n\nNote: tomorrow - or later.");
        let text = "Two questions:\nis it blue, and where?\nA - B\n";
        assert_eq!(words(text), text.trim());
        assert_eq!(words("> only what was answered\n"), "");
        assert_eq!(words(""), "");
    }

    #[test]
    fn however_much_is_written_so_much_is_kept() {
        assert_eq!(words(&"ї".repeat(300_000)).chars().count(), LONGEST);
        assert_eq!(words(&"ї\n".repeat(300_000)).chars().count(), LONGEST - 1);
    }
}
