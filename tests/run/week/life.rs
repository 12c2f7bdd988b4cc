//! What must become of one customer in the week, worked out from the description of the language and from what the five journeys say:
//! naively, with chrono alone. Nothing of the engine is used.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate, TimeDelta};
use chrono_tz::Tz;

use super::days::{Moment, at_hour, birthday_in, day, days_on, months_on, workdays_on, written};
use super::happenings::{Happening, What};
use super::journeys::Step::{Churn, Letter, Listen, Otherwise, Remind, Until};
use super::journeys::{About, Journey, Passage, Stand};
use super::people::{KYIV, Person};

/// What became of somebody who is to be taken in late.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Late {
    Nothing,
    Refused,
    Through,
    Inside(&'static str),
}

/// One customer.
#[derive(Debug, Clone)]
pub(super) struct Life {
    pub(super) id: String,
    pub(super) zone: Tz,
    pub(super) has_email: bool,
    pub(super) has_phone: bool,
    pub(super) preferred: Option<&'static str>,
    birthday: Option<NaiveDate>,
    is_staff: bool,
    /// What was said last of each channel, and when.
    pub(super) consents: BTreeMap<&'static str, (bool, Moment)>,
    last_purchase: Option<Moment>,
    orders: u64,
    spent: i64,
    /// What each journey judged last while it was live, without letting anybody in.
    judged: BTreeMap<Journey, Moment>,
    /// Of each journey the occasions that are taken.
    taken: BTreeSet<(Journey, String)>,
    /// Marketing that counts for the cap.
    pub(super) sends: Vec<Moment>,
    pub(super) inside: Vec<Passage>,
    /// When it is heard that a message about a lead has arrived.
    pub(super) confirmed: Vec<(Moment, String)>,
    heard: BTreeSet<String>,
    /// What time it is.
    pub(super) clock: Moment,
    /// The logical moment of what happened last.
    pub(super) now: Moment,
    /// Days and inactivities up to here have been looked at.
    scanned: Moment,
    /// How many nights told nothing new.
    pub(super) echoes: u64,
    pub(super) lines: Vec<String>,
}

impl Life {
    /// Nobody knows anything of the customer.
    pub(super) fn unknown(id: &str, begin: Moment) -> Self {
        Self {
            id: id.to_owned(),
            zone: KYIV,
            has_email: false,
            has_phone: false,
            preferred: None,
            birthday: None,
            is_staff: false,
            consents: BTreeMap::new(),
            last_purchase: None,
            orders: 0,
            spent: 0,
            judged: BTreeMap::new(),
            taken: BTreeSet::new(),
            sends: Vec::new(),
            inside: Vec::new(),
            confirmed: Vec::new(),
            heard: BTreeSet::new(),
            clock: begin,
            now: Moment::MIN_UTC,
            scanned: begin,
            echoes: 0,
            lines: Vec::new(),
        }
    }

    /// As imported: what the CRM knows, what was bought, and what the old system sent.
    pub(super) fn imported(person: &Person, as_of: Moment, begin: Moment) -> Self {
        let mut life = Self::unknown(&person.id, begin);
        life.learn(person, as_of);
        life.last_purchase = person.purchases.iter().map(|own| own.0).max();
        life.orders = person.purchases.len() as u64;
        life.spent = person.purchases.iter().map(|own| own.1).sum();
        life.now = life.last_purchase.unwrap_or(life.now);
        for send in &person.old_sends {
            life.sends.push(send.at);
            let Some((journey, occasion)) = &send.occasion else {
                continue;
            };
            let all = [Journey::Birthday, Journey::Dormant];
            let journey = all.into_iter().find(|own| own.name() == *journey);
            let journey = journey.expect("one with occasions");
            life.taken.insert((journey, occasion.clone()));
        }
        life
    }

    /// Takes over what the CRM says; whether it is anything new. No consent that was withdrawn is given again this way.
    fn learn(&mut self, person: &Person, at: Moment) -> bool {
        let known = |own: &Self| {
            let contact = (own.zone, own.has_email, own.has_phone, own.preferred);
            (contact, own.birthday, own.is_staff, own.consents.clone())
        };
        let before = known(self);
        self.zone = person.zone;
        // What isn't named stays.
        self.has_email |= person.has_email;
        self.has_phone |= person.has_phone;
        self.preferred = person.preferred.or(self.preferred);
        self.birthday = person.birthday.or(self.birthday);
        self.is_staff |= person.is_staff;
        for (channel, is_given) in &person.consents {
            let is_told = match (self.consents.get(channel), is_given) {
                (None, true) => Some((true, Moment::MIN_UTC)),
                (None | Some((true, _)), false) => Some((false, at)),
                _ => None,
            };
            if let Some(told) = is_told {
                self.consents.insert(channel, told);
            }
        }
        before != known(self)
    }

    /// The journeys go live: what fired less than a day ago is made up for, what lies further back isn't.
    pub(super) fn begin(&mut self) {
        // Everybody is looked at then, and nothing is dated before that any more.
        self.now = self.clock;
        self.make_up(&[Journey::Birthday, Journey::Dormant]);
        self.work_off();
    }

    /// Days and inactivities that were noticed at most a day ago.
    fn make_up(&mut self, journeys: &[Journey]) {
        let (clock, zone) = (self.clock, self.zone);
        let mut firings = self.firings();
        let is_recent = |at| at <= clock && days_on(at, 1, zone) >= clock;
        firings.retain(|(at, journey, _)| is_recent(*at) && journeys.contains(journey));
        self.fire(firings);
    }

    /// Whether something was noticed before a journey was live, too long before to be made up for.
    pub(super) fn was_missed(&self, journey: Journey, live: Moment) -> bool {
        let own = |(at, own, _): &(Moment, Journey, About)| {
            *own == journey && days_on(*at, 1, self.zone) < live
        };
        self.firings().iter().any(own)
    }

    /// When the customer's days and inactivities are noticed, around this year.
    fn firings(&self) -> Vec<(Moment, Journey, About)> {
        let mut all = Vec::new();
        for year in 2024..2027 {
            let occasion = self.birthday.map(|birthday| birthday_in(year, birthday));
            let firing = occasion.map(|on| (at_hour(on - TimeDelta::days(7), 10, self.zone), on));
            let own = firing.map(|(at, on)| (at, Journey::Birthday, About::Day(on)));
            all.extend(own);
        }
        let noticed = self.last_purchase.map(|since| {
            let on = day(months_on(since, 9, self.zone), self.zone);
            (at_hour(on, 10, self.zone), since)
        });
        all.extend(noticed.map(|(at, since)| (at, Journey::Dormant, About::Since(since))));
        all.sort_by_key(|own| own.0);
        all
    }

    fn fire(&mut self, firings: Vec<(Moment, Journey, About)>) {
        for (at, journey, about) in firings {
            if self.may_enter(journey, &about) {
                self.set_now(at);
                self.enter(journey, String::new(), about);
            } else {
                self.judged.insert(journey, at);
            }
        }
    }

    /// Whether the occasion is free, nobody is inside, and the audience holds.
    fn may_enter(&self, journey: Journey, about: &About) -> bool {
        let is_inside = self.is_inside(journey, "");
        !is_inside && !self.taken.contains(&(journey, occasion(about))) && self.is_meant(journey)
    }

    fn is_inside(&self, journey: Journey, key: &str) -> bool {
        let own = |own: &Passage| own.journey == journey && own.key == key;
        let mut inside = self.inside.iter().filter(|passage| own(passage));
        inside.any(|own| !matches!(own.stand, Stand::Over))
    }

    fn is_meant(&self, journey: Journey) -> bool {
        match journey {
            Journey::Birthday => (3_000..10_000).contains(&self.spent),
            Journey::Dormant => self.orders > 0 && !self.is_staff,
            Journey::Welcome => self.orders == 0 && !self.is_staff,
            Journey::Cart | Journey::Lead => true,
        }
    }

    fn enter(&mut self, journey: Journey, key: String, about: About) {
        self.taken.insert((journey, occasion(&about)));
        let stand = Stand::Over;
        self.inside.push(Passage {
            journey,
            key,
            about,
            step: 0,
            stand,
            fallback: None,
        });
        self.go_on(self.inside.len() - 1, 0);
    }

    /// The logical moment: never later than the clock, never earlier than what happened before.
    pub(super) fn set_now(&mut self, at: Moment) {
        self.now = at.min(self.clock).max(self.now);
    }

    /// Goes on with a step, and those after it, until one of them lets time pass.
    pub(super) fn go_on(&mut self, index: usize, step: usize) {
        let journey = self.inside[index].journey;
        for (step, what) in journey.steps().iter().enumerate().skip(step) {
            self.inside[index].step = step;
            let stand = match what {
                Letter(..) | Otherwise => Stand::Sending {
                    planned: self.now,
                    due: self.now,
                    is_deferred: false,
                },
                Until(name) => {
                    let until = self.end_of(name, &self.inside[index].about);
                    if until <= self.now {
                        continue;
                    }
                    Stand::Waiting(until)
                }
                Listen => Stand::Listening {
                    since: self.now,
                    until: workdays_on(self.now, 3, self.zone),
                },
                Remind => {
                    self.note(journey, "remind-manager", "task - sent");
                    continue;
                }
                Churn => {
                    self.note(journey, "-", "set - sent");
                    continue;
                }
            };
            self.inside[index].stand = stand;
            return;
        }
        self.inside[index].stand = Stand::Over;
    }

    fn end_of(&self, wait: &str, about: &About) -> Moment {
        let (now, zone) = (self.now, self.zone);
        let since = |months| match about {
            About::Since(since) => months_on(*since, months, zone),
            _ => now,
        };
        let ten = |at| at_hour(day(at, zone), 10, zone);
        match (wait, about) {
            ("until-last-days", About::Day(on)) => at_hour(*on + TimeDelta::days(5), 10, zone),
            ("until-twelve", _) => ten(since(12)),
            ("until-fifteen", _) => ten(since(15)),
            ("three-years", _) => since(36),
            ("an-hour", _) => now + TimeDelta::hours(1),
            ("next-day", _) => at_hour(day(days_on(now, 1, zone), zone), 12, zone),
            ("three-days", _) => at_hour(day(days_on(now, 3, zone), zone), 11, zone),
            ("last-day", _) => at_hour(day(days_on(now, 6, zone), zone), 11, zone),
            other => panic!("no such wait: {other:?}"),
        }
    }

    /// Notes what was done.
    pub(super) fn note(&mut self, journey: Journey, step: &str, what: &str) {
        let (at, id, journey) = (written(self.now), &self.id, journey.name());
        self.lines
            .push(format!("{at} {id} {journey} {step} {what}"));
    }

    /// Lets time pass.
    pub(super) fn until(&mut self, end: Moment) {
        while let Some(next) = self.next_moment().filter(|next| *next <= end) {
            self.clock = next.max(self.clock);
            self.work_off();
        }
        self.clock = end.max(self.clock);
        self.scanned = self.clock;
    }

    fn next_moment(&self) -> Option<Moment> {
        let firings = self.firings().into_iter().map(|own| own.0);
        let firings = firings.filter(|at| *at > self.scanned);
        let due = self.inside.iter().flat_map(|own| {
            let stand = match own.stand {
                Stand::Waiting(due) | Stand::Sending { due, .. } => Some(due),
                Stand::Listening { until, .. } => Some(until),
                Stand::Over => None,
            };
            stand.into_iter().chain(own.fallback.map(|own| own.0))
        });
        let confirmed = self.confirmed.iter().map(|own| own.0);
        firings.chain(due).chain(confirmed).min()
    }

    /// Whatever is due by now.
    pub(super) fn work_off(&mut self) {
        let clock = self.clock;
        let heard = self.confirmed.extract_if(.., |own| own.0 <= clock);
        for (at, lead) in heard.collect::<Vec<_>>() {
            self.set_now(at);
            let own = self.inside.iter_mut().filter(|own| own.key == lead);
            own.for_each(|own| own.fallback = None);
        }
        let mut firings = self.firings();
        firings.retain(|(at, ..)| *at > self.scanned && *at <= clock);
        self.scanned = clock;
        self.fire(firings);
        loop {
            while let Some((due, index)) = self.first_timer().filter(|own| own.0 <= clock) {
                self.set_now(due);
                self.go_on(index, self.inside[index].step + 1);
            }
            if !self.hand_over() {
                return;
            }
        }
    }

    fn first_timer(&self) -> Option<(Moment, usize)> {
        let timers = self.inside.iter().enumerate().filter_map(|(index, own)| {
            let due = match own.stand {
                Stand::Waiting(due) | Stand::Listening { until: due, .. } => due,
                _ => return None,
            };
            Some((due, index))
        });
        timers.min()
    }

    /// Somebody is taken in for what was noticed before the journey was live, where it would have led by now.
    pub(super) fn take_in_late(&mut self, journey: Journey) -> Late {
        let clock = self.clock;
        let mut firings = self.firings();
        firings.retain(|(at, own, _)| *own == journey && *at <= clock);
        let Some((at, _, about)) = firings.pop() else {
            return Late::Nothing;
        };
        // Whoever was turned away at the door since the journey is live was not missed.
        let is_judged = self.judged.get(&journey).is_some_and(|own| at <= *own);
        if is_judged || !self.may_enter(journey, &about) {
            return Late::Refused;
        }
        let mut then = self.clone();
        then.now = at;
        let mut skipped = Vec::new();
        for (step, what) in journey.steps().iter().enumerate() {
            match what {
                Letter(name, _) => skipped.push(*name),
                Until(name) => {
                    let until = then.end_of(name, &about);
                    if until > clock {
                        self.now = clock;
                        for own in skipped {
                            self.note(journey, own, "send - skipped backlog");
                        }
                        self.enter(journey, String::new(), about);
                        let own = self.inside.last_mut().expect("who has entered");
                        (own.step, own.stand) = (step, Stand::Waiting(until));
                        return Late::Inside(name);
                    }
                }
                _ => {}
            }
        }
        Late::Through
    }
}

/// What an entry is about: it comes once.
fn occasion(about: &About) -> String {
    match about {
        About::Day(on) => on.year().to_string(),
        About::Since(since) => written(*since),
        About::Lead(_) | About::Event => String::new(),
    }
}

/// What is heard of the customer.
impl Life {
    /// Takes an event in, once.
    pub(super) fn hear(&mut self, happening: &Happening) {
        self.clock = happening.arrives;
        if !self.heard.insert(happening.id.clone()) {
            return;
        }
        // Without a time, or with one that lies ahead, it is taken as of now.
        let time = happening.time.filter(|time| *time <= self.clock);
        let time = time.unwrap_or(self.clock);
        self.set_now(time);
        let is_fresh = days_on(time, 1, self.zone) >= self.clock;
        match &happening.what {
            What::Paid { cart, place, total } => self.pay(time, *total, cart.as_deref(), place),
            What::Cart { cart, items: 0 } => self.end_all(Journey::Cart, Some(cart)),
            What::Cart { cart, .. } if is_fresh => {
                self.start_anew(Journey::Cart, cart, About::Event)
            }
            What::Contacted { lead, channel } if is_fresh => {
                self.start_anew(Journey::Lead, lead, About::Lead(channel));
            }
            What::Replied { lead } => self.answer(lead, time),
            What::Closed { lead } => self.end_all(Journey::Lead, Some(lead)),
            What::Consent { channel, given } => {
                let known = self.consents.get(channel).copied();
                // The later word holds; of two at once, the "no".
                let is_later =
                    known.is_none_or(|(was, at)| at < time || (at == time && (was || !given)));
                if is_later {
                    self.consents.insert(channel, (*given, time));
                }
            }
            What::Created(person) => {
                self.learn(person, time);
                let is_first = !self.taken.contains(&(Journey::Welcome, String::new()));
                if is_fresh && is_first && self.is_meant(Journey::Welcome) {
                    self.enter(Journey::Welcome, String::new(), About::Event);
                }
            }
            What::Snapshot(person) => {
                let before = self.birthday;
                self.echoes += u64::from(!self.learn(person, time));
                if self.birthday != before {
                    self.make_up(&[Journey::Birthday]);
                }
            }
            What::Cart { .. } | What::Contacted { .. } => {}
        }
        self.hand_over();
    }

    fn pay(&mut self, time: Moment, total: i64, cart: Option<&str>, place: &str) {
        self.last_purchase = self.last_purchase.max(Some(time));
        self.orders += 1;
        self.spent += total;
        for journey in [Journey::Birthday, Journey::Dormant, Journey::Welcome] {
            self.end_all(journey, None);
        }
        match (place, cart) {
            ("phone", _) => self.end_all(Journey::Cart, None),
            (_, Some(cart)) => self.end_all(Journey::Cart, Some(cart)),
            _ => {}
        }
    }

    /// The one before ends, and another begins.
    fn start_anew(&mut self, journey: Journey, key: &str, about: About) {
        if self.is_inside(journey, key) {
            self.end_all(journey, Some(key));
        }
        self.enter(journey, key.to_owned(), about);
    }

    fn answer(&mut self, lead: &str, time: Moment) {
        let is_awaited = |own: &Passage| match own.stand {
            Stand::Listening { since, until } => time >= since && time <= until,
            _ => false,
        };
        let is_answered =
            |own: &Passage| own.journey == Journey::Lead && own.key == lead && is_awaited(own);
        if self.inside.iter().any(is_answered) {
            self.end_all(Journey::Lead, Some(lead));
        }
    }

    /// Ends what is inside a journey, for a key or for all. What was put off doesn't leave any more.
    fn end_all(&mut self, journey: Journey, key: Option<&str>) {
        let is_own =
            |own: &mut Passage| own.journey == journey && key.is_none_or(|key| own.key == key);
        let ended: Vec<Passage> = self.inside.extract_if(.., is_own).collect();
        for own in ended {
            if let Stand::Sending {
                is_deferred: true, ..
            } = own.stand
            {
                let (step, channel) = own.says();
                self.note(journey, step, &format!("send {channel} skipped ended"));
            }
            if let Some((_, true)) = own.fallback {
                self.note(journey, "by-messenger", "send sms skipped ended");
            }
        }
    }
}
