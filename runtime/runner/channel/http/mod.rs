//! Messages by HTTP, to providers that are described.
//!
//! A message is handed over once the provider has answered that it takes it. A call that fails before anything of the request was
//! given was surely not taken. One that fails later, and an answer that says nothing, leaves it in doubt: it is sent again only if
//! the provider knows messages that come again by their keys.

mod marked;
mod provider;
mod reach;
mod signature;
#[cfg(test)]
mod tests;
mod web;
mod webhook;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use chrono::DateTime;
use kurant_engine::calendar::Instant;
use kurant_engine::input::Command;
use kurant_engine::provider::{Answer, Filled, Means, Message, Request, Verdict};
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use tokio::time::timeout;

pub use provider::{HttpProvider, examine_http_provider};
pub use web::Web;
pub use webhook::WebHooks;

use self::web::{Call, Came, Failed};
use super::HandedOver;
use super::breaker::Breaker;
use super::lanes::{self, Manners, Parcel};
use super::outcome::Outcome;
use crate::dispatch::Rendered;
use crate::renewal::Doubt;

/// How long a message waits for its turn when there is a `rate`; then it goes back.
const TO_TAKE_TURNS: Duration = Duration::from_secs(5);

/// What is said of a key that comes again while its first call is under way, or with another text: a template may have been
/// mended since (draft-ietf-httpapi-idempotency-key-header, section 2.7). That says nothing of the first one.
const ALREADY_THERE: [u16; 2] = [409, 422];
/// What is said to somebody who isn't known, or may not.
const REFUSES_US: [u16; 2] = [401, 403];

/// A channel whose messages go to a provider.
pub(crate) struct Http {
    /// The channel's name.
    route: String,
    provider: RwLock<Arc<HttpProvider>>,
    /// Where it is said that the provider doesn't know us.
    doubt: Doubt,
    breaker: Breaker,
}

/// A message as its provider wants it: the same at each try.
pub(crate) struct Letter {
    request: Request,
    /// Until when it may be sent again under its key although it may have been taken.
    repeats_until: Option<Instant>,
    /// It may be known there by its key already.
    is_again: bool,
}

impl Http {
    pub(crate) fn new(route: String, provider: HttpProvider, doubt: Doubt) -> Self {
        Self {
            breaker: Breaker::of("messages", route.as_str(), provider.to_string()),
            route,
            provider: RwLock::new(Arc::new(provider)),
            doubt,
        }
    }

    fn provider(&self) -> Arc<HttpProvider> {
        let provider = self.provider.read();
        provider.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on what this one says of who we are holds.
    pub(crate) fn renew(&self, fresh: &HttpProvider) {
        let mut provider = self
            .provider
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = provider.renewed(fresh) {
            *provider = Arc::new(own);
            tracing::info!(channel = self.route, "another secret holds from now on");
        }
    }

    /// The message of a command to an address; `is_again` where it was tried before.
    ///
    /// # Errors
    /// Why it can't be one, without anything personal.
    pub(crate) fn write(
        &self,
        command: &Command,
        (template, to): (&str, &str),
        rendered: Rendered,
        is_again: bool,
    ) -> Result<Letter, String> {
        let text = rendered.whole();
        let buttons = rendered.buttons;
        let mut fields = rendered.front;
        for (name, text) in [
            ("to", to.trim()),
            ("text", text.trim_end()),
            ("format", &rendered.format),
            ("key", &command.key.to_string()),
            ("channel", &self.route),
            ("journey", &command.journey),
            ("step", &command.step),
            ("template", template),
        ] {
            fields.insert(name.to_owned(), text.to_owned());
        }
        let provider = self.provider();
        if let Some(url) = &provider.callback_url {
            fields.insert("callback_url".to_owned(), url.clone());
        }
        let composer = &provider.composer;
        let lasts = composer.provider().idempotency.as_ref();
        let lasts = lasts.map(|own| own.lasts.at_most_millis().min(provider.valid_for));
        Ok(Letter {
            request: composer.request(&Message { fields, buttons })?,
            repeats_until: lasts.map(|lasts| command.at.plus_millis(lasts)),
            is_again: is_again && lasts.is_some(),
        })
    }

    /// How many of those that are tried again it would take now.
    pub(crate) fn room(&self) -> usize {
        lanes::room(&self.breaker)
    }

    /// Hands these over, several at once, and says how each went.
    pub(crate) async fn hand_over(&self, letters: Vec<Parcel<Letter>>, now: Instant) -> HandedOver {
        let provider = self.provider();
        let manners = Manners {
            at_once: provider.connections,
            valid_for: provider.valid_for,
            tells_by: provider.tells_by(),
        };
        let send = |letter| self.send(letter, now);
        lanes::hand_over(letters, manners, &self.breaker, now, send).await
    }

    /// One try.
    async fn send(&self, letter: Letter, now: Instant) -> Outcome {
        let repeats = letter.repeats_until.is_some_and(|until| now < until);
        let is_again = letter.is_again;
        let provider = self.provider();
        let call = match call(letter.request, provider.timeout) {
            Ok(call) => call,
            Err(why) => return Outcome::Refused(why),
        };
        if let Some(pace) = &provider.pace
            && timeout(TO_TAKE_TURNS, pace.until_ready()).await.is_err()
        {
            return Outcome::NotBegun("queued: others leave before it at this `rate`".to_owned());
        }
        match provider.web.call(call).await {
            Ok(came) if is_again && ALREADY_THERE.contains(&came.status) => doubtful(
                format!("the provider says {} of a key that it knows", came.status),
                repeats,
            ),
            Ok(came) => {
                if REFUSES_US.contains(&came.status) {
                    self.doubt.raise();
                }
                self.means(&came, now, repeats)
            }
            Err(Failed::Forbidden(why) | Failed::NotThere(why)) => Outcome::Away(why),
            Err(Failed::Before(why)) => Outcome::later(format!("not now: {why}")),
            Err(Failed::After(why)) => doubtful(
                format!("the provider was given the message, and then {why}"),
                repeats,
            ),
        }
    }

    /// What an answer means for a message.
    fn means(&self, came: &Came, now: Instant, repeats: bool) -> Outcome {
        let body = came.body.as_deref();
        let answer = Answer {
            status: came.status,
            retry_after: came.retry_after.as_deref().and_then(|own| wait(own, now)),
            body: body.and_then(|body| serde_json::from_slice(body).ok()),
        };
        let Verdict {
            means,
            said,
            after,
            id,
        } = self.provider().composer.provider().judge(&answer);
        match means {
            Means::Accepted => Outcome::Taken(id),
            Means::Refused => Outcome::Refused(format!("refused: the provider says {said}")),
            Means::Bounced => Outcome::Bounced(format!("bounced: the provider says {said}")),
            Means::Later => Outcome::Later {
                reason: format!("not now: the provider says {said}"),
                after: after.map(Duration::from_secs),
            },
            Means::Away => Outcome::Away(format!("the provider says {said}")),
            Means::InDoubt => doubtful(
                format!("the provider was given the message, and says {said}"),
                repeats,
            ),
        }
    }
}

/// What nobody knows the end of: again under the same key, where that is known there, else for a person to decide.
fn doubtful(why: String, repeats: bool) -> Outcome {
    match repeats {
        true => Outcome::later(format!(
            "not known: {why}; it is sent again under the same key"
        )),
        false => Outcome::InDoubt(format!("in doubt: {why}")),
    }
}

/// After how many seconds to come again, as `Retry-After` says: seconds, or a date.
fn wait(text: &str, now: Instant) -> Option<u64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let date = DateTime::parse_from_rfc2822(text).ok()?;
    let millis = date.timestamp_millis().saturating_sub(now.millis());
    Some(u64::try_from(millis).unwrap_or_default().div_ceil(1000))
}

/// A request as it goes over the wire; or why it can't, without its values.
fn call(request: Request, patience: Duration) -> Result<Call, String> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if let Some((user, password)) = request.login {
        use base64::Engine as _;
        let both = format!("{user}:{password}");
        let encoded = base64::engine::general_purpose::STANDARD.encode(both);
        insert(
            &mut headers,
            AUTHORIZATION.as_str(),
            &format!("Basic {encoded}"),
        )?;
    }
    let body = match request.body {
        None => None,
        Some(Filled::Json(text)) => Some(("application/json", text)),
        Some(Filled::Form(fields)) => {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            form.extend_pairs(&fields);
            Some(("application/x-www-form-urlencoded", form.finish()))
        }
    };
    if let Some((kind, _)) = &body {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    for (name, value) in &request.headers {
        insert(&mut headers, name, value)?;
    }
    Ok(Call {
        method: method(&request.method)?,
        url: request.url,
        query: request.query,
        headers,
        body: body.map(|(_, text)| Bytes::from(text)),
        patience,
    })
}

fn method(name: &str) -> Result<Method, String> {
    Method::from_bytes(name.to_uppercase().as_bytes())
        .map_err(|_| "unfit: its method is none of HTTP".to_owned())
}

/// Sets a header that nothing can be hidden in.
fn insert(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), String> {
    let unfit = || {
        format!(
            "unfit: the header `{name}` holds what none may hold: a line break, or a letter that isn't Latin"
        )
    };
    let named = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| "unfit: it has a header whose name is none".to_owned())?;
    let is_plain = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let mut value = HeaderValue::from_str(value)
        .ok()
        .filter(|_| is_plain)
        .ok_or_else(unfit)?;
    value.set_sensitive(true);
    headers.insert(named, value);
    Ok(())
}
