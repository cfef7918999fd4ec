//! Trends: a number day by day, as a line for browsers and as blocks for
//! terminals.

use super::shown::quantity;
use crate::language::Language;
use chrono::NaiveDate;
use minijinja::{Environment, Value};
use std::fmt::Write;

/// The blocks of a trend, from the lowest to the highest.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// The drawing's width and height, and the margin above and below the line.
const WIDTH: f64 = 100.0;
const HEIGHT: f64 = 20.0;
const MARGIN: f64 = 2.0;

/// Adds the filters `blocks` and `spark`: both take a list of days, each with a
/// `date`, and the name of the number; the latter also the number's unit.
pub(super) fn add(environment: &mut Environment<'_>, language: Language) {
    environment.add_filter("blocks", |days: &Value, name: &str| {
        Value::from_safe_string(Trend::of(days, name).map_or_else(String::new, |it| it.blocks()))
    });
    environment.add_filter("spark", move |days: &Value, name: &str, unit: &str| {
        let trend = Trend::of(days, name);
        let svg = trend.map_or_else(String::new, |it| it.svg(&it.told(&language, unit)));
        Value::from_safe_string(svg)
    });
}

/// The days on which a number was seen, in their order: at least one.
struct Trend {
    days: Vec<(NaiveDate, f64)>,
    first: NaiveDate,
    last: NaiveDate,
    low: f64,
    high: f64,
}

impl Trend {
    fn of(days: &Value, name: &str) -> Option<Self> {
        let days = days.try_iter().ok()?.filter_map(|day| {
            let date = day.get_attr("date").ok()?.as_str()?.parse().ok()?;
            let value = f64::try_from(day.get_attr(name).ok()?).ok()?;
            value.is_finite().then_some((date, value))
        });
        let days: Vec<(NaiveDate, f64)> = days.collect();
        let ((first, _), (last, _)) = (*days.first()?, *days.last()?);
        let values = days.iter().map(|(_, value)| *value);
        Some(Self {
            first,
            last,
            low: values.clone().fold(f64::INFINITY, f64::min),
            high: values.fold(f64::NEG_INFINITY, f64::max),
            days,
        })
    }

    /// Where a value lies between the lowest, 0, and the highest, 1.
    fn level(&self, value: f64) -> f64 {
        let range = self.high - self.low;
        // A mean of equal numbers may differ from them in its last digits.
        if range > self.high.abs() * 1e-9 && range.is_finite() {
            (value - self.low) / range
        } else {
            0.5
        }
    }

    /// A block a day; a dot for a day that is missing.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 to 7
    fn blocks(&self) -> String {
        let mut blocks = String::new();
        let mut next = self.first;
        for (date, value) in &self.days {
            let missing = (*date - next).num_days().clamp(0, 731);
            blocks.extend((0..missing).map(|_| '·'));
            let level = (self.level(*value) * 7.0).round() as usize;
            blocks.push(BLOCKS.get(level).copied().unwrap_or('·'));
            next = date.succ_opt().unwrap_or(*date);
        }
        blocks
    }

    /// A line, interrupted where days are missing, called `label`.
    fn svg(&self, label: &str) -> String {
        #[allow(clippy::cast_precision_loss)] // days
        let days = |from: NaiveDate, to: NaiveDate| (to - from).num_days() as f64;
        let whole = days(self.first, self.last).max(1.0);
        let mut path = String::new();
        let mut before: Option<NaiveDate> = None;
        for (date, value) in &self.days {
            let x = days(self.first, *date) / whole * WIDTH;
            let y = HEIGHT - MARGIN - self.level(*value) * (HEIGHT - 2.0 * MARGIN);
            let is_next = before.is_some_and(|before| before.succ_opt() == Some(*date));
            // Writing to a `String` does not fail. A point by itself is a line to
            // where it begins.
            let _ = if is_next {
                write!(path, "L{x:.1} {y:.1}")
            } else {
                write!(path, "M{x:.1} {y:.1}h0")
            };
            before = Some(*date);
        }
        format!(
            "<svg class=\"spark\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{label}\"><path d=\"{path}\"/></svg>"
        )
    }

    /// The same in words, for those who do not see it.
    fn told(&self, language: &Language, unit: &str) -> String {
        let values = [
            ("first", language.date(self.first)),
            ("last", language.date(self.last)),
            ("low", quantity(language, self.low, unit)),
            ("high", quantity(language, self.high, unit)),
        ];
        language
            .message("text.trend", None, &values)
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Lang;

    fn of(days: &[(&str, Option<f64>)]) -> Option<Trend> {
        let days = days.iter().map(|(date, value)| {
            Value::from_serialize(serde_json::json!({ "date": date, "mean": value }))
        });
        Trend::of(&days.collect::<Vec<_>>().into(), "mean")
    }

    #[test]
    fn a_missing_day_is_a_gap() {
        let trend = of(&[
            ("2026-11-16", Some(10.0)),
            ("2026-11-17", Some(20.0)),
            ("2026-11-18", None),
            ("2026-11-20", Some(15.0)),
        ]);
        let trend = trend.unwrap();
        assert_eq!(trend.blocks(), "▁█··▅");
        let language = Language::of(Some(Lang::En));
        assert_eq!(
            trend.svg(&trend.told(&language, "percent")),
            "<svg class=\"spark\" viewBox=\"0 0 100 20\" preserveAspectRatio=\"none\" role=\"img\" \
             aria-label=\"From 16\u{a0}November 2026 to 20\u{a0}November 2026: between 10\u{a0}% and \
             20\u{a0}%, day by day.\"><path d=\"M0.0 18.0h0L25.0 2.0M100.0 10.0h0\"/></svg>"
        );
    }

    #[test]
    fn what_never_changes_lies_in_the_middle() {
        let trend = of(&[("2026-11-16", Some(7.0)), ("2026-11-17", Some(7.0))]);
        assert_eq!(trend.unwrap().blocks(), "▅▅");
        assert!(of(&[("2026-11-16", None)]).is_none());
        assert!(of(&[]).is_none());
    }
}
