//! # `webhook-address`
//!
//! **What it does.** Reports a web hook that would be called in the clear, where `kurant.yaml` has them called and does not name the host
//! under `internal_hosts`.
//!
//! **Why it matters.** Every call of it would be given up.
//!
//! **Example.** `webhook: { url: "http://crm.internal/hook" }`
//!
//! **Write instead.** `https://`, or `internal_hosts: [crm.internal]` in `kurant.yaml`.

use kurant_engine::definition::Verb;
use kurant_engine::value::Value;

use super::walk::Walk;
use super::world::World;
use crate::diagnostic::Problem;

/// All web hooks of all journeys.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    let Some(workspace) = world.parsed.workspace.as_ref().filter(|file| !file.damaged) else {
        return;
    };
    let settings = &workspace.item.settings;
    if settings.webhooks.get("kind").and_then(Value::as_text) != Some("http") {
        return;
    }
    for walk in walks {
        for at in &walk.steps {
            let Verb::Webhook(hook) = &at.step.verb else {
                continue;
            };
            let Some(host) = host_in_the_clear(&hook.url) else {
                continue;
            };
            let is_named = |own: &String| {
                own.eq_ignore_ascii_case(host)
                    || own
                        .rsplit_once(':')
                        .is_some_and(|(own, _)| own.eq_ignore_ascii_case(host))
            };
            if settings.internal_hosts.iter().any(is_named) {
                continue;
            }
            let span = world.span(walk.file, &format!("{}.webhook.url", at.place));
            let problem = Problem::new(
                "webhook-address",
                format!("`{host}` would be called in the clear, and every call given up"),
            );
            world.diagnostics.report(
                span,
                problem.help(format!(
                    "write `https://`, or name the host in `kurant.yaml`: `internal_hosts: [{host}]`"
                )),
            );
        }
    }
}

/// The host of an address that begins with `http://`, without its port.
fn host_in_the_clear(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("http://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    Some(match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    })
}
