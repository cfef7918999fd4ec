//! What a health check and a smoke test both observe: one file a kind.
//!
//! A [`Check`] is a [`Probe`] with a name and rules. A probe observes and
//! judges: it looks at one thing, within a [`Deadline`], and returns a
//! [`Report`] of what it saw and of each expectation that does not hold. What
//! comes of a check is a [`Finding`], which others render.
//!
//! A probe that expects nothing cannot be made: it would pass whatever it saw.

#![warn(missing_docs)]

mod amount;
mod around;
mod aside;
mod check;
mod deadline;
mod docker;
mod finding;
pub mod http;
pub mod jq;
pub mod kind;
mod limits;
pub mod net;
mod program;
pub mod render;
mod report;
mod rules;
pub mod secret;
pub mod several;
mod size;
pub mod text;
mod version;

pub use amount::{Amount, Text};
pub use around::{Around, Sought};
pub use check::Check;
pub use deadline::Deadline;
pub use finding::Finding;
pub use kind::{KINDS, Probe};
pub use limits::Limits;
pub use report::{Fault, Level, Measure, Report, Unit};
pub use rules::Rules;
