//! Maintenance: times of the week when nobody is told.

use chrono::{DateTime, Datelike, Days, Local, NaiveTime, Weekday};
use serde::{Deserialize, Deserializer, de};
use std::str::FromStr;

/// A time of the week, in local time; one that ends before it begins lasts
/// over midnight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Window {
    /// None is every day.
    day: Option<Weekday>,
    from: NaiveTime,
    to: NaiveTime,
}

impl Window {
    /// Whether `now` is in it.
    pub(super) fn holds(&self, now: DateTime<Local>) -> bool {
        let time = now.time();
        let begins_on = |day: Weekday| self.day.is_none_or(|wanted| wanted == day);
        if self.from <= self.to {
            return begins_on(now.weekday()) && self.from <= time && time < self.to;
        }
        let eve = now.date_naive() - Days::new(1);
        (begins_on(now.weekday()) && self.from <= time)
            || (begins_on(eve.weekday()) && time < self.to)
    }
}

impl FromStr for Window {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is no time of the week; write it like `Sun 02:00-04:00` or `daily 23:30-00:30`"
            )
        };
        let (day, times) = text.trim().split_once(' ').ok_or_else(wrong)?;
        let day = match day {
            "daily" => None,
            day => Some(day.parse().map_err(|_| wrong())?),
        };
        let (from, to) = times.trim().split_once('-').ok_or_else(wrong)?;
        let time =
            |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").map_err(|_| wrong());
        let (from, to) = (time(from)?, time(to)?);
        if from == to {
            return Err(wrong());
        }
        Ok(Self { day, from, to })
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
