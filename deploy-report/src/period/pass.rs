//! The one pass over the lines of a history.

use super::backups::Saved;
use super::certificates::Certificates;
use super::deployments::Deployments;
use super::line::{Health, Line};
use super::looks::Looks;
use super::measures::Measures;
use super::moment::Moment;
use super::names::cut;
use super::runs::Runs;
use super::window::Window;
use super::{Records, Report, health, keys};
use std::collections::{BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use toolkit::record::Status;
use toolkit::stdin;

/// How long before a window healthchecks are read: as long as that, an incident
/// can have lasted whose beginning is known.
const BEFORE: u64 = 7 * 24 * 3_600_000;
/// How long after a window pipelines are read: one that had begun in it and
/// ended after it is of the next one.
const AFTER: u64 = 24 * 3_600_000;
/// How much older than one before it a record may be: tools that run at the same
/// time write when they get to it.
const DISORDER: u64 = 60_000;
/// The most projects that are named.
const PROJECTS: usize = 16;
/// Of how many records it is known that they were read: a year of one a minute,
/// in some 10 MiB.
const KNOWN: usize = 600_000;

/// Reads lines, and knows in the end what they add up to.
#[derive(Debug)]
pub(crate) struct Pass {
    window: Window,
    /// The project to which it is limited.
    project: Option<String>,
    records: Records,
    projects: BTreeSet<String>,
    known: HashSet<u64>,
    /// The first record that there is, and the last, wherever they are.
    begin: Option<Moment>,
    newest: Option<Moment>,
    /// The last record before the line that is being read.
    last: Option<Moment>,
    looks: Looks,
    measures: Measures,
    certificates: Certificates,
    saved: Saved,
    runs: Runs,
}

impl Pass {
    /// Nothing read yet, of `project` alone where one is named.
    pub(crate) fn new(window: Window, project: Option<String>) -> Self {
        Self {
            window,
            project,
            records: Records::default(),
            projects: BTreeSet::new(),
            known: HashSet::new(),
            begin: None,
            newest: None,
            last: None,
            looks: Looks::default(),
            measures: Measures::default(),
            certificates: Certificates::default(),
            saved: Saved::default(),
            runs: Runs::default(),
        }
    }

    /// Takes one line of a history.
    pub(crate) fn line(&mut self, line: &stdin::Line<'_>) {
        match line {
            stdin::Line::Whole(line) | stdin::Line::Last(line) => self.bytes(line),
            stdin::Line::TooLong => self.damaged(),
        }
    }

    /// Takes one line, without its end.
    pub(crate) fn bytes(&mut self, line: &[u8]) {
        if line.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        let Ok((read, at)) = Line::parse(line) else {
            self.damaged();
            return;
        };
        let is_ours = self
            .project
            .as_ref()
            .is_none_or(|ours| read.project == **ours);
        if !is_ours || read.status == Status::Running {
            return;
        }
        if self.begin.is_none_or(|begin| at < begin) {
            self.begin = Some(at);
        }
        self.newest = self.newest.max(Some(at));
        let is_late = self.last.is_some_and(|last| last.since(at) > DISORDER);
        self.last = Some(at);
        if at >= self.window.to.after(AFTER) || at < self.earliest() {
            return;
        }
        if !self.is_new(&read, at) {
            self.records.repeated += u64::from(self.window.holds(at));
            return;
        }
        if self.window.holds(at) {
            self.records.n += 1;
            self.records.disordered += u64::from(is_late);
            let first = self.records.first.get_or_insert(at);
            *first = at.min(*first);
            self.records.last = self.records.last.max(Some(at));
            if self.projects.len() < PROJECTS && !self.projects.contains(read.project.as_ref()) {
                self.projects.insert(cut(&read.project, 300).to_owned());
            }
        }
        self.take(&read, at);
    }

    /// From when on anything is read.
    fn earliest(&self) -> Moment {
        let quarter = self.window.quarter().from();
        quarter.min(self.window.from.before(BEFORE))
    }

    /// A line that is no record is of the time of the record before it.
    fn damaged(&mut self) {
        let at = self.last.unwrap_or(self.window.from);
        self.records.damaged += u64::from(self.window.holds(at));
    }

    /// Whether a record was not there yet: one run of a tool writes one record
    /// of a name at a time.
    fn is_new(&mut self, read: &Line<'_>, at: Moment) -> bool {
        let mut hash = DefaultHasher::new();
        (&read.run, &read.tool, &read.name, at.0, read.ms).hash(&mut hash);
        let hash = hash.finish();
        if self.known.len() < KNOWN {
            self.known.insert(hash)
        } else {
            !self.known.contains(&hash)
        }
    }

    fn take(&mut self, read: &Line<'_>, at: Moment) {
        self.runs.take(at, read);
        if at >= self.window.to {
            return;
        }
        match read.tool.as_ref() {
            "healthcheck" if at >= self.window.from.before(BEFORE) => self.health(read, at),
            "backup" => self.saved.backup(at, read, &self.window),
            "restore" => self.saved.restore(at, read, &self.window),
            _ => {}
        }
    }

    fn health(&mut self, read: &Line<'_>, at: Moment) {
        let day = self.window.calendar().day(at);
        let is_within = u64::from(day.is_some());
        let Some(health) = read.data::<Health<'_>>() else {
            self.records.unread += is_within;
            return;
        };
        let Some(checks) = &health.checks else {
            self.records.blind += is_within;
            return;
        };
        self.records.healthchecks += is_within;
        self.looks.add(at, &health);
        if let Some(day) = day {
            for check in checks {
                self.measures.take(at, day, check);
                self.certificates.take(at, check);
            }
        }
    }

    /// What the lines add up to.
    pub(crate) fn end(self) -> Report {
        let window = self.window;
        // Nothing is known of the time after the last record.
        let until = self.newest.unwrap_or(window.from);
        let until = until.clamp(window.from, window.to);
        let begin = self.begin.unwrap_or(window.to);
        let mut records = self.records;
        records.until = self.newest.map(|_| until);
        records.projects = self.projects.into_iter().collect();
        records.left_out += self.looks.left_out
            + self.measures.left_out
            + self.certificates.left_out
            + self.saved.left_out
            + self.runs.left_out;
        let deployments = Deployments::of(self.runs.end(), window.to);
        Report {
            health: health::of(&self.looks, &window, until),
            measures: self.measures.end(&window),
            backups: self.saved.end(begin, until, &window),
            certificates: self.certificates.end(),
            keys: keys::of(&deployments, &window, begin),
            deployments: deployments.within(&window),
            records,
            window,
        }
    }
}
