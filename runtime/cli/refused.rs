//! Lines of a file that were not taken: the first are named on standard error, all of them stand in a file with the reason.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
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
    /// Each line with the reason.
    path: PathBuf,
    /// The lines alone, as they stood, to be mended and given once more.
    again: PathBuf,
    /// What such a file begins with: the header of a CSV file.
    header: Vec<u8>,
    out: Option<[BufWriter<File>; 2]>,
    named: Vec<String>,
    count: u64,
}

impl Refused {
    /// Nothing so far. What a run before refused of a file of this name is forgotten once this one has refused something, or has
    /// come to its end.
    pub(crate) fn of(workspace: &Path, file: &Path) -> Self {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let path = workspace.join(FOLDER).join(format!("{stem}.jsonl"));
        let extension = file.extension().unwrap_or_default().to_string_lossy();
        let again = path.with_file_name(format!("{stem}.again.{extension}"));
        Self {
            path,
            again,
            header: header(file).unwrap_or_default(),
            out: None,
            named: Vec::new(),
            count: 0,
        }
    }

    /// The file has none, whatever it is called: its first line is like the others.
    pub(crate) fn without_header(mut self) -> Self {
        self.header.clear();
        self
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
        let [out, again] = match &mut self.out {
            Some(out) => out,
            None => {
                if let Some(folder) = self.path.parent() {
                    std::fs::create_dir_all(folder)?;
                }
                let files = [File::create(&self.path)?, File::create(&self.again)?];
                let out = self.out.insert(files.map(BufWriter::new));
                out[1].write_all(&self.header)?;
                out
            }
        };
        let row = json!({
            "line": line.line, "field": line.field, "reason": line.reason, "message": line.message, "text": line.text,
        });
        writeln!(out, "{row}")?;
        writeln!(again, "{}", line.text)
    }

    /// Tells on standard error what was refused, if anything.
    pub(crate) fn tell(&mut self) -> Result<(), Error> {
        for out in self.out.iter_mut().flatten() {
            out.flush()?;
        }
        if self.count == 0 {
            for own in [&self.path, &self.again] {
                let _ = std::fs::remove_file(own);
            }
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
        eprintln!(
            "  mend those lines in {}, which holds them alone, and give it once more",
            self.again.display()
        );
        Ok(())
    }
}

/// The header of a CSV file, as it stands; nothing for another file.
fn header(file: &Path) -> Option<Vec<u8>> {
    let is_csv = file.extension()?.eq_ignore_ascii_case("csv");
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_path(file)
        .ok()
        .filter(|_| is_csv)?;
    reader.byte_headers().ok()?;
    let end = reader.position().byte();
    let mut header = Vec::new();
    File::open(file)
        .ok()?
        .take(end)
        .read_to_end(&mut header)
        .ok()?;
    header.truncate(header.trim_ascii_end().len());
    header.push(b'\n');
    Some(header)
}
