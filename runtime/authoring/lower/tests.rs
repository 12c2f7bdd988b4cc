//! What makes a version, and what makes none.

use kurant_engine::definition::{TaskFor, Verb, Version};

use crate::{SourceFile, compile};

const KURANT: &str = "workspace: w\ntimezone: Europe/Kyiv\npools: { sales: [olena] }\n";
const JOURNEY: &str = "journey: a # what it is\ntitle: One\nowner: o\nstatus: draft\ntrigger: { event: customer.created }\nsteps:\n  - wait: 3d\n    title: A pause\n    when: vip::big(customer.score)\n  - task: { title: Call, for: sales }\n  - task: { title: Call, for: olena }\n";
const VIP: &str = "fn big(score) { score > limit() }\nfn limit() { 10 }\nfn other() { 1 }\n";

fn version(journey: &str, library: &str) -> Version {
    let files = [
        SourceFile::new("kurant.yaml", KURANT),
        SourceFile::new("journeys/a.yaml", journey),
        SourceFile::new("rhai-lib/vip.rhai", library),
    ];
    let compiled = compile(&files);
    let mut definitions = compiled
        .definitions
        .unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    definitions.journeys.remove(0)
}

#[test]
fn titles_comments_layout_and_unreached_functions_make_no_version() {
    let first = version(JOURNEY, VIP);
    for (from, to) in [
        ("title: One\n", ""),
        ("owner: o", "owner: p"),
        ("status: draft", "status: retired"),
        (" # what it is", ""),
        ("    title: A pause\n", ""),
        (
            "trigger: { event: customer.created }",
            "trigger:\n  - event: customer.created",
        ),
        ("steps:\n", "\n\nsteps:\n"),
    ] {
        assert_eq!(
            version(&JOURNEY.replace(from, to), VIP).hash,
            first.hash,
            "{from:?} to {to:?}"
        );
    }
    for (from, to) in [
        ("{ 1 }", "{ 2 }"),
        ("fn big", "// big\nfn big"),
        ("score > limit()", "score   >   limit()"),
    ] {
        assert_eq!(
            version(JOURNEY, &VIP.replace(from, to)).hash,
            first.hash,
            "{from:?} to {to:?}"
        );
    }
}

#[test]
fn whatever_changes_what_happens_makes_a_version() {
    let first = version(JOURNEY, VIP);
    for (from, to) in [
        ("3d", "4d"),
        ("customer.score)", "customer.score + 1)"),
        ("for: sales", "for: taras"),
        ("draft\n", "draft\npriority: 60\n"),
    ] {
        assert_ne!(
            version(&JOURNEY.replace(from, to), VIP).hash,
            first.hash,
            "{from:?} to {to:?}"
        );
    }
    assert_ne!(version(JOURNEY, &VIP.replace("10", "11")).hash, first.hash);
}

#[test]
fn a_version_holds_the_functions_that_it_reaches() {
    let found = version(JOURNEY, VIP);
    assert_eq!(found.library.len(), 1);
    assert_eq!(
        found.library[0].source,
        "fn big(score) { score > limit() }\nfn limit() { 10 }"
    );
}

#[test]
fn a_task_is_for_a_pool_when_there_is_one_of_that_name() {
    let journey = version(JOURNEY, VIP).journey;
    let assignees: Vec<_> = journey
        .steps
        .iter()
        .filter_map(|step| match &step.verb {
            Verb::Task(task) => Some(task.assignee.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(
        assignees,
        [
            TaskFor::Pool("sales".to_owned()),
            TaskFor::Person("olena".to_owned())
        ]
    );
}
