//! Shows what happens while it runs: a line for each action, and a file of all of them if one is asked for.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use kurant_engine::action::{Action, ActionStatus};
use kurant_engine::calendar::Zone;
use kurant_runner::Audience;
use kurant_runner::source::RefusedLine;

use super::Args;
use crate::error::Error;
use crate::refused::Refused;
use crate::talk::Talk;

/// How many lines are shown of what happens at once; the others are counted.
const LINES_AT_ONCE: usize = 12;

/// Whoever looks on at the terminal.
pub(super) struct Show {
    file: Option<BufWriter<File>>,
    quiet: bool,
    talk: Talk,
    zone: Zone,
    refused: Option<Refused>,
}

impl Show {
    /// Shows actions on the workspace's clock, and appends them to a file if one is asked for.
    pub(super) fn new(args: &Args, zone: Zone) -> Result<Self, Error> {
        let open = |path: &Path| {
            let file = OpenOptions::new().create(true).append(true).open(path);
            file.map_err(|error| Error::failure(format!("can't write {}: {error}", path.display())))
        };
        Ok(Self {
            file: args
                .actions
                .as_deref()
                .map(open)
                .transpose()?
                .map(BufWriter::new),
            quiet: args.quiet,
            talk: args.talk,
            zone,
            refused: None,
        })
    }

    /// Keeps the lines of a history that can't be read.
    pub(super) fn refusing(mut self, refused: Refused) -> Self {
        self.refused = Some(refused);
        self
    }

    fn line(&self, action: &Action) -> String {
        let at = action.at.local(self.zone).format("%Y-%m-%d %H:%M");
        let step = action.step.as_deref().unwrap_or("-");
        let what = match (&action.channel, &action.template) {
            (Some(channel), Some(template)) => format!("{} {channel} `{template}`", action.action),
            _ => action.action.to_string(),
        };
        let how = match action.status {
            ActionStatus::Sent => String::new(),
            ActionStatus::Skipped => " SKIPPED".to_owned(),
            ActionStatus::Deferred => " deferred".to_owned(),
        };
        let why = action
            .reason
            .as_ref()
            .map(|reason| format!(" ({reason})"))
            .unwrap_or_default();
        format!(
            "{at}  {:<24} {:<18} {:<16} {what}{how}{why}",
            action.journey, step, action.customer
        )
    }

    fn write(&mut self, actions: &[Action]) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        for action in actions {
            serde_json::to_writer(&mut *file, action)?;
            file.write_all(b"\n")?;
        }
        file.flush()
    }
}

impl Drop for Show {
    /// The last word: which lines were not taken.
    fn drop(&mut self) {
        if let Some(Err(error)) = self.refused.as_mut().map(Refused::tell) {
            self.talk.tell(&error.to_string());
        }
    }
}

impl Audience for Show {
    fn acted(&mut self, actions: &[Action]) {
        if let Err(error) = self.write(actions) {
            self.talk
                .tell(&format!("the file of actions can't be written: {error}"));
            self.file = None;
        }
        if self.quiet {
            return;
        }
        // Coming in is seen by what follows from it.
        let worth: Vec<&Action> = actions
            .iter()
            .filter(|action| action.action != "enter")
            .collect();
        let mut out = io::stdout().lock();
        for action in worth.iter().take(LINES_AT_ONCE) {
            let _ = writeln!(out, "{}", self.line(action));
        }
        let mut more: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for action in worth.iter().skip(LINES_AT_ONCE) {
            *more.entry((&action.journey, &action.action)).or_default() += 1;
        }
        for ((journey, what), count) in more {
            let _ = writeln!(out, "{:16}  {journey:<24} ... and {count} more: {what}", "");
        }
        let _ = out.flush();
    }

    fn told(&mut self, line: &str) {
        self.talk.tell(line);
    }

    fn refused(&mut self, line: &RefusedLine) {
        if let Some(refused) = &mut self.refused {
            refused.note(line);
        }
    }
}
