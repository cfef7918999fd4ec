//! `dns`: what a name stands for.

mod record;
mod servers;

use super::{Probe, Written};
use crate::net::{Address, datagram, dns};
use crate::report::{Fault, Measure, Unit};
use crate::{Around, Deadline, Report};
use anyhow::Result;
use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::Name;
use record::Kind;
use serde::{Deserialize, Deserializer, de};
use std::time::Instant;
use toolkit::failure::Failure;

/// The port of name servers.
const PORT: u16 = 53;

/// The records of a name.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dns {
    /// The name: `www.example.org`.
    pub domain: String,
    /// Which records: `A`, `AAAA`, `CNAME`, `MX` or `TXT`.
    pub record: Kind,
    /// What they must be, in any order: addresses, names, `10
    /// mail.example.org`, texts. Without it, there must be at least one.
    pub expect: Option<Vec<String>>,
    /// Whether there may be others beside those that are expected.
    #[serde(default)]
    pub others: bool,
    /// The name server, by name or address, with or without a port; without it,
    /// those of `/etc/resolv.conf`.
    #[serde(default, deserialize_with = "server")]
    pub server: Option<Address>,
}

fn server<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Address>, D::Error> {
    let text = String::deserialize(from)?;
    let address = Address::with_default(&text, PORT);
    address.map(Some).map_err(de::Error::custom)
}

impl Dns {
    fn name(&self) -> Result<Name, Failure> {
        let name = Name::from_utf8(&self.domain).ok();
        let name = name.filter(|name| name.num_labels() > 0);
        let mut name = name.ok_or_else(|| {
            Failure::not_started("dns_name", format!("`{}` is no name", self.domain))
        })?;
        name.set_fqdn(true);
        Ok(name)
    }

    /// Asks each server in turn until one answers, and says how long that took.
    fn ask(&self, query: &Query, deadline: Deadline) -> Result<(Message, f64)> {
        let servers = servers::of(self.server.as_ref(), deadline)?;
        let answered = datagram::in_turn(&servers, deadline, |server, deadline| {
            let begun = Instant::now();
            let answer = dns::ask(server, query, deadline)?;
            Ok((answer, begun.elapsed().as_secs_f64()))
        })?;
        answered.ok_or_else(|| servers::none().into())
    }
}

impl Written for Dns {
    fn mistake(&self) -> Option<(&'static str, String)> {
        if let Err(wrong) = self.name() {
            return Some(("domain", wrong.message));
        }
        let Some(expected) = &self.expect else {
            let why = "without `expect`, any records will do: `others` changes nothing";
            return self.others.then(|| ("others", why.into()));
        };
        if expected.is_empty() {
            let why = "`expect` is empty; without it, any record will do";
            return Some(("expect", why.into()));
        }
        let wrong = expected
            .iter()
            .find(|text| self.record.read(text).is_none())?;
        let why = format!("`{wrong}` is not written like {}", self.record.example());
        Some(("expect", why))
    }
}

impl Probe for Dns {
    fn expects(&self) -> String {
        let what = match &self.expect {
            None => "at least one".to_owned(),
            Some(expected) if self.others => format!("{} among others", expected.join(", ")),
            Some(expected) => expected.join(", "),
        };
        format!(
            "{} records of `{}`: {what}",
            self.record.word(),
            self.domain
        )
    }

    fn look(&self, around: &Around<'_>) -> Result<Report> {
        let name = self.name()?;
        let query = Query::query(name.clone(), self.record.wire());
        let (answer, took) = self.ask(&query, around.deadline)?;
        let found = match answer.metadata.response_code {
            ResponseCode::NoError => self.record.of(&name, &answer),
            ResponseCode::NXDomain => Vec::new(),
            code => return Err(refused(code).into()),
        };
        let mut report = Report::new(found.join(", "));
        report.measure(Measure::new("answer", took, Unit::Seconds));
        let unknown = answer.metadata.response_code == ResponseCode::NXDomain;
        report.faults.extend(self.judge(&found, unknown));
        report.fact("records", found);
        Ok(report)
    }
}

impl Dns {
    /// What is wrong with the records that were found, each as [`Kind::read`]
    /// writes it.
    fn judge(&self, found: &[String], unknown: bool) -> Option<Fault> {
        let (domain, word) = (&self.domain, self.record.word());
        let expected = self.expects();
        if unknown {
            let observed = format!("there is no `{domain}`");
            return Some(Fault::fail("dns_unknown", observed, expected));
        }
        if found.is_empty() {
            let observed = format!("`{domain}` has no {word} records");
            return Some(Fault::fail("dns_no_record", observed, expected));
        }
        let wanted = self.expect.as_ref()?;
        let wanted: Vec<_> = wanted
            .iter()
            .filter_map(|text| self.record.read(text))
            .collect();
        let missing: Vec<_> = wanted.iter().filter(|one| !found.contains(one)).collect();
        let observed = found.join(", ");
        if !missing.is_empty() {
            let fault = Fault::fail("dns_missing", observed, expected);
            return Some(
                fault.hint("after a change, a resolver may know the old ones for a while"),
            );
        }
        let other = found.iter().any(|one| !wanted.contains(one));
        (other && !self.others).then(|| Fault::fail("dns_unexpected", observed, expected))
    }
}

fn refused(code: ResponseCode) -> Failure {
    let reason = match code {
        ResponseCode::ServFail => "dns_servfail",
        ResponseCode::Refused => "dns_refused",
        _ => "dns_error",
    };
    Failure::new(reason, format!("the name server says: {code}"))
        .hint("look at its log; is it to answer for this name, or for anybody?")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(dns: &Dns, found: &[&str]) -> Option<&'static str> {
        let found: Vec<_> = found.iter().map(|one| (*one).to_owned()).collect();
        dns.judge(&found, false).map(|fault| fault.reason)
    }

    #[test]
    fn records_are_compared_as_sets() {
        let mut dns = Dns {
            domain: "a.example".into(),
            record: Kind::A,
            expect: Some(vec!["192.0.2.1".into(), "192.0.2.2".into()]),
            others: false,
            server: None,
        };
        assert_eq!(told(&dns, &["192.0.2.2", "192.0.2.1"]), None);
        assert_eq!(told(&dns, &["192.0.2.1"]), Some("dns_missing"));
        assert_eq!(told(&dns, &[]), Some("dns_no_record"));
        let three = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];
        assert_eq!(told(&dns, &three), Some("dns_unexpected"));
        dns.others = true;
        assert_eq!(told(&dns, &three), None);
        assert_eq!(told(&dns, &three[1..]), Some("dns_missing"));
        dns.expect = None;
        assert_eq!(told(&dns, &three), None);
        assert_eq!(told(&dns, &[]), Some("dns_no_record"));
    }
}
