//! Hands over what left the engine: each route has its way out.

mod culprit;
mod letter;
mod line;
mod parcel;
mod queue;
mod render;
mod track;
mod trial;
mod way;
mod ways;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures_util::future::join_all;
use kurant_engine::calendar::Instant;
use kurant_store::Outgoing;

use crate::channel::{Amqp, Files, HandedOver, Http, Mail, accepted};
use crate::error::Error;
pub(crate) use line::key;
pub use render::{Rendered, Renderer};
pub use trial::{Trial, try_channel};
pub use ways::Ways;

use self::way::Way;
use self::ways::Exchange;

/// Which of the ways out, by its number.
pub(crate) type WayNumber = usize;
/// The route of web hooks.
const WEBHOOK: &str = "webhook";
/// The way of routes that no other one is told for.
const FILES: WayNumber = 0;

/// The ways out, open.
pub(crate) struct Dispatch {
    ways: Vec<Way>,
    /// Which way each route leaves; those that aren't here leave through files.
    routes: HashMap<String, WayNumber>,
    renderer: RwLock<Arc<Renderer>>,
}

impl Dispatch {
    /// Opens the ways out; connections are made from now on.
    pub(crate) fn open(ways: Ways, renderer: Arc<Renderer>) -> Self {
        let mut open = vec![Way::Files(Files::new(ways.files))];
        let mut routes = HashMap::new();
        // Routes that leave through one exchange share the connection.
        let mut places: Vec<(Exchange, WayNumber)> = Vec::new();
        for (route, place) in ways.exchanges {
            let known = places.iter().find(|(own, _)| *own == place);
            let number = known.map_or(open.len(), |(_, number)| *number);
            if number == open.len() {
                let (address, exchange, valid_for) = place.clone();
                let standing = ways.standing.clone();
                let amqp = Amqp::open(address, exchange, valid_for, standing);
                open.push(Way::Exchange(amqp));
                places.push((place, number));
            }
            routes.insert(route, number);
        }
        for (route, server) in ways.mails {
            routes.insert(route.clone(), open.len());
            open.push(Way::Mail(Box::new(Mail::new(
                route,
                server,
                ways.doubt.clone(),
            ))));
        }
        for (route, provider) in ways.https {
            routes.insert(route.clone(), open.len());
            open.push(Way::Http(Box::new(Http::new(
                route,
                provider,
                ways.doubt.clone(),
            ))));
        }
        if let Some(webhooks) = ways.webhooks {
            routes.insert(WEBHOOK.to_owned(), open.len());
            open.push(Way::WebHooks(webhooks));
        }
        Self {
            ways: open,
            routes,
            renderer: RwLock::new(renderer),
        }
    }

    /// From the next hand-over on, what these ways say of who we are holds.
    pub(crate) fn renew(&self, fresh: Ways) {
        for (route, number) in &self.routes {
            match self.ways.get(*number) {
                Some(Way::Mail(mail)) => {
                    if let Some(own) = fresh.mails.get(route) {
                        mail.renew(own);
                    }
                }
                Some(Way::Http(http)) => {
                    if let Some(own) = fresh.https.get(route) {
                        http.renew(own);
                    }
                }
                Some(Way::WebHooks(webhooks)) => {
                    if let Some(own) = &fresh.webhooks {
                        webhooks.renew(own);
                    }
                }
                // An exchange asks for its address whenever it connects.
                Some(Way::Files(_) | Way::Exchange(_)) | None => {}
            }
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
        self.ways.iter().any(Way::is_away)
    }

    /// How many ways there are.
    pub(crate) fn ways(&self) -> usize {
        self.ways.len()
    }

    /// The way by which a route leaves.
    pub(crate) fn way_of(&self, route: &str) -> WayNumber {
        self.routes.get(route).copied().unwrap_or(FILES)
    }

    /// Commands by their ways, each in its order.
    pub(crate) fn by_way(&self, rows: Vec<Outgoing>) -> BTreeMap<WayNumber, Vec<Outgoing>> {
        let mut by_way: BTreeMap<WayNumber, Vec<Outgoing>> = BTreeMap::new();
        for row in rows {
            by_way.entry(self.way_of(&row.route)).or_default().push(row);
        }
        by_way
    }

    /// How many of those that are tried again a way would take now.
    pub(crate) fn room(&self, way: WayNumber) -> usize {
        self.ways.get(way).map_or(0, Way::room)
    }

    /// How long what is decided may wait until a way has taken what came before; none = as long as it takes.
    pub(crate) fn patience(&self, way: WayNumber) -> Option<Duration> {
        self.ways.get(way).and_then(Way::patience)
    }

    /// Hands these commands over, each by its way and all ways beside each other, and says how each went.
    pub(crate) async fn hand_over(
        &self,
        outgoing: Vec<Outgoing>,
        now: Instant,
    ) -> Result<HandedOver, Error> {
        let by_way = self.by_way(outgoing).into_iter();
        let handing = by_way.map(|(way, rows)| self.hand_over_by(way, rows, now));
        let mut done = HandedOver::default();
        for own in join_all(handing).await {
            done.add(own?);
        }
        Ok(done)
    }

    /// Hands these commands over by one way, and says how each went.
    pub(crate) async fn hand_over_by(
        &self,
        way: WayNumber,
        rows: Vec<Outgoing>,
        now: Instant,
    ) -> Result<HandedOver, Error> {
        let renderer = self.renderer();
        match self.ways.get(way) {
            Some(way) => way.hand_over(rows, &renderer, now).await,
            None => Ok(HandedOver::default()),
        }
    }

    /// After a stop, of this worker or, without `marks`, of another one: of the commands that were claimed, settles those whose
    /// lines stand in the files behind the marks, and gives the others.
    pub(crate) async fn look_for(
        &self,
        claimed: Vec<Outgoing>,
        marks: Option<Vec<(String, String)>>,
    ) -> Result<(HandedOver, Vec<Outgoing>), Error> {
        let mut done = HandedOver::default();
        let mut missing = Vec::new();
        for (way, rows) in self.by_way(claimed) {
            let Some(Way::Files(files)) = self.ways.get(way) else {
                missing.extend(rows);
                continue;
            };
            let (files, marks) = (files.clone(), marks.clone());
            let look = move || files.look_for(rows, marks.as_deref());
            let (there, lost) = tokio::task::spawn_blocking(look).await??;
            missing.extend(lost);
            for row in &there {
                done.settle(row, accepted(row));
            }
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

    fn renderer(&self) -> Arc<Renderer> {
        self.renderer
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
