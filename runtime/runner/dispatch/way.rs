//! One way out: the files, an exchange, a mail server, a provider, or web hooks.

use std::time::Duration;

use kurant_engine::calendar::Instant;
use kurant_store::Outgoing;

use super::{Renderer, line, parcel};
use crate::channel::{
    Amqp, Files, HandedOver, Http, Line, MOST_BEGUN, Mail, Parcel, WebHooks, dead,
};
use crate::error::Error;

/// So many lines are taken at once where all of them leave together.
const TOGETHER: usize = 1_000;
/// So long what is decided waits for an exchange that is still taking what came before.
const PATIENCE: Duration = Duration::from_secs(1);

/// A way out, open.
pub(super) enum Way {
    /// A folder with a file for each route.
    Files(Files),
    /// An exchange of RabbitMQ.
    Exchange(Amqp),
    /// A mail server.
    Mail(Box<Mail>),
    /// A provider by HTTP.
    Http(Box<Http>),
    /// Web hooks.
    WebHooks(WebHooks),
}

impl Way {
    /// Whether what leaves by it leaves this machine, and may not be taken on the other side.
    pub(super) fn is_away(&self) -> bool {
        !matches!(self, Self::Files(_))
    }

    /// How many of those that are tried again it would take now.
    pub(super) fn room(&self) -> usize {
        match self {
            Self::Files(_) => TOGETHER,
            Self::Exchange(amqp) if amqp.is_gone() => 0,
            Self::Exchange(_) => TOGETHER,
            Self::Mail(mail) => mail.room(),
            Self::Http(http) => http.room(),
            Self::WebHooks(_) => MOST_BEGUN,
        }
    }

    /// How long what is decided may wait until it has taken what came before; none = as long as it takes. One that hands over
    /// message by message is not waited for: what comes meanwhile is kept for it.
    pub(super) fn patience(&self) -> Option<Duration> {
        match self {
            Self::Files(_) => None,
            Self::Exchange(_) => Some(PATIENCE),
            Self::Mail(_) | Self::Http(_) | Self::WebHooks(_) => Some(Duration::ZERO),
        }
    }

    /// Hands these over and says how each went.
    pub(super) async fn hand_over(
        &self,
        rows: Vec<Outgoing>,
        renderer: &Renderer,
        now: Instant,
    ) -> Result<HandedOver, Error> {
        let mut done = HandedOver::default();
        let own = match self {
            Self::Files(files) => {
                let lines = written(rows, renderer, now, &mut done);
                let files = files.clone();
                tokio::task::spawn_blocking(move || files.hand_over(&lines)).await??
            }
            Self::Exchange(amqp) => {
                let lines = written(rows, renderer, now, &mut done);
                amqp.hand_over(&lines, now).await
            }
            Self::Mail(mail) => {
                let server = mail.server();
                let email = |row: &Outgoing| parcel::email(&row.command, renderer, &server);
                let emails = made(rows, now, &mut done, email);
                mail.hand_over(emails, now).await
            }
            Self::Http(http) => {
                let letter = |row: &Outgoing| parcel::letter(row, renderer, http);
                let letters = made(rows, now, &mut done, letter);
                http.hand_over(letters, now).await
            }
            Self::WebHooks(webhooks) => {
                let hooks = made(rows, now, &mut done, |row| webhooks.write(&row.command));
                webhooks.hand_over(hooks, now).await
            }
        };
        done.add(own);
        Ok(done)
    }
}

/// Commands as lines.
fn written(
    rows: Vec<Outgoing>,
    renderer: &Renderer,
    now: Instant,
    done: &mut HandedOver,
) -> Vec<Line> {
    let lines = made(rows, now, done, |row| line::of(&row.command, renderer));
    let lines = lines.into_iter().map(|(row, text)| Line { row, text });
    lines.collect()
}

/// Commands as their way wants them; one that can't be made so is given up.
fn made<T>(
    rows: Vec<Outgoing>,
    now: Instant,
    done: &mut HandedOver,
    make: impl Fn(&Outgoing) -> Result<T, String>,
) -> Vec<Parcel<T>> {
    let mut made = Vec::with_capacity(rows.len());
    for row in rows {
        match make(&row) {
            Ok(own) => made.push((row, own)),
            Err(reason) => done.note(&row, dead(&row, now, reason), now),
        }
    }
    made
}
