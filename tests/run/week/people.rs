//! Who there is when the week begins: many who are made up from a seed, and those whose case matters.

use chrono::{Days, NaiveDate, TimeDelta};
use chrono_tz::Tz;
use serde_json::{Value, json};

use super::days::{Moment, read, written};
use crate::run::sample::Dice;

pub(super) const KYIV: Tz = chrono_tz::Europe::Kyiv;
pub(super) const TOKYO: Tz = chrono_tz::Asia::Tokyo;
pub(super) const NEW_YORK: Tz = chrono_tz::America::New_York;

/// Up to here the CRM has counted every purchase that the file of customers tells of.
pub(super) const AS_OF: &str = "2025-02-01T00:00:00Z";
/// How many are made up.
const MADE_UP: u64 = 380;

/// A customer as the CRM knows one.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) zone: Tz,
    pub(super) has_email: bool,
    pub(super) has_phone: bool,
    pub(super) preferred: Option<&'static str>,
    pub(super) birthday: Option<NaiveDate>,
    pub(super) is_staff: bool,
    /// What the CRM says of consents, this week too.
    pub(super) consents: Vec<(&'static str, bool)>,
    pub(super) purchases: Vec<(Moment, i64)>,
    pub(super) old_sends: Vec<OldSend>,
}

/// A message of the system before.
#[derive(Debug, Clone)]
pub(super) struct OldSend {
    pub(super) at: Moment,
    /// The journey that it stands for, and the occasion.
    pub(super) occasion: Option<(&'static str, String)>,
}

impl Person {
    fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            zone: KYIV,
            has_email: true,
            has_phone: true,
            preferred: None,
            birthday: None,
            is_staff: false,
            consents: vec![("email", true)],
            purchases: Vec::new(),
            old_sends: Vec::new(),
        }
    }

    fn buying(mut self, at: &str, total: i64) -> Self {
        self.purchases.push((read(at), total));
        self
    }

    fn born(mut self, day: &str) -> Self {
        self.birthday = Some(day.parse().expect("a day"));
        self
    }

    fn sent(mut self, at: &[&str]) -> Self {
        self.old_sends.extend(at.iter().map(|at| OldSend {
            at: read(at),
            occasion: None,
        }));
        self
    }

    fn sent_for(mut self, at: &str, journey: &'static str, occasion: &str) -> Self {
        self.old_sends.push(OldSend {
            at: read(at),
            occasion: Some((journey, occasion.to_owned())),
        });
        self
    }

    fn living(self, zone: Tz) -> Self {
        Self { zone, ..self }
    }

    fn saying(self, consents: &[(&'static str, bool)]) -> Self {
        Self {
            consents: consents.to_vec(),
            ..self
        }
    }

    /// What the CRM says of the customer each night.
    pub(super) fn record(&self) -> Value {
        let mut record = json!({ "timezone": self.zone.name() });
        if self.has_email {
            record["email"] = json!(format!("{}@example.com", self.id));
        }
        if self.has_phone {
            record["phone"] = json!(format!("+380{}", self.id));
        }
        if let Some(channel) = self.preferred {
            record["preferred_channel"] = json!(channel);
        }
        if let Some(day) = self.birthday {
            record["birthday"] = json!(day.to_string());
        }
        if self.is_staff {
            record["tags"] = json!(["staff"]);
        }
        let consents = self
            .consents
            .iter()
            .map(|(channel, given)| ((*channel).to_owned(), json!(given)));
        record["consents"] = Value::Object(consents.collect());
        record
    }

    /// The customer in the file of the import: with sums of all that was bought by then.
    pub(super) fn imported(&self) -> Value {
        let mut record = self.record();
        record["id"] = json!(self.id);
        let as_of = read(AS_OF);
        let known: Vec<_> = self.purchases.iter().filter(|own| own.0 <= as_of).collect();
        let times = || known.iter().map(|own| own.0);
        if let (Some(first), Some(last)) = (times().min(), times().max()) {
            record["first_purchase_at"] = json!(written(first));
            record["last_purchase_at"] = json!(written(last));
            record["orders_count"] = json!(known.len());
            record["total_spent"] = json!(known.iter().map(|own| own.1).sum::<i64>());
        }
        record
    }
}

/// All of them, in the order of their ids.
pub(super) fn people(dice: &mut Dice) -> Vec<Person> {
    let mut all: Vec<Person> = (0..MADE_UP).map(|number| made_up(dice, number)).collect();
    all.extend(sleepers());
    all.extend(born_in_spring());
    all.extend(told());
    all.sort_by(|one, other| one.id.cmp(&other.id));
    all
}

fn made_up(dice: &mut Dice, number: u64) -> Person {
    let mut person = Person::new(&format!("c{number:03}"));
    person.zone = [KYIV, KYIV, KYIV, KYIV, TOKYO, NEW_YORK][dice.below(6) as usize];
    person.has_email = dice.below(10) > 0;
    person.has_phone = dice.below(5) > 0;
    person.preferred = [Some("viber"), Some("sms"), None, None, None, None][dice.below(6) as usize];
    person.is_staff = dice.below(30) == 0;
    person.consents = Vec::new();
    for channel in ["email", "viber", "sms"] {
        match dice.below(10) {
            0..6 => person.consents.push((channel, true)),
            6 => person.consents.push((channel, false)),
            _ => {}
        }
    }
    let near = NaiveDate::from_ymd_opt(1960, 2, 8).expect("a day");
    let any = near - Days::new(dice.below(366));
    let soon = near + Days::new(dice.below(28));
    person.birthday = [Some(any), Some(soon), Some(soon), None][dice.below(4) as usize];
    // Some fell asleep so that a letter is due this week.
    let week = read("2025-02-18T00:00:00Z") + TimeDelta::minutes(dice.below(11 * 1440) as i64);
    let asleep = [9, 12, 15, 36][dice.below(4) as usize];
    let wide = read("2022-01-01T00:00:00Z") + TimeDelta::minutes(dice.below(1_145 * 1440) as i64);
    let last = match dice.below(3) {
        0 => chrono_back(week, asleep),
        _ => wide,
    };
    for number in 0..dice.below(5) {
        let before = TimeDelta::minutes((number * dice.below(500 * 1440)) as i64);
        let spent = 100 + 50 * dice.below(60) as i64;
        person.purchases.push((last - before, spent));
    }
    if dice.below(4) == 0 {
        let days = read("2025-02-12T09:00:00Z");
        for _ in 0..=dice.below(4) {
            let at = days + TimeDelta::minutes(dice.below(8 * 1440) as i64);
            person.old_sends.push(OldSend { at, occasion: None });
        }
    }
    person
}

fn chrono_back(at: Moment, months: u32) -> Moment {
    at.checked_sub_months(chrono::Months::new(months))
        .expect("a moment")
}

/// Who bought last so long ago that the cascade has something to say.
fn sleepers() -> Vec<Person> {
    let asleep = |id: &str, at: &str| Person::new(id).buying(at, 900);
    let mut all = vec![
        // Nine months to the day, at a later hour than the letter's; and the end of May, which February lacks.
        asleep("s-nine", "2024-05-21T15:30:00Z"),
        asleep("s-may-28", "2024-05-28T09:00:00Z"),
        asleep("s-may-29", "2024-05-29T09:00:00Z"),
        asleep("s-may-30", "2024-05-30T20:30:00Z"),
        asleep("s-may-31", "2024-05-31T20:59:59Z"),
        // In Kyiv it was 1 June by then.
        asleep("s-may-31-late", "2024-05-31T21:00:00Z"),
        // A year to the day, from a day that this year lacks.
        asleep("s-leap", "2024-02-29T12:00:00Z"),
        asleep("s-tokyo", "2024-05-24T16:00:00Z").living(TOKYO),
        asleep("s-new-york", "2024-05-25T03:00:00Z").living(NEW_YORK),
        // Missed by less than a day, and by more.
        asleep("s-yesterday", "2024-05-20T06:00:00Z"),
        asleep("s-before-yesterday", "2024-05-19T06:00:00Z"),
        asleep("s-no-consent", "2024-05-22T09:00:00Z").saying(&[]),
        asleep("s-withdraws", "2024-05-24T09:00:00Z"),
        asleep("s-gives-again", "2024-05-26T09:00:00Z").saying(&[("email", false)]),
        asleep("s-gives-early", "2024-05-26T09:00:00Z").saying(&[("email", false)]),
        asleep("s-buys", "2024-05-23T09:00:00Z"),
        asleep("s-buys-late", "2024-05-23T09:00:00Z"),
        // The old system has written three times this week; one of the other's three is a day too old.
        asleep("s-capped", "2024-05-22T09:00:00Z").sent(&[
            "2025-02-16T08:00:00Z",
            "2025-02-18T08:00:00Z",
            "2025-02-20T08:00:00Z",
        ]),
        asleep("s-not-capped", "2024-05-22T09:00:00Z").sent(&[
            "2025-02-15T21:59:00Z",
            "2025-02-18T08:00:00Z",
            "2025-02-20T08:00:00Z",
        ]),
        // It has written for this very anchor.
        asleep("s-written-to", "2024-05-25T09:00:00Z").sent_for(
            "2025-02-10T08:00:00Z",
            "dormant-cascade",
            "2024-05-25T09:00:00Z",
        ),
    ];
    let staff = asleep("s-staff", "2024-05-22T09:00:00Z");
    all.push(Person {
        is_staff: true,
        ..staff
    });
    // Three years asleep in the middle of the week, among the first of the backlog.
    for number in 0..4 {
        let at = read("2022-02-22T10:15:00Z") + TimeDelta::days(number);
        let id = format!("a-churned-{number}");
        all.push(asleep(&id, &written(at)));
    }
    all
}

/// Whose birthday comes, or has just been.
fn born_in_spring() -> Vec<Person> {
    let silver = |id: &str, born: &str| {
        Person::new(id)
            .born(born)
            .buying("2024-12-20T10:00:00Z", 4_000)
    };
    vec![
        silver("b-leap", "1996-02-29"),
        silver("b-first", "1990-02-28"),
        silver("b-last", "1990-03-07"),
        silver("b-tokyo", "1990-03-01").living(TOKYO),
        silver("b-new-york", "1990-03-01").living(NEW_YORK),
        silver("b-yesterday", "1990-02-27"),
        silver("b-missed", "1990-02-20"),
        silver("b-through", "1990-02-15"),
        silver("b-gold", "1990-03-02").buying("2024-12-21T10:00:00Z", 9_000),
        silver("b-written-to", "1990-03-03").sent_for(
            "2025-01-05T08:00:00Z",
            "birthday-silver",
            "2025",
        ),
        // Of another year: it takes nothing of this one.
        silver("b-written-to-then", "1990-03-03").sent_for(
            "2024-02-25T08:00:00Z",
            "birthday-silver",
            "2024",
        ),
        // One more message may come, and two want to.
        silver("b-asleep", "1990-03-03")
            .buying("2024-05-24T11:00:00Z", 100)
            .only_in_spring()
            .sent(&["2025-02-19T08:00:00Z", "2025-02-20T08:00:00Z"]),
        silver("b-withdraws", "1990-03-04"),
        silver("b-buys", "1990-02-22"),
        silver("b-moves-ahead", "1990-08-01"),
        silver("b-moves-just-behind", "1990-08-02"),
        silver("b-moves-behind", "1990-08-03"),
        silver("b-moves-after", "1990-03-01"),
    ]
}

impl Person {
    /// Takes the purchase of December away, so that what was bought in May is the last.
    fn only_in_spring(mut self) -> Self {
        self.purchases
            .retain(|(at, _)| *at < read("2024-06-01T00:00:00Z"));
        self.purchases.push((read("2023-06-01T10:00:00Z"), 4_000));
        self
    }
}

/// Those of whom carts and leads are told.
fn told() -> Vec<Person> {
    let known = |id: &str| Person::new(id).saying(&[("email", true), ("viber", true)]);
    let mut all: Vec<Person> = [
        "t-evening",
        "t-late",
        "t-too-late",
        "t-restarts",
        "t-emptied",
        "t-turned",
        "t-pays",
        "t-phones",
        "t-in-time",
        "t-just-late",
        "t-closed",
        "t-silent",
        "t-night",
        "t-early",
    ]
    .map(known)
    .into();
    all.push(known("t-nobody").saying(&[]));
    let mut unreachable = known("t-unreachable");
    unreachable.has_email = false;
    unreachable.has_phone = false;
    all.push(unreachable);
    all
}
