//! What a tool shows: records on stdout, lines for people on stderr.

use crate::record::Record;
use crate::redact;
use crate::render;
use clap::ValueEnum;
use std::io::{self, ErrorKind, IsTerminal, Write};

/// How stdout is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: the default on a terminal.
    Text,
    /// One JSON record a line: the default elsewhere.
    Ndjson,
    /// As the tool's one document, such as a `JUnit` file; records
    /// are in the history only.
    #[value(skip)]
    Document,
}

impl Format {
    /// What fits where stdout goes.
    pub fn fitting() -> Self {
        if io::stdout().is_terminal() {
            Self::Text
        } else {
            Self::Ndjson
        }
    }
}

/// Standard output. That it is closed never stops work that has begun.
#[derive(Debug)]
pub struct Output {
    format: Format,
    closed: bool,
    failed: Option<io::Error>,
}

impl Output {
    /// Nothing written yet.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            closed: false,
            failed: None,
        }
    }

    /// How it is written.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Writes a record of this tool's own.
    pub fn record(&mut self, record: &Record) {
        match self.format {
            Format::Ndjson => self.write(record.line().as_bytes()),
            Format::Text => self.write(render::record(record).as_bytes()),
            Format::Document => {}
        }
    }

    /// Writes on a record that was read, byte for byte.
    pub fn pass(&mut self, line: &[u8]) {
        match self.format {
            Format::Ndjson => self.write(line),
            Format::Text => {
                if let Ok(record) = serde_json::from_slice(line) {
                    self.record(&record);
                }
            }
            Format::Document => {}
        }
    }

    /// Writes text for people, when it is they who read.
    pub fn text(&mut self, text: &str) {
        if self.format == Format::Text {
            self.write(redact::text(text).as_bytes());
        }
    }

    /// Writes the tool's document, when it is that which is read.
    pub fn document(&mut self, text: &str) {
        if self.format == Format::Document {
            self.write(redact::text(text.trim_end_matches('\n')).as_bytes());
        }
    }

    /// Why something could not be written, other than that nobody reads.
    pub fn failure(&mut self) -> Option<io::Error> {
        self.failed.take()
    }

    /// One write for line and end, so that lines of several writers stay whole.
    fn write(&mut self, line: &[u8]) {
        if self.closed {
            return;
        }
        let whole = [line, b"\n"].concat();
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(&whole).and_then(|()| stdout.flush());
        if let Err(error) = written {
            self.closed = true;
            if error.kind() != ErrorKind::BrokenPipe {
                self.failed = Some(error);
            }
        }
    }
}

/// Writes one line to stderr, with every known secret masked and control
/// characters shown instead of obeyed.
pub fn line(text: &str) {
    let masked = redact::text(text);
    let line = printable(&masked) + "\n";
    // Nobody is left to be told that stderr is closed.
    let _ = io::stderr().lock().write_all(line.as_bytes());
}

/// Tells people what `tool` is doing or has met, in one line.
pub fn note(tool: &str, text: &str) {
    line(&format!("{tool}: {text}"));
}

/// Whether somebody watches stderr, so that a progress bar makes sense.
pub fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// The text with control characters shown, not obeyed, so that no name or
/// message can move a terminal's cursor or change its title.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && character != '\t' {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}
