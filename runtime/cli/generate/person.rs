//! One made-up person: names, a birthday, addresses, consents, and habits.

use std::fmt::Write as _;

use chrono::{Days, NaiveDate};

use super::chance::Chance;

const WOMEN: &[&str] = &[
    "Олена",
    "Ірина",
    "Наталія",
    "Оксана",
    "Тетяна",
    "Марія",
    "Юлія",
    "Анна",
    "Катерина",
    "Дарина",
    "Софія",
    "Вікторія",
    "Людмила",
    "Світлана",
    "Галина",
    "Соломія",
];
const MEN: &[&str] = &[
    "Андрій",
    "Олександр",
    "Тарас",
    "Сергій",
    "Дмитро",
    "Іван",
    "Максим",
    "Богдан",
    "Юрій",
    "Володимир",
    "Назар",
    "Остап",
];
const SURNAMES: &[&str] = &[
    "Коваленко",
    "Шевченко",
    "Бондаренко",
    "Ткаченко",
    "Кравченко",
    "Олійник",
    "Мельник",
    "Поліщук",
    "Мороз",
    "Марчук",
    "Лисенко",
    "Руденко",
    "Савчук",
    "Гнатюк",
    "Кравець",
    "Вовк",
    "Зозуля",
    "Король",
    "Бойко",
    "Приходько",
];
const ABROAD: &[&str] = &[
    "Emma", "Olivia", "Zofia", "Hanna", "James", "Oliver", "Jan", "Piotr", "Sophie", "Grace",
    "Anna", "Adam",
];
const SURNAMES_ABROAD: &[&str] = &[
    "Smith", "Nowak", "Brown", "Kowalska", "Taylor", "Wilson", "Lewis", "Walker", "Hall", "Young",
];

/// Where somebody lives: zone, hours east of Greenwich in winter, city.
#[derive(Debug, Clone, Copy)]
pub(super) struct Home {
    /// The IANA name.
    pub(super) zone: &'static str,
    /// Hours.
    pub(super) east: i64,
    city: &'static str,
}

const HOMES: &[(Home, f64)] = &[
    (
        Home {
            zone: "Europe/Kyiv",
            east: 2,
            city: "Київ",
        },
        34.0,
    ),
    (
        Home {
            zone: "Europe/Kyiv",
            east: 2,
            city: "Львів",
        },
        17.0,
    ),
    (
        Home {
            zone: "Europe/Kyiv",
            east: 2,
            city: "Одеса",
        },
        13.0,
    ),
    (
        Home {
            zone: "Europe/Kyiv",
            east: 2,
            city: "Дніпро",
        },
        11.0,
    ),
    (
        Home {
            zone: "Europe/Kyiv",
            east: 2,
            city: "Харків",
        },
        10.0,
    ),
    (
        Home {
            zone: "Europe/Kyiv",
            east: 2,
            city: "Вінниця",
        },
        6.0,
    ),
    (
        Home {
            zone: "Europe/Warsaw",
            east: 1,
            city: "Warszawa",
        },
        5.0,
    ),
    (
        Home {
            zone: "Europe/London",
            east: 0,
            city: "London",
        },
        2.5,
    ),
    (
        Home {
            zone: "America/New_York",
            east: -5,
            city: "New York",
        },
        1.5,
    ),
];

/// What somebody does with the shop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Habit {
    /// Days between purchases on average, while still a customer.
    pub(super) rhythm: f64,
    /// Days until the habit ends, on average.
    pub(super) loyalty: f64,
    /// What an order costs, typically, in hryvnias.
    pub(super) ticket: f64,
    /// The share of orders made on the site.
    pub(super) online: f64,
}

/// One made-up person. The same seed and number give the same one.
#[derive(Debug, Clone)]
pub(super) struct Person {
    /// From 1.
    pub(super) number: u32,
    /// Where.
    pub(super) home: Home,
    /// What.
    pub(super) habit: Habit,
    chance: Chance,
}

impl Person {
    /// The person with this number.
    pub(super) fn of(seed: u64, number: u32) -> Self {
        let mut chance = Chance::of(seed, u64::from(number));
        let home = *chance.weighted(HOMES);
        // Rates differ between people as a gamma distribution, and so do the rates at which they drop out: Pareto/NBD.
        let per_year = 2.6 * chance.gamma(0.8) + 0.15;
        let loyalty = 365.0 * (2.2 / (chance.gamma(1.6) + 0.15)).clamp(0.1, 12.0);
        let ticket = 820.0 * (0.55 * chance.normal()).exp();
        let online = (0.45 + 0.25 * chance.normal()).clamp(0.0, 1.0);
        Self {
            number,
            home,
            habit: Habit {
                rhythm: 365.0 / per_year,
                loyalty,
                ticket,
                online,
            },
            chance,
        }
    }

    /// A stream of its own for what happens in this life.
    pub(super) fn chance(&self) -> Chance {
        let mut chance = self.chance.clone();
        let fresh = chance.unit().to_bits();
        Chance::of(fresh, u64::from(self.number))
    }

    /// The attributes that the CRM knows, as the members of a JSON object, without braces and without what orders tell.
    pub(super) fn attributes(&self) -> String {
        let mut chance = self.chance.clone();
        let at_home = self.home.zone == "Europe/Kyiv";
        let woman = chance.happens(0.72);
        let (first_names, surnames) = match (at_home, woman) {
            (true, true) => (WOMEN, SURNAMES),
            (true, false) => (MEN, SURNAMES),
            (false, _) => (ABROAD, SURNAMES_ABROAD),
        };
        let (has_email, has_phone) = (chance.happens(0.8), chance.happens(0.93));
        let mut text = format!(
            r#""first_name":"{}","last_name":"{}","city":"{}","timezone":"{}","locale":"{}","source":"{}""#,
            first_names[chance.below(first_names.len())],
            surnames[chance.below(surnames.len())],
            self.home.city,
            self.home.zone,
            if at_home && chance.happens(0.97) {
                "uk"
            } else {
                "en"
            },
            chance.weighted(&[("shop", 5.0), ("site", 4.0), ("referral", 1.0)]),
        );
        if has_email {
            let _ = write!(text, r#","email":"c{:07}@example.com""#, self.number);
        }
        if has_phone {
            let _ = write!(text, r#","phone":"+38050{:07}""#, self.number % 10_000_000);
        }
        if chance.happens(0.71) {
            let _ = write!(text, r#","birthday":"{}""#, birthday(&mut chance));
        }
        if chance.happens(0.08) {
            let _ = write!(
                text,
                r#","owner":"{}""#,
                chance.weighted(&[("olena", 1.0), ("taras", 1.0)])
            );
        }
        if has_phone && chance.happens(0.3) {
            text.push_str(r#","preferred_channel":"viber""#);
        }
        if chance.happens(0.002) {
            text.push_str(r#","tags":["staff"]"#);
        }
        let wanted = [
            ("email", has_email, 0.78),
            ("viber", has_phone, 0.55),
            ("sms", has_phone, 0.45),
        ];
        let consents = wanted
            .iter()
            .filter(|(_, reachable, share)| *reachable && chance.happens(*share));
        let consents: Vec<String> = consents
            .map(|(channel, ..)| format!(r#""{channel}":true"#))
            .collect();
        let _ = write!(text, r#","consents":{{{}}}"#, consents.join(","));
        text
    }
}

/// A day between 1948 and 2008, 29 February as often as it comes.
fn birthday(chance: &mut Chance) -> NaiveDate {
    let first = NaiveDate::from_ymd_opt(1948, 1, 1).unwrap_or_default();
    let years = (30.0 + 12.0 * chance.normal()).clamp(0.0, 60.0);
    first + Days::new((years * 365.2425) as u64 + chance.below(365) as u64)
}

/// Another birthday, for a card that is corrected.
pub(super) fn corrected_birthday(seed: u64, number: u32) -> NaiveDate {
    birthday(&mut Chance::of(seed ^ 0xB1D7, u64::from(number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_the_same_each_time_and_its_attributes_are_json() {
        for number in 1..500 {
            let text = Person::of(3, number).attributes();
            assert_eq!(text, Person::of(3, number).attributes());
            let json: serde_json::Value = serde_json::from_str(&format!("{{{text}}}")).unwrap();
            assert!(json["consents"].is_object());
        }
    }

    #[test]
    fn some_are_born_on_29_february_and_most_live_at_home() {
        let people: Vec<String> = (0..20_000)
            .map(|number| Person::of(3, number).attributes())
            .collect();
        let share = |what: &str| people.iter().filter(|text| text.contains(what)).count();
        assert!(
            (2..60).contains(&share("-02-29\"")),
            "{}",
            share("-02-29\"")
        );
        assert!((16_000..19_500).contains(&share("Europe/Kyiv")));
        assert!(share("America/New_York") > 100);
    }
}
