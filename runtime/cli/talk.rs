//! The log of a run: what people and programs are told while it goes on, one line each on standard error.
//!
//! As text it is meant to be read; as JSON each line is one object with `time`, `level`, `message`, `target` and the fields of
//! what it tells, by names that stay.

use std::fmt;
use std::io::{self, Write as _};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;

use crate::error::Error;

/// How the log is written. The same wherever it goes: a form that changed with a pipe would surprise whoever looks for a
/// phrase in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    #[default]
    Text,
    /// For programs: one JSON object a line
    Json,
}

/// From which level on it tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogLevel {
    /// What somebody has to mend
    Error,
    /// And what somebody should know
    Warn,
    /// And what comes and goes
    #[default]
    Info,
    /// And what is decided again
    Debug,
    /// And everything
    Trace,
}

/// How a run tells what it does.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Talk {
    /// How to write the log on standard error
    #[arg(long, value_enum, default_value_t, env = "KURANT_LOG_FORMAT")]
    log_format: LogFormat,
    /// From which level on to write it
    #[arg(long, value_enum, default_value_t, env = "KURANT_LOG_LEVEL")]
    log_level: LogLevel,
}

impl Talk {
    /// Begins the log. Libraries tell of faults only, and the client of the broker of none: we say once that it is gone. At no
    /// level they tell more: what they would show of their own talk holds passwords and people's data.
    pub(crate) fn begin(self) {
        let level = match self.log_level {
            LogLevel::Error => LevelFilter::ERROR,
            LogLevel::Warn => LevelFilter::WARN,
            LogLevel::Info => LevelFilter::INFO,
            LogLevel::Debug => LevelFilter::DEBUG,
            LogLevel::Trace => LevelFilter::TRACE,
        };
        let ours = Targets::new()
            .with_target("kurant", level)
            .with_target("lapin", LevelFilter::OFF)
            .with_default(level.min(LevelFilter::WARN));
        // A log that nobody can write, since its disk is full say, is no reason to end.
        let lines = tracing_subscriber::fmt::layer()
            .log_internal_errors(false)
            .with_writer(io::stderr);
        let registry = tracing_subscriber::registry();
        let _ = match self.log_format {
            LogFormat::Text => registry.with(lines.with_filter(ours)).try_init(),
            LogFormat::Json => registry
                .with(lines.event_format(Objects).with_filter(ours))
                .try_init(),
        };
    }

    /// Says something to whoever looks on: as it is, or as a line of the log.
    pub(crate) fn tell(self, line: &str) {
        match self.log_format {
            LogFormat::Text => drop(writeln!(io::stderr(), "{line}")),
            LogFormat::Json if is_alert(line) => tracing::error!("{line}"),
            LogFormat::Json => tracing::info!("{line}"),
        }
    }

    /// Says why the process ends, where that belongs to the log; else it is left to be told.
    pub(crate) fn last_word(self, error: Error) -> Result<std::process::ExitCode, Error> {
        if self.log_format == LogFormat::Text {
            return Err(error);
        }
        match error.advice() {
            Some(hint) => tracing::error!(hint, "{}", error.message()),
            None => tracing::error!("{}", error.message()),
        }
        Ok(error.exit_code())
    }
}

/// Whether somebody has to come and look.
fn is_alert(line: &str) -> bool {
    line.starts_with("ALERT")
}

/// One object a line.
struct Objects;

impl<S, N> FormatEvent<S, N> for Objects
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut line = Map::new();
        line.insert("time".into(), time.into());
        line.insert("level".into(), word(*event.metadata().level()).into());
        line.insert("message".into(), fields.message.into());
        line.insert("target".into(), event.metadata().target().into());
        for (name, value) in fields.others {
            // None of ours has such a name; should a library's, it may not pass for ours.
            line.entry(name).or_insert(value);
        }
        writeln!(writer, "{}", Value::Object(line))
    }
}

fn word(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

/// The message of an event, and its other fields.
#[derive(Default)]
struct Fields {
    message: String,
    others: Map<String, Value>,
}

impl Fields {
    fn note(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.message = text,
            (name, value) => drop(self.others.insert(name.to_owned(), value)),
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.note(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.note(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.note(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.note(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.note(field, value.into());
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_one_object_whatever_stands_in_it() {
        let written = Written::default();
        let own = written.clone();
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(move || own.clone())
            .event_format(Objects);
        let log = tracing_subscriber::registry().with(lines);
        tracing::subscriber::with_default(log, || {
            tracing::warn!(
                journey = "a\n\"b\"",
                count = 3,
                level = "mine",
                "two\nlines: {}",
                "\u{1b}[31m"
            );
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: Value = serde_json::from_str(&text).unwrap();
        let told = [&line["level"], &line["message"], &line["journey"]];
        assert_eq!(told, ["warn", "two\nlines: \u{1b}[31m", "a\n\"b\""]);
        assert_eq!(line["count"], 3);
        assert!(line["time"].as_str().unwrap().ends_with('Z'), "{line}");
        assert!(line["target"].as_str().unwrap().starts_with("kurant"));
    }
}
