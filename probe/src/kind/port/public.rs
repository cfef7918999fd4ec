//! `ports`: which ports other machines may reach at all.

use super::ends::{self, End};
use crate::kind::{Probe, Written};
use crate::report::Fault;
use crate::{Around, Report};
use anyhow::Result;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Every TCP port of this machine that somebody listens on for others.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ports {
    /// The only ones that other machines may reach, as far as no firewall
    /// stands before them.
    public: Vec<u16>,
}

impl Written for Ports {}

impl Probe for Ports {
    fn expects(&self) -> String {
        let ports: Vec<_> = self.public.iter().map(ToString::to_string).collect();
        match ports.join(", ") {
            none if none.is_empty() => "no port is public".to_owned(),
            ports => format!("no public port but {ports}"),
        }
    }

    fn look(&self, around: &Around<'_>) -> Result<Report> {
        Ok(self.judge(&ends::all(around, |_| true)?))
    }
}

impl Ports {
    fn judge(&self, ends: &[End]) -> Report {
        let mut public: BTreeMap<u16, &End> = BTreeMap::new();
        for end in ends.iter().filter(|end| end.is_public()) {
            public.entry(end.port).or_insert(end);
        }
        let mut report = Report::new(format!("{} ports are public", public.len()));
        report.fact("public", public.keys().copied().collect::<Vec<_>>());
        public.retain(|port, _| !self.public.contains(port));
        let others: Vec<_> = public
            .iter()
            .map(|(port, end)| format!("{port} on {}", end.shown()))
            .collect();
        if !others.is_empty() {
            let fault = Fault::fail("ports_public", others.join(", "), self.expects());
            report.fault(fault.hint("publish it on 127.0.0.1 alone, or add it to `public`"));
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_public_and_not_wanted_is_named() {
        let end = |port, address: &str, process: &str| End {
            port,
            address: address.parse().unwrap(),
            process: Some(process.into()),
        };
        let ends = [
            end(443, "0.0.0.0", "nginx"),
            end(443, "::", "nginx"),
            end(5432, "127.0.0.1", "postgres"),
            end(6379, "0.0.0.0", "redis"),
            end(6379, "::", "redis"),
        ];
        let ports = Ports { public: vec![443] };
        let report = ports.judge(&ends);
        assert_eq!(report.observed, "2 ports are public");
        assert_eq!(report.faults.len(), 1);
        assert_eq!(report.faults[0].observed, "6379 on 0.0.0.0 (redis)");
        assert_eq!(report.faults[0].expected, "no public port but 443");
    }
}
