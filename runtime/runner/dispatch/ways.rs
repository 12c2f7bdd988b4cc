//! Which way each route leaves, before anything is opened.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::broker::Address;
use crate::channel::{HttpProvider, MailServer, WebHooks};
use crate::public::PublicLinks;
use crate::renewal::Doubt;
use crate::standing::Standing;

/// An exchange: the broker, its name, and how long a command is tried there after its moment, in milliseconds.
pub(super) type Exchange = (Address, String, i64);

/// Which way each route leaves: through files, unless told.
#[derive(Clone)]
pub struct Ways {
    pub(super) files: PathBuf,
    pub(super) exchanges: BTreeMap<String, Exchange>,
    pub(super) mails: BTreeMap<String, MailServer>,
    pub(super) https: BTreeMap<String, HttpProvider>,
    pub(super) webhooks: Option<WebHooks>,
    pub(super) public: Option<PublicLinks>,
    pub(super) standing: Standing,
    pub(super) doubt: Doubt,
}

impl Ways {
    /// Every route has a file in this folder.
    pub fn files(folder: PathBuf) -> Self {
        Self {
            files: folder,
            exchanges: BTreeMap::new(),
            mails: BTreeMap::new(),
            https: BTreeMap::new(),
            webhooks: None,
            public: None,
            standing: Standing::default(),
            doubt: Doubt::default(),
        }
    }

    /// What leaves by this route is published to an exchange; what the broker does not take in so many milliseconds after
    /// its moment is given up. The routes are the channels by their names, `crm`, `events` and `webhook`.
    #[must_use]
    pub fn publish(
        mut self,
        route: &str,
        address: Address,
        exchange: &str,
        valid_for: i64,
    ) -> Self {
        let way = (address, exchange.to_owned(), valid_for);
        self.exchanges.insert(route.to_owned(), way);
        self
    }

    /// The messages of this channel are handed to a mail server.
    #[must_use]
    pub fn mail(mut self, route: &str, server: MailServer) -> Self {
        self.mails.insert(route.to_owned(), server);
        self
    }

    /// The messages of this channel are handed to a provider by HTTP.
    #[must_use]
    pub fn http(mut self, route: &str, provider: HttpProvider) -> Self {
        self.https.insert(route.to_owned(), provider);
        self
    }

    /// Web hooks are called.
    #[must_use]
    pub fn webhooks(mut self, webhooks: WebHooks) -> Self {
        self.webhooks = Some(webhooks);
        self
    }

    /// Links that nobody else serves lead to pages of ours.
    #[must_use]
    pub fn public(mut self, links: PublicLinks) -> Self {
        self.public = Some(links);
        self
    }

    /// Where links lead that nobody else serves, if anywhere.
    pub fn public_links(&self) -> Option<&PublicLinks> {
        self.public.as_ref()
    }

    /// Nothing leaves this machine: what would goes to the files. For a clock that isn't the machine's.
    #[must_use]
    pub fn staying_here(mut self) -> Self {
        self.exchanges.clear();
        self.mails.clear();
        self.https.clear();
        self.webhooks = None;
        self
    }

    /// The channels whose messages are handed to mail servers.
    pub fn mail_servers(&self) -> impl Iterator<Item = (&str, &MailServer)> {
        self.mails
            .iter()
            .map(|(route, server)| (route.as_str(), server))
    }

    /// The channels whose messages are handed to providers by HTTP.
    pub fn http_providers(&self) -> impl Iterator<Item = (&str, &HttpProvider)> {
        self.https
            .iter()
            .map(|(route, provider)| (route.as_str(), provider))
    }

    /// The exchanges that are published to, each with its broker.
    pub fn exchanges(&self) -> impl Iterator<Item = (&Address, &str)> {
        let mut places: Vec<(&Address, &str)> = Vec::new();
        for (address, exchange, _) in self.exchanges.values() {
            let place = (address, exchange.as_str());
            if !places.contains(&place) {
                places.push(place);
            }
        }
        places.into_iter()
    }

    /// What is there and what is missing is noted here from now on.
    #[must_use]
    pub fn telling(mut self, standing: Standing) -> Self {
        self.standing = standing;
        self
    }

    /// Whoever is refused as who we say we are says so here.
    pub fn doubt(&self) -> Doubt {
        self.doubt.clone()
    }

    /// Where it is noted.
    pub(crate) fn standing(&self) -> Standing {
        self.standing.clone()
    }
}
