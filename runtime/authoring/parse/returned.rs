//! `returned` of a channel by SMTP: where what comes back as mail is read, and whom it comes back to.

use super::Context;
use super::channel::address;
use super::context::text;
use crate::diagnostic::Problem;
use crate::yaml::Node;

/// The most letters before `@`: behind them stands the name of a message, and an address has 64 there at the most.
const ROOM: usize = 15;

/// `returned: { folder: .kurant/returned, secret: "${env:KURANT_MAIL_SECRET}", bounces: bounces@shop.example, replies: answers@shop.example }`.
pub(super) fn read(context: &Context<'_>, node: &Node, reply_to: Option<&Node>) {
    let Some(mut map) = context.open(node, "what comes back as mail") else {
        return;
    };
    map.synonyms(&[
        ("maildir", "folder"),
        ("path", "folder"),
        ("dir", "folder"),
        ("bounce", "bounces"),
        ("return_path", "bounces"),
        ("envelope", "bounces"),
        ("reply_to", "replies"),
        ("reply", "replies"),
        ("answers", "replies"),
        ("key", "secret"),
        ("token", "secret"),
    ]);
    map.examples(&[
        ("folder", "folder: .kurant/returned"),
        ("secret", "secret: \"${env:KURANT_MAIL_SECRET}\""),
    ]);
    map.need("folder", folder);
    map.need("secret", secret);
    map.read("bounces", roomy);
    let replies = map.optional("replies");
    map.finish();
    let Some(replies) = replies else { return };
    context.diagnostics.keep(replies.span, roomy(replies));
    if reply_to.is_some() {
        let problem = Problem::new(
            "two-in-one",
            "`replies` and `reply_to` both say where answers go",
        );
        context.report(
            replies.span,
            problem.help("take `reply_to` out to know answers by their address, or `replies` to leave it as it is"),
        );
    }
}

fn folder(node: &Node) -> Result<(), Problem> {
    let written = text(node)?;
    if written.contains("://") || written.contains('@') {
        return Err(Problem::bad_value(format!("`{written}` is no folder"))
            .help("write the folder that your mail server brings mail into, like `folder: .kurant/returned`"));
    }
    Ok(())
}

/// A secret: it never stands in the file itself.
fn secret(node: &Node) -> Result<(), Problem> {
    let written = text(node)?;
    if written.starts_with("${") && written.ends_with('}') {
        return Ok(());
    }
    Err(
        Problem::new("secret-in-file", "a secret stands in the file")
            .help("write where it is, like `secret: \"${env:KURANT_MAIL_SECRET}\"`"),
    )
}

/// An address that the name of a message has room in.
fn roomy(node: &Node) -> Result<(), Problem> {
    address(node)?;
    let written = text(node)?;
    let inner = written
        .rsplit_once('<')
        .map_or(written.as_str(), |(_, own)| own);
    let local = inner.split('@').next().unwrap_or_default();
    if written.contains("${") || local.len() <= ROOM {
        return Ok(());
    }
    Err(Problem::bad_value(format!(
        "`{local}` has more than {ROOM} letters: with the name of a message behind them it would be no address any more"
    ))
    .help("write a shorter one, like `bounces@shop.example`"))
}
