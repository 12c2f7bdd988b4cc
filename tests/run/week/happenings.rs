//! What happens in the week, and when it is heard of: some twice, some out of order, some late.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::days::{Moment, moment, read, written};
use super::people::{KYIV, Person};
use crate::run::sample::Dice;

/// The journeys go live: a Friday, eight in the morning in Kyiv.
pub(super) const BEGIN: &str = "2025-02-21T06:00:00Z";
/// Just before midnight in Kyiv.
pub(super) const END: &str = "2025-02-28T21:59:59Z";
/// When the CRM tells of everybody: two in the morning in Kyiv, from the first night on.
const FIRST_NIGHT: &str = "2025-02-22T00:00:00Z";
const NIGHTS: i64 = 7;

/// Something that is told of a customer.
#[derive(Debug, Clone)]
pub(super) enum What {
    Paid {
        cart: Option<String>,
        place: &'static str,
        total: i64,
    },
    Cart {
        cart: String,
        items: i64,
    },
    Contacted {
        lead: String,
        channel: &'static str,
    },
    Replied {
        lead: String,
    },
    Closed {
        lead: String,
    },
    Consent {
        channel: &'static str,
        given: bool,
    },
    Created(Box<Person>),
    /// All that the CRM knows, as every night.
    Snapshot(Box<Person>),
}

/// An event, as often as it comes.
#[derive(Debug, Clone)]
pub(super) struct Happening {
    pub(super) id: String,
    pub(super) customer: String,
    /// When it was, if that is told.
    pub(super) time: Option<Moment>,
    pub(super) arrives: Moment,
    pub(super) what: What,
}

impl Happening {
    /// As it is sent; `more` are attributes that the CRM has from elsewhere.
    pub(super) fn written(&self, more: &[(String, Value)]) -> String {
        let (kind, mut data) = self.told();
        for (name, value) in more {
            data[name] = value.clone();
        }
        let mut event = json!({
            "specversion": "1.0", "id": self.id, "source": "shop", "type": kind, "subject": self.customer, "data": data,
        });
        if let Some(time) = self.time {
            event["time"] = json!(written(time));
        }
        event.to_string()
    }

    fn told(&self) -> (&'static str, Value) {
        match &self.what {
            What::Paid { cart, place, total } => {
                let mut data = json!({ "order_id": self.id, "total": total, "place": place });
                if let Some(cart) = cart {
                    data["cart_id"] = json!(cart);
                }
                ("order.paid", data)
            }
            What::Cart { cart, items } => (
                "cart.updated",
                json!({ "cart_id": cart, "items": items, "total": items * 450 }),
            ),
            What::Contacted { lead, channel } => (
                "lead.contacted",
                json!({ "lead_id": lead, "channel": channel, "subject": "gifts" }),
            ),
            What::Replied { lead } => ("lead.replied", json!({ "lead_id": lead })),
            What::Closed { lead } => ("lead.closed", json!({ "lead_id": lead, "won": false })),
            What::Consent { channel, given } => (
                "consent.changed",
                json!({ "channel": channel, "granted": given }),
            ),
            What::Created(person) => ("customer.created", person.record()),
            What::Snapshot(person) => ("customer.updated", person.record()),
        }
    }
}

/// The week as it is made up.
struct Week<'d> {
    dice: &'d mut Dice,
    people: Vec<Person>,
    all: Vec<Happening>,
}

/// What happens in the week to these people, in the order in which it is heard of.
pub(super) fn happenings(dice: &mut Dice, people: &[Person]) -> Vec<Happening> {
    let mut week = Week {
        dice,
        people: people.to_vec(),
        all: Vec::new(),
    };
    for day in 0..8 {
        week.day(read(BEGIN) + TimeDelta::days(day));
    }
    week.carts();
    week.orders();
    week.consents();
    week.leads();
    week.nights();
    let mut all = week.all;
    all.retain(|own| own.arrives >= read(BEGIN) + TimeDelta::hours(1) && own.arrives < read(END));
    all.sort_by_key(|own| own.arrives);
    all
}

impl Week<'_> {
    /// Something that is heard of as such things are: soon, late, without its time, or twice.
    fn add(&mut self, customer: &str, time: Moment, what: What) {
        let soon = time + TimeDelta::seconds(17 + self.dice.below(150) as i64);
        let late = time
            + TimeDelta::minutes(20 + self.dice.below(27 * 60) as i64)
            + TimeDelta::seconds(23);
        let (time, arrives) = match self.dice.below(20) {
            0 => (None, soon),
            1 | 2 => (Some(time), late),
            // By a clock that is fast.
            3 => (Some(soon + TimeDelta::hours(2)), soon),
            _ => (Some(time), soon),
        };
        let own = Happening {
            id: format!("e{}", self.all.len()),
            customer: customer.to_owned(),
            time,
            arrives,
            what,
        };
        if self.dice.below(12) == 0 {
            let again = arrives + TimeDelta::minutes(self.dice.below(40 * 60) as i64);
            self.all.push(Happening {
                arrives: again,
                ..own.clone()
            });
        }
        self.all.push(own);
    }

    fn somebody(&mut self) -> String {
        let number = self.dice.below(self.people.len() as u64);
        self.people[number as usize].id.clone()
    }

    fn within(&mut self, from: Moment, minutes: u64) -> Moment {
        from + TimeDelta::minutes(self.dice.below(minutes) as i64)
    }

    fn day(&mut self, from: Moment) {
        for number in 0..12 {
            let (customer, at) = (self.anybody(&from, number), self.within(from, 1440));
            let total = 100 + 100 * self.dice.below(40) as i64;
            let place = ["shop", "site", "phone"][self.dice.below(3) as usize];
            let cart = None;
            self.add(&customer, at, What::Paid { cart, place, total });
        }
        for number in 0..14 {
            let customer = self.anybody(&from, number);
            self.cart(&customer, from, number);
        }
        for number in 0..8 {
            self.lead(from, number);
        }
        for _ in 0..8 {
            let (customer, at) = (self.somebody(), self.within(from, 1440));
            let channel = ["email", "viber", "sms"][self.dice.below(3) as usize];
            let given = self.dice.below(2) == 0;
            self.add(&customer, at, What::Consent { channel, given });
        }
        for number in 0..4 {
            self.newcomer(from, number);
        }
    }

    /// Somebody who is known; the first of a day is nobody whom anybody knows.
    fn anybody(&mut self, day: &Moment, number: i32) -> String {
        match number {
            0 => format!("x-{}", day.date_naive()),
            _ => self.somebody(),
        }
    }

    fn cart(&mut self, customer: &str, from: Moment, number: i32) {
        let cart = format!("k-{}-{number}", from.date_naive());
        let filled = |items| What::Cart {
            cart: cart.clone(),
            items,
        };
        let at = self.within(from, 1440);
        self.add(customer, at, filled(1 + i64::from(number % 4)));
        if self.dice.below(3) == 0 {
            let more = self.within(at, 55);
            self.add(customer, more, filled(5));
        }
        let later = self.within(at, 180);
        match self.dice.below(8) {
            0 => self.add(customer, later, filled(0)),
            1 | 2 => self.add(
                customer,
                later,
                What::Paid {
                    cart: Some(cart.clone()),
                    place: "site",
                    total: 900,
                },
            ),
            _ => {}
        }
    }

    fn lead(&mut self, from: Moment, number: i32) {
        let (customer, at) = (self.somebody(), self.within(from, 1440));
        let lead = format!("l-{}-{number}", from.date_naive());
        let channel = ["email", "email", "viber", "phone"][self.dice.below(4) as usize];
        let what = What::Contacted {
            lead: lead.clone(),
            channel,
        };
        self.add(&customer, at, what);
        let later = self.within(at + TimeDelta::minutes(30), 5 * 1440);
        match self.dice.below(5) {
            0 | 1 => self.add(&customer, later, What::Replied { lead }),
            2 => self.add(&customer, later, What::Closed { lead }),
            _ => {}
        }
    }

    /// Somebody new, who may buy at once; the shop may tell of that before the CRM tells who it is.
    fn newcomer(&mut self, from: Moment, number: i32) {
        let mut person = self.people[self.dice.below(300) as usize].clone();
        person.id = format!("n-{}-{number}", from.date_naive());
        person.purchases.clear();
        person.old_sends.clear();
        person.birthday = None;
        let at = self.within(from, 1440);
        self.people.push(person.clone());
        self.add(
            &person.id.clone(),
            at,
            What::Created(Box::new(person.clone())),
        );
        if self.dice.below(3) == 0 {
            let bought = self.within(at - TimeDelta::minutes(60), 3 * 1440);
            let (cart, place, total) = (None, "shop", 700);
            self.add(&person.id, bought, What::Paid { cart, place, total });
        }
    }

    /// Every night the CRM tells of everybody, with the consents that it knows.
    fn nights(&mut self) {
        for night in 0..NIGHTS {
            let at = read(FIRST_NIGHT) + TimeDelta::days(night);
            let known: Vec<Person> = self
                .people
                .iter()
                .filter(|own| self.knows(own, at))
                .cloned()
                .collect();
            for mut person in known {
                if let Some(day) = moves(&person.id).filter(|_| night >= 3) {
                    person.birthday = Some(day.parse().expect("a day"));
                }
                self.all.push(Happening {
                    id: format!("night-{night}-{}", person.id),
                    customer: person.id.clone(),
                    time: Some(at),
                    arrives: at,
                    what: What::Snapshot(Box::new(person)),
                });
            }
        }
    }

    /// Whether it was told of somebody new by then.
    fn knows(&self, person: &Person, at: Moment) -> bool {
        !person.id.starts_with("n-")
            || self.all.iter().any(|own| {
                own.customer == person.id
                    && own.arrives < at
                    && matches!(own.what, What::Created(_))
            })
    }
}

/// The birthday that somebody has from the fourth night on: until then it was written down wrong.
fn moves(id: &str) -> Option<&'static str> {
    Some(match id {
        // Its day is still to come; was less than a day ago; was days ago; and one who had the offer.
        "b-moves-ahead" => "1990-03-06",
        "b-moves-just-behind" => "1990-03-03",
        "b-moves-behind" => "1990-03-01",
        "b-moves-after" => "1990-03-06",
        _ => return None,
    })
}

/// A moment by the clock in Kyiv.
fn kyiv(wall: &str) -> Moment {
    moment(wall.parse().expect("a day and a time"), KYIV)
}

/// The cases that matter, by the clock in Kyiv: when it was, and when it is heard of.
impl Week<'_> {
    fn exactly(&mut self, customer: &str, time: &str, arrives: &str, what: What) {
        self.all.push(Happening {
            id: format!("e{}", self.all.len()),
            customer: customer.to_owned(),
            time: Some(kyiv(time)),
            arrives: kyiv(arrives),
            what,
        });
    }

    fn carts(&mut self) {
        for (customer, happened, heard, items) in [
            ("t-evening", "2025-02-22T20:30:00", "2025-02-22T20:30:10", 2),
            ("t-late", "2025-02-23T12:00:00", "2025-02-23T15:40:10", 2),
            (
                "t-too-late",
                "2025-02-22T09:00:00",
                "2025-02-23T09:30:10",
                2,
            ),
            ("t-night", "2025-02-22T22:00:00", "2025-02-23T21:30:10", 2),
            (
                "t-restarts",
                "2025-02-24T10:00:00",
                "2025-02-24T10:00:10",
                2,
            ),
            (
                "t-restarts",
                "2025-02-24T10:40:00",
                "2025-02-24T10:40:10",
                3,
            ),
            ("t-emptied", "2025-02-24T10:00:00", "2025-02-24T10:00:10", 2),
            ("t-emptied", "2025-02-24T10:50:00", "2025-02-24T10:50:10", 0),
            // What came last is heard of first.
            ("t-turned", "2025-02-24T10:20:00", "2025-02-24T10:20:10", 0),
            ("t-turned", "2025-02-24T10:00:00", "2025-02-24T10:30:10", 2),
            ("t-pays", "2025-02-24T12:00:00", "2025-02-24T12:00:10", 2),
            ("t-phones", "2025-02-24T12:00:00", "2025-02-24T12:00:10", 2),
            ("t-nobody", "2025-02-24T12:00:00", "2025-02-24T12:00:10", 2),
            (
                "t-unreachable",
                "2025-02-24T12:00:00",
                "2025-02-24T12:00:10",
                2,
            ),
        ] {
            let cart = "k".to_owned();
            self.exactly(customer, happened, heard, What::Cart { cart, items });
        }
    }

    fn orders(&mut self) {
        for (customer, happened, heard, cart, place) in [
            (
                "t-pays",
                "2025-02-24T12:50:00",
                "2025-02-24T13:30:10",
                "k",
                "site",
            ),
            (
                "t-phones",
                "2025-02-24T12:30:00",
                "2025-02-24T12:30:10",
                "",
                "phone",
            ),
            (
                "s-buys",
                "2025-02-22T18:00:00",
                "2025-02-22T18:00:10",
                "",
                "shop",
            ),
            (
                "s-buys-late",
                "2025-02-22T18:00:00",
                "2025-02-23T12:00:10",
                "",
                "shop",
            ),
            (
                "b-buys",
                "2025-02-26T18:00:00",
                "2025-02-26T18:00:10",
                "",
                "shop",
            ),
        ] {
            let cart = Some(cart.to_owned()).filter(|own| !own.is_empty());
            let total = 300;
            self.exactly(customer, happened, heard, What::Paid { cart, place, total });
        }
    }

    fn consents(&mut self) {
        for (customer, happened, given) in [
            ("s-withdraws", "2025-02-23T12:00:00", false),
            ("b-withdraws", "2025-02-22T12:00:00", false),
            ("s-gives-again", "2025-02-26T08:00:00", true),
            ("s-gives-early", "2025-02-24T08:00:00", true),
        ] {
            let channel = "email";
            self.exactly(
                customer,
                happened,
                happened,
                What::Consent { channel, given },
            );
        }
    }

    /// Leads that answer at the last moment, just after it, and never.
    fn leads(&mut self) {
        for (customer, happened) in [
            ("t-in-time", "2025-02-24T11:00:00"),
            ("t-just-late", "2025-02-24T11:00:00"),
            ("t-closed", "2025-02-21T11:00:00"),
            ("t-silent", "2025-02-21T11:00:00"),
            ("t-early", "2025-02-24T20:30:00"),
        ] {
            let (lead, channel) = ("l".to_owned(), "email");
            self.exactly(
                customer,
                happened,
                happened,
                What::Contacted { lead, channel },
            );
        }
        let lead = || "l".to_owned();
        let (replied, closed) = (
            What::Replied { lead: lead() },
            What::Closed { lead: lead() },
        );
        for (customer, happened, heard, what) in [
            (
                "t-in-time",
                "2025-02-27T11:00:00",
                "2025-02-27T11:00:00",
                replied.clone(),
            ),
            (
                "t-just-late",
                "2025-02-27T10:59:30",
                "2025-02-27T11:00:20",
                replied,
            ),
            (
                "t-closed",
                "2025-02-26T12:00:00",
                "2025-02-26T12:00:10",
                closed,
            ),
        ] {
            self.exactly(customer, happened, heard, what);
        }
    }
}
