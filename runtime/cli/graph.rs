//! `kurant graph`: a journey as a picture.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use kurant_authoring::graph;

use crate::error::Error;
use crate::folder::Folder;
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
    /// In which form; by the end of the file's name unless told: .svg, .mmd, .md or .dot
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
pub(crate) fn run(folder: &Folder, args: &Args) -> Result<ExitCode, Error> {
    let form = form(args)?;
    let (definitions, _) = workspace::whole(folder)?;
    let journeys = || definitions.journeys.iter().map(|version| &version.journey);
    let Some(journey) = journeys().find(|journey| journey.id == args.journey) else {
        let known: Vec<&str> = journeys().map(|journey| &*journey.id).collect();
        return Err(
            Error::usage(format!("there is no journey `{}`", args.journey))
                .hint(workspace::likely(&args.journey, &known)),
        );
    };
    let drawn = graph::graph(journey);
    let text = match form {
        Form::Plain(Format::Svg) => graph::svg(&drawn),
        Form::Plain(Format::Mermaid) => graph::mermaid(&drawn),
        Form::Plain(Format::Dot) => graph::dot(&drawn),
        Form::Page => format!("```mermaid\n{}```\n", graph::mermaid(&drawn)),
    };
    match &args.output {
        Some(path) => fs::write(path, text)
            .map_err(|error| Error::failure(format!("can't write {}: {error}", path.display())))?,
        None => io::stdout().lock().write_all(text.as_bytes())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The form, and whether a page is to hold it.
#[derive(Debug, Clone, Copy)]
enum Form {
    Plain(Format),
    /// Mermaid in a page of Markdown.
    Page,
}

/// The form that is asked for, else that of the file's name.
fn form(args: &Args) -> Result<Form, Error> {
    if let Some(format) = args.format {
        return Ok(Form::Plain(format));
    }
    let Some(output) = &args.output else {
        return Ok(Form::Plain(Format::Mermaid));
    };
    match output.extension().and_then(|extension| extension.to_str()) {
        Some("svg") => Ok(Form::Plain(Format::Svg)),
        Some("mmd" | "mermaid") => Ok(Form::Plain(Format::Mermaid)),
        Some("dot" | "gv") => Ok(Form::Plain(Format::Dot)),
        Some("md") => Ok(Form::Page),
        _ => Err(Error::usage(format!(
            "{} says no form that a journey is drawn in",
            output.display()
        ))
        .hint("end its name in .svg, .mmd, .md or .dot, or say `--format`; a PNG: kurant graph JOURNEY --format dot | dot -Tpng > FILE.png")),
    }
}
