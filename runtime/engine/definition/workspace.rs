//! A workspace: what all journeys of a team share.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::deliver_only::DeliverOnly;
use super::{Category, Computed, Schema, Script, Version};
use crate::calendar::{DayWindow, Duration, WorkHours, Zone};
use crate::map::Map;
use crate::provider::Provider;
use crate::value::Value;

/// The channel that letters go by, whatever kind it is.
pub const LETTERS: &str = "email";

/// Everything a team has written, checked. What `deploy` writes and workers take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Definitions {
    /// `kurant.yaml`.
    pub workspace: Workspace,
    /// `schemas/`.
    pub schema: Schema,
    /// `profile.yaml`.
    pub profile: Vec<ProfileUpdate>,
    /// `segments.yaml`.
    pub segments: Vec<Segment>,
    /// `rhai-lib/`, as it stands now.
    pub library: Vec<Library>,
    /// `templates/`.
    pub templates: Vec<Template>,
    /// The providers that channels hand messages to by HTTP.
    #[serde(default)]
    pub providers: Vec<Provider>,
    /// The current version of each journey.
    pub journeys: Vec<Version>,
}

impl Definitions {
    /// A workspace with nothing in it yet.
    pub fn new(workspace: Workspace) -> Self {
        Self {
            workspace,
            schema: Schema::default(),
            profile: Vec::new(),
            segments: Vec::new(),
            library: Vec::new(),
            templates: Vec::new(),
            providers: Vec::new(),
            journeys: Vec::new(),
        }
    }
}

/// `kurant.yaml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workspace {
    /// Its name.
    pub name: String,
    /// The clock of customers without one of their own, and of schedules.
    pub timezone: Zone,
    /// The language of customers without one of their own.
    pub locale: String,
    /// When marketing and service messages wait, on the customer's clock.
    pub quiet_hours: Option<DayWindow>,
    /// How much one customer gets at the most.
    pub frequency_caps: Vec<Cap>,
    /// In order of preference for `send: best`.
    pub channels: Vec<ChannelSettings>,
    /// People that tasks and customers are given to.
    pub pools: Vec<Pool>,
    /// Names under which coupon codes are imported.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coupon_pools: Vec<CouponPool>,
    /// What an event of an unknown customer does.
    pub unknown_customers: UnknownCustomers,
    /// What a journey may do at the most before it is held.
    #[serde(default)]
    pub guard: Guard,
    /// Whom alone messages leave to; none = whoever they are for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver_only: Option<DeliverOnly>,
    /// Where state, events and commands live.
    pub settings: Settings,
}

impl Workspace {
    /// Whether a message may leave to an address.
    pub fn delivers_to(&self, address: &str) -> bool {
        let only = self.deliver_only.as_ref();
        only.is_none_or(|only| only.allows(address))
    }

    /// Whether what goes to a channel leaves by SMTP.
    pub fn is_mailed(&self, channel: &str) -> bool {
        self.channels.iter().any(|own| {
            let kind = own.settings.get("kind").and_then(Value::as_text);
            own.name == channel && kind == Some("smtp")
        })
    }

    /// Whether letters go by a channel: it is called `email`, or a mail server takes them.
    pub fn takes_letters(&self, channel: &str) -> bool {
        channel == LETTERS || self.is_mailed(channel)
    }

    /// A workspace as `kurant.yaml` says it with no more than this: all else is as if left out.
    pub fn new(name: impl Into<String>, timezone: Zone, locale: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            timezone,
            locale: locale.into(),
            quiet_hours: None,
            frequency_caps: Vec::new(),
            channels: Vec::new(),
            pools: Vec::new(),
            coupon_pools: Vec::new(),
            unknown_customers: UnknownCustomers::default(),
            guard: Guard::default(),
            deliver_only: None,
            settings: Settings::default(),
        }
    }
}

/// Where state, events and commands live; for the runner, not for decisions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// `store.url`.
    pub store: String,
    /// `events`.
    pub events: EventsFrom,
    /// `crm`, with secrets still as `${env:NAME}`.
    pub crm: Map,
    /// `webhooks`, with secrets still as `${env:NAME}`: how web hooks leave.
    #[serde(default)]
    pub webhooks: Map,
    /// `internal_hosts`: what may be called by HTTP although it is inside.
    #[serde(default)]
    pub internal_hosts: Vec<String>,
    /// `console.listen`.
    pub listen: String,
    /// `console.token`, with secrets still as `${env:NAME}`: whoever sends events has to show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// `links`.
    #[serde(default)]
    pub links: Links,
    /// `public`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<PublicPages>,
    /// `tracking`.
    #[serde(default)]
    pub tracking: Tracking,
    /// `retention`.
    #[serde(default)]
    pub retention: Retention,
}

/// What is noticed of how messages are read: nothing unless told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracking {
    /// Whether links lead by way of Kurant.
    pub links: Whose,
    /// Whether a picture that nobody sees tells that a letter was opened.
    pub opens: Whose,
}

impl Tracking {
    /// The consent by which somebody says whether it may be noticed how they read.
    pub const CONSENT: &str = "tracking";
}

/// Whose messages something is noticed of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// Nobody's.
    #[default]
    Off,
    /// Those who gave the consent `tracking`.
    Consented,
    /// Everybody's, but for those who withdrew the consent `tracking`.
    On,
}

impl Whose {
    /// Whether something is noticed of somebody who said so of the consent `tracking`; none = they never said.
    pub fn lets(self, said: Option<bool>) -> bool {
        match self {
            Self::Off => false,
            Self::Consented => said == Some(true),
            Self::On => said != Some(false),
        }
    }
}

/// How long is kept what is of no use for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Retention {
    /// The ids of events that were taken in. Older ones are looked for in their customers' histories.
    pub repeats: Duration,
    /// The events of customers, except those that something looks back on; none = for ever.
    pub history: Option<Duration>,
    /// The execution log; none = for ever.
    pub log: Option<Duration>,
    /// What messages, tasks and calls in the log were made of, while their lines stay; none = as long as the log.
    pub bodies: Option<Duration>,
    /// Dead letters, and commands that were given up or are in doubt; none = for ever.
    pub dead_letters: Option<Duration>,
    /// By which names messages are known that were handed over: what a provider says of them later finds them.
    #[serde(default = "receipts")]
    pub receipts: Duration,
}

/// How long providers tell of a message: texts arrive within days, letters are read for weeks.
fn receipts() -> Duration {
    Duration::from_days(30)
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            repeats: Duration::from_days(14),
            history: None,
            log: None,
            bodies: Some(Duration::from_days(90)),
            dead_letters: Some(Duration::from_days(90)),
            receipts: receipts(),
        }
    }
}

/// Where the links lead that templates see; Jinja, with `customer` and all else that a template sees.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    /// `unsubscribe_url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsubscribe: Option<String>,
    /// `preferences_url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferences: Option<String>,
}

impl Links {
    /// The names that templates see, each with its link.
    pub fn by_name(&self) -> [(&'static str, Option<&str>); 2] {
        [
            ("unsubscribe_url", self.unsubscribe.as_deref()),
            ("preferences_url", self.preferences.as_deref()),
        ]
    }
}

/// The pages of Kurant's own that customers reach: to unsubscribe, and to choose what they get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicPages {
    /// Where browsers and mail programs reach them.
    pub url: String,
    /// The address and port that is listened on.
    pub listen: String,
    /// What seals their links, as `${env:NAME}`.
    pub secret: String,
    /// Who sends, as the pages say it; the workspace's name unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Addresses and networks of proxies in front: what they say of who asks is believed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trusted_proxies: Vec<String>,
}

/// Where events come from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventsFrom {
    /// `file://FOLDER`, or a broker's address, with secrets still as `${env:NAME}`.
    pub url: String,
    /// The exchange of a topology of our own; none = the address ends with somebody's queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<String>,
    /// Into how many queues that exchange spreads customers.
    #[serde(default)]
    pub shards: u16,
}

/// How much one customer gets at the most of a category.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cap {
    /// Which messages count.
    pub category: Category,
    /// Through which channel; none = any.
    pub channel: Option<String>,
    /// So many.
    pub max: u32,
    /// In so much time; whole days are the customer's calendar days, today and those before.
    pub per: Duration,
}

/// A channel by its name, and how it is reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChannelSettings {
    /// Its name, as in `send: email`.
    pub name: String,
    /// What stands under it, with secrets still as `${env:NAME}`.
    pub settings: Map,
}

/// People that tasks and customers are given to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pool {
    /// Its name.
    pub name: String,
    /// Who is in it, in turn.
    pub people: Vec<String>,
    /// Whose clock its hours are on; the workspace's unless told.
    pub timezone: Option<Zone>,
    /// When they work; always unless told.
    pub hours: Option<WorkHours>,
}

/// A name under which coupon codes are imported: none is made up from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouponPool {
    /// As `codes` of a coupon says it.
    pub name: String,
    /// With fewer codes than this left, whoever watches is told; when it would be dry within a week, unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warn_below: Option<u64>,
}

/// What an event of an unknown customer does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownCustomers {
    /// It makes a customer without consents.
    #[default]
    Create,
    /// It is a dead letter.
    Reject,
}

/// What one journey may do at the most; one that does more is held until somebody has looked at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// How many may enter.
    pub enter: Rate,
    /// How many messages may leave.
    pub send: Rate,
}

impl Default for Guard {
    fn default() -> Self {
        let hourly = |count| Rate {
            count,
            per: crate::calendar::HOUR,
        };
        Self {
            enter: hourly(20_000),
            send: hourly(50_000),
        }
    }
}

/// So many in so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// How many.
    pub count: u64,
    /// In so many milliseconds.
    pub per: i64,
}

/// One entry of `profile.yaml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProfileUpdate {
    /// The event's type.
    pub event: String,
    /// Which attributes become what.
    pub set: Vec<(String, Computed)>,
}

/// A named condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// Its name.
    pub name: String,
    /// Who is in it.
    pub condition: Script,
}

/// Functions of one file in `rhai-lib/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Library {
    /// The file's name without `.rhai`: the functions are called `name::function(...)`.
    pub name: String,
    /// Its text.
    pub source: String,
}

/// One file `templates/NAME/CHANNEL[.LOCALE].EXT`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// The folder's name.
    pub name: String,
    /// The channel.
    pub channel: String,
    /// The locale, if it is written for one.
    pub locale: Option<String>,
    /// `txt`, `html`, `mjml` or `md`.
    pub extension: String,
    /// Front matter: `subject`, `preheader`, and of each button its `text` and `url`, by [`Template::button`].
    pub front: BTreeMap<String, String>,
    /// The text below the front matter.
    pub body: String,
}

impl Template {
    /// So many buttons at the most, whatever the channel: their numbers have two digits.
    pub const MOST_BUTTONS: usize = 99;

    /// The name in the front matter of a part of a button, `text` or `url`; counted from 0.
    pub fn button(number: usize, part: &str) -> String {
        format!("button {number:02} {part}")
    }

    /// How many buttons it has.
    pub fn buttons(&self) -> usize {
        let is_there = |number: &usize| {
            let has = |part| self.front.contains_key(&Self::button(*number, part));
            has("text") || has("url")
        };
        (0..Self::MOST_BUTTONS).take_while(is_there).count()
    }
}
