//! Medians and the like.

/// The value below which the share `q` (0 to 1) of `values` lies, by linear
/// interpolation between the two nearest, as `PERCENTILE_CONT` of SQL; none of
/// nothing. Sorts `values`.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)] // an index into what memory holds
pub(super) fn quantile(values: &mut [f64], q: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    let at = q.clamp(0.0, 1.0) * last as f64;
    let below = *values.get(at.floor() as usize)?;
    let above = *values.get(at.ceil() as usize)?;
    Some(below + (above - below) * at.fract())
}

/// The value in the middle.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// The length in the middle, of lengths in milliseconds.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)] // a length of time is exact to the millisecond for 285,000 years
pub(super) fn median_ms(lengths: impl IntoIterator<Item = u64>) -> Option<u64> {
    let mut lengths: Vec<_> = lengths.into_iter().map(|ms| ms as f64).collect();
    median(&mut lengths).map(|ms| ms.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_sql() {
        // SELECT percentile_cont(q) WITHIN GROUP (ORDER BY x) in PostgreSQL.
        let near = |q, expected: f64| {
            let found = quantile(&mut [4.0, 1.0, 3.0, 2.0], q).unwrap();
            assert!((found - expected).abs() < 1e-9, "{q}: {found}");
        };
        near(0.0, 1.0);
        near(0.5, 2.5);
        near(0.95, 3.85);
        near(1.0, 4.0);
        assert_eq!(median(&mut [7.0]), Some(7.0));
        assert_eq!(median(&mut []), None);
        assert_eq!(median_ms([1, 2]), Some(2));
    }
}
