//! What an examiner asks.

use kurant_store::{Batch, EnrollmentRow, LogSums, OutboxState, Rejected, Settled, Store, Waiting};

use super::sample::{action, at, enrollment, event, id, outgoing, person, seen, waiting};

pub(super) async fn what_waits_is_counted(store: &dyn Store) {
    assert_eq!(store.pulse(at(1_000)).await.unwrap(), Default::default());
    let persons = vec![waiting("a", 300).into(), waiting("b", 100).into()];
    let persons = [persons, vec![waiting("c", 301).into()]].concat();
    let outbox = vec![
        outgoing("a", 1, OutboxState::Claimed),
        outgoing("b", 2, OutboxState::Claimed),
        outgoing("c", 3, OutboxState::Pending),
    ];
    let left = Settled {
        key: outbox[0].command.key,
        attempt: 1,
        tries: 0,
        state: OutboxState::Accepted,
        due: None,
        reason: None,
        taken: None,
    };
    let rejected = vec![Rejected {
        at: at(1),
        origin: "a.jsonl".into(),
        line: 1,
        reason: "not_json".into(),
        body: "{".into(),
    }];
    store
        .commit(Batch {
            persons,
            outbox,
            rejected,
            ..Batch::default()
        })
        .await
        .unwrap();
    store
        .commit(Batch {
            settled: vec![left],
            ..Batch::default()
        })
        .await
        .unwrap();
    let pulse = store.pulse(at(300)).await.unwrap();
    assert_eq!((pulse.due, pulse.first_due), (2, Some(at(100))));
    assert_eq!(pulse.letters, 1);
    let row = |state| Waiting {
        route: "email".into(),
        state,
        count: 1,
    };
    let open = [row(OutboxState::Pending), row(OutboxState::Claimed)];
    assert_eq!(pulse.outbox, open, "what has left is not there any more");
}

pub(super) async fn sums_are_of_one_moment(store: &dyn Store) {
    let orders = vec![
        event("a", "order.paid", 1, 100),
        event("a", "order.paid", 2, 100),
    ];
    let mut actions = [1, 2, 3, 4].map(|number| action("a", number)).to_vec();
    actions[1].action = "enter".into();
    actions[2].status = kurant_engine::action::ActionStatus::Skipped;
    actions[3].action = "coupon".into();
    store
        .commit(Batch {
            persons: vec![waiting("a", 300).into()],
            seen: vec![seen(&orders[0])],
            events: orders,
            enrollments: vec![EnrollmentRow::of(&id("a"), &enrollment("a", 300))],
            actions,
            outbox: vec![outgoing("a", 1, OutboxState::Claimed)],
            ..Batch::default()
        })
        .await
        .unwrap();
    let sums = store.sums(false).await.unwrap();
    assert_eq!((sums.seen, sums.history, sums.log), (1, 2, None));
    let log = LogSums {
        sent: 1,
        commands: 1,
        entered: 1,
        left: 0,
        inside: 1,
    };
    assert_eq!(store.sums(true).await.unwrap().log, Some(log));
}

pub(super) async fn a_state_is_held_against_the_index(store: &dyn Store) {
    let row = |name: &str| EnrollmentRow::of(&id(name), &enrollment(name, 300));
    let mut elsewhere = row("moved");
    elsewhere.node = Some(9);
    let names = ["good", "missing", "moved", "none"];
    let persons = names.map(|name| match name {
        "none" => person(name).into(),
        name => waiting(name, 300).into(),
    });
    store
        .commit(Batch {
            persons: persons.into(),
            enrollments: vec![row("good"), elsewhere, row("none"), row("nobody")],
            ..Batch::default()
        })
        .await
        .unwrap();
    let first = store.audit(None, 3).await.unwrap();
    let last = store.audit(Some(&first[2].id), 3).await.unwrap();
    let told: Vec<(String, Vec<String>)> = first
        .iter()
        .chain(&last)
        .map(|own| (own.id.to_string(), own.faults()))
        .collect();
    let expected = [
        ("good", None),
        ("missing", Some("is missing in the index")),
        ("moved", Some("stands elsewhere in the index")),
        ("none", Some("stands in the index and not in")),
    ];
    assert_eq!(told.len(), expected.len());
    for ((id, faults), (name, fault)) in told.iter().zip(expected) {
        assert_eq!(id, name);
        assert_eq!(faults.len(), usize::from(fault.is_some()), "{faults:?}");
        assert!(fault.is_none_or(|fault| faults[0].contains(fault)));
    }
    let checkup = store.checkup(at(1_000), true).await.unwrap();
    assert_eq!(checkup.strays, 1);
    assert_eq!(checkup.tables, checkup.known_tables);
}
