//! What providers call to say what became of messages.
//!
//! Whoever calls has to be known, or is told no more than anybody else. What is said becomes ordinary events, which are durable before
//! the answer; whose message it is is looked up by its name, and nothing else that stands in a call is believed.

mod held;
mod verify;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, RETRY_AFTER};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use kurant_engine::calendar::Instant;
use kurant_engine::id::Key;
use kurant_engine::provider::{Callback, Fact, Form, NamedBy};
use kurant_store::{OutboxState, Rejected};
use tokio::sync::oneshot;

use self::held::Held;
use self::verify::{Call, Known};
use super::limit::Asking;
use super::{Porch, Public};
use crate::channel::HttpProvider;
use crate::clock::Stopwatch;
use crate::dispatch::Ways;
use crate::error::Error;
use crate::feedback::{Found, events};
use crate::intake::{Delivered, Delivery, Via};
use crate::meter;

/// How long a message is looked for that nobody knows: its hand-over may be written down at this very moment.
const LOOKS_FOR: Duration = Duration::from_secs(4);
/// How often.
const LOOK: Duration = Duration::from_millis(200);
/// So long whoever names a message that nobody knows is asked to come again, as long as others are under way: it may be one of them.
const COMES_AGAIN: Duration = Duration::from_secs(120);
/// After so many seconds.
const AFTER: &str = "30";
/// Of so many messages under way it is looked which channel they leave by.
const MOST_UNDER_WAY: usize = 200;
/// So many such names are remembered.
const MOST_STRANGE: usize = 10_000;
/// What those stand under in counters who call for a channel that nobody is called for.
const NOBODY: &str = "none";

/// Whom providers reach.
pub(super) struct Switchboard {
    lines: BTreeMap<String, Line>,
    /// Names of messages that nobody knows, and when they came first.
    strange: Mutex<BTreeMap<Key, Stopwatch>>,
}

/// One channel whose provider calls back.
struct Line {
    callback: Callback,
    known: Held,
    /// It was told that its description doesn't fit what is said.
    is_told: AtomicBool,
}

impl Switchboard {
    /// For the channels whose providers call back; `mark` gives what nobody guesses in the address of each.
    ///
    /// # Errors
    /// What is wrong with a secret, without it.
    pub(super) fn of(
        providers: &[(String, HttpProvider)],
        mark: impl Fn(&str) -> String,
    ) -> Result<Self, String> {
        let mut lines = BTreeMap::new();
        for (channel, provider) in providers {
            let Some(callback) = provider.callback() else {
                continue;
            };
            let known = Known::of(provider, &callback.verify, mark(channel));
            let known = known.map_err(|why| format!("the callback of `{channel}`: {why}"))?;
            let line = Line {
                callback: callback.clone(),
                known: Held::new(known),
                is_told: AtomicBool::new(false),
            };
            lines.insert(channel.clone(), line);
        }
        Ok(Self {
            lines,
            strange: Mutex::default(),
        })
    }

    /// Takes up what channels are known by now: all of it, or nothing.
    ///
    /// # Errors
    /// What is wrong with a secret, without it.
    fn take_up<'w>(
        &self,
        providers: impl Iterator<Item = (&'w str, &'w HttpProvider)>,
        mark: impl Fn(&str) -> String,
    ) -> Result<(), String> {
        let mut fresh = Vec::new();
        for (channel, provider) in providers {
            let Some(line) = self.lines.get(channel) else {
                continue;
            };
            let known = Known::of(provider, &line.callback.verify, mark(channel));
            let known = known.map_err(|why| format!("the callback of `{channel}`: {why}"))?;
            fresh.push((channel, line, known));
        }
        for (channel, line, known) in fresh {
            if line.known.take_up(known) {
                tracing::info!(
                    channel,
                    "calls of the provider are known by another secret; by that of before for some minutes more"
                );
            }
        }
        Ok(())
    }

    /// Whether one of these names was asked for in vain before: whoever asks again doesn't wait.
    fn is_strange(&self, channel: &str, names: &[String]) -> bool {
        let strange = self.strange.lock().unwrap_or_else(PoisonError::into_inner);
        let mut names = names.iter();
        names.any(|name| strange.contains_key(&Key::of(&[channel, name])))
    }

    /// Whether whoever named one of these messages is to come again: none of them is known, and this is not long ago.
    fn is_fresh(&self, channel: &str, names: &[String]) -> bool {
        let mut strange = self.strange.lock().unwrap_or_else(PoisonError::into_inner);
        if strange.len() > MOST_STRANGE {
            strange.retain(|_, since| since.passed() < COMES_AGAIN);
        }
        if strange.len() > MOST_STRANGE {
            return false;
        }
        let mut is_fresh = false;
        for name in names {
            let since = strange.entry(Key::of(&[channel, name]));
            is_fresh |= since.or_insert_with(Stopwatch::start).passed() < COMES_AGAIN;
        }
        is_fresh
    }
}

/// By what providers are known that call, as it may change.
pub struct Calls(Arc<Porch>);

impl Calls {
    pub(super) fn of(porch: Arc<Porch>) -> Self {
        Self(porch)
    }

    /// From the next call on, the secrets of these ways hold, and those of before for some minutes more.
    ///
    /// # Errors
    /// What is wrong with a secret, without it: nothing is taken up then.
    pub fn take_up(&self, ways: &Ways) -> Result<(), Error> {
        let Porch {
            switchboard, links, ..
        } = &*self.0;
        let taken = switchboard.take_up(ways.http_providers(), |channel| links.mark(channel));
        taken.map_err(Error::Callback)
    }
}

/// What is missing to know a provider that calls, by name; none if it can be known.
///
/// # Errors
/// What is wrong with its secret, without it.
pub(super) fn missing(
    provider: &HttpProvider,
    callback: &Callback,
) -> Result<Option<String>, String> {
    let known = Known::of(provider, &callback.verify, String::new())?;
    if known.is_some() {
        return Ok(None);
    }
    let mut lacking = Vec::new();
    for text in callback.texts() {
        lacking.extend(provider.lacks(text)?);
    }
    Ok(Some(lacking.into_iter().next().unwrap_or_else(|| {
        // It names none, and nothing is all that it says.
        "callback_secret".to_owned()
    })))
}

/// Where a call goes.
#[derive(serde::Deserialize)]
pub(super) struct Dialed {
    channel: String,
    mark: Option<String>,
}

/// A call.
pub(super) async fn answer(
    State(porch): State<Arc<Porch>>,
    asking: Asking,
    Path(dialed): Path<Dialed>,
    uri: Uri,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let channel = dialed.channel.as_str();
    let Some((own, line)) = porch.switchboard.lines.get_key_value(channel) else {
        return refused(&porch, &asking, NOBODY);
    };
    let Some(inside) = porch.inside() else {
        return later();
    };
    let came = Came {
        url: porch
            .links
            .outside(uri.path_and_query().map_or("", |own| own.as_str())),
        query: pairs(uri.query().unwrap_or_default().as_bytes()),
        form: match line.callback.form {
            Form::Form => pairs(&body),
            _ => Vec::new(),
        },
        second: inside.clock.now().millis().div_euclid(1_000),
    };
    let may_be_asked = method == Method::POST || line.callback.form == Form::Query;
    if !(may_be_asked && line.vouches_for(&came, dialed.mark.as_deref(), &headers, &body)) {
        return refused(&porch, &asking, own);
    }
    let (facts, why) = match line.callback.read(&came.query, &came.form, &body) {
        Ok(facts) => {
            let why = line.callback.lacks_name(&facts);
            (facts, why)
        }
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    let aside = why.map(|why| line.put_aside(own, &why, &body, inside.clock.now()));
    listen(&porch, &inside, (own, line), &facts, aside).await
}

/// A call, as far as it is read before it is known who calls.
struct Came {
    /// The address as the provider knows it.
    url: String,
    query: Vec<(String, String)>,
    form: Vec<(String, String)>,
    /// Now, in seconds since 1970.
    second: i64,
}

impl Line {
    /// Whether it is the provider that calls.
    fn vouches_for(
        &self,
        came: &Came,
        mark: Option<&str>,
        headers: &HeaderMap,
        body: &[u8],
    ) -> bool {
        let header = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
        let call = Call {
            url: &came.url,
            mark,
            header: &header,
            query: &came.query,
            form: &came.form,
            body,
            second: came.second,
        };
        self.known.vouches_for(&call)
    }

    /// A call that can't be read, or names no message where it should, for somebody to look at and mend the description.
    fn put_aside(&self, channel: &str, why: &str, body: &[u8], at: Instant) -> Rejected {
        meter::called(channel, "unreadable", 1);
        if !self.is_told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                channel,
                why,
                "the description doesn't fit what a provider says: it is kept as a dead letter, as all that follow are"
            );
        }
        let body = String::from_utf8_lossy(body).into_owned();
        Rejected {
            at,
            origin: format!("callback/{channel}"),
            line: Key::of(&[&body]).short(),
            reason: format!("unreadable: {why}; mend `callback` in channels/NAME.yaml"),
            body,
        }
    }
}

/// Makes events of what is said, and waits until they are durable, with what is put aside of the call.
async fn listen(
    porch: &Porch,
    inside: &Public,
    (channel, line): (&str, &Line),
    facts: &[Fact],
    aside: Option<Rejected>,
) -> Response {
    for fact in facts.iter().filter(|fact| fact.fate.is_none()) {
        meter::called(channel, "unknown_status", 1);
        let said = fact.said.as_deref().unwrap_or("something");
        tracing::info!(
            channel,
            said,
            "a provider says of a message what its description doesn't know"
        );
    }
    let by = line.callback.message.by;
    let names = facts.iter().filter_map(|fact| fact.name.clone());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names.dedup();
    let patience = match porch.switchboard.is_strange(channel, &names) {
        true => Duration::ZERO,
        false => LOOKS_FOR,
    };
    let found = look_for(inside, (channel, by), &names, patience).await;
    let Ok((found, missing)) = found else {
        return later();
    };
    let now = inside.clock.now();
    let (made, proven) = events(&found, facts, now);
    let told = made.len();
    if !(made.is_empty() && proven.is_empty() && aside.is_none()) {
        let delivery = Delivery {
            rejected: aside.into_iter().collect(),
            events: made.into_iter().map(Delivered::made_here).collect(),
            proven,
            ..Delivery::default()
        };
        if tell(inside, delivery).await.is_none() {
            return later();
        }
    }
    meter::called(channel, "told", told);
    if !missing.is_empty() {
        let Ok(is_one_under_way) = is_any_under_way(inside, channel).await else {
            return later();
        };
        if is_one_under_way && porch.switchboard.is_fresh(channel, &missing) {
            return later();
        }
        meter::called(channel, "unknown_message", missing.len());
    }
    taken()
}

/// Looks for messages by their names; and gives those names that nobody knows.
async fn look_for(
    inside: &Public,
    (channel, by): (&str, NamedBy),
    names: &[String],
    patience: Duration,
) -> Result<(Found, Vec<String>), kurant_store::Error> {
    let watch = Stopwatch::start();
    loop {
        let found = Found::look(&*inside.store, channel, by, names).await?;
        let missing = found.missing(names);
        if missing.is_empty() || !found.may_come() || watch.passed() >= patience {
            return Ok((found, missing));
        }
        if !is_any_under_way(inside, channel).await? {
            // It may have been written down between the two looks.
            let found = Found::look(&*inside.store, channel, by, names).await?;
            let missing = found.missing(names);
            return Ok((found, missing));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Whether a message of a channel is being handed over, and nobody knows yet how that goes.
async fn is_any_under_way(inside: &Public, channel: &str) -> Result<bool, kurant_store::Error> {
    let claimed = inside
        .store
        .outbox(OutboxState::Claimed, Instant::MAX, MOST_UNDER_WAY)
        .await?;
    Ok(claimed.len() == MOST_UNDER_WAY || claimed.iter().any(|row| row.route == channel))
}

/// Hands on, and waits until it is durable.
async fn tell(inside: &Public, delivery: Delivery) -> Option<()> {
    let (sender, receipt) = oneshot::channel();
    let delivery = Delivery {
        via: Via::Feedback,
        receipt: Some(sender),
        ..delivery
    };
    inside.out.send(delivery).await.ok()?;
    receipt.await.ok().map(drop)
}

fn pairs(text: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

/// Whoever is not known is told the same, whatever is wrong and whether or not there is such a channel. A provider that calls from the
/// same address is listened to all the same, or anybody there could silence it.
fn refused(porch: &Porch, asking: &Asking, channel: &str) -> Response {
    if !porch.limits.may_be_wrong(asking) {
        return too_many();
    }
    meter::called(channel, "unverified", 1);
    plain(StatusCode::UNAUTHORIZED, "who calls is not known here\n")
}

fn taken() -> Response {
    plain(StatusCode::OK, "")
}

fn too_many() -> Response {
    plain(StatusCode::TOO_MANY_REQUESTS, "too many calls\n")
}

/// To be said again.
fn later() -> Response {
    let answer = plain(StatusCode::SERVICE_UNAVAILABLE, "please call again\n");
    ([(RETRY_AFTER, AFTER)], answer).into_response()
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    (status, [(CACHE_CONTROL, "no-store")], text).into_response()
}
