//! `kurant doctor`: whether all that a workspace names is there and safe.

use std::path::Path;
use std::process::ExitCode;

use kurant_runner::source::{Finding, State, examine};
use serde_json::json;

use crate::embedded::{self, Source};
use crate::error::Error;
use crate::workspace;

/// Arguments of `kurant doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant doctor                   what is well, what is doubtful, what is broken, and what to do about it\n  \
    kurant doctor --format json     the same for a program\n\n\
    The exit code is 1 if anything is broken. Nothing is changed.")]
pub(crate) struct Args {
    /// How to write what was found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Looks at everything, and tells.
pub(crate) fn run(folder: &Path, args: &Args) -> Result<ExitCode, Error> {
    let (definitions, _) = workspace::definitions(folder)?;
    let runtime = embedded::runtime()?;
    let findings = runtime.block_on(async {
        let mut findings = Vec::new();
        findings.push(match embedded::store_to_read(folder, &definitions).await {
            Ok(_) => Finding::good("the store can be read".into()),
            Err(error) => Finding {
                state: State::Doubtful,
                what: error.to_string(),
                advice: None,
            },
        });
        match embedded::source(folder, &definitions)? {
            Source::Inbox(inbox) => findings.push(Finding::good(format!(
                "events come from files in {}",
                inbox.display()
            ))),
            Source::Rabbit { url, exchange } => findings.extend(examine(&url, exchange).await),
        }
        Ok::<_, Error>(findings)
    })?;
    match args.format {
        Format::Text => findings
            .iter()
            .for_each(|finding| println!("{}", text(finding))),
        Format::Json => {
            let list: Vec<_> = findings.iter().map(object).collect();
            println!("{:#}", serde_json::Value::from(list));
        }
    }
    let is_broken = findings.iter().any(|finding| finding.state == State::Bad);
    Ok(ExitCode::from(u8::from(is_broken)))
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

fn object(finding: &Finding) -> serde_json::Value {
    json!({ "state": word(finding.state), "what": finding.what, "help": finding.advice })
}
