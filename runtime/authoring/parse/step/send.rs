//! `send: email` with its options beside it.

use kurant_engine::definition::{Channel, OnStop, Send};

use super::{At, list};
use crate::diagnostic::Problem;
use crate::parse::calendar::{self, some_duration};
use crate::parse::computed::{computed, fields};
use crate::parse::context::name;
use crate::yaml::Node;

pub(super) fn read(mut at: At<'_, '_>) -> Option<Send> {
    let context = at.context;
    let inside = at.entry.value.as_map();
    let channel = match inside {
        Some(_) => {
            let problem = Problem::wrong_type("expected a channel after `send`, found a mapping");
            context.report(
                at.entry.key.span,
                problem
                    .help("write `send: email`; `template` and the other options stand beside it"),
            );
            None
        }
        None => at
            .value("send: email")
            .and_then(|node| at.keep(node, channel(node))),
    };
    let template = match inside {
        Some(_) => at.map.read("template", name),
        None => at.map.need("template", template),
    };
    let data = at
        .map
        .read("data", |node| fields(context, node))
        .unwrap_or_default();
    let to = at.map.read("to", |node| computed(context, node));
    let fallback = at.map.read_each("fallback", fallback).unwrap_or_default();
    let fallback_after = at.map.read("fallback_after", some_duration);
    let window = at
        .map
        .optional("window")
        .and_then(|node| calendar::send_window(context, node));
    let valid_for = at.map.read("valid_for", some_duration);
    let on_late = on_stop(&mut at, "on_late", &[("skip", OnStop::Skip)]);
    let on_cap = on_stop(
        &mut at,
        "on_cap",
        &[("skip", OnStop::Skip), ("defer", OnStop::Defer)],
    );
    let loose = |key| Problem::new("no-effect", format!("`{key}` has no effect here"));
    if fallback.is_empty() && fallback_after.is_some() && !at.map.has("fallback") {
        context.report(
            at.entry.key.span,
            loose("fallback_after").help("name the channels to try: `fallback: [viber, sms]`"),
        );
    }
    if valid_for.is_none() && at.map.has("on_late") && !at.map.has("valid_for") {
        context.report(
            at.entry.key.span,
            loose("on_late").help("say how long the message makes sense: `valid_for: 2d`"),
        );
    }
    Some(Send {
        channel: channel.unwrap_or(Channel::Best),
        template: template.unwrap_or_default(),
        data,
        to,
        fallback,
        fallback_after,
        window,
        valid_for,
        on_late,
        on_cap,
    })
}

fn channel(node: &Node) -> Result<Channel, Problem> {
    Ok(match name(node)?.as_str() {
        "best" => Channel::Best,
        named => Channel::Named(named.to_owned()),
    })
}

fn fallback(node: &Node) -> Result<String, Problem> {
    match name(node)?.as_str() {
        "best" => Err(Problem::bad_value("`best` chooses a channel by itself")
            .help("name the channels to try, like `[viber, sms]`")),
        channel => Ok(channel.to_owned()),
    }
}

fn template(node: &Node) -> Result<String, Problem> {
    let text = crate::parse::context::text(node)?;
    if text.contains('/')
        || text.ends_with(".html")
        || text.ends_with(".mjml")
        || text.ends_with(".txt")
        || text.ends_with(".md")
    {
        let folder = text
            .trim_start_matches("templates/")
            .split('/')
            .next()
            .unwrap_or("")
            .split('.')
            .next()
            .unwrap_or("");
        return Err(Problem::bad_value(format!(
            "`{text}` is a file; a template is named by its folder"
        ))
        .help(format!("write `{folder}`")));
    }
    name(node)
}

fn on_stop(at: &mut At<'_, '_>, key: &'static str, words: &[(&str, OnStop)]) -> OnStop {
    let Some(node) = at.map.optional(key) else {
        return OnStop::Skip;
    };
    if node.as_list().is_some() {
        return OnStop::Steps(list(at.steps, node));
    }
    at.keep(node, node.choice(words)).unwrap_or_default()
}
