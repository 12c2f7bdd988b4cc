//! Web hooks: calls that a journey makes, signed as Standard Webhooks has it.
//!
//! A receiver knows by `webhook-id` what it has already, so that a call nobody knows the end of is made again. The hosts of one
//! round are called beside each other; the next round waits for the slowest.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use kurant_engine::calendar::Instant;
use kurant_engine::input::{Command, Effect};
use kurant_engine::value::Value;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};

use super::signature::Secret;
use super::web::{Call, Failed, Web};
use super::{insert, method, wait};
use crate::channel::HandedOver;
use crate::channel::breaker::Breaker;
use crate::channel::lanes::{self, Manners, Parcel};
use crate::channel::outcome::Outcome;

/// How many calls of one host are made at once unless told, and at the most.
const CONNECTIONS: usize = 8;
const MOST_CONNECTIONS: usize = 64;
/// How long an answer is waited for unless told, and at the most.
const TIMEOUT: Duration = Duration::from_secs(15);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(25);
/// What no journey may set: it is for the connection, or for the signature.
const NOT_THEIRS: [&str; 9] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
];

/// How web hooks leave.
#[derive(Clone)]
pub struct WebHooks {
    web: Web,
    secret: Arc<RwLock<Secret>>,
    connections: usize,
    timeout: Duration,
    valid_for: i64,
    /// By host: one that is in trouble says nothing about the others.
    breakers: Arc<Mutex<BTreeMap<String, Arc<Breaker>>>>,
}

/// A call, but for its signature.
pub(crate) struct Hook {
    id: String,
    method: reqwest::Method,
    url: String,
    headers: HeaderMap,
    body: Option<Bytes>,
    /// Whose call it is, for those of one host to go one beside the other.
    host: String,
}

impl WebHooks {
    /// Signed with a secret, `whsec_...`; a call is tried for `valid_for` milliseconds.
    ///
    /// # Errors
    /// When it is no secret; what is wrong with it, without it.
    pub fn new(web: Web, secret: &str, valid_for: i64) -> Result<Self, String> {
        Ok(Self {
            web,
            secret: Arc::new(RwLock::new(Secret::read(secret)?)),
            connections: CONNECTIONS,
            timeout: TIMEOUT,
            valid_for,
            breakers: Arc::default(),
        })
    }

    /// So many calls of one host at once.
    #[must_use]
    pub fn connections(mut self, connections: usize) -> Self {
        self.connections = connections.clamp(1, MOST_CONNECTIONS);
        self
    }

    /// How long an answer is waited for.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.min(LONGEST_TIMEOUT);
        self
    }

    fn secret(&self) -> Secret {
        let secret = self.secret.read();
        secret.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on calls are signed as this one's are.
    pub(crate) fn renew(&self, fresh: &Self) {
        let fresh = fresh.secret();
        let mut secret = self.secret.write().unwrap_or_else(PoisonError::into_inner);
        if *secret != fresh {
            *secret = fresh;
            tracing::info!("another secret signs web hooks from now on");
        }
    }

    /// The call of a command.
    ///
    /// # Errors
    /// Why it can't be made, without anything personal.
    pub(crate) fn write(&self, command: &Command) -> Result<Hook, String> {
        let Effect::Webhook {
            url,
            method: name,
            headers: own,
            body,
            ..
        } = &command.what
        else {
            return Err("unfit: only web hooks leave by this way".to_owned());
        };
        let host = self
            .web
            .look_at(url)
            .map_err(|why| format!("unfit: {why}"))?;
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let body = (!body.is_null()).then(|| Bytes::from(body.to_json().to_string()));
        if body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in own.iter() {
            if NOT_THEIRS.contains(&name.to_ascii_lowercase().as_str()) {
                return Err(format!(
                    "unfit: the header `{name}` is written by Kurant itself"
                ));
            }
            let text = match value {
                Value::Null => continue,
                Value::Text(text) => text.to_string(),
                other => other.to_json().to_string(),
            };
            insert(&mut headers, name, &text)?;
        }
        Ok(Hook {
            id: command.key.to_string(),
            method: method(name)?,
            url: url.clone(),
            headers,
            body,
            host,
        })
    }

    /// Makes these calls, and says how each went.
    pub(crate) async fn hand_over(&self, hooks: Vec<Parcel<Hook>>, now: Instant) -> HandedOver {
        let manners = Manners {
            at_once: self.connections,
            valid_for: self.valid_for,
            tells_by: None,
        };
        let mut hosts: BTreeMap<String, Vec<Parcel<Hook>>> = BTreeMap::new();
        for (row, hook) in hooks {
            let own = hosts.entry(hook.host.clone()).or_default();
            own.push((row, hook));
        }
        let calling = hosts.into_iter().map(|(host, own)| async move {
            let breaker = self.breaker(host);
            let call = |hook| self.call(hook, now);
            lanes::hand_over(own, manners, &breaker, now, call).await
        });
        let mut done = HandedOver::default();
        for own in join_all(calling).await {
            done.add(own);
        }
        done
    }

    /// What is known of a host.
    fn breaker(&self, host: String) -> Arc<Breaker> {
        let mut breakers = self.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Breaker::of("web hooks", "webhook", host.as_str()));
        breakers.entry(host.clone()).or_insert_with(new).clone()
    }

    /// One try.
    async fn call(&self, hook: Hook, now: Instant) -> Outcome {
        let call = match self.signed(hook, now) {
            Ok(call) => call,
            Err(why) => return Outcome::Refused(why),
        };
        let came = match self.web.call(call).await {
            Ok(came) => came,
            Err(Failed::Forbidden(why)) => return Outcome::Refused(format!("unfit: {why}")),
            Err(Failed::NotThere(why) | Failed::Before(why) | Failed::After(why)) => {
                return Outcome::later(format!("not now: {why}"));
            }
        };
        let status = came.status;
        match status {
            // What is no JSON, or too long, is no answer.
            200..=299 => Outcome::Answered(read(came.body.as_deref())),
            408 | 425 | 429 | 500..=599 => Outcome::Later {
                reason: format!("not now: the receiver says {status}"),
                after: came
                    .retry_after
                    .and_then(|own| wait(&own, now))
                    .map(Duration::from_secs),
            },
            300..=399 => Outcome::Refused(format!(
                "refused: the receiver says {status}, and nobody follows elsewhere"
            )),
            _ => Outcome::Refused(format!("refused: the receiver says {status}")),
        }
    }

    /// A call with its signature, of this moment.
    fn signed(&self, hook: Hook, now: Instant) -> Result<Call, String> {
        let second = now.millis().div_euclid(1000);
        let body = hook.body.clone().unwrap_or_default();
        let signature = self.secret().sign(&hook.id, second, &body);
        let mut headers = hook.headers;
        insert(&mut headers, "webhook-id", &hook.id)?;
        insert(&mut headers, "webhook-timestamp", &second.to_string())?;
        insert(&mut headers, "webhook-signature", &signature)?;
        Ok(Call {
            method: hook.method,
            url: hook.url,
            query: Vec::new(),
            headers,
            body: hook.body,
            patience: self.timeout,
        })
    }
}

/// The JSON of an answer; nothing where there is none.
fn read(body: Option<&[u8]>) -> Value {
    let read = body.and_then(|body| serde_json::from_slice(body).ok());
    read.unwrap_or(Value::Null)
}
