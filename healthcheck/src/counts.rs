//! How many checks stand how, and which.

use probe::Finding;
use serde_json::{Value, json};
use toolkit::record::Status;

/// How many checks are named in one sentence.
const NAMED: usize = 10;

/// The checks of which this holds, and why.
pub(crate) fn named(findings: &[Finding], holds: impl Fn(&Finding) -> bool) -> String {
    let of = || findings.iter().filter(|finding| holds(finding));
    let named = of().take(NAMED).map(|finding| {
        let reason = finding.reason.unwrap_or("unknown");
        format!("`{}` ({reason})", finding.name)
    });
    let named = named.collect::<Vec<_>>().join(", ");
    match of().count().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// How many checks stand how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) ok: usize,
    pub(crate) warn: usize,
    pub(crate) fail: usize,
    pub(crate) skip: usize,
}

impl Counts {
    pub(crate) fn of(findings: &[Finding]) -> Self {
        let of = |status| {
            let of = findings.iter().filter(|finding| finding.status == status);
            of.count()
        };
        Self {
            ok: of(Status::Ok),
            warn: of(Status::Warn),
            fail: of(Status::Fail),
            skip: of(Status::Skip),
        }
    }

    /// The worst of them.
    pub(crate) fn status(self) -> Status {
        match self {
            Self { fail: 1.., .. } => Status::Fail,
            Self { warn: 1.., .. } => Status::Warn,
            _ => Status::Ok,
        }
    }

    /// Adds them to a JSON object.
    pub(crate) fn add_to(self, data: &mut Value) {
        data["ok"] = json!(self.ok);
        data["warn"] = json!(self.warn);
        data["fail"] = json!(self.fail);
        data["skip"] = json!(self.skip);
    }
}
