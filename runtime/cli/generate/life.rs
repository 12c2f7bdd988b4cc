//! What one customer does over the years: purchases, carts, leads, and changes of mind.

use super::chance::Chance;
use super::person::Person;
use super::record::{Record, What};
use super::season::{DAY, Season};

/// Days to look back for what somebody has bought before the period.
pub(super) const PAST: f64 = 6.0 * 365.0;
/// Seconds between joining and the first cart, at the least.
const BROWSING: i64 = 1800;
/// Orders of one person at the most: somebody must not fill the disk.
const ORDERS: u16 = 3000;

/// The period that is made up, in days since 1970.
#[derive(Debug, Clone)]
pub(super) struct Period {
    /// Its first day.
    pub(super) from: i64,
    /// The day after its last.
    pub(super) until: i64,
    /// How busy its days are, and those before.
    pub(super) season: Season,
}

/// What orders before the period have left on the customer's card.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Past {
    /// How many.
    pub(super) orders: u32,
    /// In kopecks.
    pub(super) spent: u64,
    /// Seconds since 1970.
    pub(super) first: i64,
    /// Seconds since 1970.
    pub(super) last: i64,
}

/// The life of one customer in the period.
pub(super) struct Life<'a> {
    person: &'a Person,
    period: &'a Period,
    chance: Chance,
    past: Past,
    /// Nothing happens before it, in seconds since 1970.
    joined: i64,
    orders: u16,
    carts: u16,
    events: &'a mut Vec<Record>,
}

impl<'a> Life<'a> {
    /// Lives it: fills `events`, in no order, and says what was before. A newcomer joins within the period.
    pub(super) fn live(
        person: &'a Person,
        period: &'a Period,
        newcomer: bool,
        events: &'a mut Vec<Record>,
    ) -> Past {
        let chance = person.chance();
        let mut life = Self {
            person,
            period,
            chance,
            past: Past::default(),
            joined: i64::MIN,
            orders: 0,
            carts: 0,
            events,
        };
        let (from, until) = (period.from as f64, period.until as f64);
        let joined = if newcomer {
            life.chance.between(from, until)
        } else {
            from - PAST * life.chance.unit().powf(0.8)
        };
        if newcomer {
            let at = period
                .season
                .moment(&mut life.chance, joined, person.home.east);
            life.add(at, What::Joined, 0, 0, 0, 0);
            life.joined = at;
        }
        life.purchases(joined.max(from - PAST) + 0.01, until);
        life.leads(joined.max(from), until);
        life.changes(joined.max(from), until);
        life.past
    }

    /// A second of that day, and not before the customer has joined.
    fn moment(&mut self, day: f64) -> i64 {
        let season = &self.period.season;
        let at = season.moment(&mut self.chance, day, self.person.home.east);
        at.max(self.joined.saturating_add(BROWSING))
    }

    fn add(&mut self, at: i64, what: What, detail: u8, number: u16, cart: u16, total: u32) {
        if let Ok(at) = u32::try_from(at - self.period.from * DAY)
            && i64::from(at) < (self.period.until - self.period.from) * DAY
        {
            self.events.push(Record {
                at,
                customer: self.person.number,
                what,
                detail,
                number,
                cart,
                total,
            });
        }
    }

    /// Purchases until the habit ends; some take it up again later.
    fn purchases(&mut self, joined: f64, until: f64) {
        let habit = self.person.habit;
        let mut begun = joined;
        loop {
            let ends = begun + self.chance.gap(habit.loyalty);
            // Who has just joined buys soon, or not at all.
            let mut moment = begun + self.chance.gap(habit.rhythm.min(60.0));
            while moment < ends.min(until) && self.orders < ORDERS {
                self.purchase(moment);
                let next = self.period.season.next(
                    &mut self.chance,
                    moment,
                    habit.rhythm,
                    ends.min(until),
                );
                moment = next.unwrap_or(f64::MAX);
            }
            if ends >= until || !self.chance.happens(0.3) {
                return;
            }
            begun = ends + self.chance.between(200.0, 900.0);
        }
    }

    fn purchase(&mut self, day: f64) {
        let at = self.moment(day);
        let things = 1 + self.chance.gap(0.8).min(20.0) as u8;
        let total = self.price(things);
        if at < self.period.from * DAY {
            let past = &mut self.past;
            past.first = if past.orders == 0 {
                at
            } else {
                past.first.min(at)
            };
            past.last = past.last.max(at);
            past.orders += 1;
            past.spent += u64::from(total);
            return;
        }
        self.orders += 1;
        let number = self.orders;
        if !self.chance.happens(self.person.habit.online) {
            self.add(at, What::PaidInShop, things, number, 0, total);
            return;
        }
        self.browse(at);
        let cart = self.fill_cart(at, things, total);
        let paid = at + 240 + self.chance.gap(900.0) as i64;
        self.add(paid, What::PaidOnline, things, number, cart, total);
    }

    /// Carts that were left before the one that was paid: more often than not there is one.
    fn browse(&mut self, before: i64) {
        while self.chance.happens(0.5) {
            let at = before - DAY - self.chance.gap(12.0 * DAY as f64) as i64;
            if at < self.joined.saturating_add(BROWSING) {
                return;
            }
            let things = 1 + self.chance.gap(0.9).min(20.0) as u8;
            let total = self.price(things);
            let cart = self.fill_cart(at, things, total);
            let later = at + self.chance.between(1800.0, 90_000.0) as i64;
            let fate = self.chance.unit();
            if fate < 0.1 {
                self.orders += 1;
                self.add(later, What::PaidOnline, things, self.orders, cart, total);
            } else if fate < 0.13 {
                self.orders += 1;
                self.add(later, What::PaidByPhone, things, self.orders, 0, total);
            } else if fate < 0.2 {
                self.add(later, What::Cart, 0, 0, cart, 0);
            }
        }
    }

    fn fill_cart(&mut self, at: i64, things: u8, total: u32) -> u16 {
        self.carts = self.carts.saturating_add(1);
        let cart = self.carts;
        if things > 1 && self.chance.happens(0.6) {
            let first = at - self.chance.between(60.0, 1500.0) as i64;
            self.add(
                first,
                What::Cart,
                things - 1,
                0,
                cart,
                total / u32::from(things) * u32::from(things - 1),
            );
        }
        self.add(at, What::Cart, things, 0, cart, total);
        cart
    }

    /// In kopecks, ending as prices do.
    fn price(&mut self, things: u8) -> u32 {
        let one = self.person.habit.ticket * (0.35 * self.chance.normal()).exp();
        let hryvnias = (one * f64::from(things).powf(0.8)).clamp(60.0, 90_000.0) as u32;
        hryvnias * 100 + if self.chance.happens(0.3) { 50 } else { 0 }
    }

    /// Some write to a manager: gifts for a company, a wedding.
    fn leads(&mut self, from: f64, until: f64) {
        let mut moment = from;
        for number in 1..=20 {
            moment += self.chance.gap(365.0 * 40.0);
            if moment >= until {
                return;
            }
            let at = self.moment(moment);
            let channel = *self
                .chance
                .weighted(&[(0, 5.0), (1, 2.0), (2, 0.5), (3, 2.5)]);
            self.add(
                at,
                What::LeadContacted,
                channel,
                number,
                0,
                self.chance.clone().below(4) as u32,
            );
            if self.chance.happens(0.55) {
                let answered = at + 600 + self.chance.gap(1.4 * DAY as f64) as i64;
                let back = if self.chance.happens(0.8) { channel } else { 3 };
                self.add(answered, What::LeadReplied, back, number, 0, 0);
            }
            if self.chance.happens(0.85) {
                let closed = at + 2 * DAY + self.chance.gap(12.0 * DAY as f64) as i64;
                let won = self.chance.happens(0.3);
                self.add(closed, What::LeadClosed, u8::from(won), number, 0, 0);
            }
        }
    }

    /// A withdrawn consent now and then, a corrected birthday seldom.
    fn changes(&mut self, from: f64, until: f64) {
        for (what, days) in [
            (What::ConsentWithdrawn, 365.0 * 45.0),
            (What::BirthdayCorrected, 365.0 * 400.0),
        ] {
            let moment = from + self.chance.gap(days);
            if moment < until {
                let at = self.moment(moment);
                let channel = self.chance.below(3) as u8;
                self.add(at, what, channel, 0, 0, 0);
            }
        }
    }
}
