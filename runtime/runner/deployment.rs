//! Definitions that were deployed: the store holds them, and whoever runs on it goes by them instead of its own folder; see
//! `docs/decisions/0023-deploy.md`.

use kurant_engine::calendar::Instant;
use kurant_engine::definition::Definitions;
use kurant_store::{Batch, Error, Store, Swap};
use serde::{Deserialize, Serialize};

/// The mark of what is deployed; `null` in it = nothing is any more. A run sees it among what operators say.
const CURRENT: &str = "steer/deployed";
/// The mark of the deployment that whoever leads has taken up.
const TAKEN: &str = "deployment/taken";
/// The mark of the deployment that somebody could not take up.
const REFUSED: &str = "deployment/refused";
/// What is known of each deployment, by number.
const NOTE: &str = "deployment/note/";
/// The definitions of each deployment, by number.
const BODY: &str = "deployment/body/";
/// So many are kept to go back to.
const KEPT: u64 = 20;

/// Definitions that somebody put in force for all workers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// Its number, rising.
    pub number: u64,
    /// When.
    pub at: Instant,
    /// Who.
    pub by: String,
    /// Why.
    #[serde(default)]
    pub why: String,
    /// The deployment whose definitions they are, if it goes back to an earlier one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_to: Option<u64>,
}

/// Who deploys, and why.
#[derive(Debug, Clone)]
pub struct Word {
    /// When.
    pub at: Instant,
    /// Who.
    pub by: String,
    /// Why.
    pub why: String,
}

/// What was deployed on a store.
pub struct Deployments<'s> {
    store: &'s dyn Store,
}

impl<'s> Deployments<'s> {
    /// On this store, which may be open beside a run.
    pub fn on(store: &'s dyn Store) -> Self {
        Self { store }
    }

    /// What is deployed; none where each run goes by its own folder.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn current(&self) -> Result<Option<Deployment>, Error> {
        Ok(said(&self.store.marks(CURRENT).await?))
    }

    /// The number of the deployment that whoever leads goes by.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn taken_up(&self) -> Result<Option<u64>, Error> {
        let marks = self.store.marks(TAKEN).await?;
        Ok(marks.first().and_then(|(_, number)| number.parse().ok()))
    }

    /// The number of the deployment that a run could not take up last.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn refused(&self) -> Result<Option<u64>, Error> {
        let marks = self.store.marks(REFUSED).await?;
        Ok(marks.first().and_then(|(_, number)| number.parse().ok()))
    }

    /// The deployments that can be gone back to, latest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn all(&self) -> Result<Vec<Deployment>, Error> {
        let marks = self.store.marks(NOTE).await?;
        let read = marks.iter().map(|(_, text)| serde_json::from_str(text));
        let mut all: Vec<Deployment> = read.filter_map(Result::ok).collect();
        all.sort_by_key(|own| std::cmp::Reverse(own.number));
        Ok(all)
    }

    /// The definitions of a deployment; none if it is not kept any more.
    ///
    /// # Errors
    /// When the store fails, or a newer Kurant wrote them.
    pub async fn definitions(&self, number: u64) -> Result<Option<Definitions>, Error> {
        let name = format!("{BODY}{number}");
        let marks = self.store.marks(&name).await?;
        let body = marks.into_iter().find(|(own, _)| *own == name);
        let read = body.map(|(_, text)| kurant_store::read_definitions(&text));
        read.transpose()
    }

    /// Puts definitions in force for all workers, if what is deployed is still what it `was`.
    ///
    /// # Errors
    /// [`Error::Conflict`] when somebody else deployed meanwhile, and when the store fails.
    pub async fn put(
        &self,
        definitions: &Definitions,
        was: Option<&Deployment>,
        word: Word,
        back_to: Option<u64>,
    ) -> Result<Deployment, Error> {
        let latest = self.all().await?.first().map_or(0, |own| own.number);
        let Word { at, by, why } = word;
        let number = latest + 1;
        let own = Deployment {
            number,
            at,
            by,
            why,
            back_to,
        };
        let body = json(definitions)?;
        let mut marks = vec![
            (format!("{NOTE}{number}"), Some(json(&own)?)),
            (format!("{BODY}{number}"), Some(body)),
        ];
        if let Some(old) = number.checked_sub(KEPT).filter(|old| *old > 0) {
            marks.push((format!("{NOTE}{old}"), None));
            marks.push((format!("{BODY}{old}"), None));
        }
        self.write(marks, was, Some(&own)).await?;
        Ok(own)
    }

    /// Lets each run go by its own folder again, if what is deployed is still what it `was`.
    ///
    /// # Errors
    /// As for [`Deployments::put`].
    pub async fn end(&self, was: &Deployment) -> Result<(), Error> {
        self.write(Vec::new(), Some(was), None).await
    }

    async fn write(
        &self,
        marks: Vec<(String, Option<String>)>,
        was: Option<&Deployment>,
        now: Option<&Deployment>,
    ) -> Result<(), Error> {
        let known = self.store.marks(CURRENT).await?;
        if said(&known).as_ref() != was {
            return Err(Error::Conflict);
        }
        let swap = Swap {
            name: CURRENT.to_owned(),
            was: known.into_iter().next().map(|(_, text)| text),
            now: json(&now)?,
        };
        let batch = Batch {
            marks,
            swaps: vec![swap],
            ..Batch::default()
        };
        self.store.commit(batch).await
    }

    /// Notes one that can't be gone by.
    pub(crate) fn refusing(number: u64) -> (String, Option<String>) {
        (REFUSED.to_owned(), Some(number.to_string()))
    }

    /// Notes which one whoever leads goes by.
    pub(crate) fn taking(number: Option<u64>) -> (String, Option<String>) {
        (TAKEN.to_owned(), number.map(|number| number.to_string()))
    }
}

/// What is deployed, by these marks.
pub(crate) fn said(marks: &[(String, String)]) -> Option<Deployment> {
    let own = marks.iter().find(|(name, _)| name == CURRENT);
    own.and_then(|(_, text)| serde_json::from_str(text).ok()?)
}

fn json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| unreadable(&error))
}

fn unreadable(error: &serde_json::Error) -> Error {
    Error::Corrupt {
        what: "deployment",
        reason: error.to_string(),
    }
}
