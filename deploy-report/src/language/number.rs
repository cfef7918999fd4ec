//! Numbers, sizes and durations.

use super::{Lang, Language};

/// Between a number and its unit, and between groups of digits in French, no
/// line is broken.
const NARROW: &str = "\u{202f}";
const WIDE: &str = "\u{a0}";

impl Language {
    /// A number with `decimals` digits after its sign, in groups of three.
    pub(crate) fn number(&self, number: f64, decimals: usize) -> String {
        if !number.is_finite() {
            return "∞".to_owned();
        }
        let (group, point) = match self.lang {
            Lang::Fr => (NARROW, ","),
            Lang::En => (",", "."),
        };
        let text = format!("{:.decimals$}", number.abs());
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let mut grouped = String::new();
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                grouped.push_str(group);
            }
            grouped.push(digit);
        }
        let is_zero = text.chars().all(|digit| digit == '0' || digit == '.');
        // The sign of typography, not of keyboards.
        let sign = if number < 0.0 && !is_zero {
            "\u{2212}"
        } else {
            ""
        };
        if fraction.is_empty() {
            return format!("{sign}{grouped}");
        }
        format!("{sign}{grouped}{point}{fraction}")
    }

    /// A number as short as it can be written without a loss that matters: two
    /// digits after the point below ten, one below a hundred.
    pub(crate) fn short(&self, number: f64) -> String {
        if (number - number.round()).abs() < 0.005 {
            return self.number(number, 0);
        }
        self.number(
            number,
            match number.abs() {
                small if small < 10.0 => 2,
                middle if middle < 100.0 => 1,
                _ => 0,
            },
        )
    }

    /// A size in decimal units: `8.2 kB`, `1,5 Go`.
    pub(crate) fn size(&self, bytes: f64) -> String {
        let mut value = bytes;
        let mut unit = 0;
        // What would be written as a thousand is one of the next unit.
        while value.abs() >= 999.5 && unit < 6 {
            value /= 1000.0;
            unit += 1;
        }
        let decimals = usize::from(unit > 0 && value.abs() < 99.95);
        let number = self.number(value, decimals);
        format!("{number}{WIDE}{}", self.word("unit.bytes", unit))
    }

    /// A share, 0 to 1, in hundredths; never rounded up, for what was not always
    /// so is not 100 %.
    pub(crate) fn share(&self, share: f64) -> String {
        let hundredths = (share * 10_000.0).floor() / 100.0;
        let is_whole = (hundredths - hundredths.round()).abs() < 0.005;
        self.hundredths(&self.number(hundredths, if is_whole { 0 } else { 2 }))
    }

    /// Hundredths.
    pub(crate) fn percent(&self, number: f64) -> String {
        let number = match number.abs() {
            small if small > 0.0 && small < 10.0 => self.number(number, 1),
            _ => self.number(number, 0),
        };
        self.hundredths(&number)
    }

    fn hundredths(&self, number: &str) -> String {
        match self.lang {
            Lang::Fr => format!("{number}{NARROW}%"),
            Lang::En => format!("{number}{WIDE}%"),
        }
    }

    /// A duration in the two largest units that matter: `4.2 s`, `3 min 5 s`.
    pub(crate) fn duration(&self, ms: f64) -> String {
        let unit = |number: f64, decimals: usize, unit: usize| {
            let number = self.number(number, decimals);
            format!("{number}{WIDE}{}", self.word("unit.time", unit))
        };
        let seconds = (ms / 1000.0).max(0.0);
        let two = |large: f64, at: usize| {
            let (first, rest) = ((seconds / large).floor(), seconds % large);
            let small = [1.0, 60.0, 3600.0][at - 2];
            let first = unit(first, 0, at);
            match (rest / small).floor() {
                0.0 => first,
                second => format!("{first}{WIDE}{}", unit(second, 0, at - 1)),
            }
        };
        match seconds {
            short if short < 1.0 => unit(ms.max(0.0).round(), 0, 0),
            short if short < 60.0 => unit((seconds * 10.0).floor() / 10.0, 1, 1),
            minutes if minutes < 3600.0 => two(60.0, 2),
            hours if hours < 86_400.0 => two(3600.0, 3),
            _ => two(86_400.0, 4),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both() -> (Language, Language) {
        (Language::of(Some(Lang::Fr)), Language::of(Some(Lang::En)))
    }

    #[test]
    fn numbers_are_grouped_as_each_language_groups_them() {
        let (fr, en) = both();
        assert_eq!(fr.number(1_234_567.5, 1), "1\u{202f}234\u{202f}567,5");
        assert_eq!(en.number(1_234_567.5, 1), "1,234,567.5");
        assert_eq!(en.number(999.0, 0), "999");
        assert_eq!(en.number(-1500.0, 0), "\u{2212}1,500");
        assert_eq!(en.number(-0.001, 1), "0.0");
        assert_eq!(en.number(f64::NAN, 0), "∞");
    }

    #[test]
    fn sizes_have_the_units_of_their_language() {
        let (fr, en) = both();
        assert_eq!(en.size(0.0), "0\u{a0}B");
        assert_eq!(en.size(999.0), "999\u{a0}B");
        assert_eq!(en.size(2088.0), "2.1\u{a0}kB");
        assert_eq!(en.size(999_700.0), "1.0\u{a0}MB");
        assert_eq!(fr.size(1_500_000_000.0), "1,5\u{a0}Go");
        assert_eq!(fr.size(182_100_000.0), "182\u{a0}Mo");
        assert!(fr.size(1e30).contains("\u{202f}"), "{}", fr.size(1e30));
    }

    #[test]
    fn durations_have_two_units_at_most() {
        let (fr, en) = both();
        let plain = |text: String| text.replace('\u{a0}', " ");
        assert_eq!(plain(en.duration(0.4)), "0 ms");
        assert_eq!(plain(en.duration(4210.0)), "4.2 s");
        assert_eq!(plain(fr.duration(59_990.0)), "59,9 s");
        assert_eq!(plain(en.duration(185_000.0)), "3 min 5 s");
        assert_eq!(plain(fr.duration(7_200_000.0)), "2 h");
        assert_eq!(plain(fr.duration(90_000_000.0)), "1 j 1 h");
        assert_eq!(plain(en.duration(90_000_000.0)), "1 d 1 h");
        assert_eq!(plain(fr.percent(65.58)), "66\u{202f}%");
        assert_eq!(plain(fr.share(0.99999)), "99,99\u{202f}%");
        assert_eq!(plain(en.share(1.0)), "100 %");
        assert_eq!(plain(en.share(0.5)), "50 %");
    }
}
