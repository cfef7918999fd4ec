//! A record as a person reads it on a terminal.

use crate::output::printable;
use crate::record::{Record, Status};
use std::fmt::Write;
use std::io::IsTerminal;
use std::time::Duration;

/// One line for the record; the reason and the remedy below it.
pub fn record(record: &Record) -> String {
    let mut text = format!("{} {}", mark(record.status), printable(&title(record)));
    if !record.summary.is_empty() {
        let _ = write!(text, "  {}", printable(&record.summary));
    }
    if let Some(ms) = record.ms.filter(|ms| *ms >= 100) {
        let _ = write!(
            text,
            " {}",
            dim(&format!("({})", duration(Duration::from_millis(ms))))
        );
    }
    if let Some(problem) = &record.error {
        if problem.message != record.summary {
            let _ = write!(
                text,
                "\n  {}: {}",
                problem.reason,
                printable(&problem.message)
            );
        }
        if let Some(hint) = &problem.hint {
            let _ = write!(text, "\n  hint: {}", printable(hint));
        }
    }
    text
}

/// A duration in the two largest units that matter: `4.2 s`, `3 min 5 s`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 if duration.as_millis() < 1000 => format!("{} ms", duration.as_millis()),
        0..60 => format!("{}.{} s", seconds, duration.subsec_millis() / 100),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// A size with three digits and a binary unit: `8.0 KiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    // Tenths of a unit, in integers: exact for every size.
    let mut tenths = u128::from(bytes) * 10 / 1024;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    let unit = UNITS[unit];
    if tenths < 1000 {
        format!("{}.{} {unit}", tenths / 10, tenths % 10)
    } else {
        format!("{} {unit}", tenths / 10)
    }
}

fn title(record: &Record) -> String {
    if record.tool == record.name {
        record.tool.clone()
    } else {
        format!("{} {}", record.tool, record.name)
    }
}

fn mark(status: Status) -> String {
    let (colour, mark) = match status {
        Status::Ok => (32, "✓"),
        Status::Warn => (33, "!"),
        Status::Fail | Status::Unknown => (31, "✗"),
        Status::Skip => (2, "-"),
        Status::Running => (36, "…"),
    };
    paint(colour, mark)
}

fn dim(text: &str) -> String {
    paint(2, text)
}

/// Colours on a terminal that wants them; see <https://no-color.org>.
fn paint(code: u8, text: &str) -> String {
    let unwanted = !std::io::stdout().is_terminal()
        || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    if unwanted {
        text.to_owned()
    } else {
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_durations_read_naturally() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(1023), "1023 B");
        assert_eq!(size(8192), "8.0 KiB");
        assert_eq!(size(245 << 20), "245 MiB");
        assert_eq!(size(1_610_612_736), "1.5 GiB");
        assert_eq!(size(u64::MAX), "15.9 EiB");
        assert_eq!(duration(Duration::from_millis(4210)), "4.2 s");
        assert_eq!(duration(Duration::from_secs(185)), "3 min 5 s");
        assert_eq!(duration(Duration::from_secs(90_000)), "1 d 1 h");
    }
}
