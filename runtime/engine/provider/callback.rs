//! How a provider calls back: by what it is known, and what it says of messages.
//!
//! All of it is pure. Whoever is called has checked the signature before anything is read here.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::answer::{code, field, id, plain};
use super::fate::Fate;
use crate::calendar::Instant;

/// The most that one call tells of.
const MOST: usize = 1_000;
/// The longest words of a person that are kept, in characters.
const LONGEST_WORDS: usize = 1_000;
/// The longest address of a link that is kept, in characters.
const LONGEST_LINK: usize = 2_000;
/// Seconds since 1970 are fewer than this, and milliseconds are more: the year 5138 in the one, 1973 in the other.
const LARGEST_SECOND: i64 = 100_000_000_000;

/// How a provider calls back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// By what it is known that the provider calls, and nobody else.
    pub verify: Verify,
    /// How what it says is written.
    pub form: Form,
    /// Where in it the list stands, if it tells of several at once. A list that is the whole needs no word.
    pub list: Option<String>,
    /// Which message it tells of.
    pub message: Which,
    /// What became of the message; the first that fits counts.
    pub statuses: Vec<Status>,
    /// The field that says when it happened.
    pub time: Option<String>,
    /// The field that tells one thing that happened from another of the same kind.
    pub event: Option<String>,
    /// The field with the address of a link that was clicked.
    pub url: Option<String>,
    /// The field with the words of a reply.
    pub text: Option<String>,
}

/// By what it is known that a provider calls. Texts are Jinja and see the settings only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verify {
    /// It was told an address that nobody guesses.
    Address,
    /// It shows a secret in a header.
    Header {
        /// The header's name.
        name: String,
        /// What stands in it.
        is: String,
    },
    /// It shows a secret behind the `?`.
    Query {
        /// The field's name.
        name: String,
        /// What stands in it.
        is: String,
    },
    /// It signs what it says.
    Hmac(Hmac),
    /// It signs as Standard Webhooks has it.
    Standard {
        /// `whsec_...`.
        secret: String,
    },
    /// It signs the address and the fields of the form, in the order of their names, as Twilio does.
    Form {
        /// The header with the signature.
        header: String,
        /// The secret.
        secret: String,
    },
}

/// A signature over the very bytes that came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hmac {
    /// The header with the signature.
    pub header: String,
    /// The secret.
    pub secret: String,
    /// How it is made.
    pub algorithm: Algorithm,
    /// How it is written.
    pub encoding: Encoding,
    /// What stands before it in the header: `sha256=`.
    pub prefix: String,
    /// The header that says when it was made, in seconds since 1970; it is signed with the body, as `TIME.BODY`.
    pub timestamp: Option<String>,
}

/// How a signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// HMAC-SHA1.
    Sha1,
    /// HMAC-SHA256.
    Sha256,
    /// HMAC-SHA512.
    Sha512,
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// As digits from 0 to f.
    Hex,
    /// In Base64.
    Base64,
}

/// How what a provider says is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// As JSON.
    Json,
    /// As a form.
    Form,
    /// Behind the `?`.
    Query,
}

/// Which message is told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Which {
    /// By which name.
    pub by: NamedBy,
    /// The field with the name.
    pub field: String,
    /// It stands behind the `?`, whatever else stands elsewhere.
    pub in_query: bool,
}

/// By which name a message is known when a provider tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NamedBy {
    /// By our key, which it was given with the message.
    Key,
    /// By the provider's own id, which came with the answer.
    Id,
}

/// What some words of a provider mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The field that is looked at.
    pub field: String,
    /// What the field may hold; anything if there is none.
    pub is: Vec<String>,
    /// What became of the message.
    pub means: Fate,
}

/// One thing that a provider says of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The message's name; none if it can't be one.
    pub name: Option<String>,
    /// What became of it; none if nobody has described what was said.
    pub fate: Option<Fate>,
    /// What was said, if it is a code and nothing else.
    pub said: Option<String>,
    /// When it happened.
    pub time: Option<Instant>,
    /// What tells it from others of its kind.
    pub event: Option<String>,
    /// The link that was followed.
    pub url: Option<String>,
    /// The words of a reply.
    pub text: Option<String>,
}

/// Why nothing is to be read of a call. It tells nothing of what was said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The body is not written as it is described.
    #[error("it is no JSON")]
    NoJson,
    /// There is no list where one is described.
    #[error("`list: {0}`: no list is there")]
    NoList(String),
    /// What is said is of no message.
    #[error("it is neither an object nor a list of objects")]
    NoObjects,
    /// It tells of more than anybody tells at once.
    #[error("it tells of more than {MOST} messages at once")]
    TooMany,
}

impl Callback {
    /// The secrets by which it is known, as texts that see the settings.
    pub fn texts(&self) -> Vec<&str> {
        match &self.verify {
            Verify::Address => Vec::new(),
            Verify::Header { is, .. } | Verify::Query { is, .. } => vec![is],
            Verify::Hmac(Hmac { secret, .. })
            | Verify::Standard { secret }
            | Verify::Form { secret, .. } => vec![secret],
        }
    }

    /// What is said of messages, in its order. `query` and `form` are names and values.
    ///
    /// # Errors
    /// When it isn't written as it is described, or is of more than anybody tells at once.
    pub fn read(
        &self,
        query: &[(String, String)],
        form: &[(String, String)],
        body: &[u8],
    ) -> Result<Vec<Fact>, Error> {
        let query = object(query);
        let whole = match self.form {
            Form::Json => serde_json::from_slice(body).map_err(|_| Error::NoJson)?,
            Form::Form => object(form),
            Form::Query => query.clone(),
        };
        let told = match (&self.list, whole) {
            (Some(path), whole) => {
                let list = found(&whole, path).and_then(Value::as_array);
                list.ok_or_else(|| Error::NoList(path.clone()))?.clone()
            }
            (None, Value::Array(told)) => told,
            (None, told) => vec![told],
        };
        if told.len() > MOST {
            return Err(Error::TooMany);
        }
        if !told.iter().all(Value::is_object) {
            return Err(Error::NoObjects);
        }
        Ok(told.iter().map(|one| self.fact(one, &query)).collect())
    }

    /// What is missing where messages are named, if one of these facts that somebody waits for names none.
    pub fn lacks_name(&self, facts: &[Fact]) -> Option<String> {
        let is_nameless = |fact: &&Fact| fact.name.is_none() && fact.fate != Some(Fate::Ignored);
        let nameless = facts.iter().filter(is_nameless).count();
        let Which {
            by,
            field,
            in_query,
        } = &self.message;
        let by = match by {
            NamedBy::Key => "key",
            NamedBy::Id => "id",
        };
        let place = if *in_query { " behind the `?`" } else { "" };
        let all = facts.len();
        (nameless > 0).then(|| {
            format!(
                "`message: {by}: {field}`: {nameless} of {all} name no message in `{field}`{place}"
            )
        })
    }

    fn fact(&self, told: &Value, query: &Value) -> Fact {
        let place = if self.message.in_query { query } else { told };
        let read = |path: &Option<String>| found(told, path.as_deref()?);
        let words = |path: &Option<String>, longest: usize| {
            let text = plain(read(path)?)?;
            Some(text.chars().take(longest).collect::<String>()).filter(|own| !own.is_empty())
        };
        let status = self.statuses.iter().find(|status| status.fits(told));
        let looked_at = self.statuses.iter().rev();
        let said = looked_at.filter_map(|status| code(found(told, &status.field)?));
        Fact {
            name: found(place, &self.message.field).and_then(id),
            fate: status.map(|status| status.means),
            said: said.into_iter().next(),
            time: read(&self.time).and_then(moment),
            event: words(&self.event, LONGEST_WORDS),
            url: words(&self.url, LONGEST_LINK),
            text: words(&self.text, LONGEST_WORDS),
        }
    }
}

impl Status {
    fn fits(&self, told: &Value) -> bool {
        let own = found(told, &self.field).filter(|own| !own.is_null());
        own.is_some_and(|own| {
            self.is.is_empty() || plain(own).is_some_and(|text| self.is.contains(&text))
        })
    }
}

/// The value at a path; names with dots in them are names too.
fn found<'v>(told: &'v Value, path: &str) -> Option<&'v Value> {
    told.get(path).or_else(|| field(told, path))
}

fn object(fields: &[(String, String)]) -> Value {
    let fields = fields.iter();
    let fields: Map<String, Value> = fields
        .map(|(name, text)| (name.clone(), Value::String(text.clone())))
        .collect();
    Value::Object(fields)
}

/// When something happened: seconds or milliseconds since 1970, or RFC 3339.
fn moment(value: &Value) -> Option<Instant> {
    let text = plain(value)?;
    let whole = text.split('.').next().unwrap_or_default();
    match whole.parse::<i64>() {
        Ok(seconds) if seconds < LARGEST_SECOND => {
            Some(Instant::from_millis(seconds.checked_mul(1_000)?))
        }
        Ok(millis) => Some(Instant::from_millis(millis)),
        Err(_) => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn status(field: &str, is: &[&str], means: Fate) -> Status {
        Status {
            field: field.to_owned(),
            is: is.iter().map(|own| (*own).to_owned()).collect(),
            means,
        }
    }

    fn callback(form: Form) -> Callback {
        Callback {
            verify: Verify::Address,
            form,
            list: None,
            message: Which {
                by: NamedBy::Id,
                field: "id".to_owned(),
                in_query: false,
            },
            statuses: vec![
                status("error", &["30005"], Fate::Bounced),
                status("status", &["2", "delivered"], Fate::Delivered),
                status("status", &["3"], Fate::Failed),
                status("reply", &[], Fate::Replied),
            ],
            time: Some("time".to_owned()),
            event: Some("event".to_owned()),
            url: Some("link".to_owned()),
            text: Some("reply".to_owned()),
        }
    }

    fn said(callback: &Callback, body: &Value) -> Result<Vec<Fact>, Error> {
        callback.read(&[], &[], body.to_string().as_bytes())
    }

    fn pairs(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        fields.iter().map(own).collect()
    }

    #[test]
    fn one_and_many_are_read_from_json_a_form_and_a_query() {
        let own = callback(Form::Json);
        let one = json!({ "id": "a-1", "status": 2, "time": 1_477_417_294_667_i64 });
        let facts = said(&own, &one).expect("facts");
        assert_eq!(facts.len(), 1);
        assert_eq!(facts[0].name.as_deref(), Some("a-1"));
        assert_eq!(facts[0].fate, Some(Fate::Delivered));
        let at = Instant::from_millis(1_477_417_294_667);
        assert_eq!(facts[0].time, Some(at));
        let many = json!([one, { "id": "a-2", "status": "3", "error": 30005 }]);
        let facts = said(&own, &many).expect("facts");
        let fates: Vec<_> = facts.iter().map(|own| own.fate).collect();
        assert_eq!(fates, [Some(Fate::Delivered), Some(Fate::Bounced)]);
        let inside = Callback {
            list: Some("data.events".to_owned()),
            ..own
        };
        let facts = said(&inside, &json!({ "data": { "events": many } }));
        assert_eq!(facts.expect("facts").len(), 2);
        // A list that isn't there, or is none, is not the same as an empty one.
        let no_list = Err(Error::NoList("data.events".to_owned()));
        for data in [json!({}), json!({ "events": one }), json!({ "events": 7 })] {
            assert_eq!(said(&inside, &json!({ "data": data })), no_list);
        }
        let empty = json!({ "data": { "events": [] } });
        assert_eq!(said(&inside, &empty), Ok(Vec::new()));
        let fields = pairs(&[
            ("id", "SM1"),
            ("status", "delivered"),
            ("time", "1700000000"),
        ]);
        let facts = callback(Form::Form)
            .read(&[], &fields, b"x")
            .expect("facts");
        assert_eq!(facts[0].time, Some(Instant::from_millis(1_700_000_000_000)));
        assert_eq!(callback(Form::Query).read(&fields, &[], b""), Ok(facts));
    }

    #[test]
    fn a_message_may_be_named_behind_the_question_mark() {
        let mut own = callback(Form::Json);
        own.message = Which {
            by: NamedBy::Key,
            field: "key".to_owned(),
            in_query: true,
        };
        let query = pairs(&[("key", "k1")]);
        let body = json!({ "key": "another", "status": 2 }).to_string();
        let facts = own.read(&query, &[], body.as_bytes()).expect("facts");
        assert_eq!(facts[0].name.as_deref(), Some("k1"));
    }

    #[test]
    fn what_nobody_described_is_told_by_its_code_and_without_words() {
        for (status, said_as) in [
            (json!("teleported"), Some("teleported")),
            (json!("Anna is away"), None),
            (json!("380501112233"), None),
            (json!(null), None),
        ] {
            let facts = said(
                &callback(Form::Json),
                &json!({ "id": "a", "status": status }),
            );
            let fact = &facts.expect("facts")[0];
            assert_eq!((fact.fate, fact.said.as_deref()), (None, said_as));
        }
    }

    #[test]
    fn a_reply_has_its_words_and_a_click_its_link() {
        let own = callback(Form::Json);
        let long = "x".repeat(3_000);
        let facts = said(
            &own,
            &json!({ "id": "a", "reply": long, "link": long, "event": 7 }),
        );
        let fact = &facts.expect("facts")[0];
        assert_eq!(fact.fate, Some(Fate::Replied));
        assert_eq!(fact.text.as_ref().map(String::len), Some(LONGEST_WORDS));
        assert_eq!(fact.url.as_ref().map(String::len), Some(LONGEST_LINK));
        assert_eq!(fact.event.as_deref(), Some("7"));
    }

    #[test]
    fn what_is_no_call_back_is_none() {
        let own = callback(Form::Json);
        for body in [json!("hello"), json!(7), json!([1]), json!(null)] {
            assert_eq!(said(&own, &body), Err(Error::NoObjects), "{body}");
        }
        for body in [&b""[..], b"{", b"\xff", b"<xml/>"] {
            assert_eq!(own.read(&[], &[], body), Err(Error::NoJson));
        }
        let many = Value::Array(vec![json!({ "id": "a" }); MOST + 1]);
        assert_eq!(said(&own, &many), Err(Error::TooMany));
        // A name that is none: whatever it is, nothing is looked for by it.
        let facts = said(&own, &json!({ "id": "Anna Petrenko, Kyiv", "status": 2 }));
        assert_eq!(facts.expect("facts")[0].name, None);
    }

    #[test]
    fn what_names_no_message_is_told_by_the_field_unless_nobody_waits_for_it() {
        let mut own = callback(Form::Json);
        own.statuses
            .push(status("status", &["sent"], Fate::Ignored));
        let lacks = |own: &Callback, body: &Value| own.lacks_name(&said(own, body).expect("facts"));
        let named = json!({ "id": "a-1", "status": 2 });
        assert_eq!(lacks(&own, &named), None);
        assert_eq!(lacks(&own, &json!({ "status": "sent" })), None);
        for nameless in [
            json!({ "status": 2 }),
            json!({ "di": "a-1", "status": "x" }),
            json!({ "id": "Anna Petrenko, Kyiv", "status": 2 }),
        ] {
            let why = lacks(&own, &json!([named, nameless]));
            let says = "`message: id: id`: 1 of 2 name no message in `id`";
            assert_eq!(why.as_deref(), Some(says), "{nameless}");
        }
        own.message.in_query = true;
        let why = lacks(&own, &named).expect("it names none");
        assert!(why.ends_with("in `id` behind the `?`"), "{why}");
    }
}
