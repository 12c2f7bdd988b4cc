//! What stands between a letter and the customer, once more as the description of the language has it.

use chrono::{TimeDelta, Timelike};

use super::days::{Moment, at_hour, day, days_on, wall};
use super::journeys::{About, Journey, Passage, Stand, Step};
use super::life::Life;

/// So many of marketing in seven days.
const CAP: usize = 3;
/// How long a messenger is waited for, and when it says so where it does.
const PATIENCE: TimeDelta = TimeDelta::hours(2);
pub(super) const CONFIRMS_AFTER: TimeDelta = TimeDelta::minutes(90);

/// Whether the messenger tells that it has delivered to this customer.
pub(super) fn confirms(customer: &str) -> bool {
    customer.bytes().map(u32::from).sum::<u32>() % 2 == 0 && !customer.starts_with("t-")
}

impl Passage {
    /// The step's name, and the channel that it names: `-` where any will do.
    pub(super) fn says(&self) -> (&'static str, &'static str) {
        match (self.journey.steps()[self.step], &self.about) {
            (Step::Letter(name, _), _) => (name, "-"),
            (_, About::Lead("email")) => ("by-messenger", "viber"),
            _ => ("by-email", "email"),
        }
    }

    fn valid_days(&self) -> Option<u64> {
        match self.journey.steps()[self.step] {
            Step::Letter(_, days) => days,
            _ => None,
        }
    }
}

impl Journey {
    fn priority(self) -> u8 {
        match self {
            Self::Birthday => 65,
            _ => 50,
        }
    }

    /// The channels that its templates have.
    fn channels(self) -> &'static [&'static str] {
        match self {
            Self::Birthday | Self::Dormant => &["email", "viber", "sms"],
            _ => &["email", "viber"],
        }
    }
}

/// What the gates say.
enum Verdict {
    Go(&'static str),
    Defer(Moment),
    Stop(&'static str),
}

impl Life {
    /// Hands over all that is due, the most important first; whether there was anything.
    pub(super) fn hand_over(&mut self) -> bool {
        let mut any = false;
        while let Some((index, is_fallback)) = self.next_message() {
            any = true;
            match is_fallback {
                true => self.fall_back(index),
                false => self.send(index),
            }
        }
        any
    }

    fn next_message(&self) -> Option<(usize, bool)> {
        let clock = self.clock;
        let own = self
            .inside
            .iter()
            .enumerate()
            .filter_map(|(index, own)| match own.stand {
                Stand::Sending { planned, due, .. } if due <= clock => {
                    Some((own, planned, index, false))
                }
                _ => None,
            });
        let fallbacks = self.inside.iter().enumerate().filter_map(|(index, own)| {
            let (due, _) = own.fallback?;
            (due <= clock).then_some((own, due, index, true))
        });
        let first = own
            .chain(fallbacks)
            .min_by_key(|(own, planned, ..)| (255 - own.journey.priority(), *planned));
        first.map(|(_, _, index, is_fallback)| (index, is_fallback))
    }

    fn send(&mut self, index: usize) {
        let own = self.inside[index].clone();
        let Stand::Sending {
            planned,
            due,
            is_deferred,
        } = own.stand
        else {
            return;
        };
        self.set_now(due);
        let (step, named) = own.says();
        match self.verdict(&own, planned) {
            Verdict::Defer(until) => {
                if !is_deferred {
                    self.note(
                        own.journey,
                        step,
                        &format!("send {named} deferred quiet_hours"),
                    );
                }
                self.inside[index].stand = Stand::Sending {
                    planned,
                    due: until,
                    is_deferred: true,
                };
                return;
            }
            Verdict::Stop(reason) => {
                self.note(own.journey, step, &format!("send {named} skipped {reason}"));
            }
            Verdict::Go(channel) => {
                self.note(own.journey, step, &format!("send {channel} sent"));
                if own.journey != Journey::Lead {
                    self.sends.push(self.clock);
                } else if channel == "viber" {
                    self.inside[index].fallback = Some((self.now + PATIENCE, false));
                    if confirms(&self.id) {
                        self.confirmed
                            .push((self.clock + CONFIRMS_AFTER, own.key.clone()));
                    }
                }
            }
        }
        self.go_on(index, own.step + 1);
    }

    /// The messenger has said nothing: the same by SMS.
    fn fall_back(&mut self, index: usize) {
        let Some((due, is_deferred)) = self.inside[index].fallback else {
            return;
        };
        self.set_now(due);
        let quiet = self.quiet_until();
        if quiet.is_some() && !is_deferred {
            self.note(
                Journey::Lead,
                "by-messenger",
                "send sms deferred quiet_hours",
            );
        }
        if quiet.is_none() {
            self.note(Journey::Lead, "by-messenger", "send sms sent");
        }
        self.inside[index].fallback = quiet.map(|until| (until, true));
    }

    fn verdict(&self, own: &Passage, planned: Moment) -> Verdict {
        let valid = own.valid_days();
        if valid.is_some_and(|days| days_on(planned, days, self.zone) < self.clock) {
            return Verdict::Stop("late");
        }
        let channel = match self.channel(own) {
            Ok(channel) => channel,
            Err(reason) => return Verdict::Stop(reason),
        };
        if let Some(until) = self.quiet_until() {
            return Verdict::Defer(until);
        }
        let today = day(self.clock, self.zone);
        let counts = |at: &&Moment| {
            let on = day(**at, self.zone);
            on <= today && on >= today - TimeDelta::days(6)
        };
        let is_full = self.sends.iter().filter(counts).count() >= CAP;
        match is_full && own.journey != Journey::Lead {
            true => Verdict::Stop("frequency_cap"),
            false => Verdict::Go(channel),
        }
    }

    /// The first channel that reaches the customer, else why none does.
    fn channel(&self, own: &Passage) -> Result<&'static str, &'static str> {
        let has_address = |channel: &str| match channel {
            "email" => self.has_email,
            _ => self.has_phone,
        };
        if own.journey == Journey::Lead {
            let (_, channel) = own.says();
            return has_address(channel).then_some(channel).ok_or("unreachable");
        }
        let mut channels = own.journey.channels().to_vec();
        channels.sort_by_key(|own| Some(*own) != self.preferred);
        channels.retain(|own| has_address(own));
        let is_given = |channel: &&&str| self.consents.get(**channel).is_some_and(|own| own.0);
        match channels.iter().find(is_given) {
            Some(channel) => Ok(*channel),
            None if channels.is_empty() => Err("unreachable"),
            None => Err("no_consent"),
        }
    }

    /// From nine in the evening until nine in the morning nobody is disturbed.
    fn quiet_until(&self) -> Option<Moment> {
        let wall = wall(self.clock, self.zone);
        let morning = match wall.hour() {
            0..9 => wall.date(),
            21.. => wall.date() + TimeDelta::days(1),
            _ => return None,
        };
        Some(at_hour(morning, 9, self.zone))
    }
}
