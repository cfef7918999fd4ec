//! What templates call: messages, and numbers and times in the reader's
//! language.

use super::escape::{self, Markup};
use crate::language::{Language, Zone};
use chrono::{DateTime, NaiveDate, Utc};
use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Value};

/// Adds the functions and filters.
pub(super) fn add(
    environment: &mut Environment<'_>,
    markup: Markup,
    language: Language,
    zone: Zone,
) {
    environment.add_function("t", move |key: &str, values: Kwargs| {
        message(&language, markup, key, &values)
    });
    environment.add_function("word", move |section: &str, name: &str| {
        let word = language.message(&format!("{section}.{name}"), None, &[]);
        word.unwrap_or_else(|| name.replace('_', " "))
    });
    number(environment, "number", move |value| language.short(value));
    number(environment, "size", move |value| language.size(value));
    number(environment, "percent", move |value| language.percent(value));
    number(environment, "share", move |value| language.share(value));
    number(environment, "duration", move |ms| language.duration(ms));
    text(environment, "when", move |text| {
        let at = text.parse::<DateTime<Utc>>().ok()?;
        Some(language.date_time(at, zone))
    });
    text(environment, "moment", move |text| {
        let at = text.parse::<DateTime<Utc>>().ok()?;
        Some(language.moment(at, zone))
    });
    text(environment, "clock", move |text| {
        let at = text.parse::<DateTime<Utc>>().ok()?;
        Some(Language::clock(at, zone))
    });
    text(environment, "date", move |text| {
        Some(language.date(text.parse::<NaiveDate>().ok()?))
    });
    text(environment, "brief", |id| Some(brief(id).to_owned()));
    environment.add_filter("quantity", move |value: f64, unit: &str| {
        quantity(&language, value, unit)
    });
    environment.add_filter("said", move |text: &Value| {
        escape::said(text, markup, &language)
    });
    environment.add_filter("seen", move |finding: &Value| seen(&language, finding));
}

/// A filter of a number; nothing stays nothing.
fn number(
    environment: &mut Environment<'_>,
    name: &'static str,
    show: impl Fn(f64) -> String + Send + Sync + 'static,
) {
    environment.add_filter(name, move |value: Value| {
        let number = f64::try_from(value.clone()).ok();
        number.map_or(value, |number| Value::from(show(number)))
    });
}

/// A filter of a text, which stays as it is where it cannot be read.
fn text(
    environment: &mut Environment<'_>,
    name: &'static str,
    show: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
) {
    environment.add_filter(name, move |value: Value| {
        let shown = value.as_str().and_then(&show);
        shown.map_or(value, Value::from)
    });
}

/// A message, which is no text of a record: what stands between backticks is
/// code. What it is filled in with is escaped like all else.
fn message(
    language: &Language,
    markup: Markup,
    key: &str,
    values: &Kwargs,
) -> Result<Value, Error> {
    let mut filled = Vec::new();
    let mut count = None;
    for name in values.args() {
        let value: Value = values.get(name)?;
        if name == "n" {
            count = f64::try_from(value.clone()).ok();
        }
        let number = f64::try_from(value.clone()).ok();
        let number = number.filter(|_| value.kind() == ValueKind::Number);
        let shown = number.map(|number| language.short(number));
        filled.push((
            name,
            shown.unwrap_or_else(|| escape::value(&value, markup, language)),
        ));
    }
    let text = language.message(key, count, &filled).ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidOperation,
            format!("there is no message `{key}`"),
        )
    })?;
    Ok(Value::from_safe_string(match markup {
        Markup::Html => code(&text),
        Markup::Text | Markup::Markdown => text,
    }))
}

fn code(text: &str) -> String {
    let mut html = String::new();
    for (at, piece) in text.split('`').enumerate() {
        if at > 0 {
            html.push_str(if at % 2 == 1 { "<code>" } else { "</code>" });
        }
        html.push_str(piece);
    }
    html
}

/// A number in the unit of its measure.
pub(super) fn quantity(language: &Language, value: f64, unit: &str) -> String {
    match unit {
        "bytes" => language.size(value),
        "percent" => language.percent(value),
        "share" => language.share(value),
        "seconds" => language.duration(value * 1000.0),
        "days" => {
            let days = language.short(value.floor());
            let text = language.message("unit.days", Some(value.floor()), &[("n", days.clone())]);
            text.unwrap_or(days)
        }
        _ => language.short(value),
    }
}

/// The beginning of a hash, as people compare them.
fn brief(id: &str) -> &str {
    let id = id.strip_prefix("sha256:").unwrap_or(id);
    let is_hash = id.len() >= 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash { &id[..12] } else { id }
}

/// What a check saw: of HTTP in the reader's own language, else in the tool's
/// words.
fn seen(language: &Language, finding: &Value) -> Result<Value, Error> {
    let observed = finding.get_attr("observed")?;
    if finding.get_attr("status")?.as_str() != Some("ok") {
        return Ok(observed);
    }
    let status = finding.get_attr("facts")?.get_attr("status")?;
    let Ok(status) = u16::try_from(status) else {
        return Ok(observed);
    };
    let measured = |wanted: &str| -> Option<f64> {
        let measures = finding.get_attr("measures").ok()?;
        let mut measures = measures.try_iter().ok()?;
        let found = measures.find(|measure| {
            measure
                .get_attr("name")
                .is_ok_and(|name| name.as_str() == Some(wanted))
        });
        f64::try_from(found?.get_attr("value").ok()?).ok()
    };
    let mut words = vec![status.to_string()];
    words.extend(measured("time").map(|seconds| language.duration(seconds * 1000.0)));
    words.extend(measured("body").map(|bytes| language.size(bytes)));
    Ok(Value::from(words.join(" · ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_cut_and_names_are_not() {
        assert_eq!(
            brief("d742da4327786d2bd25452527afb7aa7c0c57ce3"),
            "d742da432778"
        );
        assert_eq!(
            brief(&format!("sha256:{}", "0a".repeat(32))),
            "0a0a0a0a0a0a"
        );
        assert_eq!(brief("v1.2.3"), "v1.2.3");
        assert_eq!(brief("é".repeat(50).as_str()).len(), 100);
    }
}
