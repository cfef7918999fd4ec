//! A scenario: its steps, in their order, as files and `[smoke]` write them.

mod call;
mod kind;
mod known;
mod lanes;
mod read;
mod step;
mod suite;

pub(crate) use kind::Act;
pub(crate) use lanes::after;
pub(crate) use read::{Sources, read};
pub(crate) use step::Step;
