//! The report as people read it: templates, filled in with escapes that fit the
//! format.

mod columns;
mod escape;
mod page;
mod shown;
mod trend;

use crate::cli::Shape;
use crate::language::{Language, Zone};
use crate::model::Report;
use crate::source::{embedded, held};
use anyhow::{Context, Result};
pub(crate) use escape::is_invisible;

use escape::Markup;
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, Value};
use serde::Serialize;
use toolkit::failure::Failure;
use toolkit::record::Record;

/// All that a document is made with, beside the report.
#[derive(Debug)]
pub(crate) struct Renderer<'r> {
    pub(crate) language: Language,
    pub(crate) zone: Zone,
    /// The user's own template.
    pub(crate) template: Option<String>,
    /// What an HTML report holds, to be made again.
    pub(crate) records: &'r [Record],
}

/// The built-in template of a format; empty where it has none.
pub(crate) fn template(shape: Shape) -> &'static str {
    match shape {
        Shape::Text => include_str!("../../templates/deployment.txt"),
        Shape::Markdown => include_str!("../../templates/deployment.md"),
        Shape::Html | Shape::Pdf => include_str!("../../templates/deployment.html"),
        Shape::Json | Shape::Ndjson => "",
    }
}

/// The built-in template of a format for a period; empty where it has none.
pub(crate) fn period_template(shape: Shape) -> &'static str {
    match shape {
        Shape::Text => include_str!("../../templates/period.txt"),
        Shape::Markdown => include_str!("../../templates/period.md"),
        Shape::Html | Shape::Pdf => include_str!("../../templates/period.html"),
        Shape::Json | Shape::Ndjson => "",
    }
}

impl Renderer<'_> {
    /// The document of a deployment.
    ///
    /// # Errors
    /// `template`: where the template has a mistake.
    pub(crate) fn render(&self, shape: Shape, report: &Report) -> Result<String> {
        self.document(shape, template(shape), report, || embedded(self.records))
    }

    /// The document of a period, of its report as JSON.
    ///
    /// # Errors
    /// `template`: where the template has a mistake.
    pub(crate) fn period(&self, shape: Shape, report: &serde_json::Value) -> Result<String> {
        self.document(shape, period_template(shape), report, || held(report))
    }

    fn document(
        &self,
        shape: Shape,
        template: &str,
        report: &impl Serialize,
        embedded: impl FnOnce() -> String,
    ) -> Result<String> {
        let markup = match shape {
            Shape::Json | Shape::Ndjson => {
                return serde_json::to_string_pretty(report).context("the report is no JSON");
            }
            Shape::Text => Markup::Text,
            Shape::Markdown => Markup::Markdown,
            Shape::Html | Shape::Pdf => Markup::Html,
        };
        let source = self.template.as_deref().unwrap_or(template);
        let mut environment = self.environment(markup);
        if markup == Markup::Html {
            page::add(&mut environment, embedded());
        }
        let context = minijinja::context! {
            report => Value::from_serialize(report),
            lang => self.language.lang.code(),
            records => self.records.len(),
        };
        let text = environment
            .render_named_str("template", source, context)
            .map_err(|error| refused(&error))?;
        Ok(match markup {
            Markup::Html => text,
            Markup::Text | Markup::Markdown => without_gaps(&text),
        })
    }

    fn environment(&self, markup: Markup) -> Environment<'static> {
        let mut environment = Environment::new();
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        environment.set_keep_trailing_newline(true);
        // A name that is misspelt in a template is a mistake, not nothing.
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(move |_| match markup {
            Markup::Html => AutoEscape::Html,
            Markup::Markdown => AutoEscape::Custom("markdown"),
            Markup::Text => AutoEscape::Custom("text"),
        });
        let language = self.language;
        environment.set_formatter(move |out, _, value| {
            let text = escape::value(value, markup, &language);
            out.write_str(&text).map_err(Error::from)
        });
        shown::add(&mut environment, markup, self.language, self.zone);
        columns::add(&mut environment);
        trend::add(&mut environment, self.language);
        environment
    }
}

/// A template's mistake, with its place.
fn refused(error: &Error) -> Failure {
    let place = error.line().map(|line| format!(" in line {line}"));
    let message = format!(
        "the template has a mistake{}: {}",
        place.unwrap_or_default(),
        error.detail().unwrap_or("it cannot be read")
    );
    Failure::not_started("template", message)
        .hint("`--print-template` shows the built-in one; see deploy-report(1)")
}

/// Without the lines that blocks leave empty, and spaces at the ends of lines.
fn without_gaps(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut was_empty = true;
    for line in text.lines() {
        let line = line.trim_end();
        if !(line.is_empty() && was_empty) {
            kept.push_str(line);
            kept.push('\n');
        }
        was_empty = line.is_empty();
    }
    kept.truncate(kept.trim_end().len());
    kept.push('\n');
    kept
}
