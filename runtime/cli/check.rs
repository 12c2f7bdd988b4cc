//! `kurant check`: every mistake of the workspace at once.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::ValueEnum;
use kurant_authoring::{Compiled, render};

use crate::error::Error;
use crate::folder::Folder;
use crate::workspace;

/// Arguments of `kurant check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant check                          for people\n  \
    kurant check --format json            a list of {file, line, column, severity, code, message, help}\n  \
    kurant check --format sarif > k.sarif for code review tools\n\n\
    Exit code 1 if there is any error; warnings alone are no error.")]
pub(crate) struct Args {
    /// Who reads it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Who reads the findings.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// People
    Text,
    /// Programs
    Json,
    /// Code review tools
    Sarif,
}

/// The workspace as it is in its environment; where none is named, with what else is wrong in any of them.
fn whole(folder: &Folder) -> Result<Compiled, Error> {
    let mut compiled = workspace::compiled(folder)?;
    if folder.environment().is_some() {
        return Ok(compiled);
    }
    for name in workspace::environments(folder)? {
        let own = workspace::compiled(&Folder::new(folder, Some(&name)))?;
        let path = format!("kurant.{name}.yaml");
        let text = own.sources.iter().find(|(_, source)| source.path() == path);
        let Some((overlay, source)) = text else {
            continue;
        };
        // The other files have the same places with and without it.
        let file = compiled.sources.add(path.as_str(), source.text());
        let known = &compiled.diagnostics;
        let mut fresh: Vec<_> = own.diagnostics;
        fresh.retain(|found| !known.contains(found));
        for found in &mut fresh {
            if found.span.file != overlay {
                found.message = format!("with {path}: {}", found.message);
            }
            found.moves(overlay, file);
        }
        compiled.diagnostics.extend(fresh);
    }
    Ok(compiled)
}

/// Finds every mistake; findings go to standard output.
pub(crate) fn run(folder: &Folder, args: &Args) -> Result<ExitCode, Error> {
    let compiled = whole(folder)?;
    let (found, sources) = (&compiled.diagnostics, &compiled.sources);
    let stdout = io::stdout();
    let text = match args.format {
        Format::Text => render::text(found, sources, workspace::colours(&stdout)),
        Format::Json => render::json(found, sources),
        Format::Sarif => render::sarif(found, sources, env!("CARGO_PKG_VERSION")),
    };
    let mut stdout = stdout.lock();
    stdout.write_all(text.as_bytes())?;
    if !text.is_empty() && !text.ends_with('\n') {
        stdout.write_all(b"\n")?;
    }
    if found.is_empty() {
        eprintln!("{} files, no mistakes", sources.iter().count());
    }
    Ok(if compiled.errors() > 0 {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}
