//! `kurant test`: the journeys' own tests.

mod matching;
mod replies;
mod report;
mod scenario;

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use kurant_authoring::scenario::Scenario;

use crate::error::Error;
use crate::workspace;

/// Arguments of `kurant test`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant test             every *.test.yaml of the workspace\n  \
    kurant test dormant     those whose file, name or journey holds `dormant`\n\n\
    Exit code 1 if a test fails.")]
pub(crate) struct Args {
    /// Only tests whose file, name or journey holds this text
    #[arg(value_name = "FILTER")]
    filter: Option<String>,
}

/// Runs the tests; how they went goes to standard output.
pub(crate) fn run(folder: &Path, args: &Args) -> Result<ExitCode, Error> {
    let (definitions, compiled) = workspace::definitions(folder)?;
    let filter = args.filter.as_deref().unwrap_or_default();
    let chosen: Vec<&Scenario> = compiled
        .scenarios
        .iter()
        .filter(|scenario| is_chosen(scenario, compiled.sources.path(scenario.file), filter))
        .collect();
    if chosen.is_empty() {
        let message = if filter.is_empty() {
            "there are no tests".to_owned()
        } else {
            format!("no test holds `{filter}`")
        };
        return Err(
            Error::usage(message).hint("a test is a file named NAME.test.yaml beside its journey")
        );
    }
    let mut stdout = io::stdout().lock();
    let mut failed = 0;
    for scenario in &chosen {
        let outcome = scenario::play(&definitions, scenario);
        let findings = match &outcome {
            Ok(done) => matching::compare(scenario, done),
            Err(_) => Vec::new(),
        };
        let passed = outcome.is_ok() && findings.is_empty();
        failed += usize::from(!passed);
        let verdict = if passed { "ok    " } else { "FAILED" };
        writeln!(
            stdout,
            "{verdict} {}: {}",
            compiled.sources.path(scenario.file),
            scenario.test
        )?;
        match outcome {
            Ok(_) => stdout.write_all(
                report::findings(&findings, &definitions, &compiled.sources).as_bytes(),
            )?,
            Err(trouble) => {
                stdout.write_all(report::trouble(&trouble, &compiled.sources).as_bytes())?
            }
        }
    }
    writeln!(stdout, "{} passed, {failed} failed", chosen.len() - failed)?;
    Ok(if failed > 0 {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}

fn is_chosen(scenario: &Scenario, path: &str, filter: &str) -> bool {
    path.contains(filter)
        || scenario.test.contains(filter)
        || scenario
            .journeys
            .iter()
            .any(|journey| journey.name.contains(filter))
}
