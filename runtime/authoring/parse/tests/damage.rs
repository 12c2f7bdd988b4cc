//! Whatever is done to a journey's text, reading it ends with findings or with a journey, never with a panic; and one mistake
//! does not hide another.

use super::language::{DORMANT, EVERYTHING, read};

/// Reads a damaged journey. A journey without findings is whole.
fn survives(text: &str) {
    let read = read(&[("journeys/a.yaml", text)]);
    let whole = read.parsed.journeys.len() == 1 && !read.parsed.journeys[0].damaged;
    assert!(
        whole || !read.findings.is_empty(),
        "neither findings nor a journey:\n{text}"
    );
}

#[test]
fn a_journey_that_lacks_any_line_is_read_or_complained_of() {
    let lines: Vec<&str> = EVERYTHING.lines().collect();
    for left_out in 0..lines.len() {
        let text: Vec<&str> = lines
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != left_out)
            .map(|(_, line)| *line)
            .collect();
        survives(&text.join("\n"));
        survives(&lines[..left_out].join("\n"));
    }
}

#[test]
fn any_value_in_place_of_any_other_is_read_or_complained_of() {
    for value in ["", " []", " { a: b }", " =x", " -1", " true", " |"] {
        for whole in [EVERYTHING, DORMANT] {
            for (at, _) in whole.match_indices(": ") {
                let end = whole[at..]
                    .find(['\n', ',', '}'])
                    .map_or(whole.len(), |end| at + end);
                survives(&format!("{}:{value}{}", &whole[..at], &whole[end..]));
            }
        }
    }
}

#[test]
fn one_mistake_does_not_hide_another() {
    let text = r#"
journey: My Journey
status: active
category: promo
trigger: { date: { of: birthday, every: week, at: 9am } }
audience: =customer.x > 1
priority: 500
holdout: 1
exit: [ { event: a, why: b } ]
goal: { event: a, within: 3 }
steps:
  - delay: 3d
  - send: email
    template: =a
  - if: customer.x
    then:
      - wait: { at: 25:00 }
      - choose:
          - wen: true
            steps: [ { tag: { a: b } } ]
"#;
    let lines: Vec<String> = read(&[("journeys/a.yaml", text)])
        .findings
        .iter()
        .map(|line| line.split(' ').next().unwrap_or("").to_owned())
        .collect();
    let wanted = [
        "2:10", "3:9", "4:11", "5:24", "5:41", "5:51", "6:11", "7:11", "8:10", "9:21", "10:27",
        "12:5", "14:15", "17:21", "19:13", "20:31",
    ];
    assert_eq!(lines, wanted);
}
