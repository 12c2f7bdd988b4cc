//! Random workspaces: segments, profile updates, caps and hours around a few journeys.

use kurant_engine::calendar::{DayWindow, Duration, Weekdays, WorkHours};
use kurant_engine::definition::{
    Cap, Category, ChannelSettings, Computed, Definitions, Guard, Pool, ProfileUpdate, Schema,
    Segment, Settings, Template, UnknownCustomers, Workspace,
};
use kurant_engine::map::Map;

use super::expression::Expression as E;
use super::journeys::{EVENTS, HOURS, Maker, TAGS, any_zone, time, zone};

impl Maker<'_> {
    fn segments(&mut self) -> Vec<Segment> {
        let least = self.chance.below(3) as i64;
        let vip = E::Else(
            Box::new(E::Customer("orders_count".to_owned())),
            Box::new(E::Int(0)),
        )
        .compare(">", E::Int(least));
        let tagged = E::Or(
            Box::new(E::Asks("has_tag", self.chance.pick(&TAGS).to_owned())),
            Box::new(E::Customer("level".to_owned()).compare("==", E::Text("gold".to_owned()))),
        );
        let busy = E::Count("page.viewed".to_owned(), 2).compare(">=", E::Int(2));
        [("vip", vip), ("tagged", tagged), ("busy", busy)]
            .into_iter()
            .map(|(name, condition)| Segment {
                name: name.to_owned(),
                condition: self.script(condition),
            })
            .collect()
    }

    fn profile(&mut self) -> Vec<ProfileUpdate> {
        let count = E::Add(
            Box::new(E::Else(
                Box::new(E::Customer("orders_count".to_owned())),
                Box::new(E::Int(0)),
            )),
            Box::new(E::Int(1)),
        );
        let last = E::Pick(
            "latest",
            Box::new(E::Customer("last_at".to_owned())),
            Box::new(E::EventTime),
        );
        let mut set = vec![(
            "orders_count".to_owned(),
            Computed::Expression(self.script(count)),
        )];
        if self.chance.one_in(2) {
            set.push((
                "level".to_owned(),
                Computed::Expression(self.script(E::Broken)),
            ));
        }
        let seen = vec![(
            "last_at".to_owned(),
            Computed::Expression(self.script(last)),
        )];
        vec![
            ProfileUpdate {
                event: "order.paid".to_owned(),
                set,
            },
            ProfileUpdate {
                event: self.chance.pick(&EVENTS).to_owned(),
                set: seen,
            },
        ]
    }

    fn caps(&mut self) -> Vec<Cap> {
        let cap = |channel: Option<&str>, max, per| Cap {
            category: Category::Marketing,
            channel: channel.map(ToOwned::to_owned),
            max,
            per,
        };
        match self.chance.below(4) {
            0 => vec![],
            1 => vec![cap(None, 1, Duration::from_days(1))],
            2 => vec![
                cap(Some("email"), 1, Duration::from_millis(6 * HOURS)),
                cap(None, 3, Duration::from_days(7)),
            ],
            _ => vec![cap(None, 2, Duration::from_days(3))],
        }
    }

    pub(super) fn definitions(&mut self) -> Definitions {
        let channel = |name: &str| ChannelSettings {
            name: name.to_owned(),
            settings: Map::new(),
        };
        let template = |name: &str, channel: &str| Template {
            name: name.to_owned(),
            channel: channel.to_owned(),
            locale: None,
            extension: "txt".to_owned(),
            front: std::collections::BTreeMap::new(),
            body: String::new(),
        };
        let quiet = [
            None,
            Some(DayWindow {
                from: time(21, 0),
                to: time(9, 0),
            }),
            Some(DayWindow {
                from: time(1, 0),
                to: time(3, 30),
            }),
        ];
        let office = WorkHours {
            from: time(9, 0),
            to: time(18, 0),
            weekdays: Weekdays::WORKDAYS,
        };
        let pool = Pool {
            name: "support".to_owned(),
            people: vec!["ira".to_owned()],
            timezone: None,
            hours: Some(office),
        };
        let workspace = Workspace {
            name: "shop".to_owned(),
            timezone: zone(any_zone(self.chance)),
            locale: "en".to_owned(),
            quiet_hours: self.chance.pick(&quiet),
            frequency_caps: self.caps(),
            channels: vec![channel("email"), channel("sms")],
            pools: vec![pool],
            coupon_pools: Vec::new(),
            unknown_customers: UnknownCustomers::Create,
            guard: Guard::default(),
            deliver_only: None,
            settings: Settings::default(),
        };
        let journeys = 1 + self.chance.below(4);
        Definitions {
            workspace,
            schema: Schema::default(),
            profile: self.profile(),
            segments: self.segments(),
            library: Vec::new(),
            providers: Vec::new(),
            templates: vec![
                template("t1", "email"),
                template("t1", "sms"),
                template("t2", "email"),
            ],
            journeys: (0..journeys).map(|number| self.journey(number)).collect(),
        }
    }
}
