//! Lines of a file that were not taken: the first are named on standard error, all of them stand in a file with the reason.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use kurant_runner::source::RefusedLine;
use serde_json::json;

use crate::error::Error;

/// How many lines are named on standard error.
const NAMED: usize = 10;
/// Where the files of refused lines stand.
const FOLDER: &str = ".kurant/rejected";

/// What was refused of one file.
pub(crate) struct Refused {
    path: PathBuf,
    out: Option<BufWriter<File>>,
    named: Vec<String>,
    count: u64,
}

impl Refused {
    /// Nothing so far. What a run before refused of a file of this name is forgotten once this one has refused something, or has
    /// come to its end.
    pub(crate) fn of(workspace: &Path, file: &Path) -> Self {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let path = workspace.join(FOLDER).join(format!("{stem}.jsonl"));
        Self {
            path,
            out: None,
            named: Vec::new(),
            count: 0,
        }
    }

    /// How many lines were refused.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Notes one line.
    pub(crate) fn note(&mut self, line: &RefusedLine) {
        self.count += 1;
        if self.named.len() < NAMED {
            self.named
                .push(format!("  line {}: {}", line.line, line.message));
        }
        if let Err(error) = self.write(line) {
            self.named
                .push(format!("  (can't write {}: {error})", self.path.display()));
        }
    }

    fn write(&mut self, line: &RefusedLine) -> std::io::Result<()> {
        let out = match &mut self.out {
            Some(out) => out,
            None => {
                if let Some(folder) = self.path.parent() {
                    std::fs::create_dir_all(folder)?;
                }
                self.out.insert(BufWriter::new(File::create(&self.path)?))
            }
        };
        let row = json!({
            "line": line.line, "field": line.field, "reason": line.reason, "message": line.message, "text": line.text,
        });
        writeln!(out, "{row}")
    }

    /// Tells on standard error what was refused, if anything.
    pub(crate) fn tell(&mut self) -> Result<(), Error> {
        if let Some(out) = &mut self.out {
            out.flush()?;
        }
        if self.count == 0 {
            let _ = std::fs::remove_file(&self.path);
            return Ok(());
        }
        let lines = if self.count == 1 {
            "line was"
        } else {
            "lines were"
        };
        eprintln!(
            "{} {lines} refused; all of them, with the reason: {}",
            self.count,
            self.path.display()
        );
        for line in &self.named {
            eprintln!("{line}");
        }
        if self.count > NAMED as u64 {
            eprintln!("  ... and {} more", self.count - NAMED as u64);
        }
        Ok(())
    }
}
