//! The journeys of the language's own page become what they say.

use kurant_engine::calendar::{Duration, WaitRule, parse_time};
use kurant_engine::definition::{
    Again, Category, Channel, Computed, Exit, Goal, Journey, Script, Send, Status, Step, Trigger,
    TriggerKind, Verb, WhileActive,
};
use kurant_engine::value::Value;

use super::super::{Parsed, parse};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::places::Places;
use crate::source::Sources;
use crate::workspace::{SourceFile, compile};

const KURANT: &str = "workspace: retail\ntimezone: Europe/Kyiv\nlocale: uk\n";

/// What came of reading some files, before any check of meaning.
pub(super) struct Read {
    pub(super) parsed: Parsed,
    pub(super) places: Places,
    pub(super) sources: Sources,
    /// What is wrong, one finding a line: `line:column code message / help`.
    pub(super) findings: Vec<String>,
}

/// Reads files; a `kurant.yaml` is added where none is given.
pub(super) fn read(files: &[(&str, &str)]) -> Read {
    let mut files: Vec<SourceFile> = files
        .iter()
        .map(|(path, text)| SourceFile::new(*path, *text))
        .collect();
    if !files.iter().any(|file| file.path == "kurant.yaml") {
        files.push(SourceFile::new("kurant.yaml", KURANT));
    }
    let diagnostics = Diagnostics::new();
    let (parsed, places, sources) = parse(&files, &diagnostics);
    let found = diagnostics.into_sorted(&sources);
    let findings = lines(&found, &sources);
    Read {
        parsed,
        places,
        sources,
        findings,
    }
}

fn lines(found: &[Diagnostic], sources: &Sources) -> Vec<String> {
    let one = |found: &Diagnostic| {
        let at = sources.place(found.span);
        let help = found.help.as_deref().unwrap_or("");
        format!(
            "{}:{} {} {} / {help}",
            at.line, at.column, found.code, found.message
        )
    };
    found.iter().map(one).collect()
}

fn parsed(text: &str) -> Journey {
    let mut read = read(&[("journeys/j.yaml", text)]);
    assert_eq!(read.findings, [""; 0]);
    read.parsed.journeys.remove(0).item
}

fn months(count: u32) -> Duration {
    Duration::from_months(count)
}

pub(super) const DORMANT: &str = r#"
journey: dormant-cascade          # id
title: Bring back the sleeping
owner: crm@shop.example
status: live
category: marketing
trigger:
  inactive: { since: customer.last_purchase_at, for: 9 months, at: "10:00" }
audience: customer.orders_count > 0 && !has_tag("staff")
exit:
  - event: order.paid
    reason: purchased
goal: { event: order.paid, within: 30d, value: event.total }
steps:
  - id: nine
    send: best
    template: winback
    data: { discount: 10 }
  - id: until-twelve
    wait: { for: 12 months, since: trigger.since, at: "10:00" }
  - id: three-years
    wait: { for: 36 months, since: trigger.since }
  - set: { lifecycle: churned }
"#;

#[test]
fn the_dormant_cascade_becomes_what_it_says() {
    let journey = parsed(DORMANT);
    assert_eq!(
        (journey.id.as_str(), journey.status, journey.category),
        ("dormant-cascade", Status::Live, Category::Marketing)
    );
    assert_eq!(journey.priority, 50);
    let [
        Trigger {
            kind: TriggerKind::Inactive { since, rule },
            catch_up,
        },
    ] = journey.triggers.as_slice()
    else {
        panic!("{:?}", journey.triggers);
    };
    assert_eq!(
        (since.as_str(), rule.for_, *catch_up),
        ("last_purchase_at", months(9), Duration::from_days(1))
    );
    assert_eq!(rule.at, parse_time("10:00").ok());
    assert_eq!(
        journey.audience,
        Some(Script::new(
            "customer.orders_count > 0 && !has_tag(\"staff\")",
            "audience"
        ))
    );
    assert_eq!(
        journey.exits,
        [Exit::Event {
            event: "order.paid".to_owned(),
            filter: None,
            reason: "purchased".to_owned()
        }]
    );
    let goal = Goal {
        event: "order.paid".to_owned(),
        filter: None,
        within: Some(Duration::from_days(30)),
        value: Some(Script::new("event.total", "goal.value")),
    };
    assert_eq!(journey.goal, Some(goal));
}

#[test]
fn the_steps_of_the_cascade_become_what_they_say() {
    let journey = parsed(DORMANT);
    let ids: Vec<_> = journey
        .steps
        .iter()
        .map(|step| step.id.as_deref())
        .collect();
    assert_eq!(
        ids,
        [
            Some("nine"),
            Some("until-twelve"),
            Some("three-years"),
            None
        ]
    );
    let Verb::Send(send) = &journey.steps[0].verb else {
        panic!("{:?}", journey.steps[0])
    };
    let data = [("discount".to_owned(), Computed::Literal(Value::Integer(10)))];
    assert_eq!(
        (&send.channel, send.template.as_str(), send.data.as_slice()),
        (&Channel::Best, "winback", data.as_slice())
    );
    let Verb::Wait(wait) = &journey.steps[1].verb else {
        panic!("{:?}", journey.steps[1])
    };
    assert_eq!(
        wait.rule,
        WaitRule {
            for_: Some(months(12)),
            at: parse_time("10:00").ok(),
            weekdays: None
        }
    );
    assert_eq!(
        wait.since,
        Some(Script::new("trigger.since", "steps[1].wait.since"))
    );
    assert_eq!(
        journey.steps[3].verb,
        Verb::Set(vec![(
            "lifecycle".to_owned(),
            Computed::Literal("churned".into())
        )])
    );
}

pub(super) const EVERYTHING: &str = r##"
journey: everything
trigger:
  - event: cart.updated
    where: event.total > 100
    max_age: 2h
  - date: { of: customer.birthday, every: year, offset: -7d, at: "10:00", feb29: mar1 }
    catch_up: 2d
  - enters: vip
  - leaves: vip
  - schedule: "0 9 * * mon"
    timezone: Europe/Warsaw
  - manual: true
entry: { key: event.cart_id, again: 90d, while_active: restart }
exit:
  - when: customer.lifecycle == "churned"
topic: offers
expires: 1 year
priority: 70
holdout: 2.5%
pilot: customer.tags.contains("pilot")
vars: { discount: 10, until: =trigger.date + days(7), nested: { list: [1, =event.total] } }
steps:
  - wait: 3d
    title: A pause
    when: customer.orders_count > 0
  - wait: { at: "10:00", weekdays: workdays }
  - wait: { until: vars.until, at: "09:30" }
  - send: email
    template: cart
    to: =event.email
    fallback: [viber, sms]
    fallback_after: 2h
    window: { from: "09:00", to: "20:00", weekdays: workdays }
    valid_for: 2d
    on_late:
      - tag: late
    on_cap: defer
  - wait_for: { event: order.paid, where: event.total > 5, timeout: 3d, since: trigger.time }
    then:
      - exit: bought
    else:
      - send: sms
        template: cart
  - wait_for:
      any:
        - { event: message.clicked }
        - { event: message.opened, where: event.step == "x" }
      until: trigger.date
  - choose:
      - when: customer.total_spent > 100
        steps:
          - tag: [big, =vars.tag]
      - otherwise:
          - untag: 2026
  - if: customer.email == ()
    then: [ { score: { add: -5, because: no address, lasts: 30d } } ]
    else: [ { score: { add: 5, because: =vars.why } } ]
  - split:
      a: { weight: 50, steps: [ { exit: a } ] }
      b: { weight: 1, steps: [] }
  - task: { title: ="Call " + customer.id, for: sales, due: 4h, priority: high }
  - task: { title: Call, for: owner }
  - assign: { pool: sales, by: least_loaded }
  - coupon: { codes: "BDAY-####", valid: 14d, as: code }
  - emit: { type: lead.warm, data: { score: =customer.score } }
  - webhook: { url: "https://crm.example/x", method: PUT, headers: { a: b }, body: { id: =customer.id }, save: answer, on_error: exit }
  - run: '#{ total: event.total * 2 }'
  - start: { journey: other-one, vars: { a: =vars.code } }
  - repeat: { while: customer.score < 10, at_most: 3, steps: [ { wait: 1d } ] }
  - repeat: { times: 2, steps: [ { emit: { type: again } } ] }
  - exit: done
"##;

#[test]
fn every_key_and_every_verb_is_read() {
    let journey = parsed(EVERYTHING);
    let words: Vec<_> = journey
        .triggers
        .iter()
        .map(|trigger| trigger.kind.word())
        .collect();
    assert_eq!(
        words,
        ["event", "date", "enters", "leaves", "schedule", "manual"]
    );
    assert_eq!(journey.triggers[1].catch_up, Duration::from_days(2));
    assert_eq!(
        (journey.entry.again.clone(), journey.entry.while_active),
        (Again::After(Duration::from_days(90)), WhileActive::Restart)
    );
    assert_eq!((journey.holdout, journey.priority), (250, 70));
    assert_eq!(
        journey.vars[1].1,
        Computed::Expression(Script::new("trigger.date + days(7)", "vars.until"))
    );
    let verbs: Vec<_> = journey.steps.iter().map(|step| step.verb.word()).collect();
    assert_eq!(
        verbs,
        [
            "wait", "wait", "wait", "send", "wait_for", "wait_for", "choose", "if", "split",
            "task", "task", "assign", "coupon", "emit", "webhook", "run", "start", "repeat",
            "repeat", "exit"
        ]
    );
    let Verb::WaitFor(wait) = &journey.steps[4].verb else {
        panic!()
    };
    assert_eq!(
        wait.any[0].filter,
        Some(Script::new("event.total > 5", "steps[4].wait_for.where"))
    );
    assert_eq!((wait.then.len(), wait.otherwise.len()), (1, 1));
    let Verb::Choose(choose) = &journey.steps[6].verb else {
        panic!()
    };
    let tags = Computed::List(vec![
        Computed::Literal("big".into()),
        Computed::Expression(Script::new(
            "vars.tag",
            "steps[6].choose[0].steps[0].tag[1]",
        )),
    ]);
    assert_eq!(choose.branches[0].steps[0].verb, Verb::Tag(tags));
    assert_eq!(
        choose.branches[1].steps[0].verb,
        Verb::Untag(Computed::Literal("2026".into()))
    );
    let Step {
        verb:
            Verb::Send(Send {
                window: Some(_),
                fallback,
                ..
            }),
        ..
    } = &journey.steps[3]
    else {
        panic!()
    };
    assert_eq!(fallback, &["viber", "sms"]);
}

#[test]
fn the_sample_workspace_has_no_mistake() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for workspace in ["", "examples/first-journey"] {
        let mut files = Vec::new();
        collect(&root.join(workspace), "", &mut files);
        assert!(
            files.iter().any(|file| file.path == "kurant.yaml"),
            "{workspace}"
        );
        let compiled = compile(&files);
        assert_eq!(
            lines(&compiled.diagnostics, &compiled.sources),
            [""; 0],
            "{workspace}"
        );
        let definitions = compiled.definitions.expect("no errors, so definitions");
        assert!(!definitions.journeys.is_empty() && !compiled.scenarios.is_empty());
    }
}

/// The files of a folder that a workspace may hold; what the machine keeps beside them is passed over.
fn collect(folder: &std::path::Path, prefix: &str, files: &mut Vec<SourceFile>) {
    for entry in std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry"))
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let own = ["channels", "journeys", "rhai-lib", "schemas", "templates"]
            .contains(&path.split('/').next().unwrap_or(""));
        if entry.path().is_dir() && own {
            collect(&entry.path(), &format!("{path}/"), files);
        } else if crate::is_read(&path) {
            files.push(SourceFile::new(
                path,
                std::fs::read_to_string(entry.path()).expect("text"),
            ));
        }
    }
}
