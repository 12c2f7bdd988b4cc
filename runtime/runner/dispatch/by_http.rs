//! What leaves by HTTP: messages to providers, each channel for itself, and web hooks.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use kurant_engine::calendar::Instant;
use kurant_engine::input::{Command, Effect};
use kurant_store::Outgoing;

use super::{Dispatch, Renderer};
use crate::channel::{HandedOver, Hook, Http, Letter, Parcel, dead};

/// The route of web hooks.
const WEBHOOK: &str = "webhook";

/// What is ready to be called.
#[derive(Default)]
pub(super) struct Letters {
    messages: BTreeMap<String, Vec<Parcel<Letter>>>,
    hooks: Vec<Parcel<Hook>>,
}

impl Dispatch {
    /// Whether what leaves by a route leaves by HTTP.
    pub(super) fn leaves_by_http(&self, route: &str) -> bool {
        self.https.contains_key(route) || (route == WEBHOOK && self.webhooks.is_some())
    }

    /// Makes a command ready if it leaves by HTTP; gives it back if it doesn't.
    pub(super) fn take_by_http(
        &self,
        row: Outgoing,
        renderer: &Renderer,
        letters: &mut Letters,
        now: Instant,
        done: &mut HandedOver,
    ) -> Option<Outgoing> {
        let refused = if let Some(http) = self.https.get(&row.route) {
            match letter(&row.command, renderer, http) {
                Ok(letter) => {
                    let own = letters.messages.entry(row.route.clone()).or_default();
                    own.push((row, letter));
                    return None;
                }
                Err(reason) => reason,
            }
        } else if let Some(webhooks) = self.webhooks.as_ref().filter(|_| row.route == WEBHOOK) {
            match webhooks.write(&row.command) {
                Ok(hook) => {
                    letters.hooks.push((row, hook));
                    return None;
                }
                Err(reason) => reason,
            }
        } else {
            return Some(row);
        };
        done.note(&row, dead(&row, now, refused), now);
        None
    }

    /// Calls all of them, each channel beside the others.
    pub(super) async fn call(&self, letters: Letters, now: Instant) -> HandedOver {
        let messages = letters
            .messages
            .into_iter()
            .filter_map(|(route, own)| Some(self.https.get(&route)?.hand_over(own, now)));
        let hooks = async {
            match &self.webhooks {
                Some(webhooks) => webhooks.hand_over(letters.hooks, now).await,
                None => HandedOver::default(),
            }
        };
        let (messages, mut done) = tokio::join!(join_all(messages), hooks);
        messages.into_iter().for_each(|own| done.add(own));
        done
    }
}

/// A message, as its provider wants it.
fn letter(command: &Command, renderer: &Renderer, http: &Http) -> Result<Letter, String> {
    let Effect::Send {
        channel,
        to,
        template,
        context,
    } = &command.what
    else {
        return Err("unfit: only messages leave by a channel".to_owned());
    };
    let rendered = renderer.render(template, channel, context)?;
    http.write(command, (template, to), rendered)
}
