//! What the healthchecks of a window add up to: availability and incidents.

use super::availability::{self, Availability, Meter};
use super::incidents::{Incidents, Watch};
use super::looks::{Looks, Run, Seen};
use super::moment::Moment;
use super::window::Window;
use serde::Serialize;
use std::cmp::Reverse;

/// How the application and its checks stood.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Health {
    /// The application's availability.
    pub(crate) overall: Availability,
    /// That of each check that was looked at: first what was down for longest.
    pub(crate) checks: Vec<Check>,
    /// What failed.
    pub(crate) incidents: Incidents,
}

/// How one check stood.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Check {
    /// Its name.
    pub(crate) name: String,
    /// Its kind.
    pub(crate) kind: String,
    /// Whether it looks at the application, rather than at its machine.
    pub(crate) is_service: bool,
    /// Its own availability.
    pub(crate) availability: Availability,
}

impl Check {
    /// By what checks are sorted.
    fn key(&self) -> (Reverse<u64>, &str) {
        (Reverse(self.availability.times.down_ms), &self.name)
    }
}

/// Goes through the runs in the order of time, twice: for the usual time
/// between them, then for what they saw. There are records until `end`.
pub(super) fn of(looks: &Looks, window: &Window, end: Moment) -> Health {
    let usual = Usual::of(looks);
    let mut overall = Meter::new(window, end, availability::usual(&usual.overall.between));
    let mut checks: Vec<_> = usual
        .checks
        .iter()
        .map(|one| Meter::new(window, end, availability::usual(&one.between)))
        .collect();
    let mut watch = Watch::new(looks, window);
    for (run, seen) in looks.runs() {
        watch.run(run, seen);
        for one in seen {
            if let Some(meter) = checks.get_mut(usize::from(one.check)) {
                meter.look(run.at, one.stand.is_up());
            }
        }
        if is_of_application(looks, seen) {
            overall.look(run.at, Some(!watch.is_down()));
        }
    }
    let named = checks.into_iter().enumerate().filter_map(|(id, meter)| {
        let id = u16::try_from(id).ok()?;
        let availability = meter.end();
        (availability.looks > 0).then(|| Check {
            name: looks.checks.name(id).to_owned(),
            kind: looks.kind(id).to_owned(),
            is_service: looks.is_service(id),
            availability,
        })
    });
    let mut checks: Vec<_> = named.collect();
    checks.sort_by(|one, other| one.key().cmp(&other.key()));
    Health {
        overall: overall.end(),
        checks,
        incidents: watch.end(end),
    }
}

/// Whether a run saw anything of the application itself.
fn is_of_application(looks: &Looks, seen: &[Seen]) -> bool {
    let mut seen = seen.iter();
    seen.any(|one| one.stand.is_up().is_some() && looks.is_service(one.check))
}

/// The times between looks.
#[derive(Debug, Default)]
struct Usual {
    overall: Between,
    checks: Vec<Between>,
}

/// The times between successive looks at one thing, in milliseconds.
#[derive(Debug, Default, Clone)]
struct Between {
    last: Option<Moment>,
    between: Vec<u32>,
}

impl Usual {
    fn of(looks: &Looks) -> Self {
        let mut usual = Self {
            overall: Between::default(),
            checks: vec![Between::default(); looks.checks.len()],
        };
        for (Run { at, .. }, seen) in looks.runs() {
            for one in seen {
                if let Some(check) = usual.checks.get_mut(usize::from(one.check)) {
                    check.look(at);
                }
            }
            if is_of_application(looks, seen) {
                usual.overall.look(at);
            }
        }
        usual
    }
}

impl Between {
    fn look(&mut self, at: Moment) {
        if let Some(last) = self.last.replace(at) {
            self.between
                .push(u32::try_from(at.since(last)).unwrap_or(u32::MAX));
        }
    }
}
