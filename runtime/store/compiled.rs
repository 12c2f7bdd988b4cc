//! What was compiled, read back whole. A Kurant that is older than the one that wrote it may know less: it refuses what it would
//! lose, and says what that is.

use kurant_engine::definition::{Definitions, Version};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Error;

/// What helps.
const ADVICE: &str = "a newer Kurant has written it, it seems: run that one";

/// Definitions that were written down by this Kurant or another.
///
/// # Errors
/// [`Error::Corrupt`] when they can't be read, or say what this Kurant does not know: the place of it.
pub fn definitions(text: &str) -> Result<Definitions, Error> {
    whole(text).map_err(|why| Error::corrupt("what is in force", format!("{why}; {ADVICE}")))
}

/// The versions of journeys that somebody is inside of. All that can't be read are named.
pub(crate) fn versions<'t>(texts: impl Iterator<Item = &'t str>) -> Result<Vec<Version>, Error> {
    let (mut versions, mut unread) = (Vec::new(), Vec::new());
    for text in texts {
        match whole(text) {
            Ok(version) => versions.push(version),
            Err(why) => unread.push(format!("{}: {why}", journey_of(text))),
        }
    }
    if unread.is_empty() {
        return Ok(versions);
    }
    let told = format!("{}; {ADVICE}", unread.join("; "));
    Err(Error::corrupt("a journey that people are inside of", told))
}

fn journey_of(text: &str) -> String {
    let own = serde_json::from_str::<Value>(text).unwrap_or_default();
    let name = own["journey"]["id"].as_str();
    name.unwrap_or("a journey without a name").to_owned()
}

/// Reads a document, unless something of it would be lost.
fn whole<T: DeserializeOwned + Serialize>(text: &str) -> Result<T, String> {
    let read: T = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let was: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let now = serde_json::to_value(&read).map_err(|error| error.to_string())?;
    match lost(&was, &now) {
        None => Ok(read),
        Some(place) => Err(format!(
            "it says `{place}`, which this Kurant does not know"
        )),
    }
}

/// The first name that one document has and the other has not. What says nothing is no loss.
fn lost(was: &Value, now: &Value) -> Option<String> {
    match (was, now) {
        (Value::Object(was), Value::Object(now)) => was.iter().find_map(|(name, own)| {
            let Some(now) = now.get(name) else {
                return says_something(own).then(|| name.clone());
            };
            lost(own, now).map(|place| format!("{name}.{place}"))
        }),
        (Value::Array(was), Value::Array(now)) => {
            let mut both = was.iter().zip(now);
            let inside = both.find_map(|(was, now)| lost(was, now));
            inside.or_else(|| (was.len() > now.len()).then(|| format!("{}", now.len())))
        }
        _ => None,
    }
}

/// Whether it is more than what a field says where it is left out.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(values) => !values.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSION: &str = r#"{"hash":"919a837feed70f708602fe9f42b5e0c3","journey":{"id":"thanks","title":null,"owner":null,"status":"live",
        "category":"marketing","triggers":[{"event":{"event":"order.paid","filter":null,"max_age":"1d"},"catch_up":"1d"}],"audience":null,
        "entry":{"key":null,"again":"never","while_active":"ignore"},"exits":[],"goal":null,"topic":null,"expires":null,"priority":50,
        "holdout":0,"pilot":null,"vars":[],"steps":[{"id":"pause","title":null,"when":null,"verb":{"wait":{"rule":{"for":"1d"},
        "since":null,"until":null}}}]},"library":[]}"#;

    #[test]
    fn what_an_older_kurant_would_lose_of_a_version_is_refused_with_its_place() {
        let read = versions([VERSION].into_iter()).expect("it knows that");
        assert_eq!(read[0].journey.id, "thanks");
        for (was, now, told) in [
            ("\"wait\":", "\"hover\":", "thanks: unknown variant `hover`"),
            (
                "\"since\":null",
                "\"since\":null,\"wind\":7",
                "thanks: it says `journey.steps.verb.wait.wind`",
            ),
            (
                "\"library\":[]",
                "\"library\":[],\"spells\":{\"all\":1}",
                "thanks: it says `spells`",
            ),
        ] {
            let newer = VERSION.replace(was, now);
            let texts = [VERSION, newer.as_str(), newer.as_str()];
            let error = versions(texts.into_iter()).expect_err(now).to_string();
            assert_eq!(error.matches(told).count(), 2, "{error}");
            assert!(error.contains("a newer Kurant"), "{error}");
        }
        // One that has learned to say nothing of what it knows.
        for nothing in ["null", "false", "[]", "{}"] {
            let more = format!("\"library\":[],\"spells\":{nothing}");
            let silent = VERSION.replace("\"library\":[]", &more);
            assert!(versions([silent.as_str()].into_iter()).is_ok(), "{nothing}");
        }
    }

    #[test]
    fn a_list_that_comes_back_shorter_has_lost_something() {
        let list = |text| serde_json::from_str::<Value>(text).expect("JSON");
        assert_eq!(lost(&list("[1, 2]"), &list("[1]")).as_deref(), Some("1"));
        assert_eq!(lost(&list("[1]"), &list("[1, 2]")), None);
    }
}
