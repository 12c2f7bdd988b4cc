//! Goes by what is deployed, as soon as the store says so.

use kurant_engine::definition::Definitions;

use super::Runner;
use crate::deployment::{Deployment, Deployments, said};
use crate::error::Error;

/// What is known of what is deployed.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The deployment that is gone by; none = the folder's files.
    number: Option<u64>,
    /// One that can't be taken up here.
    refused: Option<u64>,
    /// What the store was told of it.
    told: Option<Option<u64>>,
}

impl Runner {
    /// Its definitions are those of this deployment.
    #[must_use]
    pub fn deployed(mut self, number: Option<u64>) -> Self {
        self.deployed.number = number;
        self
    }

    /// Whether the folder's files say nothing.
    pub(crate) fn goes_by_what_is_deployed(&self) -> bool {
        said(&self.steering).is_some() || self.deployed.number.is_some()
    }

    /// A deployment that was not there when it last looked, with its definitions.
    pub(crate) async fn newly_deployed(
        &mut self,
    ) -> Result<Option<(Deployment, Definitions)>, Error> {
        let Some(own) = said(&self.steering) else {
            if self.deployed.number.take().is_some() {
                self.tell(
                    "nothing is deployed any more: a file that changes here is taken up again",
                );
            }
            return Ok(None);
        };
        let number = Some(own.number);
        if number == self.deployed.number || number == self.deployed.refused {
            return Ok(None);
        }
        let store = self.store.clone();
        match Deployments::on(&*store).definitions(own.number).await {
            Ok(Some(definitions)) => Ok(Some((own, definitions))),
            Ok(None) => self.refuse(&own, "its definitions are not there").await,
            Err(error @ kurant_store::Error::Corrupt { .. }) => {
                let why =
                    format!("{error}; start a Kurant at least as new as the one that deployed it");
                self.refuse(&own, &why).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// It goes by this one from now on.
    pub(crate) fn take_up(&mut self, own: &Deployment) {
        self.deployed.number = Some(own.number);
        self.tell(&words(own));
    }

    /// It can't go by this one: what was in force stays, and whoever deployed it is told.
    pub(crate) async fn refuse<T>(
        &mut self,
        own: &Deployment,
        why: &str,
    ) -> Result<Option<T>, Error> {
        let number = own.number;
        self.tell(&format!(
            "ALERT: deployment {number} can't be taken up here, what was in force stays: {why}"
        ));
        self.deployed.refused = Some(number);
        self.note(vec![Deployments::refusing(number)]).await?;
        Ok(None)
    }

    /// Tells the store once what it goes by, if it leads.
    pub(crate) async fn tell_what_is_taken_up(&mut self) -> Result<(), Error> {
        let number = self.deployed.number;
        if !self.mate.leads() || self.deployed.told == Some(number) {
            return Ok(());
        }
        self.note(vec![Deployments::taking(number)]).await?;
        self.deployed.told = Some(number);
        Ok(())
    }
}

fn words(own: &Deployment) -> String {
    let why = if own.why.is_empty() { "" } else { ": " };
    let what = match own.back_to {
        Some(earlier) => format!(" (back to deployment {earlier})"),
        None => String::new(),
    };
    format!(
        "deployment {}{what} by {}{why}{} is in force",
        own.number, own.by, own.why
    )
}
