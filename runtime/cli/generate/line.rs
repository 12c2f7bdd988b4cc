//! Events and customers as lines of JSON. Written by hand: nothing in them needs escaping, and there are many.

use std::io::{self, Write};

use chrono::{DateTime, NaiveDate};

use super::life::Past;
use super::person::{Person, corrected_birthday};
use super::record::{Record, What};
use super::season::DAY;

const CHANNELS: [&str; 4] = ["email", "viber", "sms", "phone"];
const SUBJECTS: [&str; 4] = [
    "корпоративні подарунки",
    "весілля",
    "подарунок на ювілей",
    "аромат для готелю",
];

/// Writes events, in the order of their times.
pub(super) struct Lines<W> {
    out: W,
    seed: u64,
    from: i64,
    day: i64,
    date: String,
    /// How many were written.
    pub(super) written: u64,
}

impl<W: Write> Lines<W> {
    /// Events of a period that begins on this day since 1970.
    pub(super) fn new(out: W, seed: u64, from: i64) -> Self {
        Self {
            out,
            seed,
            from,
            day: i64::MIN,
            date: String::new(),
            written: 0,
        }
    }

    /// Writes one.
    ///
    /// # Errors
    /// If it can't be written.
    pub(super) fn event(&mut self, record: &Record) -> io::Result<()> {
        self.written += 1;
        let day = self.from + i64::from(record.at) / DAY;
        if day != self.day {
            self.day = day;
            self.date = date(day * DAY).to_string();
        }
        let second = i64::from(record.at) % DAY;
        write!(
            self.out,
            r#"{{"specversion":"1.0","id":"e{}","source":"{}","type":"{}","subject":"c{:07}","time":"{}T{:02}:{:02}:{:02}Z","data":"#,
            self.written,
            source(record.what),
            kind(record.what),
            record.customer,
            self.date,
            second / 3600,
            second / 60 % 60,
            second % 60,
        )?;
        self.data(record)?;
        self.out.write_all(b"}\n")
    }

    fn data(&mut self, record: &Record) -> io::Result<()> {
        let Record {
            customer,
            detail,
            number,
            cart,
            total,
            ..
        } = *record;
        let channel = CHANNELS[usize::from(detail) % CHANNELS.len()];
        let out = &mut self.out;
        let order = |out: &mut W, place: &str| {
            write!(
                out,
                r#"{{"order_id":"o{customer}-{number}","items":{detail},"total":{},"place":"{place}""#,
                Money(total.into())
            )
        };
        match record.what {
            What::Joined => write!(out, "{{{}", Person::of(self.seed, customer).attributes())?,
            What::BirthdayCorrected => write!(
                out,
                r#"{{"birthday":"{}""#,
                corrected_birthday(self.seed, customer)
            )?,
            What::ConsentWithdrawn => write!(out, r#"{{"channel":"{channel}","granted":false"#)?,
            What::Cart => write!(
                out,
                r#"{{"cart_id":"k{customer}-{cart}","items":{detail},"total":{}"#,
                Money(total.into())
            )?,
            What::PaidOnline => {
                order(out, "site")?;
                write!(out, r#","cart_id":"k{customer}-{cart}""#)?;
            }
            What::PaidInShop => order(out, "shop")?,
            What::PaidByPhone => order(out, "phone")?,
            What::LeadContacted => {
                let subject = SUBJECTS[total as usize % SUBJECTS.len()];
                write!(
                    out,
                    r#"{{"lead_id":"l{customer}-{number}","channel":"{channel}","subject":"{subject}""#
                )?;
            }
            What::LeadReplied => write!(
                out,
                r#"{{"lead_id":"l{customer}-{number}","channel":"{channel}""#
            )?,
            What::LeadClosed => write!(
                out,
                r#"{{"lead_id":"l{customer}-{number}","won":{}"#,
                detail == 1
            )?,
        }
        out.write_all(b"}")
    }

    /// Everything that is still held back.
    ///
    /// # Errors
    /// If it can't be written.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        self.out.flush()?;
        Ok(self.written)
    }
}

/// Writes one customer as known when the period begins.
///
/// # Errors
/// If it can't be written.
pub(super) fn customer(out: &mut impl Write, person: &Person, past: &Past) -> io::Result<()> {
    write!(
        out,
        r#"{{"id":"c{:07}",{}"#,
        person.number,
        person.attributes()
    )?;
    if past.orders > 0 {
        let time = |at: i64| {
            DateTime::from_timestamp(at, 0)
                .unwrap_or_default()
                .format("%Y-%m-%dT%H:%M:%SZ")
        };
        write!(
            out,
            r#","orders_count":{},"total_spent":{},"first_purchase_at":"{}","last_purchase_at":"{}""#,
            past.orders,
            Money(past.spent),
            time(past.first),
            time(past.last),
        )?;
    }
    out.write_all(b"}\n")
}

/// Kopecks as hryvnias.
struct Money(u64);

impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

fn kind(what: What) -> &'static str {
    match what {
        What::Joined => "customer.created",
        What::BirthdayCorrected => "customer.updated",
        What::ConsentWithdrawn => "consent.changed",
        What::Cart => "cart.updated",
        What::PaidOnline | What::PaidInShop | What::PaidByPhone => "order.paid",
        What::LeadContacted => "lead.contacted",
        What::LeadReplied => "lead.replied",
        What::LeadClosed => "lead.closed",
    }
}

fn source(what: What) -> &'static str {
    match what {
        What::Cart | What::PaidOnline => "site",
        What::PaidInShop => "till",
        _ => "crm",
    }
}

fn date(second: i64) -> NaiveDate {
    DateTime::from_timestamp(second, 0)
        .unwrap_or_default()
        .date_naive()
}
