//! Turns records into a report of what happened.

mod period;

use anyhow::{Context, Result};
use chrono::Utc;
use period::{Length, Moment, Pass, Window};
use std::fs::File;
use std::io::{BufReader, Write};

/// `deploy-report HISTORY day|week|month [DATE]`
fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let path = args.next().context("a history")?;
    let length = match args.next().as_deref() {
        Some("day") => Length::Day,
        Some("week") => Length::Week,
        _ => Length::Month,
    };
    let since = args.next();
    let window = match since {
        Some(date) if length == Length::Month && date.ends_with('+') => {
            let last = Moment::from(Utc::now())
                .utc()
                .unwrap_or_default()
                .date_naive();
            Window::days(date.trim_end_matches('+').parse()?, last, &Utc)
        }
        Some(date) => Window::holding(date.parse()?, length, &Utc),
        None => Window::ended(Moment::from(Utc::now()), length, &Utc),
    };
    let mut pass = Pass::new(window.context("no window")?, None);
    let mut reader = BufReader::with_capacity(1 << 16, File::open(path)?);
    toolkit::stdin::lines(&mut reader, |line| pass.line(&line))?;
    let report = serde_json::to_string_pretty(&pass.end())?;
    writeln!(std::io::stdout(), "{report}")?;
    Ok(())
}
