//! A message and the settings of `kurant.yaml` become a request.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use minijinja::value::{Kwargs, Value as Seen};
use minijinja::{Environment, Error, ErrorKind};
use serde::{Deserialize, Serialize};

use super::{Body, KeyPlace, Provider, body};

/// How many steps one text may take.
const FUEL: u64 = 20_000;

/// What a text sees of a message.
pub const MESSAGE: [&str; 14] = [
    "to",
    "text",
    "subject",
    "preheader",
    "format",
    "key",
    "channel",
    "journey",
    "step",
    "template",
    "callback_url",
    "buttons",
    "button_text",
    "button_url",
];

/// A message, ready to be put into a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// By the names of [`MESSAGE`]; what a message lacks is absent.
    pub fields: BTreeMap<String, String>,
    /// What may be pressed below it: `buttons`, and the first of them as `button_text` and `button_url`.
    pub buttons: Vec<Button>,
}

/// Something below a message that may be pressed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// What stands on it.
    pub text: String,
    /// Where it leads.
    pub url: String,
}

impl Message {
    /// Its key.
    pub fn key(&self) -> &str {
        self.fields.get("key").map_or("", String::as_str)
    }
}

impl Button {
    fn seen(&self) -> Seen {
        let parts = [("text", &self.text), ("url", &self.url)];
        let parts = parts.map(|(name, text)| (name.to_owned(), Seen::from(text.as_str())));
        Seen::from(BTreeMap::from(parts))
    }
}

/// A request, apart from the network.
#[derive(Clone, PartialEq)]
pub struct Request {
    /// Where to, without `query`.
    pub url: String,
    /// `POST` and so on.
    pub method: String,
    /// What is added behind the `?`; not yet encoded.
    pub query: Vec<(String, String)>,
    /// Headers by name.
    pub headers: Vec<(String, String)>,
    /// User and password.
    pub login: Option<(String, String)>,
    /// What is sent.
    pub body: Option<Filled>,
}

/// A body with its values.
#[derive(Debug, Clone, PartialEq)]
pub enum Filled {
    /// The text of JSON.
    Json(String),
    /// Names and values; not yet encoded.
    Form(Vec<(String, String)>),
}

/// Makes requests for one provider with one set of settings.
#[derive(Clone, PartialEq)]
pub struct Composer {
    provider: Provider,
    settings: BTreeMap<String, String>,
    url: String,
}

impl Composer {
    /// For a provider, with the settings that `kurant.yaml` gives it, secrets filled in. Its own `url` is worth more than the
    /// provider's.
    ///
    /// # Errors
    /// What is missing or can't be read, in people's words and without secrets.
    pub fn new(
        provider: Provider,
        url: Option<String>,
        settings: BTreeMap<String, String>,
    ) -> Result<Self, String> {
        let missing = provider
            .needs
            .iter()
            .find(|name| !settings.contains_key(*name));
        if let Some(name) = missing {
            return Err(format!("{} needs `{name}`", provider.name));
        }
        let url = match (url, &provider.url) {
            (Some(own), _) => own,
            (None, Some(text)) => {
                let seen = Seen::from(seen(settings.iter()));
                encoding_environment()
                    .render_str(text, seen)
                    .map_err(|error| told("url", &error))?
            }
            (None, None) => return Err(format!("{} needs `url`", provider.name)),
        };
        Ok(Self {
            provider,
            settings,
            url,
        })
    }

    /// Whom it makes requests for.
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// Where requests go, without a query.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A text that sees the settings only; none where one of those that it names says nothing: what stands beside it is known to all.
    ///
    /// # Errors
    /// That it can't be made, without anything of it.
    pub fn secret(&self, text: &str) -> Result<Option<String>, String> {
        if !self.lacks(text)?.is_empty() {
            return Ok(None);
        }
        let rendered = environment().render_str(text, seen(self.settings.iter()));
        let rendered = rendered.map_err(|error| told("callback", &error))?;
        Ok(Some(rendered).filter(|own| !own.trim().is_empty()))
    }

    /// The settings that a text names and that say nothing, by name.
    ///
    /// # Errors
    /// That it can't be read, without anything of it.
    pub fn lacks(&self, text: &str) -> Result<Vec<String>, String> {
        let environment = environment();
        let read = environment.template_from_str(text);
        let read = read.map_err(|error| told("callback", &error))?;
        let is_said = |name: &String| {
            let own = self.settings.get(name);
            own.is_some_and(|own| !own.trim().is_empty())
        };
        let named = read.undeclared_variables(false).into_iter();
        let mut lacking: Vec<String> = named.filter(|name| !is_said(name)).collect();
        lacking.sort();
        Ok(lacking)
    }

    /// The request of a message: the same each time.
    ///
    /// # Errors
    /// Which part can't be made of this message, without anything of it.
    pub fn request(&self, message: &Message) -> Result<Request, String> {
        let environment = environment();
        let settings = self.settings.iter();
        let mut seen = seen(settings.chain(&message.fields));
        if let Some(first) = message.buttons.first() {
            let own = [("button_text", &first.text), ("button_url", &first.url)];
            seen.extend(own.map(|(name, text)| (name.to_owned(), Seen::from(text.as_str()))));
            let list: Vec<Seen> = message.buttons.iter().map(Button::seen).collect();
            seen.insert("buttons".into(), Seen::from(list));
        }
        let seen = Seen::from(seen);
        let text = |place: &str, text: &str| {
            let rendered = environment.render_str(text, &seen);
            rendered.map_err(|error| told(place, &error))
        };
        let provider = &self.provider;
        let mut headers = Vec::new();
        for (name, value) in &provider.headers {
            headers.push((name.clone(), text(name, value)?));
        }
        let mut query = Vec::new();
        for (name, value) in &provider.query {
            query.push((name.clone(), text(name, value)?));
        }
        let login = match &provider.login {
            Some((user, password)) => Some((text("user", user)?, text("password", password)?)),
            None => None,
        };
        let key = message.key();
        let mut body = provider.body.clone();
        match provider.idempotency.as_ref().map(|own| &own.place) {
            Some(KeyPlace::Header(name)) => headers.push((name.clone(), key.to_owned())),
            Some(KeyPlace::Field(name)) => place(&mut body, name),
            None => {}
        }
        let body = match body {
            None => None,
            Some(Body::Json(tree)) => {
                let tree = body::filled(&environment, &tree, &seen);
                let tree = tree.map_err(|error| told("body", &error))?;
                Some(Filled::Json(tree.unwrap_or_default().to_string()))
            }
            Some(Body::Form(fields)) => {
                let mut form = Vec::new();
                for (name, value) in &fields {
                    let value = text(name, value)?;
                    if !value.is_empty() {
                        form.push((name.clone(), value));
                    }
                }
                Some(Filled::Form(form))
            }
        };
        Ok(Request {
            url: self.url.clone(),
            method: provider.method.clone(),
            query,
            headers,
            login,
            body,
        })
    }
}

/// What a text sees. A value is a value: nothing reads it as Jinja again.
fn seen<'f>(fields: impl Iterator<Item = (&'f String, &'f String)>) -> BTreeMap<String, Seen> {
    let fields = fields.map(|(name, text)| (name.clone(), Seen::from(text.as_str())));
    fields.collect()
}

/// Puts the key of a message into a field of the body.
fn place(body: &mut Option<Body>, name: &str) {
    const KEY: &str = "{{ key }}";
    match body {
        Some(Body::Json(serde_json::Value::Object(fields))) => {
            fields.insert(name.to_owned(), KEY.into());
        }
        Some(Body::Form(fields)) => fields.push((name.to_owned(), KEY.to_owned())),
        _ => {}
    }
}

/// The environment that the texts of providers are checked in and filled in.
pub fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.set_debug(false);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.add_filter("digits", digits);
    environment
}

/// As that, and every value is percent-encoded: it can neither end a segment of a path nor begin another host.
fn encoding_environment() -> Environment<'static> {
    let mut environment = environment();
    environment.set_formatter(|out, _, value| {
        let text = match value.is_undefined() || value.is_none() {
            true => String::new(),
            false => value.to_string(),
        };
        for byte in text.bytes() {
            // A colon stands in tokens, and means nothing in a path.
            let written = match byte.is_ascii_alphanumeric() || b"-_~:.".contains(&byte) {
                true => out.write_char(byte.into()),
                false => write!(out, "%{byte:02X}"),
            };
            written.map_err(|_| Error::new(ErrorKind::WriteFailure, "a value can't be written"))?;
        }
        Ok(())
    });
    environment
}

/// The digits of a phone number; as a number with `number=true`.
fn digits(value: &str, kwargs: Kwargs) -> Result<Seen, Error> {
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    let is_number: Option<bool> = kwargs.get("number")?;
    kwargs.assert_all_used()?;
    if !is_number.unwrap_or_default() {
        return Ok(digits.into());
    }
    let number = digits.parse::<i64>().map(Seen::from);
    number.map_err(|_| Error::new(ErrorKind::InvalidOperation, "`digits` found no number"))
}

/// Which part failed and in which way; nothing of the values.
fn told(place: &str, error: &Error) -> String {
    let why = match error.kind() {
        ErrorKind::OutOfFuel => "it takes too long",
        ErrorKind::SyntaxError => "it is no Jinja",
        ErrorKind::UnknownFilter | ErrorKind::UnknownFunction | ErrorKind::UnknownTest => {
            "it asks for what there isn't"
        }
        _ => "its values don't fit",
    };
    format!("unfit: `{place}` of the request can't be made: {why}")
}
