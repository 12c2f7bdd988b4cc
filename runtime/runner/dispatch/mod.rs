//! Hands over what left the engine: each route has its way out.

mod by_http;
mod line;
mod parcel;
mod queue;
mod render;
mod trial;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use futures_util::future::join_all;
use kurant_engine::calendar::Instant;
use kurant_store::Outgoing;

use crate::broker::Address;
use crate::channel::{
    Amqp, Email, Files, HandedOver, Http, HttpProvider, Line, Mail, MailServer, Parcel, WebHooks,
    accepted, dead,
};
use crate::error::Error;
use crate::standing::Standing;
pub(crate) use line::key;
pub use render::{Rendered, Renderer};
pub use trial::{Trial, try_channel};

/// An exchange: the broker, its name, and how long a command is tried there after its moment, in milliseconds.
type Way = (Address, String, i64);

/// Which way each route leaves: through files, unless told.
#[derive(Clone)]
pub struct Ways {
    files: PathBuf,
    exchanges: BTreeMap<String, Way>,
    mails: BTreeMap<String, MailServer>,
    https: BTreeMap<String, HttpProvider>,
    webhooks: Option<WebHooks>,
    standing: Standing,
}

impl Ways {
    /// Every route has a file in this folder.
    pub fn files(folder: PathBuf) -> Self {
        Self {
            files: folder,
            exchanges: BTreeMap::new(),
            mails: BTreeMap::new(),
            https: BTreeMap::new(),
            webhooks: None,
            standing: Standing::default(),
        }
    }

    /// What leaves by this route is published to an exchange; what the broker does not take in so many milliseconds after
    /// its moment is given up. The routes are the channels by their names, `crm`, `events` and `webhook`.
    #[must_use]
    pub fn publish(
        mut self,
        route: &str,
        address: Address,
        exchange: &str,
        valid_for: i64,
    ) -> Self {
        let way = (address, exchange.to_owned(), valid_for);
        self.exchanges.insert(route.to_owned(), way);
        self
    }

    /// The messages of this channel are handed to a mail server.
    #[must_use]
    pub fn mail(mut self, route: &str, server: MailServer) -> Self {
        self.mails.insert(route.to_owned(), server);
        self
    }

    /// The messages of this channel are handed to a provider by HTTP.
    #[must_use]
    pub fn http(mut self, route: &str, provider: HttpProvider) -> Self {
        self.https.insert(route.to_owned(), provider);
        self
    }

    /// Web hooks are called.
    #[must_use]
    pub fn webhooks(mut self, webhooks: WebHooks) -> Self {
        self.webhooks = Some(webhooks);
        self
    }

    /// Nobody gets a message: what would leave for people goes to the files. For a clock that isn't the machine's.
    #[must_use]
    pub fn staying_here(mut self) -> Self {
        self.mails.clear();
        self.https.clear();
        self.webhooks = None;
        self
    }

    /// The channels whose messages are handed to mail servers.
    pub fn mail_servers(&self) -> impl Iterator<Item = (&str, &MailServer)> {
        self.mails
            .iter()
            .map(|(route, server)| (route.as_str(), server))
    }

    /// The channels whose messages are handed to providers by HTTP.
    pub fn http_providers(&self) -> impl Iterator<Item = (&str, &HttpProvider)> {
        self.https
            .iter()
            .map(|(route, provider)| (route.as_str(), provider))
    }

    /// The exchanges that are published to, each with its broker.
    pub fn exchanges(&self) -> impl Iterator<Item = (&Address, &str)> {
        let mut places: Vec<(&Address, &str)> = Vec::new();
        for (address, exchange, _) in self.exchanges.values() {
            let place = (address, exchange.as_str());
            if !places.contains(&place) {
                places.push(place);
            }
        }
        places.into_iter()
    }

    /// What is there and what is missing is noted here from now on.
    #[must_use]
    pub fn telling(mut self, standing: Standing) -> Self {
        self.standing = standing;
        self
    }

    /// Where it is noted.
    pub(crate) fn standing(&self) -> Standing {
        self.standing.clone()
    }
}

/// The ways out, open.
pub(crate) struct Dispatch {
    files: Files,
    exchanges: Vec<Exchange>,
    mails: BTreeMap<String, Mail>,
    https: BTreeMap<String, Http>,
    webhooks: Option<WebHooks>,
    renderer: RwLock<Arc<Renderer>>,
}

/// An exchange, and the routes that leave through it.
struct Exchange {
    routes: Vec<String>,
    amqp: Amqp,
}

impl Dispatch {
    /// Opens the ways out; connections are made from now on.
    pub(crate) fn open(ways: Ways, renderer: Arc<Renderer>) -> Self {
        let mut places: Vec<(Way, Vec<String>)> = Vec::new();
        for (route, place) in ways.exchanges {
            match places.iter_mut().find(|(own, _)| *own == place) {
                Some((_, routes)) => routes.push(route),
                None => places.push((place, vec![route])),
            }
        }
        let standing = ways.standing;
        let open = |((address, exchange, valid_for), routes)| Exchange {
            routes,
            amqp: Amqp::open(address, exchange, valid_for, standing.clone()),
        };
        let mail =
            |(route, server): (String, MailServer)| (route.clone(), Mail::new(route, server));
        let http =
            |(route, provider): (String, HttpProvider)| (route.clone(), Http::new(route, provider));
        Self {
            files: Files::new(ways.files),
            exchanges: places.into_iter().map(open).collect(),
            mails: ways.mails.into_iter().map(mail).collect(),
            https: ways.https.into_iter().map(http).collect(),
            webhooks: ways.webhooks,
            renderer: RwLock::new(renderer),
        }
    }

    pub(crate) fn set_renderer(&self, renderer: Arc<Renderer>) {
        *self
            .renderer
            .write()
            .unwrap_or_else(PoisonError::into_inner) = renderer;
    }

    /// Whether any route may fail to take what is handed over, so that it has to be tried again.
    pub(crate) fn may_refuse(&self) -> bool {
        !self.exchanges.is_empty()
            || !self.mails.is_empty()
            || !self.https.is_empty()
            || self.webhooks.is_some()
    }

    /// Hands these commands over, each by its route, and says how each went.
    pub(crate) async fn hand_over(
        &self,
        outgoing: Vec<Outgoing>,
        now: Instant,
    ) -> Result<HandedOver, Error> {
        let mut done = HandedOver::default();
        let mut through_files = Vec::new();
        let mut published: Vec<Vec<Line>> = Vec::new();
        published.resize_with(self.exchanges.len(), Vec::new);
        let mut mailed: BTreeMap<&str, Vec<Parcel<Email>>> = BTreeMap::new();
        let mut by_http = by_http::Letters::default();
        let renderer = self.renderer();
        for row in outgoing {
            let Some(row) = self.take_by_http(row, &renderer, &mut by_http, now, &mut done) else {
                continue;
            };
            if let Some((route, mail)) = self.mails.get_key_value(&row.route) {
                match parcel::email(&row.command, &renderer, mail.server()) {
                    Ok(email) => mailed.entry(route).or_default().push((row, email)),
                    Err(reason) => done.note(&row, dead(&row, now, reason), now),
                }
                continue;
            }
            let lines = match self.exchange_of(&row.route) {
                Some(place) => &mut published[place],
                None => &mut through_files,
            };
            match line::of(&row.command, &renderer) {
                Ok(text) => lines.push(Line { row, text }),
                Err(reason) => done.note(&row, dead(&row, now, reason), now),
            }
        }
        if !through_files.is_empty() {
            let files = self.files.clone();
            let written = tokio::task::spawn_blocking(move || files.hand_over(&through_files));
            done.add(written.await??);
        }
        // Beside each other: a way that is slow holds up none of the others.
        let published = self.exchanges.iter().zip(published);
        let publishing = published
            .filter(|(_, lines)| !lines.is_empty())
            .map(|(exchange, lines)| async move { exchange.amqp.hand_over(&lines, now).await });
        let mailing = mailed
            .into_iter()
            .filter_map(|(route, emails)| Some(self.mails.get(route)?.hand_over(emails, now)));
        let calling = self.call(by_http, now);
        let (published, mailed, called) =
            tokio::join!(join_all(publishing), join_all(mailing), calling);
        published
            .into_iter()
            .chain(mailed)
            .chain([called])
            .for_each(|own| done.add(own));
        Ok(done)
    }

    /// After a stop, of this worker or, without `marks`, of another one: of the commands that were claimed, settles those whose
    /// lines stand in the files behind the marks, and gives the others.
    pub(crate) async fn look_for(
        &self,
        claimed: Vec<Outgoing>,
        marks: Option<Vec<(String, String)>>,
    ) -> Result<(HandedOver, Vec<Outgoing>), Error> {
        let (mut missing, through_files): (Vec<Outgoing>, Vec<Outgoing>) = claimed
            .into_iter()
            .partition(|row| self.is_away(&row.route));
        let files = self.files.clone();
        let look = move || files.look_for(through_files, marks.as_deref());
        let (there, lost) = tokio::task::spawn_blocking(look).await??;
        missing.extend(lost);
        let mut done = HandedOver::default();
        for row in &there {
            done.settle(row, accepted(row));
        }
        Ok((done, missing))
    }

    /// Hands over again, under the same keys, and of each customer by each route one after the other.
    pub(crate) async fn hand_over_again(
        &self,
        mut missing: Vec<Outgoing>,
        now: Instant,
    ) -> Result<HandedOver, Error> {
        let mut done = HandedOver::default();
        while !missing.is_empty() {
            let (first, behind) = queue::first_of_each(missing);
            done.add(self.hand_over(first, now).await?);
            missing = queue::still_moving(behind, &mut done);
        }
        Ok(done)
    }

    /// Whether what leaves by a route leaves this machine.
    fn is_away(&self, route: &str) -> bool {
        self.exchange_of(route).is_some()
            || self.mails.contains_key(route)
            || self.leaves_by_http(route)
    }

    fn exchange_of(&self, route: &str) -> Option<usize> {
        let has = |exchange: &Exchange| exchange.routes.iter().any(|own| own == route);
        self.exchanges.iter().position(has)
    }

    fn renderer(&self) -> Arc<Renderer> {
        self.renderer
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
