//! How many keys each database of a server or a dump holds.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The keys of each database that holds any.
pub type Keyspace = BTreeMap<u32, Keys>;

/// The keys of one database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// All keys.
    pub keys: u64,
    /// Those of them that expire.
    pub expires: u64,
    /// Those of them that are hashes with fields that expire: once the last
    /// field is gone, so is the key (Redis 7.4 and newer).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub subexpiry: u64,
}

// Serde passes a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Keys {
    /// The numbers of a line of `INFO keyspace`, such as
    /// `keys=3,expires=1,avg_ttl=0,subexpiry=0`; what is not there is 0.
    pub(super) fn parse(line: &str) -> Self {
        let number = |name: &str| {
            let mut fields = line.split(',').filter_map(|field| field.split_once('='));
            let found = fields.find(|(field, _)| *field == name);
            found
                .and_then(|(_, value)| value.parse().ok())
                .unwrap_or_default()
        };
        Self {
            keys: number("keys"),
            expires: number("expires"),
            subexpiry: number("subexpiry"),
        }
    }

    /// Whether `later` may be the same data after time went by: keys that
    /// never expire are all there, the others at most.
    fn may_become(self, later: Self) -> bool {
        let persistent = self.keys.saturating_sub(self.expires);
        let lasting = persistent.saturating_sub(self.subexpiry);
        let found = later.keys.saturating_sub(later.expires);
        (lasting..=persistent).contains(&found) && later.expires <= self.expires
    }
}

/// Says how `found` differs from `saved` in more than what time takes away;
/// nothing when it does not.
pub fn difference(saved: &Keyspace, found: &Keyspace) -> Option<String> {
    let databases = saved.keys().chain(found.keys());
    databases.copied().find_map(|database| {
        let of = |keyspace: &Keyspace| keyspace.get(&database).copied().unwrap_or_default();
        let (saved, found) = (of(saved), of(found));
        (!saved.may_become(found)).then(|| {
            format!(
                "database {database} holds {} keys ({} expire) instead of {} ({} expire)",
                found.keys, found.expires, saved.keys, saved.expires
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyspace(keys: u64, expires: u64, subexpiry: u64) -> Keyspace {
        let keys = Keys {
            keys,
            expires,
            subexpiry,
        };
        Keyspace::from([(3, keys)])
    }

    #[test]
    fn reads_lines_of_old_and_new_servers() {
        let old = Keys::parse("keys=7,expires=2,avg_ttl=0");
        assert_eq!((old.keys, old.expires, old.subexpiry), (7, 2, 0));
        let new = Keys::parse("keys=7,expires=2,avg_ttl=0,subexpiry=1");
        assert_eq!((new.keys, new.expires, new.subexpiry), (7, 2, 1));
        assert_eq!(Keys::parse("nonsense"), Keys::default());
    }

    #[test]
    fn only_expiring_keys_may_be_gone() {
        let saved = keyspace(10, 4, 0);
        assert_eq!(difference(&saved, &keyspace(10, 4, 0)), None);
        assert_eq!(difference(&saved, &keyspace(6, 0, 0)), None);
        for (keys, expires) in [(9, 4), (5, 0), (11, 4), (11, 5), (0, 0)] {
            let found = difference(&saved, &keyspace(keys, expires, 0));
            assert!(found.is_some(), "{keys} keys, {expires} expire");
        }
        assert_eq!(
            difference(&saved, &Keyspace::new()).as_deref(),
            Some("database 3 holds 0 keys (0 expire) instead of 10 (4 expire)")
        );
        assert!(difference(&Keyspace::new(), &saved).is_some());
    }

    #[test]
    fn a_hash_goes_with_its_last_field() {
        let saved = keyspace(10, 4, 2);
        assert_eq!(difference(&saved, &keyspace(8, 4, 0)), None);
        assert!(difference(&saved, &keyspace(7, 4, 0)).is_some());
    }
}
