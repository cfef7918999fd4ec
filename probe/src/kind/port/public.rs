//! `ports`: which ports other machines may reach at all, and which are taken by
//! others.

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
    public: Option<Vec<u16>>,
    /// Those that are free, or published by a container of the application.
    #[serde(default)]
    ours: Vec<u16>,
}

impl Written for Ports {
    fn mistake(&self) -> Option<(&'static str, String)> {
        let nothing = self.public.is_none() && self.ours.is_empty();
        nothing.then(|| {
            let message = "the check expects nothing: give `public` or `ours`";
            ("public", message.into())
        })
    }
}

impl Probe for Ports {
    fn expects(&self) -> String {
        let ours = || format!("nobody else listens on {}", listed(&self.ours));
        match &self.public {
            None => ours(),
            Some(public) if self.ours.is_empty() => only(public),
            Some(public) => format!("{}, and {}", only(public), ours()),
        }
    }

    fn look(&self, around: &Around<'_>) -> Result<Report> {
        Ok(self.judge(&ends::all(around, |_| true)?))
    }
}

fn listed(ports: &[u16]) -> String {
    let ports: Vec<_> = ports.iter().map(ToString::to_string).collect();
    ports.join(", ")
}

fn only(public: &[u16]) -> String {
    if public.is_empty() {
        return "no port is public".to_owned();
    }
    format!("no public port but {}", listed(public))
}

impl Ports {
    fn judge(&self, ends: &[End]) -> Report {
        let mut public: BTreeMap<u16, &End> = BTreeMap::new();
        for end in ends.iter().filter(|end| end.is_public()) {
            public.entry(end.port).or_insert(end);
        }
        let mut report = Report::new(match &self.public {
            Some(_) => match public.len() {
                1 => "1 port is public".to_owned(),
                count => format!("{count} ports are public"),
            },
            None => self.expects(),
        });
        report.fact("public", public.keys().copied().collect::<Vec<_>>());
        if let Some(wanted) = &self.public {
            public.retain(|port, _| !wanted.contains(port));
            if !public.is_empty() {
                let fault = Fault::fail("ports_public", shown(&public), only(wanted));
                report.fault(fault.hint("publish it on 127.0.0.1 alone, or add it to `public`"));
            }
        }
        let mut taken: BTreeMap<u16, &End> = BTreeMap::new();
        for end in ends.iter().filter(|end| self.ours.contains(&end.port)) {
            // Docker's own proxy listens on what a container publishes.
            let is_published = ends.iter().any(|one| one.is_ours && one.port == end.port);
            if !is_published {
                taken.entry(end.port).or_insert(end);
            }
        }
        if !taken.is_empty() {
            let expected = "free, or published by the application";
            let fault = Fault::fail("ports_taken", shown(&taken), expected);
            report.fault(fault.hint("stop who listens there, or publish another port"));
        }
        report
    }
}

fn shown(ends: &BTreeMap<u16, &End>) -> String {
    let ends: Vec<_> = ends
        .iter()
        .map(|(port, end)| format!("{port} on {}", end.shown()))
        .collect();
    ends.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(port: u16, address: &str, process: &str) -> End {
        End {
            port,
            address: address.parse().unwrap(),
            process: Some(process.into()),
            is_ours: false,
        }
    }

    #[test]
    fn what_is_public_and_not_wanted_is_named() {
        let ends = [
            end(443, "0.0.0.0", "nginx"),
            end(443, "::", "nginx"),
            end(5432, "127.0.0.1", "postgres"),
            end(6379, "0.0.0.0", "redis"),
            end(6379, "::", "redis"),
        ];
        let ports = Ports {
            public: Some(vec![443]),
            ours: Vec::new(),
        };
        let report = ports.judge(&ends);
        assert_eq!(report.observed, "2 ports are public");
        assert_eq!(report.faults.len(), 1);
        assert_eq!(report.faults[0].observed, "6379 on 0.0.0.0 (redis)");
        assert_eq!(report.faults[0].expected, "no public port but 443");
    }

    #[test]
    fn a_port_is_free_or_the_applications_own() {
        let ports = Ports {
            public: None,
            ours: vec![25, 80, 443],
        };
        let published = End {
            is_ours: true,
            ..end(80, "0.0.0.0", "shop-web-1")
        };
        let ends = [
            end(25, "127.0.0.1", "exim4"),
            end(80, "0.0.0.0", "docker-proxy"),
            published,
            end(8080, "0.0.0.0", "apache2"),
        ];
        let report = ports.judge(&ends);
        assert_eq!(report.faults.len(), 1);
        assert_eq!(report.faults[0].reason, "ports_taken");
        assert_eq!(report.faults[0].observed, "25 on 127.0.0.1 (exim4)");
        let report = ports.judge(&ends[1..]);
        assert!(report.faults.is_empty());
        assert_eq!(report.observed, "nobody else listens on 25, 80, 443");
    }
}
