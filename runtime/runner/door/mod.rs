//! The one address that is listened on: events come in there, and whoever watches over this process looks in.
//!
//! It is open for as long as the process lives, also while the store is away and while a run comes to its end: then no events
//! are taken, and whoever asks is told so.

mod look;

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::response::Response;
use axum::routing::{get, post};
use kurant_engine::id::Key;
use kurant_store::Store;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::error::Error;
use crate::intake::Delivery;
use crate::listening::Listening;
use crate::meter::Exporter;
use crate::source::{LARGEST_BODY, Schemas, Taking, Undeclared, busy, unknown};
use crate::standing::Standing;

/// The address that is listened on.
pub struct Door {
    hall: Arc<Hall>,
    listening: Listening,
    tidying: Option<JoinHandle<()>>,
}

/// What a run puts behind the door while it goes on.
pub struct Room {
    /// The schemas that events follow.
    pub schemas: Schemas,
    /// What time it is.
    pub clock: Arc<Clock>,
    /// Where events go.
    pub out: mpsc::Sender<Delivery>,
    /// Where what no schema declares is counted.
    pub undeclared: Undeclared,
    /// Where state is kept.
    pub store: Arc<dyn Store>,
}

/// What is behind the door.
struct Hall {
    room: RwLock<Option<Arc<Inside>>>,
    /// A hash of what whoever sends events has to show; none = anybody may.
    token: RwLock<Option<Key>>,
    standing: Standing,
    exporter: Option<Exporter>,
}

/// What requests need of a run.
struct Inside {
    taking: Taking,
    store: Arc<dyn Store>,
    clock: Arc<Clock>,
}

impl Door {
    /// Listens on an address from now on; nobody is behind it yet. Counters begin to count. With a token only whoever shows it
    /// may send events.
    ///
    /// # Errors
    /// When the address can't be used.
    pub async fn open(
        address: &str,
        token: Option<&str>,
        standing: Standing,
    ) -> Result<Self, Error> {
        let exporter = Exporter::begin();
        let hall = Arc::new(Hall {
            room: RwLock::default(),
            token: RwLock::new(token.map(hash)),
            standing,
            exporter: exporter.clone(),
        });
        let router = Router::new()
            .route("/events", post(take_in))
            .layer(DefaultBodyLimit::max(LARGEST_BODY))
            .route("/health", get(look::health))
            .route("/ready", get(look::ready))
            .route("/metrics", get(look::metrics))
            .with_state(hall.clone());
        Ok(Self {
            hall,
            listening: Listening::at(address, router, "HTTP").await?,
            tidying: exporter.map(|own| tokio::spawn(own.tidy())),
        })
    }

    /// What changes the token while it is open.
    pub fn lock(&self) -> Lock {
        Lock(self.hall.clone())
    }

    /// Whether anybody who reaches it may send events, from other machines too.
    pub fn is_wide_open(&self) -> bool {
        self.hall.token().is_none() && !self.address().ip().is_loopback()
    }

    /// The address that is listened on.
    pub fn address(&self) -> SocketAddr {
        self.listening.address()
    }

    /// Lets events in from now on.
    pub fn admit(&self, room: Room) {
        let inside = Inside {
            taking: Taking::new(room.schemas, room.clock.clone(), room.out, room.undeclared),
            store: room.store,
            clock: room.clock,
        };
        self.hall.put(Some(inside));
    }

    /// Lets none in any more. Who is being answered gets that answer still.
    pub fn shut(&self) {
        self.hall.put(None);
    }

    /// Ends it.
    pub async fn close(self) {
        self.shut();
        if let Some(tidying) = self.tidying {
            tidying.abort();
        }
        self.listening.close().await;
    }
}

/// What whoever sends events has to show at a door.
#[derive(Clone)]
pub struct Lock(Arc<Hall>);

impl Lock {
    /// From now on it is this one. A door that is open to everybody stays so.
    pub fn set(&self, token: &str) {
        let mut own = self.0.token.write().unwrap_or_else(PoisonError::into_inner);
        let fresh = Some(hash(token));
        if own.is_some() && *own != fresh {
            *own = fresh;
            tracing::info!("another token lets events in from now on");
        }
    }
}

impl Hall {
    fn token(&self) -> Option<Key> {
        *self.token.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, inside: Option<Inside>) {
        *self.room.write().unwrap_or_else(PoisonError::into_inner) = inside.map(Arc::new);
    }

    fn inside(&self) -> Option<Arc<Inside>> {
        let room = self.room.read().unwrap_or_else(PoisonError::into_inner);
        room.clone()
    }
}

/// Secrets are compared by their hashes, so that how long it takes says nothing of them.
fn hash(secret: &str) -> Key {
    Key::of(&["token", secret.trim()])
}

/// What a request shows as `Authorization: Bearer TOKEN`.
fn shown(headers: &HeaderMap) -> Option<Key> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| hash(token))
}

async fn take_in(State(hall): State<Arc<Hall>>, headers: HeaderMap, text: Bytes) -> Response {
    let token = hall.token();
    if token.is_some() && shown(&headers) != token {
        return unknown();
    }
    match hall.inside() {
        Some(inside) => inside.taking.take_in(&headers, &text).await,
        None => busy(),
    }
}
