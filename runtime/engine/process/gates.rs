//! What stands between a send and the customer.
//!
//! Judged at hand-over by the engine's clock, never when planned, in this order: erased or suppressed address; no longer
//! valid; no consent, or opted out of the topic; quiet hours; the step's window; frequency cap.

use compact_str::CompactString;

use super::Work;
use crate::calendar::{Instant, Zone, first_instant_of_calendar_days};
use crate::catalog::Catalog;
use crate::customer::Customer;
use crate::definition::{Cap, Category, Channel, Journey, OnStop, Send};

/// What the gates say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It may leave.
    Go(Route),
    /// It waits until then.
    Defer {
        /// Until when.
        until: Instant,
        /// Why.
        reason: &'static str,
    },
    /// It never leaves.
    Stop(&'static str),
}

/// The way a message takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    /// The channel.
    pub(crate) channel: String,
    /// The address.
    pub(crate) to: String,
    /// Its number among the step's channels: 0 is its own, then the fallbacks.
    pub(crate) number: u32,
}

/// No longer valid.
pub(crate) const LATE: &str = "late";
/// Not one of the addresses that this workspace writes to.
pub(crate) const ELSEWHERE: &str = "deliver_only";
/// Quiet hours.
pub(crate) const QUIET: &str = "quiet_hours";
/// A frequency cap.
pub(crate) const CAPPED: &str = "frequency_cap";

/// A message at the gates.
pub(crate) struct Candidate<'c> {
    pub(crate) journey: &'c Journey,
    pub(crate) send: &'c Send,
    /// When it was due first.
    pub(crate) planned: Instant,
    /// The first channel of the step's list that is still to be tried.
    pub(crate) from: u32,
    /// A channel that was tried already, if `best` was it.
    pub(crate) besides: Option<CompactString>,
    /// The address from `to`, if the step has one.
    pub(crate) to: Option<String>,
}

impl Work<'_> {
    /// Judges a message by the engine's clock.
    pub(crate) fn judge(&self, candidate: &Candidate<'_>) -> Verdict {
        let Candidate {
            journey,
            send,
            planned,
            ..
        } = candidate;
        if self.person.customer.is_erased() {
            return Verdict::Stop("erased");
        }
        let route = self.route(candidate);
        if route == Err("suppressed") {
            return Verdict::Stop("suppressed");
        }
        let valid_until = self.worth_sending_until(send, *planned);
        if valid_until.is_some_and(|until| until < self.clock) {
            return Verdict::Stop(LATE);
        }
        let route = match route {
            Ok(route) => route,
            Err(reason) => return Verdict::Stop(reason),
        };
        if is_opted_out(&self.person.customer, journey) {
            return Verdict::Stop("opted_out");
        }
        if !self.catalog.workspace().delivers_to(&route.to) {
            return Verdict::Stop(ELSEWHERE);
        }
        self.hours(journey, send)
            .or_else(|| self.caps(journey, send, &route.channel))
            .unwrap_or(Verdict::Go(route))
    }

    /// Up to when a message is worth sending that was due first at an instant; none = always.
    pub(crate) fn worth_sending_until(&self, send: &Send, planned: Instant) -> Option<Instant> {
        let valid_for = send.valid_for.as_ref()?;
        Some(valid_for.after(planned, self.zone))
    }

    /// Quiet hours, then the step's window.
    fn hours(&self, journey: &Journey, send: &Send) -> Option<Verdict> {
        if let Some(until) = quiet_until(self.catalog, journey.category, self.clock, self.zone) {
            return Some(Verdict::Defer {
                until,
                reason: QUIET,
            });
        }
        let window = send.window.as_ref()?;
        if window.is_open(self.clock, self.zone) {
            return None;
        }
        Some(Verdict::Defer {
            until: window.next_open(self.clock, self.zone),
            reason: "window",
        })
    }

    fn caps(&self, journey: &Journey, send: &Send, channel: &str) -> Option<Verdict> {
        if journey.category != Category::Marketing {
            return None;
        }
        let caps = self.catalog.workspace().frequency_caps.iter();
        let free_at = caps
            .filter_map(|cap| self.cap_frees_at(cap, journey.category, channel))
            .max()?;
        Some(match send.on_cap {
            OnStop::Defer => Verdict::Defer {
                until: free_at,
                reason: CAPPED,
            },
            OnStop::Skip | OnStop::Steps(_) => Verdict::Stop(CAPPED),
        })
    }

    /// When a full cap has room again; none when it has room now.
    fn cap_frees_at(&self, cap: &Cap, category: Category, channel: &str) -> Option<Instant> {
        if cap.category != category || cap.channel.as_deref().is_some_and(|only| only != channel) {
            return None;
        }
        let start = self.cap_start(cap);
        let mut counted: Vec<Instant> = self
            .person
            .sends
            .iter()
            .filter(|sent| sent.category == cap.category && sent.at >= start)
            .filter(|sent| {
                cap.channel
                    .as_deref()
                    .is_none_or(|only| only == sent.channel)
            })
            .map(|sent| sent.at)
            .collect();
        let over = counted.len().checked_sub(cap.max as usize)?;
        counted.sort_unstable();
        // There is room when the oldest of those that are too many has left the window.
        let leaving = counted.get(over).copied().unwrap_or(self.clock);
        Some(self.leaves_cap(cap, leaving).max(self.clock.plus_millis(1)))
    }

    /// Whole days are the customer's calendar days, today and those before; anything else is elapsed time.
    fn cap_start(&self, cap: &Cap) -> Instant {
        match whole_days(cap) {
            Some(days) => first_instant_of_calendar_days(self.clock, days, self.zone),
            None => cap.per.before(self.clock, self.zone).plus_millis(1),
        }
    }

    fn leaves_cap(&self, cap: &Cap, sent: Instant) -> Instant {
        let after = cap.per.after(sent, self.zone);
        match whole_days(cap) {
            Some(_) => first_instant_of_calendar_days(after, 1, self.zone),
            None => after,
        }
    }

    /// The first channel that reaches the customer, or why none does.
    fn route(&self, candidate: &Candidate<'_>) -> Result<Route, &'static str> {
        let mut refusal = None;
        for (number, channel) in self.channels(candidate.send) {
            let again = number > 0 && candidate.besides.as_deref() == Some(channel);
            if number < candidate.from || again {
                continue;
            }
            match self.reach(candidate, channel) {
                Ok(to) => {
                    let channel = channel.to_owned();
                    return Ok(Route {
                        channel,
                        to,
                        number,
                    });
                }
                Err(reason) => refusal = refusal.max(Some(Refusal::new(reason))),
            }
        }
        Err(refusal.map_or("unreachable", |refusal| refusal.reason))
    }

    /// The channels of a send in the order in which they are tried, numbered: 0 is its own, then come the fallbacks. The own
    /// channel of `best` is the preferred one, else the first of the workspace's, among those that the template has.
    fn channels<'s>(&'s self, send: &'s Send) -> Vec<(u32, &'s str)> {
        let own: Vec<&str> = match &send.channel {
            Channel::Named(name) => vec![name],
            Channel::Best => {
                let preferred = self.person.customer.text("preferred_channel");
                let all = self.catalog.workspace().channels.iter();
                let rest = all
                    .map(|channel| channel.name.as_str())
                    .filter(|name| Some(*name) != preferred);
                preferred
                    .into_iter()
                    .chain(rest)
                    .filter(|name| self.has_template(&send.template, name))
                    .collect()
            }
        };
        let fallbacks = (1..).zip(send.fallback.iter().map(String::as_str));
        own.into_iter()
            .map(|own| (0, own))
            .chain(fallbacks)
            .collect()
    }

    fn has_template(&self, template: &str, channel: &str) -> bool {
        let templates = &self.catalog.definitions().templates;
        templates
            .iter()
            .any(|own| own.name == template && own.channel == channel)
    }

    /// The address under which a channel reaches the customer, or why it doesn't.
    fn reach(&self, candidate: &Candidate<'_>, channel: &str) -> Result<String, &'static str> {
        let customer = &self.person.customer;
        let own = candidate
            .to
            .as_deref()
            .or_else(|| customer.address(channel));
        let Some(address) = own.filter(|address| !address.is_empty()) else {
            return Err("unreachable");
        };
        match customer.refusal(candidate.journey.category, channel, address) {
            Some(reason) => Err(reason),
            None => Ok(address.to_owned()),
        }
    }
}

/// Whether the customer wants no marketing about a journey's topic.
pub(crate) fn is_opted_out(customer: &Customer, journey: &Journey) -> bool {
    let topic = journey.topic.as_ref();
    journey.category == Category::Marketing
        && topic.is_some_and(|topic| customer.opted_out.contains(topic))
}

/// When the quiet hours end, if it is quiet on a clock for messages of a category.
pub(crate) fn quiet_until(
    catalog: &Catalog,
    category: Category,
    now: Instant,
    zone: Zone,
) -> Option<Instant> {
    let quiet = catalog.workspace().quiet_hours.as_ref()?;
    let is_quiet = category != Category::Transactional && quiet.contains(now.local(zone).time());
    is_quiet.then(|| quiet.end_after(now, zone))
}

/// The days of a cap that is counted in whole days.
fn whole_days(cap: &Cap) -> Option<u32> {
    let per = &cap.per;
    (per.months == 0 && per.workdays == 0 && per.millis == 0).then_some(per.days)
}

/// Why a channel doesn't reach the customer; of several reasons the one that says most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Refusal {
    weight: u8,
    reason: &'static str,
}

impl Refusal {
    fn new(reason: &'static str) -> Self {
        let weight = match reason {
            "suppressed" => 2,
            "no_consent" => 3,
            _ => 1,
        };
        Self { weight, reason }
    }
}
