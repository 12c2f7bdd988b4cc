//! The records of a file, JSON Lines or CSV, one after the other, with a bar on a terminal.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};

use super::sheet::unreadable;
use crate::error::Error;

/// The lines of a file that hold anything, with their numbers from 1. Where it can't be read on, whoever asks has to stop.
pub(super) fn lines(
    file: &Path,
    bar: &ProgressBar,
) -> Result<impl Iterator<Item = Result<(u64, Vec<u8>), Error>> + use<>, Error> {
    let open = File::open(file).map_err(|error| unreadable(file, &error))?;
    let length = open.metadata().map_or(0, |about| about.len());
    bar.set_length(length);
    let mut reader = BufReader::with_capacity(1 << 20, bar.wrap_read(open));
    let (mut line, path) = (0_u64, file.to_owned());
    Ok(std::iter::from_fn(move || {
        loop {
            let mut text = Vec::new();
            line += 1;
            match reader.read_until(b'\n', &mut text) {
                Ok(0) => return None,
                Ok(_) if text.trim_ascii().is_empty() => {}
                Ok(_) => return Some(Ok((line, text.trim_ascii().to_vec()))),
                Err(error) => return Some(Err(unreadable(&path, &error))),
            }
        }
    }))
}

/// A bar on a terminal, with what is left of the time; nothing in a pipe.
pub(super) fn bar(count: &str) -> ProgressBar {
    let bar = ProgressBar::new(0);
    let template = format!(
        "[{{bar:30}}] {{{count}}}/{{{}}} {{eta}}",
        match count {
            "bytes" => "total_bytes",
            _ => "len",
        }
    );
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar
}
