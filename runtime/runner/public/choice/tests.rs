use kurant_engine::calendar::Zone;
use kurant_engine::definition::{ChannelSettings, Workspace};

use super::*;

fn offer() -> Offer {
    let mut definitions = Definitions::new(Workspace::new("shop", Zone::UTC, "uk"));
    for name in ["email", "sms", "viber"] {
        definitions.workspace.channels.push(ChannelSettings {
            name: name.to_owned(),
            settings: Map::new(),
        });
    }
    Offer {
        topics: ["news".to_owned(), "sales".to_owned()].into(),
        ..Offer::of(&definitions)
    }
}

fn ticket() -> Ticket {
    Ticket {
        customer: "anna".into(),
        channel: "email".to_owned(),
        message: None,
    }
}

fn anna() -> Customer {
    let mut customer = Customer::new("anna".into());
    let address = Value::text("anna@example.com");
    customer.attributes.insert("email", address);
    customer.set_consent("email", true, Instant::from_millis(1_000));
    customer.opted_out.push("sales".to_owned());
    customer
}

/// What a browser sends of a page with this choice, whose boxes are ticked like that.
fn form(page: &Choice, ticked: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(field, value): &(&str, &str)| ((*field).to_owned(), (*value).to_owned());
    let channels = page.channels.iter().map(|(own, _)| ("channel", &**own));
    let topics = page.topics.iter().map(|(own, _)| ("topic", &**own));
    let tracking = page.tracking.map(|_| ("tracking", "tracking"));
    let shown = channels.chain(topics).chain(tracking);
    let shown = shown.map(|(field, value)| (SHOWN.to_owned(), format!("{field}:{value}")));
    shown.chain(ticked.iter().map(own)).collect()
}

#[test]
fn somebody_may_choose_among_the_channels_that_reach_them_and_all_topics() {
    let choice = Choice::of(Some(&anna()), &ticket(), &offer());
    assert_eq!(choice.channels, [("email".to_owned(), true)]);
    let topics = [("news".to_owned(), true), ("sales".to_owned(), false)];
    assert_eq!(choice.topics, topics);
    assert!(!choice.is_out());
    let nobody = Choice::of(None, &ticket(), &offer());
    assert!(nobody.is_out() && nobody.channels.is_empty() && nobody.topics.is_empty());
    let mut erased = anna();
    erased.erased = Some(Instant::from_millis(2_000));
    assert_eq!(Choice::of(Some(&erased), &ticket(), &offer()), nobody);
    // Whoever has come back since has to find the way out again.
    erased.set_consent("email", true, Instant::from_millis(3_000));
    let back = Choice::of(Some(&erased), &ticket(), &offer());
    assert!(!back.is_out(), "{back:?}");
}

#[test]
fn only_what_is_chosen_otherwise_becomes_an_event() {
    let (anna, now) = (anna(), Instant::from_millis(5_000));
    let before = Choice::of(Some(&anna), &ticket(), &offer());
    let told = |ticked: &[(&str, &str)]| {
        let after = before.ticked(&form(&before, ticked));
        changes(&ticket(), &anna, (&before, &after), now)
    };
    assert_eq!(told(&[("channel", "email"), ("topic", "news")]), []);
    // What was never offered can't be chosen.
    let same = [
        ("channel", "email"),
        ("topic", "news"),
        ("channel", "fax"),
        ("topic", "x"),
    ];
    assert_eq!(told(&same), []);
    let events = told(&[("topic", "sales")]);
    let said: Vec<String> = events
        .iter()
        .map(|event| format!("{} {}", event.kind, event.data.to_json()))
        .collect();
    assert_eq!(
        said,
        [
            r#"consent.changed {"channel":"email","granted":false}"#,
            r#"customer.updated {"topics":{"news":false,"sales":true}}"#
        ]
    );
    assert!(events.iter().all(|event| event.time == now));
}

#[test]
fn whether_it_may_be_noticed_how_somebody_reads_is_asked_where_the_workspace_asks() {
    use Whose::{Consented, Off, On};
    for (links, opens, is_asked) in [
        (Off, Off, false),
        (On, Off, false),
        (Consented, Off, true),
        (Off, Consented, true),
        (On, Consented, true),
    ] {
        let offer = Offer {
            tracking: Tracking { links, opens },
            ..offer()
        };
        let choice = Choice::of(Some(&anna()), &ticket(), &offer);
        assert_eq!(choice.tracking.is_some(), is_asked, "{links:?} {opens:?}");
        assert_eq!(Choice::of(None, &ticket(), &offer).tracking, None);
    }
}

#[test]
fn the_consent_to_be_tracked_is_given_and_withdrawn_as_any_other() {
    let offer = Offer {
        tracking: Tracking {
            links: Whose::Consented,
            opens: Whose::Off,
        },
        ..offer()
    };
    let mut anna = anna();
    let same = [("channel", "email"), ("topic", "news")];
    let ticked = [&same[..], &[("tracking", "tracking")]].concat();
    let mut ids = Vec::new();
    for (granted, at) in [(true, 5_000), (false, 6_000), (true, 7_000)] {
        let at = Instant::from_millis(at);
        let before = Choice::of(Some(&anna), &ticket(), &offer);
        let told = |ticked: &[(&str, &str)]| {
            let after = before.ticked(&form(&before, ticked));
            changes(&ticket(), &anna, (&before, &after), at)
        };
        let (events, none) = match granted {
            true => (told(&ticked), told(&same)),
            false => (told(&same), told(&ticked)),
        };
        assert_eq!(none, []);
        assert_eq!(events.len(), 1);
        let expected = format!(r#"{{"channel":"tracking","granted":{granted}}}"#);
        assert_eq!(events[0].data.to_json().to_string(), expected);
        assert_eq!(events[0].kind, "consent.changed");
        ids.push(events[0].id.clone());
        anna.set_consent("tracking", granted, at);
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3, "each is another event");
}

#[test]
fn a_box_that_was_never_shown_changes_nothing() {
    let now = Instant::from_millis(5_000);
    let mut anna = anna();
    anna.set_consent("tracking", true, Instant::from_millis(2_000));
    // The page was looked at before anybody was asked, and before there were more channels and topics.
    let old = Choice::of(Some(&anna), &ticket(), &offer());
    anna.set_consent("viber", true, Instant::from_millis(3_000));
    let mut offer = Offer {
        tracking: Tracking {
            links: Whose::On,
            opens: Whose::Consented,
        },
        ..offer()
    };
    offer.topics.insert("perfume".to_owned());
    let told = |page: &Choice, ticked: &[(&str, &str)]| {
        let before = Choice::of(Some(&anna), &ticket(), &offer);
        let after = before.ticked(&form(page, ticked));
        changes(&ticket(), &anna, (&before, &after), now)
    };
    let same = [("channel", "email"), ("topic", "news")];
    assert_eq!(told(&old, &same), []);
    let now_shown = Choice::of(Some(&anna), &ticket(), &offer);
    let events = told(&now_shown, &same);
    let said: Vec<String> = events
        .iter()
        .map(|event| event.data.to_json().to_string())
        .collect();
    assert_eq!(
        said,
        [
            r#"{"channel":"viber","granted":false}"#,
            r#"{"channel":"tracking","granted":false}"#,
            r#"{"topics":{"perfume":false}}"#,
        ]
    );
}

#[test]
fn a_box_that_is_left_empty_is_a_no_where_something_was_noticed_without_a_word() {
    use Whose::{Consented, Off, On};
    let now = Instant::from_millis(5_000);
    for (links, opens, is_said) in [
        (On, Consented, true),
        (Consented, On, true),
        // Nothing was noticed of her, and nothing will be.
        (Consented, Off, false),
        (Consented, Consented, false),
    ] {
        let tracking = Tracking { links, opens };
        let offer = Offer {
            tracking,
            ..offer()
        };
        let mut anna = anna();
        let before = Choice::of(Some(&anna), &ticket(), &offer);
        let same = [("channel", "email"), ("topic", "news")];
        let after = before.ticked(&form(&before, &same));
        let events = changes(&ticket(), &anna, (&before, &after), now);
        assert_eq!(events.len(), usize::from(is_said), "{links:?} {opens:?}");
        for event in events {
            let said = event.data.to_json().to_string();
            assert_eq!(said, r#"{"channel":"tracking","granted":false}"#);
            anna.set_consent("tracking", false, now);
        }
        let said = anna.said_of(Tracking::CONSENT);
        assert!(
            !links.lets(said) && !opens.lets(said),
            "{links:?} {opens:?}"
        );
        // Saved once more, it says nothing new.
        let before = Choice::of(Some(&anna), &ticket(), &offer);
        let after = before.ticked(&form(&before, &same));
        assert_eq!(changes(&ticket(), &anna, (&before, &after), now), []);
    }
}

#[test]
fn an_event_is_the_same_one_until_its_customer_has_chosen_otherwise() {
    let now = Instant::from_millis(5_000);
    let later = Instant::from_millis(6_000);
    let out = |customer: &Customer, now| unsubscribed(&ticket(), "sealed", customer, now).id;
    let mut anna = anna();
    let first = out(&anna, now);
    assert_eq!(out(&anna, later), first);
    anna.set_consent("email", false, now);
    let second = out(&anna, later);
    anna.set_consent("email", false, later);
    assert_eq!(out(&anna, later), second);
    // In again, out again, and in again: each is another event.
    let mut ids = vec![first, second];
    for (granted, at) in [(true, 7_000), (false, 8_000), (true, 9_000)] {
        let at = Instant::from_millis(at);
        let before = Choice::of(Some(&anna), &ticket(), &offer());
        let ticked: &[(&str, &str)] = match granted {
            true => &[("channel", "email"), ("topic", "news")],
            false => &[("topic", "news")],
        };
        let after = before.ticked(&form(&before, ticked));
        let events = changes(&ticket(), &anna, (&before, &after), at);
        assert_eq!(events.len(), 1);
        ids.push(events[0].id.clone());
        anna.set_consent("email", granted, at);
        if granted {
            ids.push(out(&anna, at));
        }
    }
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all);
}
