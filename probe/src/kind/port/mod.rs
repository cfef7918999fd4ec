//! `port`: who listens on a port of this machine, and for whom.

mod ends;
mod listeners;
mod public;

pub use public::Ports;

use super::{Probe, Written};
use crate::report::Fault;
use crate::{Around, Report};
use anyhow::Result;
use ends::End;
use serde::Deserialize;

/// A TCP port of this machine.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Port {
    /// Its number.
    #[serde(rename = "port")]
    number: u16,
    /// How it should be: `listening`, `free`, or `private`: not reachable from
    /// other machines, whether somebody listens or not.
    is: Is,
    /// The name of the process that should listen, as `ps -o comm` shows it.
    process: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Is {
    Listening,
    Free,
    Private,
}

impl Written for Port {
    fn mistake(&self) -> Option<(&'static str, String)> {
        let owned = self.process.is_some() && self.is == Is::Free;
        owned.then(|| ("process", "a free port has no process".into()))
    }
}

impl Probe for Port {
    fn expects(&self) -> String {
        let by = self
            .process
            .as_ref()
            .map_or(String::new(), |process| format!(", by `{process}`"));
        match self.is {
            Is::Listening => format!("somebody listens on {}{by}", self.number),
            Is::Free => format!("nobody listens on {}", self.number),
            Is::Private => format!("{} is out of the reach of other machines{by}", self.number),
        }
    }

    fn look(&self, around: &Around<'_>) -> Result<Report> {
        let port = self.number;
        let seen = ends::all(around, move |number| number == port)?;
        Ok(self.judge(&seen))
    }
}

impl Port {
    fn judge(&self, ends: &[End]) -> Report {
        let mut shown: Vec<_> = ends.iter().map(End::shown).collect();
        shown.sort();
        shown.dedup();
        let shown = match shown.join(", ") {
            none if none.is_empty() => format!("nobody listens on {}", self.number),
            who => format!("{} is listened on by {who}", self.number),
        };
        let mut report = Report::new(&shown);
        match self.is {
            Is::Listening if ends.is_empty() => {
                report.fault(Fault::fail("port_silent", &shown, self.expects()));
            }
            Is::Free if !ends.is_empty() => {
                let hint = format!("`ss -ltnp 'sport = :{}'` shows who it is", self.number);
                report.fault(Fault::fail("port_taken", &shown, self.expects()).hint(hint));
            }
            Is::Private if ends.iter().any(End::is_public) => {
                let hint = format!("publish it as `127.0.0.1:{}:{}`", self.number, self.number);
                report.fault(Fault::fail("port_public", &shown, self.expects()).hint(hint));
            }
            _ => {}
        }
        if let Some(wanted) = &self.process
            && let Some(other) = ends.iter().find(|end| end.process.as_ref() != Some(wanted))
        {
            let observed = format!("{} is listened on by {}", self.number, other.shown());
            let expected = format!("by `{wanted}`");
            report.fault(Fault::fail("port_process", observed, expected));
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(address: &str, process: &str) -> End {
        End {
            port: 5432,
            address: address.parse().unwrap(),
            process: (!process.is_empty()).then(|| process.to_owned()),
            is_ours: false,
        }
    }

    fn reasons(is: Is, process: Option<&str>, ends: &[End]) -> Vec<&'static str> {
        let port = Port {
            number: 5432,
            is,
            process: process.map(str::to_owned),
        };
        port.judge(ends)
            .faults
            .iter()
            .map(|fault| fault.reason)
            .collect()
    }

    #[test]
    fn each_way_to_be_wrong() {
        let local = [end("127.0.0.1", "postgres"), end("::1", "postgres")];
        assert!(reasons(Is::Listening, Some("postgres"), &local).is_empty());
        assert_eq!(reasons(Is::Listening, None, &[]), ["port_silent"]);
        assert_eq!(
            reasons(Is::Listening, Some("nginx"), &local),
            ["port_process"]
        );
        assert_eq!(reasons(Is::Free, None, &local), ["port_taken"]);
        assert!(reasons(Is::Private, None, &local).is_empty());
        assert!(reasons(Is::Private, None, &[end("10.0.0.7", "")]).is_empty());
        for public in ["0.0.0.0", "::", "203.0.113.7", "2001:db8::1"] {
            assert_eq!(
                reasons(Is::Private, None, &[end(public, "")]),
                ["port_public"],
                "{public}"
            );
        }
    }
}
