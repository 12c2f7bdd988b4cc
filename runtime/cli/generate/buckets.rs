//! Sorts more events than fit in memory: each goes to the file of its stretch of time, and each file is sorted by itself.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use super::record::Record;

/// Files open at a time, at the most.
const FILES: u32 = 200;
/// Memory for each of them, in bytes.
const BUFFER: usize = 16 * 1024;

/// Records on their way to being sorted. The files are gone when it is dropped.
pub(super) struct Buckets {
    folder: PathBuf,
    stretch: u32,
    files: Vec<BufWriter<File>>,
}

impl Buckets {
    /// Room for a period of so many seconds, in a folder that is made for it.
    ///
    /// # Errors
    /// If the folder or its files can't be made.
    pub(super) fn new(folder: &Path, seconds: u32) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let stretch = seconds / FILES + 1;
        let files = (0..=seconds / stretch)
            .map(|number| {
                Ok(BufWriter::with_capacity(
                    BUFFER,
                    File::create(file(folder, number))?,
                ))
            })
            .collect::<io::Result<_>>()?;
        Ok(Self {
            folder: folder.to_owned(),
            stretch,
            files,
        })
    }

    /// Takes a record; one past the period goes to its last stretch.
    ///
    /// # Errors
    /// If it can't be written.
    pub(super) fn add(&mut self, record: &Record) -> io::Result<()> {
        let number = ((record.at / self.stretch) as usize).min(self.files.len() - 1);
        self.files[number].write_all(&record.encode())
    }

    /// Gives all records by time; those of one second in the order in which they came.
    ///
    /// # Errors
    /// If a file can't be read, or what `each` says.
    pub(super) fn sorted(
        mut self,
        mut each: impl FnMut(&Record) -> io::Result<()>,
    ) -> io::Result<()> {
        for writer in &mut self.files {
            writer.flush()?;
        }
        for number in 0..self.files.len() as u32 {
            let mut bytes = Vec::new();
            File::open(file(&self.folder, number))?.read_to_end(&mut bytes)?;
            let (whole, _) = bytes.as_chunks::<{ Record::BYTES }>();
            let mut records: Vec<Record> = whole.iter().map(Record::decode).collect();
            records.sort_by_key(|record| record.at);
            records.iter().try_for_each(&mut each)?;
        }
        Ok(())
    }
}

impl Drop for Buckets {
    fn drop(&mut self) {
        // What can't be removed is left: it holds nothing of value and the next run writes over it.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn file(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{number:03}"))
}
