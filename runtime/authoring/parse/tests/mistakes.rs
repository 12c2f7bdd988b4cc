//! What people get wrong, and what they are told.

use super::language::{compiled, findings};

#[test]
fn probe() {
    let head = "journey: a\ntrigger: { event: x }\nsteps:\n";
    let steps = [
        "- email: welcome",
        "- send: email",
        "- send: { channel: email, template: x }",
        "- delay: 3d",
        "- wait: 3",
        "- wait: \"10:00\"",
        "- wait: mon",
        "- wait: workdays",
        "- wait: trigger.date",
        "- wait: =trigger.date",
        "- wait: 3 dayz",
        "- wait: { for: 3d, until: trigger.date }",
        "- wait: { since: trigger.date }",
        "- wait: {}",
        "- wait:",
        "- wait: { event: x }",
        "- wait_for: order.paid",
        "- wait_for: { event: x, timeout: 3d, then: [] }",
        "- wait_for: { any: [a, b] }",
        "- wait_for: { timeout: 3d }",
        "- wait_for: { event: x }\n  else: [ { exit: a } ]",
        "- wait_for: { event: x, timeout: 1d, until: trigger.date }",
        "- choose: { when: true }",
        "- choose:\n    - otherwise: [ { exit: a } ]\n    - when: true\n      steps: []",
        "- choose:\n    - when: true\n      then: []",
        "- if: customer.x",
        "- if: =customer.x\n  then: [ { exit: a } ]",
        "- if: customer.x\n  then:\n    exit: a",
        "- split: { a: { weight: 50% , steps: [] } }",
        "- split: [a, b]",
        "- split: { a: { weight: 0, steps: [] } }",
        "- set: { customer.x: 1 }",
        "- set: lifecycle=churned",
        "- set: {}",
        "- tag: { a: 1 }",
        "- score: { points: 5, reason: x }",
        "- task: Call back",
        "- assign: sales",
        "- coupon: { codes: A, as: my code }",
        "- emit: lead.warm",
        "- webhook: { url: crm.example }",
        "- webhook: { url: \"https://a.example\", method: post }",
        "- run: =1",
        "- start: other",
        "- repeat: { while: true, steps: [] }",
        "- repeat: { times: 3, at_most: 5, steps: [] }",
        "- repeat: 3",
        "- exit: { event: x }",
        "- exit",
        "- send email",
        "- send: email\n  template: =x",
        "- send: email\n  template: welcome/email.html",
        "- send: email\n  template: w\n  channel: sms",
        "- send: email\n  template: w\n  subject: Hello",
        "- send: email\n  template: w\n  on_late: skip",
        "- send: email\n  template: w\n  fallback_after: 2h",
        "- send: email\n  template: w\n  on_cap: later",
        "- send: email\n  template: w\n  window: { from: 9am, to: \"20:00\" }",
        "- send: email\n  wait: 3d",
        "- id: a b\n  wait: 3d",
        "- id: a\n  wait: 3d\n- id: a\n  wait: 4d",
        "- condition: x > 1\n  wait: 3d",
        "- then: []",
        "- type: email\n  template: w",
        "- action: send",
        "- send: email\n  template: w\n  data: { a: = }",
        "- wait: -3d",
        "- wait: 3m 3m",
    ];
    for text in steps {
        println!("{text}");
        for line in findings(&compiled(&[("journeys/a.yaml", &format!("{head}{text}\n"))])) {
            println!("      => {line}");
        }
    }
    let heads = [
        "trigger: order.paid", "trigger: manual", "trigger: { event: x, date: { of: customer.b } }", "trigger: { manual: false }",
        "trigger: { date: { of: birthday, every: year } }", "trigger: { date: { of: customer.b } }", "trigger: { date: customer.b }",
        "trigger: { inactive: { since: customer.b, for: 9 months }, at: \"10:00\" }", "trigger: { schedule: \"0 9 * *\" }",
        "trigger: { schedule: \"0 9 * * 8\" }", "trigger: { segment: vip }", "trigger: { enters: vip, where: x }", "trigger: []", "trigger:",
        "trigger: { event: a, max_age: 1 }", "trigger: { event: \"a, b\" }", "trigger: { event: x, timezone: Europe/Kyiv }",
        "trigger: { inactive: { since: customer.b, for: 9 months, catch_up: 1d } }",
    ];
    for text in heads {
        println!("{text}");
        for line in findings(&compiled(&[("journeys/a.yaml", &format!("journey: a\n{text}\nsteps: [ {{ exit: a }} ]\n"))])) {
            println!("      => {line}");
        }
    }
    let tops = [
        "status: active", "status: on", "category: promo", "priority: 200", "priority: high", "holdout: 0.1", "holdout: 10", "holdout: 100%", "holdout: 12.345%",
        "exit: order.paid", "exit: [ { reason: x } ]", "exit: [ { event: a, when: b } ]", "goal: order.paid", "goal: { within: 3d }", "entry: { again: once }",
        "entry: { again: sometimes }", "entry: { while_active: skip }", "entry: { key: =event.x }", "audience: [a]", "audience: !has_tag(\"x\")", "vars: [a]",
        "expires: 0d", "topic: a b", "name: x", "title: ", "quiet_hours: x", "again: never", "zzz: 1", "title: =x", "audience: ''",
    ];
    for text in tops {
        println!("{text}");
        for line in findings(&compiled(&[("journeys/a.yaml", &format!("journey: a\ntrigger: {{ manual: true }}\n{text}\nsteps: [ {{ exit: a }} ]\n"))])) {
            println!("      => {line}");
        }
    }
    for (path, text) in [
        ("journeys/a.yaml", "journey: My Journey\ntrigger: { manual: true }\nsteps: []\n"),
        ("journeys/a.yaml", ""),
        ("journeys/a.yaml", "- a\n"),
        ("journeys/a.yaml", "journey: a\nstatus: live\ntrigger: { manual: true }\nsteps:\n  - wait: 3d\n  - send: email\n    template: a\n  - if: true\n    then: [ { split: { a: { weight: 1, steps: [] } } } ]\n"),
        ("journeys/a.yml", "journey: a\n"),
        ("profile.yml", ""),
        ("profile.yaml", "updates:\n  - event: a\n    set: { customer.x: 1, id: 2 }\n    where: x\n  - on: b\n  - event: c\n    set: a\n"),
        ("profile.yaml", "- event: a\n"),
        ("segments.yaml", "segments:\n  vip: { condition: x }\n  a b: x\n  old: =x\n  e: ''\n  f:\n"),
        ("segments.yaml", "vip: customer.x\n"),
        ("kurant.yaml", "timezone: Kyiv\nlocale: ukrainian\nquiet_hours: { from: 21, to: \"09:00\", weekdays: workdays }\nfrequency_caps:\n  - { category: any, max: 0.5, per: 7 }\n  - { category: marketing, max: 3, per: 7d, channel: any, x: 1 }\nchannels:\n  email: smtp\n  sms: { preset: x }\n  viber: { kind: htp, token: abc }\n  best: { kind: file }\npools:\n  sales: []\n  owner: [a]\n  a: { hours: { from: \"09:00\" } }\nstore: x\nguard: { enter: 5 }\nbroker: x\n"),
        ("kurant.yaml", "workspace: a b\n"),
        ("schemas/customer.json", "{ \"type\": \"object\", \"properties\": { \"a\": { \"type\": \"text\" }, \"b\": { \"type\": \"date\" }, \"c\": 5, \"d\": {\"$ref\": \"#/x\"}, \"e\": {\"type\": \"array\", \"items\": {\"type\": \"zzz\"}} } }"),
        ("schemas/events/a.json", "{ \"type\": \"string\" }"),
        ("schemas/events/a.json", "{ \"type\": \"object\", }"),
        ("templates/a/email.xml", "x"),
        ("templates/email.txt", "x"),
        ("templates/a/email.ukr.txt", "x"),
        ("templates/a/email.Ukraine.txt", "x"),
        ("templates/a/email.uk.txt", "---\nsubject: {{ a }}\ntitle: x\nfoo: x\nsubject: y\n\nbad\n---\nx"),
        ("templates/a/email.uk.txt", "---\nsubject: {{ a }}\n"),
        ("rhai-lib/a-b.rhai", "x"),
        ("rhai-lib/a/b.rhai", "x"),
    ] {
        println!("{path}: {}", text.replace('\n', "\\n"));
        for line in findings(&compiled(&[(path, text)])) {
            println!("      => {line}");
        }
    }
    let good = "test: t\njourney: a\ncustomer: { id: c1 }\nat: 2026-01-31T12:00:00+02:00\nuntil: 2027-01-31T12:00:00+02:00\nexpect: []\n";
    for (from, to) in [
        ("test: t\n", ""), ("journey: a", "journey: []"), ("customer: { id: c1 }", "customer: { email: a }"), ("customer: { id: c1 }", "customer: [ { id: a } ]"),
        ("at: 2026-01-31T12:00:00+02:00", "at: 2026-01-31"), ("2027-", "2025-"), ("expect: []", "expect_some: []"), ("expect: []", "expect: [ { step: a } ]"),
        ("expect: []", "expect: [ { send: email, exit: x } ]"), ("expect: []", "expect: [ { sent: email } ]"), ("expect: []", "events: [ { type: a, at: x } ]"),
        ("customer: { id: c1 }", "customers: [ { id: a }, { id: b } ]\nevents: [ { at: 2026-01-31T12:00:00+02:00, type: x } ]"),
        ("expect: []", "expect: []\nanswers: [ { step: a } ]"),
    ] {
        let text = good.replace(from, to);
        println!("{to}");
        for line in findings(&compiled(&[("journeys/a.test.yaml", &text)])) {
            println!("      => {line}");
        }
    }
}
