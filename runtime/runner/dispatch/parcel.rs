//! A message to a person, as its way out wants it.

use kurant_engine::input::{Command, Effect};

use super::Renderer;
use crate::channel::{Email, MailServer};

/// An email.
pub(super) fn email(
    command: &Command,
    renderer: &Renderer,
    server: &MailServer,
) -> Result<Email, String> {
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
    Email::write(server, command, to, &rendered)
}
