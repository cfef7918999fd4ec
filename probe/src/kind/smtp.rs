//! `smtp`: whether a mail server would take mail, and how.

use super::mail::{Reasons, Server};
use super::{Probe, Written};
use crate::net::smtp;
use crate::{Around, Report};
use anyhow::Result;
use serde::Deserialize;

const REASONS: Reasons = Reasons {
    banner: "smtp_banner",
    offers: "smtp_extension",
    login: "smtp_login",
};

/// A server that speaks SMTP: it greets, and answers a hello. What it offers
/// are extensions, such as `SIZE` or `AUTH PLAIN`.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Smtp(pub Server);

impl Written for Smtp {
    fn mistake(&self) -> Option<(&'static str, String)> {
        self.0.mistake()
    }
}

impl Probe for Smtp {
    fn expects(&self) -> String {
        format!("SMTP {}", self.0.expects())
    }

    fn look(&self, around: &Around<'_>) -> Result<Report> {
        self.0.look::<smtp::Smtp>(around, &REASONS)
    }
}
