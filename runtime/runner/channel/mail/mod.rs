//! Email by SMTP.
//!
//! A message is handed over once the server has said yes after its last line. Until then it was surely not taken, except where
//! the connection is lost, or the server says nothing, after the server was given the message: then nobody knows. SMTP has no
//! way to ask, so it is kept for a person to decide.

mod email;
mod server;
mod talk;
mod unsubscribe;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use kurant_engine::calendar::Instant;
use kurant_engine::provider::NamedBy;

pub(crate) use email::{Email, is_unfit};
pub(crate) use server::mailbox;
pub use server::{Encryption, MailServer};
pub(crate) use talk::{is_bad_address, is_enhanced};

use self::talk::{Failure, Line};
use super::lanes::{self, Manners, Parcel};
use super::{HandedOver, breaker::Breaker, outcome::Outcome};
use crate::finding::Finding;
use crate::renewal::Doubt;

/// A connection is closed after so many messages: servers like to spread their work.
const MESSAGES_A_CONNECTION: u32 = 100;

/// A mail server that messages are handed to.
pub(crate) struct Mail {
    /// The channel's name.
    route: String,
    server: RwLock<Arc<MailServer>>,
    /// Where it is said that the server doesn't know us.
    doubt: Doubt,
    /// Connections that nobody uses at the moment.
    idle: Mutex<Vec<Line>>,
    breaker: Breaker,
}

impl Mail {
    pub(crate) fn new(route: String, server: MailServer, doubt: Doubt) -> Self {
        let place = format!("the mail server at {server}");
        Self {
            breaker: Breaker::of("messages", route.as_str(), place),
            route,
            server: RwLock::new(Arc::new(server)),
            doubt,
            idle: Mutex::default(),
        }
    }

    /// Whose messages these are.
    pub(crate) fn server(&self) -> Arc<MailServer> {
        let server = self.server.read();
        server.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on what this one says of who we are holds. Connections under another name are used no more.
    pub(crate) fn renew(&self, fresh: &MailServer) {
        let mut server = self.server.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = server.renewed(fresh) {
            *server = Arc::new(own);
            self.idle().clear();
            tracing::info!(channel = self.route, "another secret holds from now on");
        }
    }

    /// How many of those that are tried again it would take now.
    pub(crate) fn room(&self) -> usize {
        lanes::room(&self.breaker)
    }

    /// Hands these over, several at once, and says how each went.
    pub(crate) async fn hand_over(&self, emails: Vec<Parcel<Email>>, now: Instant) -> HandedOver {
        let server = self.server();
        let manners = Manners {
            at_once: server.connections,
            valid_for: server.valid_for,
            tells_by: server.returned.as_ref().map(|_| NamedBy::Key),
        };
        let send = |email| self.send(email);
        lanes::hand_over(emails, manners, &self.breaker, now, send).await
    }

    /// One try.
    pub(crate) async fn send(&self, email: Email) -> Outcome {
        let (mut line, mut is_used) = match self.take() {
            Some(line) => (line, true),
            None => match self.connect().await {
                Ok(line) => (line, false),
                Err(away) => return away,
            },
        };
        loop {
            match line.announce(&email).await {
                Ok(()) => break,
                // A server hangs up on those who were silent for long.
                Err(failure) if is_used && failure.is_hanging_up() => match self.connect().await {
                    Ok(fresh) => (line, is_used) = (fresh, false),
                    Err(away) => return away,
                },
                Err(failure) => {
                    if failure.is_answer() && line.reset().await {
                        self.give_back(line);
                    }
                    return before_the_message(failure);
                }
            }
        }
        let said = line.message(&email).await;
        if said.as_ref().map_or_else(Failure::is_answer, |()| true) {
            self.give_back(line);
        }
        match said {
            Ok(()) => Outcome::Accepted,
            Err(failure @ Failure::Answer { .. }) => before_the_message(failure),
            Err(Failure::Lost(why) | Failure::Unable(why)) => Outcome::InDoubt(format!(
                "in doubt: the mail server was given the message, and then {why}"
            )),
        }
    }

    async fn connect(&self) -> Result<Line, Outcome> {
        let server = self.server();
        Line::open(&server).await.map_err(|why| {
            // It may be that it doesn't let us in under this password.
            self.doubt.raise();
            Outcome::Away(why)
        })
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Line>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<Line> {
        self.idle().pop()
    }

    fn give_back(&self, line: Line) {
        let connections = self.server().connections;
        let mut idle = self.idle();
        if line.sent < MESSAGES_A_CONNECTION && idle.len() < connections {
            idle.push(line);
        }
    }
}

/// Whether a mail server is there and lets us in. Nothing is sent.
pub async fn examine_mail_server(channel: &str, server: &MailServer) -> Finding {
    match Line::open(server).await {
        Ok(_) => Finding::good(
            "mail",
            format!("messages of {channel} go to the mail server at {server}"),
        ),
        Err(why) => Finding::bad(
            "mail",
            format!("messages of {channel} can't be handed to the mail server at {server}: {why}"),
            "mend its address, user and password in kurant.yaml, or the server; messages wait until then",
        ),
    }
}

/// What came of a try that the server answered, or that it was never given the message in.
fn before_the_message(failure: Failure) -> Outcome {
    match failure {
        // Those speak of us, and of no message: nothing is given up for them.
        Failure::Answer {
            code: 530 | 535 | 538,
            said,
            ..
        } => Outcome::Away(format!("away: the mail server says {said}")),
        failure @ Failure::Answer { code, .. } if (500..600).contains(&code) => {
            let is_bounce = failure.is_about_the_address();
            let said = failure.said();
            match is_bounce {
                true => Outcome::Bounced(format!("bounced: the mail server says {said}")),
                false => Outcome::Refused(format!("refused: the mail server says {said}")),
            }
        }
        Failure::Answer { said, .. } => {
            Outcome::later(format!("not now: the mail server says {said}"))
        }
        Failure::Lost(why) => Outcome::later(format!("not now: {why}")),
        Failure::Unable(why) => Outcome::Refused(format!("refused here: {why}")),
    }
}
