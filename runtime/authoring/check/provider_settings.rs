//! # `unknown-provider`, `missing-key`, `unknown-key`
//!
//! **What it does.** Reports a channel of `kind: http` that names no provider, or one that there isn't; a setting that its provider needs
//! and `kurant.yaml` does not give; and a setting that the provider has no use for.
//!
//! **Why it matters.** No message could leave by it.
//!
//! **Example.** `sms: { kind: http, preset: turbosm, token: "${env:SMS_TOKEN}" }`
//!
//! **Write instead.** `sms: { kind: http, preset: turbosms, token: "${env:SMS_TOKEN}", sender: Shop }`

use kurant_engine::definition::ChannelSettings;
use kurant_engine::provider::Provider;
use kurant_engine::value::Value;

use super::world::{World, advice};
use crate::diagnostic::Problem;
use crate::parse::provider::OWN;
use crate::provider::{Named, names};
use crate::source::FileId;
use crate::suggest::{either, nearest};

/// All channels by HTTP.
pub(super) fn check(world: &World<'_>) {
    own_names(world);
    let Some(workspace) = &world.parsed.workspace else {
        return;
    };
    for channel in &workspace.item.channels {
        if channel.settings.get("kind").and_then(Value::as_text) == Some("http") {
            one(world, workspace.file, channel);
        }
    }
}

/// A provider of the workspace's own must not be taken for one that comes along.
fn own_names(world: &World<'_>) {
    for provider in &world.parsed.providers {
        let name = &provider.item.name;
        if names().any(|known| known == name) {
            let problem = Problem::new(
                "file-name",
                format!("there is a provider `{name}` that comes along"),
            );
            let span = crate::source::Span::file_start(provider.file);
            world.diagnostics.report(
                span,
                problem.help(format!(
                    "name the file otherwise: `channels/{name}-own.yaml`"
                )),
            );
        }
    }
}

fn one(world: &World<'_>, file: FileId, channel: &ChannelSettings) {
    let place = format!("channels.{}", channel.name);
    let at = |key: &str| world.span(file, &format!("{place}.{key}"));
    let own: Vec<&str> = world
        .parsed
        .providers
        .iter()
        .map(|own| own.item.name.as_str())
        .collect();
    let Some(named) = Named::of(&channel.settings) else {
        if !["preset", "provider"]
            .iter()
            .any(|key| channel.settings.get(key).is_some())
        {
            let problem = Problem::new("missing-key", "a channel by HTTP lacks its provider");
            world.diagnostics.report(
                world.key_span(file, &place),
                problem.help(format!(
                    "add `preset: turbosms`, or another that comes along: {}; or `provider: NAME` for what `channels/NAME.yaml` describes",
                    either(names())
                )),
            );
        }
        return;
    };
    if let Some(provider) = named.find(world.parsed) {
        settings(world, file, channel, provider);
        return;
    }
    let (key, name, known, elsewhere): (_, _, Vec<&str>, _) = match named {
        Named::Preset(name) => ("preset", name, names().collect(), own.contains(&name)),
        Named::Own(name) => ("provider", name, own, names().any(|known| known == name)),
    };
    // A file that could not be read has been reported.
    if key == "provider" && world.has_file(&format!("channels/{name}.yaml")) {
        return;
    }
    let other = if key == "preset" {
        "provider"
    } else {
        "preset"
    };
    let help = match elsewhere {
        true => format!("write `{other}: {name}`"),
        false => advice(name, known, "describe it in `channels/NAME.yaml`"),
    };
    let problem = Problem::new("unknown-provider", format!("there is no provider `{name}`"));
    world.diagnostics.report(at(key), problem.help(help));
}

/// What a provider needs and takes, held against what it is given.
fn settings(world: &World<'_>, file: FileId, channel: &ChannelSettings, provider: &Provider) {
    let place = format!("channels.{}", channel.name);
    let own = provider.needs.iter().chain(&provider.takes);
    let known: Vec<&str> = own.map(String::as_str).chain(OWN).collect();
    let mut slips: Vec<&str> = Vec::new();
    for (key, _) in channel.settings.iter() {
        if known.contains(&key) {
            continue;
        }
        let meant = nearest(key, known.iter().copied());
        slips.extend(meant);
        let problem = Problem::new(
            "unknown-key",
            format!("`{}` has no use for `{key}`", provider.name),
        );
        let help = match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("known here: {}", either(known.iter().copied())),
        };
        let span = world.key_span(file, &format!("{place}.{key}"));
        world.diagnostics.report(span, problem.help(help));
    }
    let mut lacking: Vec<&str> = provider.needs.iter().map(String::as_str).collect();
    if provider.url.is_none() {
        lacking.push("url");
    }
    lacking.retain(|name| channel.settings.get(name).is_none() && !slips.contains(name));
    for name in lacking {
        let problem = Problem::new("missing-key", format!("`{}` needs `{name}`", provider.name));
        let variable = format!("{}_{name}", channel.name)
            .to_ascii_uppercase()
            .replace('-', "_");
        let help = match name {
            "url" => "add `url: https://HOST/PATH`".to_owned(),
            _ => format!(
                "add `{name}: \"${{env:{variable}}}\"`, or the value itself if it is no secret"
            ),
        };
        world
            .diagnostics
            .report(world.key_span(file, &place), problem.help(help));
    }
}
