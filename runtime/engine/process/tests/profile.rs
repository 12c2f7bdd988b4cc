//! What an event changes in the profile, and what `profile.yaml` and templates see of it.

use super::*;
use crate::definition::{Goal, Score};
use crate::input::Effect;

fn expression(source: &str) -> Computed {
    Computed::Expression(Script::new(source, "x"))
}

fn updates(event: &str, attribute: &str, source: &str) -> Vec<ProfileUpdate> {
    vec![ProfileUpdate {
        event: event.into(),
        set: vec![(attribute.into(), expression(source))],
    }]
}

fn idle() -> Journey {
    journey(vec![TriggerKind::Manual], Vec::new())
}

fn attribute(play: &Play, name: &str) -> Option<String> {
    let value = play.person.customer.attributes.get(name);
    value.map(ToString::to_string)
}

fn consent(play: &mut Play, granted: bool, at: &str) {
    let mut data = Map::from_iter([("channel", Value::text("email"))]);
    data.insert("granted", Value::Bool(granted));
    play.give(Input::Event(Arc::new(Event {
        id: format!("{granted} {at}").into(),
        source: "shop".into(),
        kind: "consent.changed".into(),
        customer: "c1".into(),
        time: instant(at),
        data,
        attributes: Map::new(),
    })));
}

fn consents(granted: bool) -> Value {
    Value::Map(Map::from_iter([("email", Value::Bool(granted))]))
}

#[test]
fn profile_yaml_reads_the_profile_as_it_was_before_the_event() {
    let profile = updates("customer.updated", "old_city", "customer.city");
    let mut play = Play::in_workspace(idle(), None, profile);
    play.event("customer.updated", "city", Value::text("Kyiv"));
    play.event("customer.updated", "city", Value::text("Lviv"));
    assert_eq!(attribute(&play, "old_city").as_deref(), Some("Kyiv"));
    assert_eq!(attribute(&play, "city").as_deref(), Some("Lviv"));
}

#[test]
fn profile_yaml_reads_neither_what_comes_along_nor_the_consent_of_the_event() {
    let profile = updates("order.paid", "old_city", "customer.city ?? \"none\"");
    let mut play = Play::in_workspace(idle(), None, profile);
    play.give(Input::Event(Arc::new(Event {
        id: "e".into(),
        source: "shop".into(),
        kind: "order.paid".into(),
        customer: "c1".into(),
        time: play.clock,
        data: Map::new(),
        attributes: Map::from_iter([("city", Value::text("Lviv"))]),
    })));
    assert_eq!(attribute(&play, "old_city").as_deref(), Some("none"));

    let profile = updates("consent.changed", "had_consent", "consented(\"email\")");
    let mut play = Play::in_workspace(idle(), None, profile);
    consent(&mut play, true, "2026-03-01T00:00:00Z");
    assert_eq!(attribute(&play, "had_consent").as_deref(), Some("false"));
}

#[test]
fn an_erasure_takes_what_profile_yaml_would_keep_of_the_time_before() {
    let profile = updates("customer.erased", "old_email", "customer.email");
    let mut play = Play::in_workspace(idle(), None, profile);
    play.event("customer.erased", "n", Value::Integer(1));
    assert_eq!(attribute(&play, "old_email"), None);
}

#[test]
fn a_consent_that_a_snapshot_withdraws_is_given_again_only_by_a_later_word() {
    let mut play = Play::new(idle(), None);
    consent(&mut play, true, "2026-02-20T00:00:00Z");
    play.event("customer.updated", "consents", consents(false));
    consent(&mut play, true, "2026-02-25T00:00:00Z");
    assert!(!play.person.customer.consented("email"), "an older word");
    play.event("customer.updated", "consents", consents(true));
    assert!(!play.person.customer.consented("email"), "a snapshot");
    play.clock = instant("2026-03-02T00:00:00Z");
    consent(&mut play, true, "2026-03-02T00:00:00Z");
    assert!(play.person.customer.consented("email"), "a later word");
}

#[test]
fn a_consent_that_was_never_known_and_that_a_snapshot_denies_needs_a_later_word_too() {
    let mut play = Play::new(idle(), None);
    play.event("customer.updated", "consents", consents(false));
    consent(&mut play, true, "2026-02-25T00:00:00Z");
    assert!(!play.person.customer.consented("email"));
}

#[test]
fn a_template_sees_of_a_customer_what_a_condition_sees() {
    let score = step(Verb::Score(Score {
        add: 5,
        because: Computed::Literal(Value::text("x")),
        lasts: None,
    }));
    let whole = vec![("seen".to_owned(), expression("customer"))];
    let mut message = step(Verb::Send(Send {
        data: whole,
        ..send()
    }));
    message.id = Some("m".into());
    let mut play = Play::new(
        journey(vec![TriggerKind::Manual], vec![score, message]),
        None,
    );
    consent(&mut play, true, "2026-03-01T00:00:00Z");
    play.enroll();
    let changes = process(
        &play.catalog,
        &mut play.person,
        &mut play.desk,
        Input::HandOver,
        play.clock,
    );
    let context = changes
        .commands
        .iter()
        .find_map(|command| match &command.what {
            Effect::Send { context, .. } => Some(context),
            _ => None,
        });
    let Some(Value::Map(customer)) = context.unwrap().get("customer") else {
        panic!("a template sees a customer");
    };
    assert_eq!(customer.get("score"), Some(&Value::Integer(5)));
    assert_eq!(customer.get("consents"), Some(&consents(true)));
    let seen = changes.actions.iter().find_map(|own| own.data.get("seen"));
    assert_eq!(seen, Some(&Value::Map(customer.clone())));
}

#[test]
fn a_step_that_sets_consents_and_topics_does_what_a_snapshot_does() {
    let off = |name: &str| Value::Map(Map::from_iter([(name, Value::Bool(false))]));
    let set = step(Verb::Set(vec![
        ("consents".into(), Computed::Literal(off("email"))),
        ("topics".into(), Computed::Literal(off("news"))),
    ]));
    let mut play = Play::new(journey(vec![TriggerKind::Manual], vec![set]), None);
    consent(&mut play, true, "2026-02-20T00:00:00Z");
    play.enroll();
    let customer = &play.person.customer;
    assert!(!customer.consented("email"));
    assert_eq!(customer.opted_out, ["news"]);
    assert!(customer.attributes.get("consents").is_none());
}

#[test]
fn of_an_erased_customer_no_word_is_left_but_the_id() {
    let seen = TriggerKind::Inactive {
        since: "seen_at".into(),
        rule: InactiveRule {
            for_: Duration::from_millis(3_600_000),
            at: None,
        },
    };
    let mut own = journey(vec![seen], vec![step(Verb::Send(send())), a_day()]);
    own.goal = Some(Goal {
        event: "bought".into(),
        filter: None,
        within: Some(Duration::from_days(30)),
        value: None,
    });
    let mut play = Play::new(own, None);
    play.event("customer.updated", "seen_at", play.clock.into());
    play.until("2026-03-01T05:00:00Z");
    assert_eq!(play.count("send", None), 1);
    play.event("customer.erased", "n", Value::Integer(1));
    let mut erased = Person::new(Customer::new("c1".into()));
    erased.customer.erased = Some(play.clock);
    erased.clock = play.clock;
    assert_eq!(play.person, erased);
}

#[test]
fn nothing_but_a_consent_given_later_brings_back_who_was_erased() {
    let mut play = Play::new(journey(vec![TriggerKind::Manual], Vec::new()), None);
    play.event("customer.erased", "n", Value::Integer(1));
    let erased = play.person.clone();
    let say = |play: &mut Play, granted: bool| {
        let data = [
            ("channel", Value::text("email")),
            ("granted", granted.into()),
        ];
        play.give(Input::Event(Arc::new(Event {
            id: format!("{granted} {}", play.clock).as_str().into(),
            source: "shop".into(),
            kind: "consent.changed".into(),
            customer: "c1".into(),
            time: play.clock,
            data: Map::from_iter(data),
            attributes: Map::new(),
        })));
    };
    // Of that very moment, and later without a word of the person.
    say(&mut play, true);
    play.clock = instant("2026-03-02T00:00:00Z");
    play.event("customer.updated", "email", Value::text("a@example.com"));
    say(&mut play, false);
    assert_eq!(play.person.customer, erased.customer);
    say(&mut play, true);
    play.event("customer.updated", "email", Value::text("b@example.com"));
    let customer = &play.person.customer;
    assert!(!customer.is_erased() && customer.consented("email"));
    assert_eq!(customer.text("email"), Some("b@example.com"));
    say(&mut play, false);
    assert!(
        !play.person.customer.is_erased(),
        "withdrawn again, the person is known"
    );
}
