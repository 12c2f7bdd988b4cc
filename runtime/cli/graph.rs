//! `kurant graph`: a journey as a picture.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use kurant_authoring::graph;

use crate::error::Error;
use crate::workspace;

/// Arguments of `kurant graph`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant graph welcome                          Mermaid text, for a page or a merge request\n  \
    kurant graph welcome --output welcome.svg     a picture\n  \
    kurant graph welcome --format dot | dot -Tpng > welcome.png")]
pub(crate) struct Args {
    /// The journey's id
    #[arg(value_name = "JOURNEY")]
    journey: String,
    /// In which form; by the output's extension unless told
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The file; standard output unless told
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The form of the picture.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// A picture for browsers
    Svg,
    /// Text for pages
    Mermaid,
    /// Text for Graphviz
    Dot,
}

/// Draws a journey.
pub(crate) fn run(folder: &Path, args: &Args) -> Result<ExitCode, Error> {
    let (definitions, _) = workspace::definitions(folder)?;
    let journeys = || definitions.journeys.iter().map(|version| &version.journey);
    let Some(journey) = journeys().find(|journey| journey.id == args.journey) else {
        let known: Vec<&str> = journeys().map(|journey| &*journey.id).collect();
        return Err(
            Error::usage(format!("there is no journey `{}`", args.journey))
                .hint(format!("there are: {}", known.join(", "))),
        );
    };
    let drawn = graph::graph(journey);
    let text = match args
        .format
        .unwrap_or_else(|| by_extension(args.output.as_deref()))
    {
        Format::Svg => graph::svg(&drawn),
        Format::Mermaid => graph::mermaid(&drawn),
        Format::Dot => graph::dot(&drawn),
    };
    match &args.output {
        Some(path) => fs::write(path, text)
            .map_err(|error| Error::failure(format!("can't write {}: {error}", path.display())))?,
        None => io::stdout().lock().write_all(text.as_bytes())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn by_extension(output: Option<&Path>) -> Format {
    match output
        .and_then(Path::extension)
        .and_then(|extension| extension.to_str())
    {
        Some("svg") => Format::Svg,
        Some("dot" | "gv") => Format::Dot,
        _ => Format::Mermaid,
    }
}
