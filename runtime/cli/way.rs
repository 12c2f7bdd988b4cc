//! A way out as `kurant.yaml` names it, with its secrets filled in.

use std::path::Path;

use kurant_engine::calendar::{DAY, Duration};
use kurant_engine::map::Map;
use kurant_engine::value::Value;
use kurant_runner::{Encryption, MailServer, ReturnedMail};
use kurant_store::is_misread;
use url::Url;

use crate::error::Error;
use crate::secret;

/// How long a command is tried after its moment unless the workspace says otherwise, in milliseconds.
const VALID_FOR: i64 = DAY;
/// The ports of mail servers: with TLS from the first byte on, with `STARTTLS`, and in the clear.
const PORTS: [(Encryption, u16); 3] = [
    (Encryption::Required, 465),
    (Encryption::StartTls, 587),
    (Encryption::None, 25),
];

/// The settings of one route.
pub(crate) struct Way<'w> {
    pub(crate) folder: &'w Path,
    /// The channel's name, `crm` or `events`.
    pub(crate) route: &'w str,
    pub(crate) settings: &'w Map,
}

impl Way<'_> {
    /// A text, as it stands there.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.settings.get(key).and_then(Value::as_text)
    }

    /// A text with its secrets filled in.
    pub(crate) fn opened(&self, key: &str) -> Result<Option<String>, Error> {
        self.text(key)
            .map(|text| secret::open(self.folder, text))
            .transpose()
    }

    pub(crate) fn number(&self, key: &str) -> Option<i64> {
        match self.settings.get(key) {
            Some(Value::Integer(number)) => Some(*number),
            other => other?.as_text()?.parse().ok(),
        }
    }

    /// How long a command is tried after its moment, in milliseconds.
    pub(crate) fn valid_for(&self) -> Result<i64, Error> {
        let Some(text) = self.text("valid_for") else {
            return Ok(VALID_FOR);
        };
        let parsed = Duration::parse(text).map_err(|error| {
            Error::failure(format!("`valid_for` of `{}`: {error}", self.route))
                .hint("write how long a command is tried, like `valid_for: 1d`")
        });
        Ok(parsed?.at_most_millis())
    }

    /// The mail server of a channel.
    pub(crate) fn mail_server(&self) -> Result<MailServer, Error> {
        let place = self.place()?;
        let from = self.opened("from")?.unwrap_or_default();
        let (host, port) = (place.host.as_str(), place.port);
        let server = MailServer::new((host, port), place.encryption, &from, self.valid_for()?)
            .map_err(|why| self.unusable(&why))?;
        let server = match place.login {
            Some((user, password)) => server.login(&user, &password),
            None => server,
        };
        let server = match self.opened("reply_to")? {
            Some(address) => server
                .reply_to(&address)
                .map_err(|why| self.unusable(&why))?,
            None => server,
        };
        let server = match self.returned_mail()? {
            Some(returned) => server.returned(returned),
            None => server,
        };
        let connections = self
            .number("connections")
            .and_then(|own| usize::try_from(own).ok());
        Ok(match connections {
            Some(connections) => server.connections(connections),
            None => server,
        })
    }

    /// Where what comes back as mail is read, and by which names it is known.
    fn returned_mail(&self) -> Result<Option<ReturnedMail>, Error> {
        let Some(Value::Map(settings)) = self.settings.get("returned") else {
            return Ok(None);
        };
        let own = Way { settings, ..*self };
        let unusable = |why: String| self.unusable(&format!("`returned`: {why}"));
        let place = own.opened("folder")?.unwrap_or_default();
        let secret = own.opened("secret")?.unwrap_or_default();
        let returned = ReturnedMail::into(self.folder.join(place), self.route, &secret);
        let mut returned = returned.map_err(unusable)?;
        if let Some(address) = own.opened("bounces")? {
            returned = returned.bounces(&address).map_err(unusable)?;
        }
        if let Some(address) = own.opened("replies")? {
            returned = returned.replies(&address).map_err(unusable)?;
        }
        Ok(Some(returned))
    }

    fn place(&self) -> Result<Place, Error> {
        let login = |user: Option<String>, password: Option<String>| user.zip(password);
        let own = login(self.opened("user")?, self.opened("password")?);
        let port = self
            .number("port")
            .and_then(|port| u16::try_from(port).ok());
        let said = match self.text("tls") {
            Some("required") => Some(Encryption::Required),
            Some("none") => Some(Encryption::None),
            Some(_) => Some(Encryption::StartTls),
            None => None,
        };
        let Some(url) = self.opened("url")? else {
            let host = self.opened("host")?.unwrap_or_default();
            let guessed = match port {
                Some(465) => Encryption::Required,
                _ => Encryption::StartTls,
            };
            return Ok(Place::new(host, port, said.unwrap_or(guessed), own));
        };
        // Nothing of it is told: it may be a password that stands where an address should.
        let lacking = || {
            self.unusable(
                "`url` is no address of a mail server like smtp://USER:PASSWORD@HOST:587; in a user or password, `@`, `/`, `?`, `#` \
                 and `%` are written `%40`, `%2F`, `%3F`, `%23` and `%25`",
            )
        };
        let url = Url::parse(&url).map_err(|_| lacking())?;
        if is_misread(&url) {
            return Err(lacking());
        }
        let scheme = match url.scheme() {
            "smtps" => Encryption::Required,
            "smtp" => Encryption::StartTls,
            _ => return Err(lacking()),
        };
        let host = url.host_str().ok_or_else(lacking)?;
        // An IPv6 address stands in brackets there.
        let host = host.trim_matches(['[', ']']).to_owned();
        let plain = |text: &str| {
            let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
            decoded.map(String::from).map_err(|_| lacking())
        };
        let inside = match url.password() {
            Some(password) => Some((plain(url.username())?, plain(password)?)),
            None => None,
        };
        Ok(Place::new(
            host,
            url.port().or(port),
            said.unwrap_or(scheme),
            own.or(inside),
        ))
    }

    pub(crate) fn unusable(&self, why: &str) -> Error {
        Error::failure(format!("the channel `{}`: {why}", self.route))
            .hint("mend it in kurant.yaml, or in what it takes from the environment")
    }
}

/// Where a mail server is, and who we are to it.
struct Place {
    host: String,
    port: u16,
    encryption: Encryption,
    login: Option<(String, String)>,
}

impl Place {
    fn new(
        host: String,
        port: Option<u16>,
        encryption: Encryption,
        login: Option<(String, String)>,
    ) -> Self {
        let usual = PORTS.into_iter().find(|(own, _)| *own == encryption);
        Self {
            host,
            port: port.or(usual.map(|(_, port)| port)).unwrap_or_default(),
            encryption,
            login,
        }
    }
}
