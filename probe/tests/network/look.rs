//! What tests ask of a finding.

#[path = "../look/mod.rs"]
mod shared;

pub(crate) use shared::{look, refused};

use probe::Finding;
use toolkit::record::Status;

/// What tests ask of a finding.
pub(crate) trait Told {
    /// All that is wrong, the worst first, as `status reason`.
    fn told(&self) -> Vec<String>;

    /// Fails, and shows it, unless all is well.
    fn is_well(&self);
}

impl Told for Finding {
    fn told(&self) -> Vec<String> {
        let first = self
            .reason
            .map(|reason| format!("{} {reason}", self.status.word()));
        let also = self.also.iter().map(|fault| {
            let level = format!("{:?}", fault.level).to_lowercase();
            format!("{level} {}", fault.reason)
        });
        first.into_iter().chain(also).collect()
    }

    fn is_well(&self) {
        assert_eq!(self.status, Status::Ok, "{self:#?}");
        assert!(!self.observed.is_empty(), "{self:#?}");
    }
}
