//! `kurant doctor`: whether all that a workspace names is there and safe, and whether what is stored adds up. It only reads,
//! also beside running workers.

mod coupons;
mod kept;
mod place;
mod returned;
mod store;
mod sums;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use kurant_engine::definition::Definitions;
use kurant_runner::source::{examine, examine_exchange, files};
use kurant_runner::{
    Finding, State, examine_callback, examine_http_provider, examine_mail_server, examine_public,
};
use serde_json::{Value, json};

use crate::embedded::{self, Source};
use crate::error::Error;
use crate::folder::Folder;
use crate::in_force;
use crate::proof;

/// Arguments of `kurant doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant doctor           what is well, what is doubtful, what is broken, and what to do about it\n  \
    kurant doctor --json    the same for a program\n  \
    kurant doctor --deep    reads everything that is stored, page by page, however much that is\n\n\
    The exit code is 1 if anything is broken. Nothing is changed.")]
pub(crate) struct Args {
    /// How to write what was found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The same as --format json
    #[arg(long)]
    json: bool,
    /// Read all customers and the whole log, also where that takes minutes
    #[arg(long)]
    deep: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Looks at everything, and tells.
pub(crate) fn run(folder: &Folder, args: &Args) -> Result<ExitCode, Error> {
    let definitions = in_force::to_examine(folder)?;
    let looking = look(folder, &definitions, args.deep);
    let findings = embedded::runtime()?.block_on(looking);
    if args.json || args.format == Format::Json {
        let list: Vec<Value> = findings.iter().map(object).collect();
        println!("{:#}", Value::from(list));
    } else {
        findings
            .iter()
            .for_each(|finding| println!("{}", text(finding)));
    }
    let is_broken = findings.iter().any(|finding| finding.state == State::Bad);
    Ok(ExitCode::from(u8::from(is_broken)))
}

async fn look(folder: &Path, definitions: &Definitions, deep: bool) -> Vec<Finding> {
    let mut findings = vec![place::disk(folder)];
    let store = store::open(folder, definitions).await;
    match &store {
        Ok(store) => store::look(&**store, definitions, deep, &mut findings).await,
        Err(finding) => findings.push(finding.clone()),
    }
    match embedded::source(folder, definitions) {
        Ok(Source::Inbox(inbox)) => findings.push(waiting_files(&inbox)),
        Ok(Source::Rabbit { url, exchange }) => findings.extend(examine(&url, exchange).await),
        Err(error) => findings.push(unset(&error)),
    }
    match embedded::ways(folder, definitions) {
        Ok(ways) => {
            let proven = match &store {
                Ok(store) if ways.http_providers().next().is_some() => {
                    store::accepted(&**store).await
                }
                _ => BTreeSet::new(),
            };
            for (address, exchange) in ways.exchanges() {
                findings.push(examine_exchange(address, exchange).await);
            }
            for (channel, server) in ways.mail_servers() {
                findings.push(examine_mail_server(channel, server).await);
                findings.extend(returned::look(channel, server));
            }
            for (channel, provider) in ways.http_providers() {
                findings.push(examine_http_provider(channel, provider).await);
                if !proven.contains(channel) {
                    findings.extend(proof::lacking(folder, channel, provider));
                }
                findings.extend(examine_callback(channel, provider));
            }
        }
        Err(error) => findings.push(unset(&error)),
    }
    if let Some(pages) = &definitions.workspace.settings.public {
        findings.push(examine_public(&pages.listen, &pages.url).await);
    }
    findings
}

/// Files that wait to be taken in.
fn waiting_files(inbox: &Path) -> Finding {
    // A folder that is not there yet holds nothing.
    let waiting = files(inbox).map_or(0, |files| files.len());
    let place = inbox.display();
    Finding::good(
        "intake",
        format!("events come from files in {place}, where {waiting} wait"),
    )
}

/// A setting that can't be used.
fn unset(error: &Error) -> Finding {
    let advice = error.advice().unwrap_or("mend kurant.yaml");
    Finding::bad("settings", error.message(), advice)
}

fn word(state: State) -> &'static str {
    match state {
        State::Good => "ok",
        State::Doubtful => "doubtful",
        State::Bad => "broken",
    }
}

fn text(finding: &Finding) -> String {
    let line = format!("{:<9}{}", word(finding.state), finding.what);
    match &finding.advice {
        Some(advice) => format!("{line}\n         {advice}"),
        None => line,
    }
}

fn object(finding: &Finding) -> Value {
    json!({
        "check": finding.check, "state": word(finding.state), "what": finding.what, "help": finding.advice,
    })
}
