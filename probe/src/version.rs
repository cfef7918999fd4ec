//! How new a server is.

use crate::Amount;
use crate::report::Fault;

/// What is wrong with a server that says `told` (`17.2 (Debian …)`), where its
/// major version is to be `wanted`.
pub(crate) fn wrong(reason: &'static str, told: &str, wanted: Option<Amount>) -> Option<Fault> {
    let wanted = wanted?;
    let number: String = told.chars().take_while(char::is_ascii_digit).collect();
    // What says no number has said nothing that could hold.
    let holds = number.parse().is_ok_and(|major| wanted.holds(major));
    (!holds).then(|| Fault::fail(reason, format!("version {told}"), wanted.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_counts() {
        let wanted = Amount {
            min: Some(10.0),
            max: None,
        };
        let is_wrong = |told| wrong("pg_version", told, Some(wanted)).is_some();
        for told in ["10.1", "17.2 (Debian 17.2-1)", "18beta1"] {
            assert!(!is_wrong(told), "{told}");
        }
        for told in ["9.6.24", "7.4", "", "unstable"] {
            assert!(is_wrong(told), "{told}");
        }
        assert_eq!(wrong("pg_version", "9.6", None), None);
    }
}
