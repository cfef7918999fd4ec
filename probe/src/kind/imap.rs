//! `imap`: whether a mailbox can be reached, and how.

use super::mail::{Reasons, Server};
use super::{Probe, Written};
use crate::net::imap;
use crate::{Around, Report};
use anyhow::Result;
use serde::Deserialize;

const REASONS: Reasons = Reasons {
    banner: "imap_banner",
    offers: "imap_capability",
    login: "imap_login",
};

/// A server that speaks IMAP: it greets, and says what it can do. What it
/// offers are capabilities, such as `IDLE`.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Imap(pub Server);

impl Written for Imap {
    fn mistake(&self) -> Option<(&'static str, String)> {
        self.0.mistake()
    }
}

impl Probe for Imap {
    fn expects(&self) -> String {
        format!("IMAP {}", self.0.expects())
    }

    fn look(&self, around: &Around<'_>) -> Result<Report> {
        self.0.look::<imap::Imap>(around, &REASONS)
    }
}
