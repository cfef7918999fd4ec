//! `tcp`: whether somebody takes a connection.

use super::{Probe, Written};
use crate::net::{self, Address};
use crate::report::Fault;
use crate::{Around, Limits, Measure, Report, Unit};
use anyhow::Result;
use serde::Deserialize;

/// A connection to a port.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tcp {
    /// Where: `db.example.org:5432`, `[::1]:25`.
    pub address: Address,
    /// After how many seconds a connection is a warning, and a failure.
    #[serde(default)]
    pub seconds: Limits,
}

impl Tcp {
    /// Somebody takes a connection there, however long that takes.
    pub fn to(address: Address) -> Self {
        Self {
            address,
            seconds: Limits::default(),
        }
    }
}

impl Written for Tcp {}

impl Probe for Tcp {
    fn expects(&self) -> String {
        format!("a connection to {}", self.address)
    }

    fn look(&self, around: &Around<'_>) -> Result<Report> {
        let (stream, took) = net::connect(&self.address, around.deadline)?;
        let peer = stream.peer_addr()?;
        let seconds = took.as_secs_f64();
        let mut report = Report::new(format!("connected to {peer} in {} ms", took.as_millis()));
        report.measure(Measure::new("connect", seconds, Unit::Seconds).limits(self.seconds));
        if let Some((level, limit)) = self.seconds.above(seconds) {
            let (observed, expected) = (
                format!("connected in {seconds:.3} s"),
                format!("less than {limit} s"),
            );
            report.fault(Fault::new(level, "tcp_slow", observed, expected));
        }
        Ok(report)
    }
}
