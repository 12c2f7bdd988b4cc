//! Where the world reaches Kurant: customers' browsers and mail programs the pages to unsubscribe and to choose, and links by way of
//! here; providers what they call to say what became of messages. Nothing else is here.
//!
//! Whoever asks shows a sealed ticket, or is told that nothing is here. Looking changes nothing: whatever reads mail follows its links.
//! What a customer sends becomes ordinary events, which are durable before the answer.

mod callback;
mod choice;
mod follow;
mod limit;
mod links;
mod page;
mod ticket;
mod words;

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_LENGTH;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use kurant_engine::event::Event;
use kurant_store::{Store, Stored};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

pub use callback::Calls;
pub use choice::Offer;
pub use links::PublicLinks;
#[cfg(test)]
pub(crate) use ticket::Sent;
pub(crate) use ticket::{Seal, Ticket};

use self::callback::Switchboard;
use self::choice::Choice;
use self::limit::{Asking, Limits};
use self::links::{CALLBACK, CLICK, OPEN, PREFERENCES, UNSUBSCRIBE};
use self::words::Words;
use crate::channel::HttpProvider;
use crate::clock::Clock;
use crate::error::Error;
use crate::finding::Finding;
use crate::intake::{Delivered, Delivery, Via};
use crate::listening::Listening;

/// The longest body: a form has a few words.
const LARGEST_BODY: usize = 64 * 1024;
/// So many are answered at once, and so many calls of providers; whoever comes beside them is asked to come again.
const AT_ONCE: usize = 64;
/// How long somebody is answered at the most, once all that they send is there.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long they may send: nobody has a place meanwhile.
const TO_SEND: Duration = Duration::from_secs(5);
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

/// Whom the door is for, and where it stands.
pub struct Outside {
    /// What makes and reads links.
    pub links: PublicLinks,
    /// The channels whose messages are handed to providers by HTTP: some call back.
    pub providers: Vec<(String, HttpProvider)>,
    /// Proxies in front: addresses and networks.
    pub trusted_proxies: Vec<String>,
}

/// What is behind the door.
struct Porch {
    links: PublicLinks,
    switchboard: Switchboard,
    limits: Limits,
    inside: RwLock<Option<Arc<Public>>>,
    places: Semaphore,
    calls: Semaphore,
    /// Those of whom it is looked up at once whether something may be noticed.
    noticing: Semaphore,
}

impl PublicDoor {
    /// Listens on an address from now on; nobody is behind it yet.
    ///
    /// # Errors
    /// When the address, or the secret of a provider, can't be used.
    pub async fn open(address: &str, outside: Outside) -> Result<Self, Error> {
        let Outside {
            links,
            providers,
            trusted_proxies,
        } = outside;
        let switchboard = Switchboard::of(&providers, |channel| links.mark(channel));
        let porch = Arc::new(Porch {
            switchboard: switchboard.map_err(Error::Callback)?,
            limits: Limits::behind(&trusted_proxies),
            links,
            inside: RwLock::default(),
            places: Semaphore::new(AT_ONCE),
            calls: Semaphore::new(AT_ONCE),
            noticing: Semaphore::new(AT_ONCE),
        });
        let router = router(&porch);
        let listening = Listening::at(address, router, "the listener for customers").await?;
        Ok(Self { porch, listening })
    }

    /// The address that is listened on.
    pub fn address(&self) -> SocketAddr {
        self.listening.address()
    }

    /// By what providers are known that call.
    pub fn calls(&self) -> Calls {
        Calls::of(self.porch.clone())
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

/// What is answered, and by whom.
fn router(porch: &Arc<Porch>) -> Router {
    let pages = Router::new()
        .route(&format!("{UNSUBSCRIBE}/{{ticket}}"), get(ask).post(leave))
        .route(&format!("{PREFERENCES}/{{ticket}}"), get(show).post(choose))
        .route(&format!("{CLICK}/{{sealed}}"), get(follow::click))
        .route(&format!("{OPEN}/{{sealed}}"), get(follow::open))
        .fallback(async || page::nothing_here())
        .layer(middleware::from_fn_with_state(porch.clone(), in_turn))
        .layer(DefaultBodyLimit::max(LARGEST_BODY));
    let called = || post(callback::answer).get(callback::answer);
    let calls = Router::new()
        .route(&format!("{CALLBACK}/{{channel}}"), called())
        .route(&format!("{CALLBACK}/{{channel}}/{{mark}}"), called())
        .layer(middleware::from_fn_with_state(
            porch.clone(),
            in_turn_of_calls,
        ))
        .layer(DefaultBodyLimit::max(LARGEST_BODY));
    pages.merge(calls).with_state(porch.clone())
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

/// Whether what a channel's provider says of messages can come back; none where it says nothing.
pub fn examine_callback(channel: &str, provider: &HttpProvider) -> Option<Finding> {
    let callback = provider.callback()?;
    let advice = "messages leave all the same; without it no delivery is confirmed, and every `fallback_after` runs out";
    let Some(url) = provider.callback_url() else {
        return Some(Finding::doubtful(
            "callback",
            format!(
                "the provider of {channel} could say what became of messages, and is not told where"
            ),
            &format!("add `public` to kurant.yaml; {advice}"),
        ));
    };
    Some(match callback::missing(provider, callback) {
        Ok(None) => {
            let place = links::without_mark(url, &callback.verify);
            let said = format!("the provider of {channel} says what became of messages at {place}");
            Finding::good("callback", said)
        }
        Ok(Some(name)) => Finding::doubtful(
            "callback",
            format!(
                "the provider of {channel} could say what became of messages, and nobody would believe it: its secret is missing (`{name}`)"
            ),
            &format!(
                "give it in kurant.yaml: `{channel}: {{ {name}: \"${{env:{}}}\" }}`; {advice}",
                name.to_uppercase()
            ),
        ),
        Err(why) => Finding::bad(
            "callback",
            format!("the provider of {channel} can't say what became of messages: {why}"),
            "mend what it takes from the environment",
        ),
    })
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

/// Answers so many at once, none of them for ever, and nobody more than others.
async fn in_turn(
    State(porch): State<Arc<Porch>>,
    asking: Asking,
    request: Request,
    next: Next,
) -> Response {
    if !porch.limits.may_ask(&asking) {
        return page::too_often();
    }
    let request = match sent(request).await {
        Ok(request) => request,
        Err(status) => return status.into_response(),
    };
    let Ok(_place) = porch.places.try_acquire() else {
        return page::later();
    };
    // What browsers ask for beside a page is nothing wrong.
    let path = request.uri().path();
    let shows_ticket = [UNSUBSCRIBE, PREFERENCES, CLICK].iter();
    let shows_ticket = shows_ticket
        .filter_map(|own| path.strip_prefix(own))
        .any(|rest| rest.starts_with('/'));
    let answer = in_time(request, next).await;
    let is_wrong = shows_ticket && answer.status() == StatusCode::NOT_FOUND;
    if is_wrong && !porch.limits.may_be_wrong(&asking) {
        return page::too_often();
    }
    answer
}

/// Providers call from few addresses, as often as they have something to say: they wait for each other only.
async fn in_turn_of_calls(
    State(porch): State<Arc<Porch>>,
    request: Request,
    next: Next,
) -> Response {
    let request = match sent(request).await {
        Ok(request) => request,
        Err(status) => return status.into_response(),
    };
    let Ok(_place) = porch.calls.try_acquire() else {
        return page::later();
    };
    in_time(request, next).await
}

/// A request once all of it is there: who sends slowly, or nothing, takes nobody's place.
async fn sent(request: Request) -> Result<Request, StatusCode> {
    // Before any of it is read.
    let length = request.headers().get(CONTENT_LENGTH);
    let length = length.and_then(|own| own.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > LARGEST_BODY) {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let (parts, body) = request.into_parts();
    let whole = Request::from_parts(parts.clone(), body);
    let body = tokio::time::timeout(TO_SEND, Bytes::from_request(whole, &())).await;
    let body = body.map_err(|_| StatusCode::REQUEST_TIMEOUT)?;
    let body = body.map_err(|why| why.status())?;
    Ok(Request::from_parts(parts, body.into()))
}

async fn in_time(request: Request, next: Next) -> Response {
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
