//! Maintenance: times of the week when nobody is told.

use chrono::{DateTime, Datelike, Days, Local, NaiveDate, NaiveTime, Weekday};
use serde::{Deserialize, Deserializer, de};
use std::str::FromStr;

/// Names of the weeks of a month, by the day that they begin on.
const WEEKS: [(&str, u32); 4] = [("first", 1), ("second", 8), ("third", 15), ("fourth", 22)];

/// A time of the week or of the month, in local time; one that ends before it
/// begins lasts over midnight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Window {
    /// The first day of the month's week; none is every week.
    week: Option<u32>,
    /// None is every day.
    day: Option<Weekday>,
    from: NaiveTime,
    to: NaiveTime,
}

impl Window {
    /// Whether `now` is in it.
    pub(super) fn holds(&self, now: DateTime<Local>) -> bool {
        let time = now.time();
        let begins_on = |date: NaiveDate| {
            let in_week = |first: u32| (first..first + 7).contains(&date.day());
            self.day.is_none_or(|day| day == date.weekday()) && self.week.is_none_or(in_week)
        };
        let today = now.date_naive();
        if self.from <= self.to {
            return begins_on(today) && self.from <= time && time < self.to;
        }
        let eve = today - Days::new(1);
        (begins_on(today) && self.from <= time) || (begins_on(eve) && time < self.to)
    }
}

impl FromStr for Window {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is no time of the week; write it like `Sun 02:00-04:00`, `first Sun 02:00-06:00` or `daily 23:30-00:30`"
            )
        };
        let words: Vec<_> = text.split_whitespace().collect();
        let (week, day, times) = match words[..] {
            ["daily", times] => (None, None, times),
            [day, times] => (None, Some(day), times),
            [week, day, times] => (Some(week), Some(day), times),
            _ => return Err(wrong()),
        };
        let day = day
            .map(|day| day.parse().map_err(|_| wrong()))
            .transpose()?;
        let first = |name: &str| WEEKS.iter().find(|(known, _)| *known == name);
        let week = week.map(|name| first(name).ok_or_else(wrong)).transpose()?;
        let week = week.map(|(_, day)| *day);
        let (from, to) = times.trim().split_once('-').ok_or_else(wrong)?;
        let time =
            |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").map_err(|_| wrong());
        let (from, to) = (time(from)?, time(to)?);
        if from == to {
            return Err(wrong());
        }
        Ok(Self {
            week,
            day,
            from,
            to,
        })
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    /// 22 November 2026 is a Sunday.
    fn at(day: u32, hour: u32, minute: u32) -> DateTime<Local> {
        Local
            .with_ymd_and_hms(2026, 11, day, hour, minute, 0)
            .unwrap()
    }

    #[test]
    fn a_window_of_a_day_and_one_over_midnight() {
        let sunday: Window = "Sun 02:00-04:00".parse().unwrap();
        assert!(sunday.holds(at(22, 2, 0)));
        assert!(!sunday.holds(at(22, 4, 0)));
        assert!(!sunday.holds(at(23, 2, 0)));
        let night: Window = "sat 23:30-00:30".parse().unwrap();
        assert!(night.holds(at(21, 23, 45)));
        assert!(night.holds(at(22, 0, 15)));
        assert!(!night.holds(at(21, 0, 15)));
        let daily: Window = "daily 03:00-03:30".parse().unwrap();
        assert!(daily.holds(at(20, 3, 29)));
        for wrong in [
            "Sun",
            "Sun 2-4",
            "Sum 02:00-04:00",
            "daily 02:00-02:00",
            "daily 25:00-26:00",
        ] {
            assert!(wrong.parse::<Window>().is_err(), "{wrong}");
        }
    }
}
