//! `clock`: how far this machine's clock is from another's. Where it is far,
//! certificates and tokens are not valid yet or no longer.

mod date;

use super::{Probe, Written};
use crate::net::{self, Address, datagram, ntp};
use crate::report::{Fault, Measure, Unit};
use crate::{Around, Limits, Report};
use anyhow::Result;
use date::Page;
use serde::{Deserialize, Deserializer, de};
use toolkit::failure::Failure;

/// The port of time servers.
const PORT: u16 = 123;
/// A `Date` says whole seconds: this much more than the limits is nothing.
const GRAIN: f64 = 1.0;
/// A second is more than clocks that are set over the network ever differ by;
/// Kerberos and signed requests bear more, but not much.
const SECONDS: Limits = Limits {
    warn: Some(1.0),
    fail: Some(5.0),
};

/// This machine's clock, compared with that of a time server, or of a web
/// server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// The time server, by name or address, with or without a port.
    #[serde(default, deserialize_with = "server")]
    pub ntp: Option<Address>,
    /// The page of a web server whose `Date` is taken, to the second; its
    /// certificate is not looked at.
    #[serde(default)]
    pub http: Option<Page>,
    /// From how many seconds of difference on it is a warning, and a failure.
    #[serde(default)]
    pub seconds: Limits,
}

fn server<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Address>, D::Error> {
    let text = String::deserialize(from)?;
    let address = Address::with_default(&text, PORT);
    address.map(Some).map_err(de::Error::custom)
}

/// What another clock says.
struct Other {
    /// By how many seconds it is ahead of ours.
    ahead: f64,
    /// By how many it may be wrong in that.
    grain: f64,
    whose: String,
}

impl Clock {
    fn ask(&self, around: &Around<'_>) -> Result<Other> {
        let deadline = around.deadline;
        if let Some(page) = &self.http {
            return Ok(Other {
                ahead: page.ahead(deadline)?,
                grain: GRAIN,
                whose: page.to_string(),
            });
        }
        let nobody = || Failure::new("dns_unknown", "the time server has no address");
        let address = self.ntp.as_ref().ok_or_else(nobody)?;
        let servers = net::resolve(address, deadline)?;
        let time = datagram::in_turn(&servers, deadline, ntp::ask)?.ok_or_else(nobody)?;
        Ok(Other {
            ahead: time.ahead,
            grain: 0.0,
            whose: format!("{address}, of stratum {}", time.stratum),
        })
    }

    fn judge(&self, other: &Other) -> Report {
        let limits = self.seconds.or(SECONDS);
        let grown = |limit: f64| limit + other.grain;
        let limits = Limits {
            warn: limits.warn.map(grown),
            fail: limits.fail.map(grown),
        };
        let apart = other.ahead.abs();
        let observed = said(other);
        let mut report = Report::new(observed.clone());
        report.measure(Measure::new("skew", apart, Unit::Seconds).limits(limits));
        if let Some((level, limit)) = limits.above(apart) {
            let expected = format!("less than {limit} s");
            let fault = Fault::new(level, "clock_skew", observed, expected);
            report.fault(fault.hint(
                "let a time service set this machine's clock: `timedatectl set-ntp true`, or chrony",
            ));
        }
        report
    }
}

fn said(other: &Other) -> String {
    let word = if other.ahead > 0.0 {
        "behind"
    } else {
        "ahead of"
    };
    let apart = other.ahead.abs();
    let whose = &other.whose;
    if other.grain > 0.0 {
        return format!("this clock is about {apart:.0} s {word} that of {whose}");
    }
    format!("this clock is {apart:.3} s {word} that of {whose}")
}

impl Written for Clock {
    fn mistake(&self) -> Option<(&'static str, String)> {
        match (&self.ntp, &self.http) {
            (None, None) => {
                let why = "there is nobody to compare the clock with: add `ntp` or `http`";
                Some(("ntp", why.into()))
            }
            (Some(_), Some(_)) => Some(("http", "`ntp` and `http`: one of them".into())),
            _ => None,
        }
    }
}

impl Probe for Clock {
    fn expects(&self) -> String {
        let limits = self.seconds.or(SECONDS);
        let limit = limits.warn.or(limits.fail).unwrap_or_default();
        let ntp = self.ntp.as_ref().map(ToString::to_string);
        let whose = ntp.or_else(|| self.http.as_ref().map(ToString::to_string));
        format!(
            "a clock less than {limit} s from that of {}",
            whose.unwrap_or_default()
        )
    }

    fn look(&self, around: &Around<'_>) -> Result<Report> {
        Ok(self.judge(&self.ask(around)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(ahead: f64, grain: f64, seconds: Limits) -> Option<(crate::Level, String)> {
        let clock = Clock {
            ntp: None,
            http: None,
            seconds,
        };
        let whose = "x".into();
        let report = clock.judge(&Other {
            ahead,
            grain,
            whose,
        });
        let fault = report.faults.into_iter().next()?;
        Some((fault.level, fault.observed))
    }

    #[test]
    fn both_ways_are_as_bad() {
        use crate::Level::{Fail, Warn};
        let given = Limits::default();
        assert_eq!(told(0.9, 0.0, given), None);
        assert_eq!(told(-0.9, 0.0, given), None);
        let behind = "this clock is 1.500 s behind that of x";
        assert_eq!(told(1.5, 0.0, given), Some((Warn, behind.into())));
        let ahead = "this clock is 5.000 s ahead of that of x";
        assert_eq!(told(-5.0, 0.0, given), Some((Fail, ahead.into())));
        // What a `Date` leaves open is nobody's fault.
        assert_eq!(told(1.5, GRAIN, given), None);
        assert_eq!(told(5.5, GRAIN, given).map(|(level, _)| level), Some(Warn));
        assert_eq!(told(6.0, GRAIN, given).map(|(level, _)| level), Some(Fail));
        assert_eq!(told(90.0, 0.0, Limits::new(100.0, 200.0)), None);
    }
}
