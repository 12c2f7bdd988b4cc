//! The providers that come along, and which one a channel names.
//!
//! Each is a description like those in a workspace's `channels/`, written from what the provider publishes: nothing about it is
//! in the program. `kurant channel show NAME` prints one, to begin a description of one's own with.

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use kurant_engine::map::Map;
use kurant_engine::provider::Provider;
use kurant_engine::value::Value;

use crate::diagnostic::Diagnostics;
use crate::parse::{Context, Parsed, provider};
use crate::source::Sources;
use crate::yaml;

/// Their names and texts.
const TEXTS: [(&str, &str); 8] = [
    ("turbosms-sms", include_str!("presets/turbosms-sms.yaml")),
    (
        "turbosms-viber",
        include_str!("presets/turbosms-viber.yaml"),
    ),
    ("gms-sms", include_str!("presets/gms-sms.yaml")),
    ("gms-viber", include_str!("presets/gms-viber.yaml")),
    ("esputnik", include_str!("presets/esputnik.yaml")),
    ("twilio", include_str!("presets/twilio.yaml")),
    ("telegram", include_str!("presets/telegram.yaml")),
    ("generic", include_str!("presets/generic.yaml")),
];

/// Other names for them.
const ALSO: [(&str, &str); 2] = [("turbosms", "turbosms-sms"), ("gms", "gms-sms")];

static PRESETS: LazyLock<Vec<Provider>> = LazyLock::new(|| {
    let read = TEXTS.iter().filter_map(|(name, text)| read(name, text).0);
    read.collect()
});

/// Reads one that comes along, and what is wrong with it.
fn read(name: &str, text: &str) -> (Option<Provider>, Diagnostics) {
    let (mut sources, diagnostics) = (Sources::new(), Diagnostics::new());
    let file = sources.add(format!("channels/{name}.yaml"), text);
    let Some(root) = yaml::read(&sources, file, &diagnostics) else {
        return (None, diagnostics);
    };
    let context = Context::new(&root, file, &diagnostics);
    let provider = provider::read(&context, name, &root);
    (provider, diagnostics)
}

/// The names of those that come along, other names too.
pub fn names() -> impl Iterator<Item = &'static str> + Clone {
    let also = ALSO.iter().map(|(name, _)| *name);
    TEXTS.iter().map(|(name, _)| *name).chain(also)
}

/// The description of one that comes along, as it is written.
pub fn text(name: &str) -> Option<&'static str> {
    let own = own_name(name);
    TEXTS
        .iter()
        .find(|(known, _)| *known == own)
        .map(|(_, text)| *text)
}

/// One that comes along.
pub fn preset(name: &str) -> Option<&'static Provider> {
    let own = own_name(name);
    PRESETS.iter().find(|provider| provider.name == own)
}

fn own_name(name: &str) -> &str {
    ALSO.iter()
        .find(|(other, _)| *other == name)
        .map_or(name, |(_, own)| own)
}

/// Which provider a channel names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named<'s> {
    /// One that comes along.
    Preset(&'s str),
    /// One of the workspace's own.
    Own(&'s str),
}

impl<'s> Named<'s> {
    /// What the settings of a channel of `kind: http` name.
    pub fn of(settings: &'s Map) -> Option<Self> {
        let text = |key: &str| settings.get(key).and_then(Value::as_text);
        if text("kind") != Some("http") {
            return None;
        }
        let preset = text("preset").map(Self::Preset);
        preset.or_else(|| text("provider").map(Self::Own))
    }

    /// The provider itself, if there is one.
    pub(crate) fn find<'p>(&self, parsed: &'p Parsed) -> Option<&'p Provider> {
        match self {
            Self::Preset(name) => preset(name),
            Self::Own(name) => {
                let own = parsed.providers.iter().map(|file| &file.item);
                own.into_iter().find(|provider| provider.name == *name)
            }
        }
    }
}
