//! Providers and web hooks as `kurant.yaml` names them, with their secrets filled in.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::time::Duration;

use kurant_authoring::provider::{Named, preset};
use kurant_engine::calendar::{DAY, HOUR, MINUTE, SECOND};
use kurant_engine::definition::Definitions;
use kurant_engine::provider::Provider;
use kurant_runner::{HttpProvider, Web, WebHooks};

use crate::error::Error;
use crate::way::Way;

/// The one client, opened when somebody needs it.
pub(crate) struct Lazy<'w> {
    internal_hosts: &'w [String],
    web: OnceCell<Web>,
}

impl<'w> Lazy<'w> {
    pub(crate) fn new(internal_hosts: &'w [String]) -> Self {
        Self {
            internal_hosts,
            web: OnceCell::new(),
        }
    }

    pub(crate) fn open(&self) -> Result<Web, Error> {
        if let Some(web) = self.web.get() {
            return Ok(web.clone());
        }
        let web = Web::open(self.internal_hosts).map_err(Error::failure)?;
        Ok(self.web.get_or_init(|| web).clone())
    }
}

/// The provider of a channel.
pub(crate) fn provider(
    way: &Way<'_>,
    definitions: &Definitions,
    web: &Web,
) -> Result<HttpProvider, Error> {
    let described = described(way, definitions)
        .ok_or_else(|| way.unusable("it names no provider that is described"))?;
    let mut settings = BTreeMap::new();
    for name in described.needs.iter().chain(&described.takes) {
        if let Some(own) = way.setting(name)? {
            settings.insert(name.clone(), own);
        }
    }
    let url = way.opened("url")?;
    let valid_for = way.valid_for()?;
    let provider = HttpProvider::new(web.clone(), described.clone(), url, settings, valid_for)
        .map_err(|why| way.unusable(&why))?;
    let provider = match way.count("connections") {
        Some(connections) => provider.connections(connections),
        None => provider,
    };
    let provider = match way.timeout()? {
        Some(timeout) => provider.timeout(timeout),
        None => provider,
    };
    Ok(match way.rate() {
        Some((count, per)) => provider.rate(count, per),
        None => provider,
    })
}

fn described<'d>(way: &Way<'_>, definitions: &'d Definitions) -> Option<&'d Provider> {
    match Named::of(way.settings)? {
        Named::Preset(name) => preset(name),
        Named::Own(name) => {
            let mut own = definitions.providers.iter();
            own.find(|provider| provider.name == name)
        }
    }
}

/// How web hooks leave.
pub(crate) fn webhooks(way: &Way<'_>, web: &Web) -> Result<WebHooks, Error> {
    let secret = way.opened("secret")?.unwrap_or_default();
    let hooks = WebHooks::new(web.clone(), &secret, way.valid_for()?).map_err(|why| {
        Error::failure(format!("`webhooks`: {why}")).hint("mend what it takes from the environment")
    })?;
    let hooks = match way.count("connections") {
        Some(connections) => hooks.connections(connections),
        None => hooks,
    };
    Ok(match way.timeout()? {
        Some(timeout) => hooks.timeout(timeout),
        None => hooks,
    })
}

impl Way<'_> {
    /// A setting of a provider as text, with its secrets filled in.
    fn setting(&self, key: &str) -> Result<Option<String>, Error> {
        match self.opened(key)? {
            Some(text) => Ok(Some(text)),
            None => Ok(self.settings.get(key).map(|own| own.to_json().to_string())),
        }
    }

    fn count(&self, key: &str) -> Option<usize> {
        self.number(key).and_then(|own| usize::try_from(own).ok())
    }

    fn timeout(&self) -> Result<Option<Duration>, Error> {
        let Some(text) = self.text("timeout") else {
            return Ok(None);
        };
        let parsed = kurant_engine::calendar::Duration::parse(text)
            .map_err(|error| self.unusable(&format!("`timeout`: {error}")))?;
        let millis = u64::try_from(parsed.at_most_millis()).unwrap_or_default();
        Ok(Some(Duration::from_millis(millis)))
    }

    /// `50/s`: so many in so much time.
    fn rate(&self) -> Option<(u32, Duration)> {
        let (count, unit) = self.text("rate")?.split_once('/')?;
        let per = match unit {
            "s" => SECOND,
            "m" => MINUTE,
            "h" => HOUR,
            _ => DAY,
        };
        let per = Duration::from_millis(u64::try_from(per).ok()?);
        Some((count.parse().ok()?, per))
    }
}
