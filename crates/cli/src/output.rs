//! The only place that writes: data to stdout, everything else to stderr.

use std::io::{self, IsTerminal as _, Write as _};

use clap::ValueEnum;
use serde::Serialize;

use crate::error::{CliError, Result};
use crate::text;

/// The form of results and errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Table,
    /// For programs: one object, described by `mrs-iam-sync schema`.
    Json,
}

/// Where and how a command writes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    pub(crate) format: Format,
    pub(crate) quiet: bool,
    pub(crate) verbose: u8,
}

impl Output {
    /// The result of a command: one JSON object, or the text for people.
    pub(crate) fn result(self, object: &impl Serialize, text: impl FnOnce() -> String) -> Result<()> {
        match self.format {
            Format::Json => self.json(object),
            Format::Table => self.data(text().as_bytes()),
        }
    }

    /// One JSON object on stdout.
    pub(crate) fn json(self, object: &impl Serialize) -> Result<()> {
        let mut text = serde_json::to_string_pretty(object)
            .map_err(|error| CliError::io("the result cannot be written as JSON", &error))?;
        text.push('\n');
        self.data(text::json(&text).as_bytes())
    }

    /// Bytes on stdout. A reader that has seen enough and is gone is no failure.
    pub(crate) fn data(self, bytes: &[u8]) -> Result<()> {
        let mut out = io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(CliError::io("the result cannot be written to stdout", &error))
            }
            _ => Ok(()),
        }
    }

    /// A remark for people: not with `--quiet`, not with JSON.
    pub(crate) fn note(self, text: &str) {
        if !self.quiet && self.format == Format::Table {
            self.say(text);
        }
    }

    /// A line on stderr in any case.
    pub(crate) fn say(self, text: &str) {
        // Nobody is left to tell when stderr is gone.
        let _ = writeln!(io::stderr().lock(), "{}", text::line(text));
    }

    /// The error that ends the command.
    pub(crate) fn error(self, error: &CliError) {
        if self.format == Format::Json {
            // On one line, so that it can be found after log lines.
            if let Ok(text) = serde_json::to_string(&error.document()) {
                let _ = writeln!(io::stderr().lock(), "{}", text::json(&text));
            }
            return;
        }
        self.say(&format!("error: {}", error.message()));
        if let Some(excerpt) = error.excerpt() {
            let _ = writeln!(io::stderr().lock(), "{}", text::lines(excerpt));
        }
        for cause in error.causes() {
            self.say(&format!("  caused by: {cause}"));
        }
        if let Some(hint) = error.hint() {
            self.say(&format!("hint: {hint}"));
        }
    }

    /// Whether something that moves may be shown on stderr.
    pub(crate) fn shows_progress(self) -> bool {
        self.format == Format::Table && !self.quiet && self.verbose == 0 && io::stderr().is_terminal()
    }
}
