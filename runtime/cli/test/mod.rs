//! `kurant test`: the journeys' own tests.

mod feedback;
mod matching;
mod replies;
mod report;
mod scenario;
mod unheard;
mod unmade;
mod why;

use std::io::{self, Write as _};
use std::process::ExitCode;

use kurant_authoring::Compiled;
use kurant_authoring::scenario::Scenario;
use kurant_authoring::source::Sources;
use kurant_engine::calendar::Zone;
use kurant_engine::definition::Definitions;

use crate::error::Error;
use crate::folder::Folder;
use crate::workspace;

use self::scenario::{Played, Trouble};

/// Arguments of `kurant test`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant test             every *.test.yaml of the workspace\n  \
    kurant test dormant     those whose file, name or journey holds `dormant`\n\n\
    Exit code 1 if a test fails, or if the workspace has mistakes; the tests of journeys without mistakes run all the same.")]
pub(crate) struct Args {
    /// Only tests whose file, name or journey holds this text
    #[arg(value_name = "FILTER")]
    filter: Option<String>,
}

/// Runs the tests; how they went goes to standard output.
pub(crate) fn run(folder: &Folder, args: &Args) -> Result<ExitCode, Error> {
    let (mut definitions, compiled) = workspace::whole(folder)?;
    // Nothing leaves, so nobody has to be spared.
    definitions.workspace.deliver_only = None;
    let zone = definitions.workspace.timezone;
    let filter = args.filter.as_deref().unwrap_or_default();
    let chosen: Vec<&Scenario> = compiled
        .scenarios
        .iter()
        .filter(|scenario| is_chosen(scenario, compiled.sources.path(scenario.file), filter))
        .collect();
    let unread = unread(&compiled, filter);
    if chosen.is_empty() && unread.is_empty() {
        if compiled.errors() > 0 {
            return Err(Error::findings(
                "the workspace has mistakes; nothing was run",
            ));
        }
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
    let (whole, broken): (Vec<&Scenario>, Vec<&Scenario>) = chosen
        .into_iter()
        .partition(|scenario| is_whole(scenario, &definitions, &compiled));
    let renderer = unmade::renderer(&definitions);
    for scenario in &whole {
        let outcome = scenario::play(&definitions, scenario, &renderer);
        let (passed, told) = judged(scenario, &outcome, zone, &compiled.sources);
        failed += usize::from(!passed);
        let verdict = if passed { "ok    " } else { "FAILED" };
        let path = compiled.sources.path(scenario.file);
        writeln!(stdout, "{verdict} {path}: {}", scenario.test)?;
        stdout.write_all(told.as_bytes())?;
    }
    for path in &unread {
        writeln!(stdout, "not run {path}: it has mistakes")?;
    }
    for scenario in &broken {
        let path = compiled.sources.path(scenario.file);
        let why = "it, or a journey that it tests, has mistakes";
        writeln!(stdout, "not run {path}: {}: {why}", scenario.test)?;
    }
    let passed = whole.len() - failed;
    let left = match unread.len() + broken.len() {
        0 => String::new(),
        count => format!(", {count} not run"),
    };
    writeln!(stdout, "{passed} passed, {failed} failed{left}")?;
    let fine = failed == 0 && compiled.errors() == 0;
    Ok(if fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// Whether a test passed, and what is to be said of it.
fn judged(
    scenario: &Scenario,
    outcome: &Result<Played, Trouble>,
    zone: Zone,
    sources: &Sources,
) -> (bool, String) {
    match outcome {
        Ok(played) => {
            let findings = matching::compare(scenario, &played.done);
            let passed = findings.is_empty() && played.unmade.is_empty();
            let told = report::findings(&findings, played, zone, sources);
            (passed, told)
        }
        Err(trouble) => (false, report::trouble(trouble, sources)),
    }
}

/// Whether neither the test nor a journey that it tests has an error.
fn is_whole(scenario: &Scenario, definitions: &Definitions, compiled: &Compiled) -> bool {
    let is_there = |name: &str| {
        definitions
            .journeys
            .iter()
            .any(|version| version.journey.id == name)
    };
    !compiled.is_broken(scenario.file)
        && scenario
            .journeys
            .iter()
            .all(|journey| is_there(&journey.name))
}

/// The tests' files that could not be read.
fn unread<'c>(compiled: &'c Compiled, filter: &str) -> Vec<&'c str> {
    let is_read = |file| compiled.scenarios.iter().any(|own| own.file == file);
    let files = compiled.sources.iter();
    files
        .filter(|(file, source)| {
            source.path().ends_with(".test.yaml")
                && source.path().contains(filter)
                && !is_read(*file)
        })
        .map(|(_, source)| source.path())
        .collect()
}

fn is_chosen(scenario: &Scenario, path: &str, filter: &str) -> bool {
    path.contains(filter)
        || scenario.test.contains(filter)
        || scenario
            .journeys
            .iter()
            .any(|journey| journey.name.contains(filter))
}
