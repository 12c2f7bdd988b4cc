//! Messages of a test that could not be rendered: live they would be given up.

use kurant_engine::action::Action;
use kurant_engine::calendar::Instant;
use kurant_engine::definition::Definitions;
use kurant_engine::id::CustomerId;
use kurant_engine::input::{Command, Effect, Trace};
use kurant_engine::world::{Collected, Sink};
use kurant_runner::{PublicLinks, Renderer};

/// Seals links that nobody follows.
const NO_SECRET: &str = "a test sends no letter, so its links lead nowhere";

/// What makes the messages of tests: as they are made live, but for what seals their links.
pub(super) fn renderer(definitions: &Definitions) -> Renderer {
    let pages = definitions.workspace.settings.public.as_ref();
    let links = pages.and_then(|pages| PublicLinks::new(&pages.url, NO_SECRET).ok());
    Renderer::new(definitions, links)
}

/// A message that can't be made.
pub(super) struct Unmade {
    pub(super) at: Instant,
    pub(super) journey: String,
    pub(super) customer: CustomerId,
    pub(super) step: String,
    pub(super) channel: String,
    /// What is wrong, with the template's file and line.
    pub(super) why: String,
}

/// Keeps what is done, and looks whether each message can be made.
pub(super) struct Made<'r> {
    pub(super) done: Collected,
    pub(super) unmade: Vec<Unmade>,
    renderer: &'r Renderer,
}

impl<'r> Made<'r> {
    pub(super) fn new(renderer: &'r Renderer) -> Self {
        Self {
            done: Collected::default(),
            unmade: Vec::new(),
            renderer,
        }
    }
}

impl Sink for Made<'_> {
    fn action(&mut self, action: Action) {
        self.done.action(action);
    }

    fn trace(&mut self, customer: &CustomerId, trace: Trace) {
        self.done.trace(customer, trace);
    }

    fn command(&mut self, command: Command) {
        let Effect::Send {
            channel,
            template,
            context,
            ..
        } = &command.what
        else {
            return;
        };
        let rendered = self.renderer.render(template, channel, context);
        // The text beside an email in HTML is made of it.
        let made = rendered.and_then(|rendered| rendered.text());
        if let Err(why) = made {
            self.unmade.push(Unmade {
                at: command.at,
                journey: command.journey.to_string(),
                customer: command.customer,
                step: command.step.to_string(),
                channel: channel.clone(),
                why,
            });
        }
    }
}
