//! One object: a line in a file of the outbox, or a message.

use kurant_engine::input::{Command, Effect};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Renderer;

/// What every line begins with.
#[derive(Serialize)]
struct Line<'l> {
    key: String,
    at: String,
    customer: &'l str,
    journey: &'l str,
    step: &'l str,
    #[serde(flatten)]
    what: Value,
}

/// The line of a command.
pub(super) fn of(command: &Command, renderer: &Renderer) -> Result<String, String> {
    let key = command.key.to_string();
    let at = command.at.to_string();
    let what = match &command.what {
        Effect::Send {
            channel,
            to,
            template,
            ..
        } => {
            let rendered = renderer.render_command(command)?;
            let mut what = json!({ "channel": channel, "to": to, "template": template, "format": rendered.format });
            let text = rendered.whole();
            if !rendered.buttons.is_empty() {
                what["buttons"] = json!(rendered.buttons);
            }
            for (field, own) in rendered.front {
                what[field] = own.into();
            }
            what["text"] = text.into();
            what
        }
        Effect::Crm { command, data } => json!({ "command": command, "data": data.to_json() }),
        Effect::Emit { event } => {
            // As any other CloudEvent, so that the file can be an inbox elsewhere; the key goes along as an extension.
            let mut event = event.to_json();
            event["kurantkey"] = key.into();
            return Ok(event.to_string());
        }
        Effect::Webhook {
            url,
            method,
            headers,
            body,
            ..
        } => {
            json!({ "url": url, "method": method, "headers": headers.to_json(), "body": body.to_json() })
        }
    };
    let (customer, journey, step) = (&*command.customer, &*command.journey, &*command.step);
    let line = Line {
        key,
        at,
        customer,
        journey,
        step,
        what,
    };
    serde_json::to_string(&line).map_err(|error| error.to_string())
}

/// The key of a line.
pub(crate) fn key(line: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Keyed {
        #[serde(alias = "kurantkey")]
        key: String,
    }
    serde_json::from_str::<Keyed>(line)
        .ok()
        .map(|keyed| keyed.key)
}
