use super::*;
use chrono_tz::Europe::Paris;
use chrono_tz::{Africa, America};
use proptest::prelude::*;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(text: &str) -> Moment {
    Moment::parse(text).unwrap()
}

fn span(of: &str, length: Length, zone: &impl TimeZone) -> (String, String) {
    let window = Window::holding(date(of), length, zone).unwrap();
    let shown = |at: Moment| at.utc().unwrap().to_rfc3339();
    (shown(window.from), shown(window.to))
}

fn hours(window: &Window) -> Vec<u64> {
    let days = window.calendar();
    let mut hours = vec![0; days.len()];
    days.split(window.from, window.to, |day, ms| {
        hours[day] += ms / 3_600_000;
    });
    hours
}

#[test]
fn days_have_23_and_25_hours_where_clocks_change() {
    let spring = Window::holding(date("2026-03-29"), Length::Week, &Paris).unwrap();
    assert_eq!(hours(&spring), [24, 24, 24, 24, 24, 24, 23]);
    let autumn = Window::holding(date("2026-10-25"), Length::Day, &Paris).unwrap();
    assert_eq!(hours(&autumn), [25]);
    assert_eq!(
        span("2026-10-25", Length::Day, &Paris),
        (
            "2026-10-24T22:00:00+00:00".into(),
            "2026-10-25T23:00:00+00:00".into()
        )
    );
    // Both of 02:30 are of that day, and midnight is of the next.
    let days = autumn.calendar();
    for (moment, day) in [
        ("2026-10-25T00:30:00Z", Some(0)),
        ("2026-10-25T01:30:00Z", Some(0)),
        ("2026-10-25T22:59:59.999Z", Some(0)),
        ("2026-10-25T23:00:00Z", None),
        ("2026-10-24T21:59:59.999Z", None),
    ] {
        assert_eq!(days.day(at(moment)), day, "{moment}");
    }
}

#[test]
fn a_day_without_midnight_begins_after_it() {
    // Clocks in Cairo go from 00:00 to 01:00.
    let cairo = span("2026-04-24", Length::Day, &Africa::Cairo);
    assert_eq!(cairo.0, "2026-04-23T22:00:00+00:00");
    // And those in Havana back from 01:00 to 00:00: the first one counts.
    let havana = Window::holding(date("2026-11-01"), Length::Day, &America::Havana).unwrap();
    assert_eq!(hours(&havana), [25]);
}

#[test]
fn weeks_are_those_of_iso_8601() {
    let window = Window::holding(date("2027-01-02"), Length::Week, &Paris).unwrap();
    assert_eq!((window.week.year, window.week.number), (2026, 53));
    assert_eq!(
        (window.first, window.last),
        (date("2026-12-28"), date("2027-01-03"))
    );
    assert_eq!(hours(&window), [24; 7]);
}

#[test]
fn a_leap_day_is_a_day() {
    let window = Window::holding(date("2028-02-10"), Length::Month, &Paris).unwrap();
    assert_eq!(window.last, date("2028-02-29"));
    assert_eq!(hours(&window).len(), 29);
    // Three months before its end are those of 29 November.
    assert_eq!(window.quarter().date(0), date("2027-11-29"));
    let window = Window::holding(date("2028-02-29"), Length::Day, &Paris).unwrap();
    assert_eq!(hours(&window), [24]);
}

#[test]
fn the_last_one_that_ended_is_yesterday_last_week_or_last_month() {
    let ended = |now: &str, length| {
        let window = Window::ended(at(now), length, &Paris).unwrap();
        format!("{} {}", window.first, window.last)
    };
    // A second before midnight in Paris, and at midnight.
    let before = "2026-10-31T22:59:59Z";
    assert_eq!(ended(before, Length::Day), "2026-10-30 2026-10-30");
    assert_eq!(ended(before, Length::Month), "2026-09-01 2026-09-30");
    let after = "2026-10-31T23:00:00Z";
    assert_eq!(ended(after, Length::Day), "2026-10-31 2026-10-31");
    assert_eq!(ended(after, Length::Month), "2026-10-01 2026-10-31");
    assert_eq!(ended(after, Length::Week), "2026-10-19 2026-10-25");
}

#[test]
fn no_window_is_longer_than_two_years() {
    let window = Window::days(date("1990-01-01"), date("2026-11-20"), &Paris).unwrap();
    assert_eq!(window.calendar().len(), 732);
    assert_eq!(window.last, date("2026-11-20"));
    let turned = Window::days(date("2027-01-01"), date("2026-11-20"), &Paris).unwrap();
    assert_eq!(turned.calendar().len(), 1);
    assert!(Window::days(NaiveDate::MIN, NaiveDate::MAX, &Utc).is_none());
    assert!(Window::holding(NaiveDate::MIN, Length::Week, &Utc).is_none());
}

proptest! {
    #[test]
    fn days_share_the_whole_window_and_nothing_else(
        day in 0_u64..20_000, from in -90_000_000_i64..3_000_000_000, long in 0_u64..3_000_000_000,
    ) {
        let first = date("1990-01-01") + Days::new(day);
        let window = Window::holding(first, Length::Month, &Paris).unwrap();
        let days = window.calendar();
        let from = Moment(window.from.0 + from);
        let to = from.after(long);
        let mut shared = 0;
        days.split(from, to, |_, ms| shared += ms);
        prop_assert_eq!(shared, to.min(window.to).since(from.max(window.from)));
        let holds = days.day(from).is_some();
        prop_assert_eq!(holds, window.holds(from));
    }
}
