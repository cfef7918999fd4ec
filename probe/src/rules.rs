//! What every check can be told, whatever its kind.

use serde::Deserialize;
use std::time::Duration;

/// The keys that every `[[check]]` may have.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// Words by which checks are chosen, such as `preflight`.
    pub tags: Vec<String>,
    /// How long one try may take.
    #[serde(deserialize_with = "toolkit::config::duration")]
    pub timeout: Duration,
    /// How often a failed try is repeated before it counts.
    pub retries: u32,
    /// The checks without which this one says nothing.
    pub depends_on: Vec<String>,
    /// Whether its failure alone raises an alert.
    pub critical: bool,
    /// After how many failed runs in a row it counts as failed.
    pub fail_after: u32,
    /// After how many good runs in a row it counts as good again.
    pub recover_after: u32,
    /// Whether it is left out.
    pub off: bool,
}

impl Rules {
    /// The names of the keys.
    pub const KEYS: [&str; 8] = [
        "tags",
        "timeout",
        "retries",
        "depends_on",
        "critical",
        "fail_after",
        "recover_after",
        "off",
    ];
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            tags: Vec::new(),
            timeout: Duration::from_secs(10),
            retries: 0,
            depends_on: Vec::new(),
            critical: false,
            fail_after: 1,
            recover_after: 1,
            off: false,
        }
    }
}
