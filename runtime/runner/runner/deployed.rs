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
        self.deployed.number.is_some()
    }

    /// The definitions of a deployment that was not there when it last looked.
    pub(crate) async fn newly_deployed(&mut self) -> Result<Option<Definitions>, Error> {
        let now = said(&self.steering);
        let number = now.as_ref().map(|own| own.number);
        if number == self.deployed.number {
            return Ok(None);
        }
        self.deployed.number = number;
        let Some(own) = now else {
            self.tell("nothing is deployed any more: a file that changes here is taken up again");
            return Ok(None);
        };
        let store = self.store.clone();
        let read = Deployments::on(&*store).definitions(own.number).await;
        match read {
            Ok(Some(definitions)) => {
                self.tell(&words(&own));
                Ok(Some(definitions))
            }
            Ok(None) => Ok(None),
            Err(error @ kurant_store::Error::Corrupt { .. }) => {
                self.tell(&format!(
                    "ALERT: deployment {} can't be read here, what was in force stays: {error}. Start a Kurant at least as new as the one that deployed it",
                    own.number
                ));
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
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
