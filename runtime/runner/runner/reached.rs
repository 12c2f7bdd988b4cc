//! How the world is reached: what is settled when a run begins.

use kurant_engine::definition::{ChannelSettings, Definitions, PublicPages};
use kurant_engine::map::Map;
use kurant_engine::provider::Provider;

/// How channels, the CRM and web hooks are reached, and by whom the public pages are.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reached {
    channels: Vec<ChannelSettings>,
    providers: Vec<Provider>,
    crm: Map,
    webhooks: Map,
    internal_hosts: Vec<String>,
    public: Option<PublicPages>,
}

impl Reached {
    /// As these definitions have it.
    pub(super) fn of(definitions: &Definitions) -> Self {
        let settings = &definitions.workspace.settings;
        Self {
            channels: definitions.workspace.channels.clone(),
            providers: definitions.providers.clone(),
            crm: settings.crm.clone(),
            webhooks: settings.webhooks.clone(),
            internal_hosts: settings.internal_hosts.clone(),
            public: settings.public.clone(),
        }
    }
}
