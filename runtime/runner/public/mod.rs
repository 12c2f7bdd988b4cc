//! Where customers' browsers and mail programs reach Kurant: pages to unsubscribe and to choose, and nothing else.
//!
//! Whoever asks shows a sealed ticket, or is told that nothing is here. Looking changes nothing: whatever reads mail follows its links.
//! What a customer sends becomes ordinary events, which are durable before the answer.

mod choice;
mod links;
mod page;
mod ticket;
mod words;

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_LENGTH;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use kurant_engine::event::Event;
use kurant_store::{Store, Stored};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

pub use choice::Offer;
pub use links::PublicLinks;
pub(crate) use ticket::Ticket;

use self::choice::Choice;
use self::links::{PREFERENCES, UNSUBSCRIBE};
use self::words::Words;
use crate::clock::Clock;
use crate::error::Error;
use crate::finding::Finding;
use crate::intake::{Delivered, Delivery, Via};
use crate::listening::Listening;

/// The longest body: a form has a few words.
const LARGEST_BODY: usize = 64 * 1024;
/// So many are answered at once; whoever comes beside them is asked to come again.
const AT_ONCE: usize = 64;
/// How long somebody is answered at the most, from the first byte of what they send.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long an address has to answer whoever looks whether somebody listens there.
const TO_CONNECT: Duration = Duration::from_secs(3);

/// The address that customers reach.
pub struct PublicDoor {
    porch: Arc<Porch>,
    listening: Listening,
}

/// What a run puts behind it while it goes on.
pub struct Public {
    /// What customers may choose.
    pub offer: watch::Receiver<Arc<Offer>>,
    /// What time it is.
    pub clock: Arc<Clock>,
    /// Where events go.
    pub out: mpsc::Sender<Delivery>,
    /// Where state is kept.
    pub store: Arc<dyn Store>,
}

/// What is behind the door.
struct Porch {
    links: PublicLinks,
    inside: RwLock<Option<Arc<Public>>>,
    places: Semaphore,
}

impl PublicDoor {
    /// Listens on an address from now on; nobody is behind it yet.
    ///
    /// # Errors
    /// When the address can't be used.
    pub async fn open(address: &str, links: PublicLinks) -> Result<Self, Error> {
        let porch = Arc::new(Porch {
            links,
            inside: RwLock::default(),
            places: Semaphore::new(AT_ONCE),
        });
        let router = Router::new()
            .route(&format!("{UNSUBSCRIBE}/{{ticket}}"), get(ask).post(leave))
            .route(&format!("{PREFERENCES}/{{ticket}}"), get(show).post(choose))
            .fallback(async || page::nothing_here())
            .layer(DefaultBodyLimit::max(LARGEST_BODY))
            .layer(middleware::from_fn_with_state(porch.clone(), in_turn))
            .with_state(porch.clone());
        let listening = Listening::at(address, router, "the listener for customers").await?;
        Ok(Self { porch, listening })
    }

    /// The address that is listened on.
    pub fn address(&self) -> SocketAddr {
        self.listening.address()
    }

    /// Lets customers in from now on.
    pub fn admit(&self, public: Public) {
        self.porch.put(Some(public));
    }

    /// Lets none in any more. Who is being answered gets that answer still.
    pub fn shut(&self) {
        self.porch.put(None);
    }

    /// Ends it.
    pub async fn close(self) {
        self.shut();
        self.listening.close().await;
    }
}

/// Whether somebody listens where customers' requests are led to.
pub async fn examine_public(listen: &str, url: &str) -> Finding {
    let connecting = tokio::net::TcpStream::connect(listen);
    let is_there = tokio::time::timeout(TO_CONNECT, connecting).await;
    match is_there {
        Ok(Ok(_)) => Finding::good(
            "public",
            format!("customers reach {url}; somebody listens at {listen}"),
        ),
        _ => Finding::doubtful(
            "public",
            format!("links of messages lead to {url}, and nobody listens at {listen}"),
            "start `kurant run`; until then nobody can unsubscribe, and mail programs take note of that",
        ),
    }
}

/// Who asks, and what is known of them.
struct Caller {
    ticket: Ticket,
    stored: Option<Stored>,
    offer: Arc<Offer>,
    inside: Arc<Public>,
}

impl Caller {
    /// Whoever shows a ticket; or what they are told instead.
    async fn of(porch: &Porch, sealed: &str) -> Result<Self, Instead> {
        let ticket = porch.links.seal.open(sealed);
        let ticket = ticket.ok_or(Instead::Nothing)?;
        let inside = porch.inside().ok_or(Instead::Later)?;
        let offer = inside.offer.borrow().clone();
        let mut caller = Self {
            offer,
            stored: None,
            ticket,
            inside,
        };
        caller.look_up().await?;
        Ok(caller)
    }

    async fn look_up(&mut self) -> Result<(), Instead> {
        let id = [self.ticket.customer.clone()];
        let found = self.inside.store.load(&id, &[]).await;
        let found = found.map_err(|_| Instead::Later)?;
        self.stored = found.into_iter().next();
        Ok(())
    }

    fn choice(&self) -> Choice {
        let customer = self.stored.as_ref().map(|own| &own.person.customer);
        Choice::of(customer, &self.ticket, &self.offer)
    }

    fn words(&self) -> &'static Words {
        let customer = self.stored.as_ref().map(|own| &own.person.customer);
        let locale = customer.and_then(|own| own.text("locale"));
        Words::of(locale, self.offer.locale())
    }

    /// Hands events on, and waits until they are durable.
    async fn tell(&self, events: Vec<Event>) -> Result<(), Instead> {
        if events.is_empty() {
            return Ok(());
        }
        let (sender, receipt) = oneshot::channel();
        let events = events.into_iter().map(Delivered::from).collect();
        let delivery = Delivery {
            via: Via::Public,
            events,
            receipt: Some(sender),
            ..Delivery::default()
        };
        let out = &self.inside.out;
        let handed_on = out.send(delivery).await;
        handed_on.map_err(|_| Instead::Later)?;
        let receipt = receipt.await.map_err(|_| Instead::Later)?;
        match receipt.refused.is_empty() && receipt.rejected == 0 {
            true => Ok(()),
            false => Err(Instead::Later),
        }
    }

    fn unsubscribe_page(&self, sealed: &str) -> Response {
        let link = format!("{PREFERENCES}/{sealed}");
        let (words, name) = (self.words(), self.offer.name());
        let html = page::unsubscribe(words, name, &self.choice(), &link);
        page::answer(StatusCode::OK, html)
    }

    fn preferences_page(&self, is_saved: bool) -> Response {
        let (words, name) = (self.words(), self.offer.name());
        let html = page::preferences(words, name, &self.choice(), is_saved);
        page::answer(StatusCode::OK, html)
    }
}

/// A page, or what is told instead of it.
type Answer = Result<Response, Instead>;

/// What somebody is told instead of what they asked for.
enum Instead {
    /// They show no ticket of ours.
    Nothing,
    /// Nothing can be done at the moment.
    Later,
}

impl IntoResponse for Instead {
    fn into_response(self) -> Response {
        match self {
            Self::Nothing => page::nothing_here(),
            Self::Later => page::later(),
        }
    }
}

async fn ask(State(porch): State<Arc<Porch>>, Path(sealed): Path<String>) -> Answer {
    let caller = Caller::of(&porch, &sealed).await?;
    Ok(caller.unsubscribe_page(&sealed))
}

/// A mail program's one click (RFC 8058), or the button of the page: whatever stands in the body, it is meant.
async fn leave(State(porch): State<Arc<Porch>>, Path(sealed): Path<String>, _: Bytes) -> Answer {
    let mut caller = Caller::of(&porch, &sealed).await?;
    if let Some(stored) = &caller.stored
        && !stored.person.customer.is_erased()
    {
        let (customer, now) = (&stored.person.customer, caller.inside.clock.now());
        let event = choice::unsubscribed(&caller.ticket, &sealed, customer, now);
        caller.tell(vec![event]).await?;
        caller.look_up().await?;
    }
    Ok(caller.unsubscribe_page(&sealed))
}

async fn show(State(porch): State<Arc<Porch>>, Path(sealed): Path<String>) -> Answer {
    let caller = Caller::of(&porch, &sealed).await?;
    Ok(caller.preferences_page(false))
}

async fn choose(
    State(porch): State<Arc<Porch>>,
    Path(sealed): Path<String>,
    body: Bytes,
) -> Answer {
    let mut caller = Caller::of(&porch, &sealed).await?;
    let form: Vec<(String, String)> = url::form_urlencoded::parse(&body)
        .map(|(field, value)| (field.into_owned(), value.into_owned()))
        .collect();
    let before = caller.choice();
    let after = before.ticked(&form);
    if let Some(stored) = &caller.stored {
        let (customer, now) = (&stored.person.customer, caller.inside.clock.now());
        let events = choice::changes(&caller.ticket, customer, (&before, &after), now);
        caller.tell(events).await?;
        caller.look_up().await?;
    }
    Ok(caller.preferences_page(true))
}

/// Answers so many at once, none of them for ever.
async fn in_turn(State(porch): State<Arc<Porch>>, request: Request, next: Next) -> Response {
    let Ok(_place) = porch.places.try_acquire() else {
        return page::later();
    };
    // Before any of it is read.
    let length = request.headers().get(CONTENT_LENGTH);
    let length = length.and_then(|own| own.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > LARGEST_BODY) {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    let answered = tokio::time::timeout(PATIENCE, next.run(request)).await;
    answered.unwrap_or_else(|_| page::later())
}

impl Porch {
    fn put(&self, public: Option<Public>) {
        *self.inside.write().unwrap_or_else(PoisonError::into_inner) = public.map(Arc::new);
    }

    fn inside(&self) -> Option<Arc<Public>> {
        let inside = self.inside.read().unwrap_or_else(PoisonError::into_inner);
        inside.clone()
    }
}
