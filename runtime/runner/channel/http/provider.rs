//! A provider as `kurant.yaml` names it, and how it wants to be treated.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use kurant_engine::provider::{Callback, Composer, NamedBy, Provider};

use super::web::Web;
use crate::finding::Finding;

/// How many messages are handed over at once unless told, and at the most.
const CONNECTIONS: usize = 16;
const MOST_CONNECTIONS: usize = 64;
/// How long an answer is waited for unless told, and at the most.
const TIMEOUT: Duration = Duration::from_secs(20);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(25);

/// A provider, who we are to it, and how it wants to be treated.
#[derive(Clone)]
pub struct HttpProvider {
    pub(super) composer: Composer,
    pub(super) web: Web,
    pub(super) connections: usize,
    pub(super) timeout: Duration,
    pub(super) valid_for: i64,
    pub(super) pace: Option<Arc<DefaultDirectRateLimiter>>,
    /// Where it calls back to say what became of messages, if it is told.
    pub(super) callback_url: Option<String>,
    /// Its host, as people know it.
    host: String,
}

impl HttpProvider {
    /// A provider with its settings, secrets filled in; `url` where it is not where its description says. A message is tried for
    /// `valid_for` milliseconds.
    ///
    /// # Errors
    /// What is wrong, in people's words and without secrets.
    pub fn new(
        web: Web,
        provider: Provider,
        url: Option<String>,
        settings: BTreeMap<String, String>,
        valid_for: i64,
    ) -> Result<Self, String> {
        let composer = Composer::new(provider, url, settings)?;
        let host = web.look_at(composer.url())?;
        Ok(Self {
            composer,
            web,
            connections: CONNECTIONS,
            timeout: TIMEOUT,
            valid_for,
            pace: None,
            callback_url: None,
            host,
        })
    }

    /// So many messages at once.
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

    /// No more than so many messages in so much time.
    #[must_use]
    pub fn rate(mut self, count: u32, per: Duration) -> Self {
        let each = per / count.max(1);
        let quota = Quota::with_period(each).map(|quota| quota.allow_burst(NonZeroU32::MIN));
        self.pace = quota.map(|quota| Arc::new(RateLimiter::direct(quota)));
        self
    }

    /// This one with what another one says of who we are; none = that is the same.
    pub(super) fn renewed(&self, fresh: &Self) -> Option<Self> {
        let is_another = self.description() != fresh.description();
        (!is_another && self.composer != fresh.composer).then(|| Self {
            composer: fresh.composer.clone(),
            ..self.clone()
        })
    }

    /// It is told to call back there.
    #[must_use]
    pub fn called_back_at(mut self, url: String) -> Self {
        self.callback_url = Some(url);
        self
    }

    /// Where it is told to call back.
    pub fn callback_url(&self) -> Option<&str> {
        self.callback_url.as_deref()
    }

    /// How it calls back, if it does.
    pub fn callback(&self) -> Option<&Callback> {
        self.composer.provider().callback.as_ref()
    }

    /// A secret of its own, with what the settings give; none where they give nothing.
    ///
    /// # Errors
    /// That it can't be made, without anything of it.
    pub(crate) fn secret(&self, text: &str) -> Result<Option<String>, String> {
        self.composer.secret(text)
    }

    /// The settings that such a secret names and that say nothing.
    ///
    /// # Errors
    /// That it can't be read, without anything of it.
    pub(crate) fn lacks(&self, text: &str) -> Result<Vec<String>, String> {
        self.composer.lacks(text)
    }

    /// By which name it tells of messages, once it is told where to call back.
    pub(super) fn tells_by(&self) -> Option<NamedBy> {
        let callback = self.callback().filter(|_| self.callback_url.is_some());
        callback.map(|callback| callback.message.by)
    }

    /// The provider's name.
    pub fn name(&self) -> &str {
        &self.composer.provider().name
    }

    /// What it is described as: another description, or another place, is another provider.
    pub fn description(&self) -> String {
        let described = serde_json::to_string(self.composer.provider()).unwrap_or_default();
        format!("{} {described}", self.host)
    }
}

/// Its name and host; never a secret.
impl fmt::Display for HttpProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.name(), self.host)
    }
}

impl fmt::Debug for HttpProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpProvider({self})")
    }
}

/// Whether a provider is there. Nothing is sent, so that nothing is known of the token.
pub async fn examine_http_provider(channel: &str, provider: &HttpProvider) -> Finding {
    match provider.web.knock(provider.composer.url()).await {
        Ok(()) => Finding::good(
            "provider",
            format!("messages of {channel} go to {provider}"),
        ),
        Err(why) => Finding::bad(
            "provider",
            format!("messages of {channel} can't be handed to {provider}: {why}"),
            "mend its address in kurant.yaml, or the way there; messages wait until then",
        ),
    }
}
