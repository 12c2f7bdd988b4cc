//! A message to a person, as its way out wants it.

use kurant_engine::input::{Command, Effect};
use kurant_store::Outgoing;

use super::{Rendered, Renderer};
use crate::channel::{Email, Http, Letter, MailServer};

/// An email.
pub(super) fn email(
    command: &Command,
    renderer: &Renderer,
    server: &MailServer,
) -> Result<Email, String> {
    let (_, to, rendered) = message(command, renderer)?;
    Email::write(server, command, to, &rendered)
}

/// A message as its provider wants it.
pub(super) fn letter(row: &Outgoing, renderer: &Renderer, http: &Http) -> Result<Letter, String> {
    let command = &row.command;
    let (template, to, rendered) = message(command, renderer)?;
    http.write(command, (template, to), rendered, row.tries > 0)
}

/// The template of a message, its address and its text.
fn message<'c>(
    command: &'c Command,
    renderer: &Renderer,
) -> Result<(&'c str, &'c str, Rendered), String> {
    let Effect::Send { to, template, .. } = &command.what else {
        return Err("unfit: only messages leave by a channel".to_owned());
    };
    Ok((template, to, renderer.render_command(command)?))
}
