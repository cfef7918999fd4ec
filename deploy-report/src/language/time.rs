//! Dates and times, in a zone that is named.

use super::{Lang, Language};
use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;
use std::str::FromStr;

/// A time zone. Its rules are built in, so that the same records give the same
/// report on every machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Zone {
    Named(Tz),
    Fixed(FixedOffset),
}

impl Default for Zone {
    fn default() -> Self {
        Self::Named(Tz::UTC)
    }
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(zone) = text.parse::<Tz>() {
            return Ok(Self::Named(zone));
        }
        let offset = text.parse::<FixedOffset>().map(Self::Fixed);
        offset.map_err(|_| "write it like `UTC`, `+01:00` or `Europe/Paris`".to_owned())
    }
}

impl Zone {
    /// The moment as this zone's clocks show it.
    pub(crate) fn local(self, at: DateTime<Utc>) -> DateTime<FixedOffset> {
        match self {
            Self::Named(zone) => {
                let local = at.with_timezone(&zone);
                let offset = local.offset().fix();
                at.with_timezone(&offset)
            }
            Self::Fixed(offset) => at.with_timezone(&offset),
        }
    }

    /// The first moment at which this zone's clocks show `local`, or have passed
    /// it.
    pub(crate) fn moment(self, local: NaiveDateTime) -> DateTime<Utc> {
        let found = match self {
            Self::Named(zone) => {
                let found = zone.from_local_datetime(&local).earliest();
                found.map(|found| found.with_timezone(&Utc))
            }
            Self::Fixed(offset) => {
                let found = offset.from_local_datetime(&local).earliest();
                found.map(|found| found.with_timezone(&Utc))
            }
        };
        found.unwrap_or_else(|| local.and_utc())
    }

    /// As the names of files have it: `20261120_174500`.
    pub(crate) fn stamp(self, at: DateTime<Utc>) -> String {
        self.local(at).format("%Y%m%d_%H%M%S").to_string()
    }
}

impl Language {
    /// `Friday 20 November 2026, 17:45:30 (UTC+1)`
    pub(crate) fn date_time(&self, at: DateTime<Utc>, zone: Zone) -> String {
        let local = zone.local(at);
        let date = self.date(local.date_naive());
        let weekday = local.weekday().num_days_from_monday() as usize;
        let weekday = self.word("date.weekdays", weekday);
        let time = local.format("%H:%M:%S");
        let offset = offset(local.offset().local_minus_utc());
        match self.lang {
            Lang::Fr => format!("{weekday} {date} à {time} ({offset})"),
            Lang::En => format!("{weekday} {date}, {time} ({offset})"),
        }
    }

    /// `2026-11-20 17:45`, `20/11/2026 17:45`: for tables.
    pub(crate) fn moment(&self, at: DateTime<Utc>, zone: Zone) -> String {
        let form = match self.lang {
            Lang::Fr => "%d/%m/%Y %H:%M",
            Lang::En => "%Y-%m-%d %H:%M",
        };
        zone.local(at).format(form).to_string()
    }

    /// `17:45:30`
    pub(crate) fn clock(at: DateTime<Utc>, zone: Zone) -> String {
        zone.local(at).format("%H:%M:%S").to_string()
    }

    /// `20 November 2026`, `1er mars 2026`
    pub(crate) fn date(&self, day: NaiveDate) -> String {
        let month = self.word("date.months", day.month0() as usize);
        let number = match (self.lang, day.day()) {
            (Lang::Fr, 1) => "1er".to_owned(),
            (_, number) => number.to_string(),
        };
        format!("{number}\u{a0}{month} {}", day.year())
    }
}

/// `UTC`, `UTC+1`, `UTC−3:30`
fn offset(seconds: i32) -> String {
    let (hours, minutes) = (seconds.abs() / 3600, seconds.abs() % 3600 / 60);
    let sign = if seconds < 0 { '\u{2212}' } else { '+' };
    match (hours, minutes) {
        (0, 0) => "UTC".to_owned(),
        (_, 0) => format!("UTC{sign}{hours}"),
        _ => format!("UTC{sign}{hours}:{minutes:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_moment_is_shown_in_the_zone_that_was_named() {
        let paris: Zone = "Europe/Paris".parse().unwrap();
        let fr = Language::of(Some(Lang::Fr));
        let en = Language::of(Some(Lang::En));
        let winter = at("2026-11-20T16:45:30.120Z");
        assert_eq!(
            fr.date_time(winter, paris),
            "vendredi 20\u{a0}novembre 2026 à 17:45:30 (UTC+1)"
        );
        assert_eq!(
            en.date_time(at("2026-07-01T22:30:00Z"), paris),
            "Thursday 2\u{a0}July 2026, 00:30:00 (UTC+2)"
        );
        assert_eq!(paris.stamp(winter), "20261120_174530");
        let half: Zone = "-03:30".parse().unwrap();
        assert!(
            en.date_time(winter, half)
                .ends_with("13:15:30 (UTC\u{2212}3:30)")
        );
        assert!("Paris".parse::<Zone>().is_err());
        let first = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
        assert_eq!(fr.date(first), "1er\u{a0}mars 2026");
    }

    #[test]
    fn a_day_begins_where_its_clocks_say_so() {
        let paris: Zone = "Europe/Paris".parse().unwrap();
        let day = "2026-11-20T00:00:00".parse().unwrap();
        assert_eq!(paris.moment(day), at("2026-11-19T23:00:00Z"));
    }
}
