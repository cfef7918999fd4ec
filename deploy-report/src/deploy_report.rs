//! The work, from top to bottom: read, compute, render, put in place, tell.

use crate::cli::{Args, Shape};
use crate::language::Language;
use crate::model::Report;
use crate::render::{self, Renderer};
use crate::{out, pdf, periodic, source};
use anyhow::Result;
use serde_json::{Value, json};
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use toolkit::failure::Failure;
use toolkit::output::Format;
use toolkit::redact;
use toolkit::run::{Outcome, Run};

/// What a run leaves for stdout.
#[derive(Debug, Default)]
pub(crate) struct Made(OnceCell<String>);

impl Made {
    /// Keeps what stdout is to show.
    pub(crate) fn hold(&self, document: String) {
        self.0.get_or_init(|| document);
    }

    /// The document; empty when none was made.
    pub(crate) fn document(&self) -> String {
        self.0.get().cloned().unwrap_or_default()
    }
}

/// Makes the report.
pub(crate) fn run(args: &Args, run: &mut Run, made: &Made) -> Result<Outcome> {
    let shapes = args.shapes();
    possible(args, &shapes)?;
    if args.print_template {
        let shape = shapes.first().copied().unwrap_or(Shape::Text);
        let template = match args.period {
            Some(_) => render::period_template(shape),
            None => render::template(shape),
        };
        made.hold(template.to_owned());
        return Ok(Outcome::ok("the template", json!({})).query());
    }
    if let Some(length) = args.period {
        return periodic::run(args, length.into(), &shapes, run, made);
    }
    let read = source::read(args, run)?;
    let report = Report::of(&read);
    run.upstream.verdict = report.sum();
    let renderer = Renderer {
        language: Language::of(args.lang),
        zone: args.timezone,
        template: args.template.as_deref().map(source::text).transpose()?,
        records: &read.records,
    };
    let mut files = Vec::new();
    if let Some(folder) = args.out.as_ref().filter(|_| !report.is_empty()) {
        for shape in &shapes {
            files.push(write(folder, *shape, &report, &renderer)?);
        }
    }
    if run.format() == Format::Document {
        made.hold(renderer.render(args.shown(), &report)?);
    }
    let outcome = outcome(&report, &files);
    // What is asked of the history changes nothing that it should remember.
    Ok(if read.is_asked {
        outcome.query()
    } else {
        outcome
    })
}

/// What cannot be meant is refused before anything is read.
fn possible(args: &Args, shapes: &[Shape]) -> Result<()> {
    let refuse = |message: &str, hint: &str| -> Result<()> {
        Err(Failure::not_started("usage", message).hint(hint).into())
    };
    if args.out.is_none() && shapes.len() > 1 {
        return refuse(
            "stdout holds one report, not several",
            "name a folder with `--out`, or one `--format`",
        );
    }
    if args.out.is_none() && shapes.contains(&Shape::Pdf) && !args.print_template {
        return refuse(
            "a PDF is written into a folder, not to stdout",
            "name a folder with `--out`",
        );
    }
    let templated = shapes.iter().filter(|shape| **shape != Shape::Json).count();
    if args.template.is_some() && (shapes.len() > 1 || templated == 0) {
        return refuse(
            "`--template` is for one format, and `json` has none",
            "name `--format text`, `markdown`, `html` or `pdf`",
        );
    }
    Ok(())
}

fn write(folder: &Path, shape: Shape, report: &Report, renderer: &Renderer<'_>) -> Result<PathBuf> {
    let name = format!("deployment-{}", renderer.zone.stamp(report.made));
    let text = renderer.render(shape, report)?;
    let text = redact::text(&text);
    if shape == Shape::Pdf {
        out::write(
            folder,
            &name,
            "latest",
            shape.extension(),
            &pdf::print(&text)?,
        )
    } else {
        out::write(folder, &name, "latest", shape.extension(), text.as_bytes())
    }
}

fn outcome(report: &Report, files: &[PathBuf]) -> Outcome {
    let data = json!({
        "outcome": report.verdict.outcome, "files": files, "runs": report.runs,
        "notices": report.notices.len(),
    });
    if report.is_empty() {
        let failure = Failure::new("no_records", "no record says anything to report on")
            .hint("feed it the records of a pipeline, or name a run: `--run latest`");
        return Outcome::warn("there is nothing to report on", data, failure);
    }
    let word = serde_json::to_value(report.verdict.outcome);
    let word = word.as_ref().ok().and_then(Value::as_str).unwrap_or("");
    let word = word.replace('_', " ");
    let shown: Vec<_> = files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    Outcome::ok(
        match shown.as_slice() {
            [] => word,
            files => format!("{word}: {}", files.join(", ")),
        },
        data,
    )
}
