//! The report of a day, a week or a month, made of the history.

use crate::cli::{Args, Shape};
use crate::deploy_report::Made;
use crate::language::{Language, Zone};
use crate::period::{Length, Moment, Pass, Report, Window, date_of};
use crate::render::Renderer;
use crate::{out, pdf, source};
use anyhow::Result;
use chrono::{NaiveDate, TimeZone};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use toolkit::failure::Failure;
use toolkit::output::Format;
use toolkit::redact;
use toolkit::run::{Outcome, Run};

/// Makes the report of a `length`.
pub(crate) fn run(
    args: &Args,
    length: Length,
    shapes: &[Shape],
    run: &mut Run,
    made: &Made,
) -> Result<Outcome> {
    let (path, project) = if let Some(path) = &args.from {
        (path.clone(), None)
    } else {
        let path = run.state()?.folder().join("history.ndjson");
        (path, Some(run.project().to_owned()))
    };
    let held = args
        .from
        .as_deref()
        .map(source::period)
        .transpose()?
        .flatten();
    let report = match held {
        Some(report) => report,
        None => match window(args, length, &path)? {
            Some(window) => serde_json::to_value(of(&path, window, project)?)?,
            None => return Ok(nothing(json!({})).query()),
        },
    };
    let renderer = Renderer {
        language: Language::of(args.lang),
        zone: args.timezone,
        template: args.template.as_deref().map(source::text).transpose()?,
        records: &[],
    };
    let mut files = Vec::new();
    if let Some(folder) = &args.out {
        for shape in shapes {
            files.push(write(folder, *shape, &report, &renderer)?);
        }
    }
    if run.format() == Format::Document {
        made.hold(renderer.period(args.shown(), &report)?);
    }
    // What is asked of the history changes nothing that it should remember.
    Ok(outcome(&report, &files).query())
}

/// The window that is asked for: that of `--of`, else the last one that had ended
/// when the newest record was written. None where there is none.
fn window(args: &Args, length: Length, path: &Path) -> Result<Option<Window>> {
    let since = since(args, length)?;
    // Each kind of zone is a type of its own.
    match args.timezone {
        Zone::Named(zone) => find(args.of, length, since, path, &zone),
        Zone::Fixed(zone) => find(args.of, length, since, path, &zone),
    }
}

fn find(
    of: Option<NaiveDate>,
    length: Length,
    since: Option<NaiveDate>,
    path: &Path,
    zone: &impl TimeZone,
) -> Result<Option<Window>> {
    let window = match (since, of) {
        (Some(since), Some(last)) => Window::days(since, last, zone),
        (None, Some(date)) => Window::holding(date, length, zone),
        (_, None) => {
            let Some(now) = source::newest(path)?.map(Moment::from) else {
                return Ok(None);
            };
            match since {
                Some(since) => date_of(now, zone).and_then(|last| Window::days(since, last, zone)),
                None => Window::ended(now, length, zone),
            }
        }
    };
    let none = || Failure::not_started("usage", "no calendar knows such a day");
    Ok(Some(window.ok_or_else(none)?))
}

/// The first day of `--period days`.
fn since(args: &Args, length: Length) -> Result<Option<NaiveDate>> {
    let refuse = |message: &str| {
        Failure::not_started("usage", message).hint("write `--period days --since 2026-11-01`")
    };
    match (&args.since, length) {
        (None, Length::Days) => Err(refuse("`--period days` needs `--since`").into()),
        (Some(day), Length::Days) => {
            let day = day.parse();
            Ok(Some(day.map_err(|_| refuse("`--since` takes a day here"))?))
        }
        (Some(_), _) => Err(refuse("of the periods, `days` alone takes `--since`").into()),
        (None, _) => Ok(None),
    }
}

fn of(path: &Path, window: Window, project: Option<String>) -> Result<Report> {
    let mut pass = Pass::new(window, project);
    source::each(path, |line| pass.line(&line))?;
    Ok(pass.end())
}

fn write(folder: &Path, shape: Shape, report: &Value, renderer: &Renderer<'_>) -> Result<PathBuf> {
    let length = report["window"]["length"].as_str().unwrap_or("days");
    let first = report["window"]["first"].as_str().unwrap_or_default();
    // As file names sort by time: `week-2026-11-16`.
    let name = format!("{length}-{first}").replace(['/', '\0'], "_");
    let latest = format!("latest-{length}").replace(['/', '\0'], "_");
    let text = renderer.period(shape, report)?;
    let text = redact::text(&text);
    let extension = shape.extension();
    if shape == Shape::Pdf {
        out::write(folder, &name, &latest, extension, &pdf::print(&text)?)
    } else {
        out::write(folder, &name, &latest, extension, text.as_bytes())
    }
}

fn outcome(report: &Value, files: &[PathBuf]) -> Outcome {
    let records = &report["records"];
    let share = &report["health"]["overall"]["share"];
    let data = json!({
        "window": report["window"], "records": records["n"], "files": files,
        "availability": share["value"],
    });
    if records["n"].as_u64() == Some(0) {
        return nothing(data);
    }
    let words = [&report["window"]["first"], &report["window"]["last"]];
    let [first, last] = words.map(|word| word.as_str().unwrap_or_default());
    let files: Vec<_> = files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    let files = if files.is_empty() {
        String::new()
    } else {
        format!(": {}", files.join(", "))
    };
    Outcome::ok(
        format!("{} records of {first} to {last}{files}", records["n"]),
        data,
    )
}

fn nothing(data: Value) -> Outcome {
    let failure = Failure::new("no_records", "the history has no record of this time")
        .hint("name another one with `--of`, or a file with `--from`");
    Outcome::warn("there is nothing to report on", data, failure)
}
