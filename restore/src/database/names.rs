//! What the databases beside a live one are called.

use anyhow::Result;
use toolkit::failure::Failure;
use toolkit::postgres::{Session, quote};

/// The server's limit on names, in bytes (`NAMEDATALEN` less one). It cuts
/// longer ones without a word.
pub(super) const LONGEST: usize = 63;

/// What a database that is being loaded has in its name.
pub(super) const SIDE: &str = "__restore_";
/// What a database that was live before has in its name.
pub(super) const BEFORE: &str = "__before_";

/// Refuses a name that the server would cut, or cannot have.
///
/// # Errors
/// `pg_bad_name`.
pub(super) fn check(name: &str) -> Result<(), Failure> {
    let what = if name.is_empty() {
        "is empty".to_owned()
    } else if name.contains('\0') {
        "has a NUL byte".to_owned()
    } else if name.len() > LONGEST {
        format!("has {} bytes, and {LONGEST} are allowed", name.len())
    } else {
        return Ok(());
    };
    let message = format!("the database name `{name}` {what}");
    Err(Failure::not_started("pg_bad_name", message))
}

/// A name that no database has: `name`, shortened where it must be, `infix` and
/// `stamp`, and a number when that one is taken.
pub(super) fn free(session: &mut Session, name: &str, infix: &str, stamp: &str) -> Result<String> {
    let mut number = 1;
    loop {
        let suffix = match number {
            1 => format!("{infix}{stamp}"),
            _ => format!("{infix}{stamp}_{number}"),
        };
        let candidate = beside(name, &suffix);
        if !exists(session, &candidate)? {
            return Ok(candidate);
        }
        number += 1;
    }
}

/// Whether there is a database of this name.
pub(super) fn exists(session: &mut Session, name: &str) -> Result<bool> {
    let sql = format!(
        "SELECT pg_catalog.count(*) FROM pg_catalog.pg_database WHERE datname = {}",
        quote::literal(name)
    );
    Ok(session.number(&sql)? > 0)
}

/// Whether a name is made of another, `infix` and a stamp.
pub(super) fn is_beside(name: &str, infix: &str) -> bool {
    let is_stamp = |text: &str| {
        text.len() >= 15
            && text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'_')
    };
    name.rsplit_once(infix)
        .is_some_and(|(_, rest)| is_stamp(rest))
}

fn beside(name: &str, suffix: &str) -> String {
    let mut room = LONGEST.saturating_sub(suffix.len()).min(name.len());
    while !name.is_char_boundary(room) {
        room -= 1;
    }
    format!("{}{suffix}", &name[..room])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_between_characters_and_keeps_its_suffix() {
        let name = format!("{}é{}", "a".repeat(37), "b".repeat(24));
        let side = beside(&name, "__restore_20261120_021500");
        assert_eq!(side, format!("{}__restore_20261120_021500", "a".repeat(37)));
        assert!(side.len() <= LONGEST && is_beside(&side, SIDE));
        assert_eq!(beside("select", "__before_x"), "select__before_x");
    }

    #[test]
    fn names_that_the_server_would_cut_are_refused() {
        assert!(check(&"é".repeat(31)).is_ok());
        for name in ["", "a\0b", &"é".repeat(32)] {
            assert_eq!(check(name).unwrap_err().reason, "pg_bad_name");
        }
    }

    #[test]
    fn other_names_are_not_ours() {
        for name in [
            "shop",
            "shop__restore_",
            "shop__restore_old",
            "__before_2026",
        ] {
            assert!(!is_beside(name, SIDE) && !is_beside(name, BEFORE), "{name}");
        }
        assert!(is_beside("shop__restore_20261120_021500_2", SIDE));
    }
}
