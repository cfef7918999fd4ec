//! What the tools before this one in the pipeline have said.

use crate::record::{self, Header, Problem, Record, Status};
use crate::verdict::Verdict;
use chrono::Utc;

/// The tools that are read by one that reads them all.
pub const EVERY: &[&str] = &["*"];

/// All that was read from stdin, line by line.
#[derive(Debug, Default)]
pub struct Upstream {
    /// The id of the first record: the whole pipeline's.
    pub run: Option<String>,
    /// What the records add up to.
    pub verdict: Verdict,
    /// How many records were read.
    pub records: usize,
    /// Name and reason of the first failure, for a closed gate's summary.
    pub first_failure: Option<String>,
    /// The final records of the tools that this one reads, in their order; at
    /// the end those of the tools that died.
    pub kept: Vec<Record>,
    /// Lines of those tools whose header lacks more than every reader needs,
    /// with their numbers and what is wrong with them. Of these, `kept` has
    /// what every reader needs where all tools are read, else nothing.
    pub incomplete: Vec<(usize, String)>,
    /// Lines that are no records, with their numbers.
    pub refused: Vec<(usize, String)>,
    /// Tools that have begun and not ended.
    unfinished: Vec<Header>,
    lines: usize,
    keep: &'static [&'static str],
}

/// What is to happen to a line that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// A final record: write it on, byte for byte.
    Pass,
    /// A `running` record, told apart from its final one only at the end of
    /// input; or nothing but white space.
    Hold,
    /// No record.
    Refuse,
}

impl Upstream {
    /// Nothing read yet; the final records of the tools in `keep` will be kept.
    pub fn new(keep: &'static [&'static str]) -> Self {
        Self {
            keep,
            ..Self::default()
        }
    }

    /// Takes one line, without its end.
    pub fn line(&mut self, line: &[u8]) -> Disposition {
        self.lines += 1;
        if line.iter().all(u8::is_ascii_whitespace) {
            return Disposition::Hold;
        }
        match Header::parse(line) {
            Err(why) => self.refuse(why),
            Ok(header) => self.record(header, line),
        }
    }

    /// Takes a line that was too long to be held.
    pub fn too_long(&mut self) -> Disposition {
        self.lines += 1;
        self.refuse(format!("longer than {} MiB", record::LONGEST >> 20))
    }

    /// Takes what stands after the last line's end: a record all the same, or
    /// what a tool left that was killed as it wrote.
    pub fn last_line(&mut self, line: &[u8]) -> Disposition {
        let disposition = self.line(line);
        if disposition == Disposition::Refuse && !self.unfinished.is_empty() {
            // The tool's death is reported; its torn last words add nothing.
            self.refused.pop();
            return Disposition::Hold;
        }
        disposition
    }

    /// At the end of input: a `fail` record for each tool that began and did
    /// not end, to be written on like those that were read.
    pub fn end(&mut self) -> Vec<Record> {
        let died: Vec<_> = self.unfinished.drain(..).map(death).collect();
        for record in &died {
            self.count(&record.tool, &record.name, record.status, Some("died"));
            if self.keeps(&record.tool) {
                self.kept.push(record.clone());
            }
        }
        died
    }

    fn keeps(&self, tool: &str) -> bool {
        self.keep == EVERY || self.keep.contains(&tool)
    }

    fn refuse(&mut self, why: String) -> Disposition {
        self.refused.push((self.lines, why));
        Disposition::Refuse
    }

    fn record(&mut self, header: Header, line: &[u8]) -> Disposition {
        self.records += 1;
        self.run.get_or_insert_with(|| header.run.clone());
        if header.status == Status::Running {
            self.unfinished.push(header);
            return Disposition::Hold;
        }
        if let Some(begun) = self
            .unfinished
            .iter()
            .position(|running| header.finishes(running))
        {
            self.unfinished.remove(begun);
        }
        let full = if self.keeps(&header.tool) {
            let read = serde_json::from_slice::<Record>(line);
            if let Err(error) = &read {
                // It ends with a place in the line, where nothing is to be seen.
                let why = error.to_string();
                let why = why.split(" at line ").next().unwrap_or_default();
                self.incomplete.push((self.lines, why.to_owned()));
            }
            // Who reads every tool misses none: as much of it as can be read.
            let bare = || (self.keep == EVERY).then(|| header.clone().into());
            read.ok().or_else(bare)
        } else {
            None
        };
        let reason = full.as_ref().and_then(|record| record.error.as_ref());
        let reason = reason.map(|problem| problem.reason.clone());
        self.count(&header.tool, &header.name, header.status, reason.as_deref());
        self.kept.extend(full);
        Disposition::Pass
    }

    fn count(&mut self, tool: &str, name: &str, status: Status, reason: Option<&str>) {
        let before = self.verdict;
        self.verdict = before.then_record(tool, name, status);
        if before == Verdict::Clean && self.verdict != Verdict::Clean {
            let who = if tool == name {
                format!("`{tool}`")
            } else {
                format!("`{tool} {name}`")
            };
            self.first_failure = Some(match reason {
                Some("died") => format!("{who} died"),
                _ => format!("{who} failed"),
            });
        }
    }
}

/// What a reader says of a tool that ended without a final record.
fn death(running: Header) -> Record {
    let (tool, at) = (running.tool.clone(), running.at.clone());
    Record {
        v: record::VERSION,
        status: Status::Fail,
        at: record::timestamp(Utc::now()),
        summary: format!("`{tool}` died"),
        error: Some(Problem {
            reason: "died".into(),
            message: format!("`{tool}` began at {at} and ended without a final record"),
            hint: Some(
                "it was killed, crashed or lost its machine; look at `dmesg` and its stderr".into(),
            ),
        }),
        data: serde_json::json!({ "started": at }),
        ..running.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(tool: &str, status: &str) -> Vec<u8> {
        let record = serde_json::json!({"v":1,"run":"r","tool":tool,"name":tool,"status":status});
        record.to_string().into_bytes()
    }

    #[test]
    fn a_tool_that_does_not_end_has_died() {
        let mut upstream = Upstream::new(&[]);
        assert_eq!(upstream.line(&line("backup", "running")), Disposition::Hold);
        assert_eq!(upstream.line(&line("step", "running")), Disposition::Hold);
        assert_eq!(upstream.line(&line("backup", "ok")), Disposition::Pass);
        let died = upstream.end();
        assert_eq!(died.len(), 1);
        assert_eq!(
            (died[0].tool.as_str(), died[0].status),
            ("step", Status::Fail)
        );
        assert_eq!(upstream.verdict, Verdict::Failed);
        assert_eq!(upstream.first_failure.as_deref(), Some("`step` died"));
        assert_eq!(upstream.kept, []);
    }

    #[test]
    fn who_reads_every_tool_misses_none() {
        let mut upstream = Upstream::new(EVERY);
        upstream.line(&line("backup", "running"));
        upstream.line(br#"{"v":1,"run":"r","tool":"a","name":"a","status":"ok","at":""}"#);
        upstream.line(&line("later", "fail"));
        upstream.end();
        let tools: Vec<_> = upstream
            .kept
            .iter()
            .map(|kept| kept.tool.as_str())
            .collect();
        assert_eq!(tools, ["a", "later", "backup"]);
        assert_eq!(upstream.incomplete.len(), 1, "it has no time");
    }

    #[test]
    fn two_steps_of_one_name_need_two_ends() {
        let mut upstream = Upstream::new(&[]);
        upstream.line(&line("step", "running"));
        upstream.line(&line("step", "running"));
        upstream.line(&line("step", "ok"));
        assert_eq!(upstream.end().len(), 1);
    }

    #[test]
    fn the_torn_line_of_a_dead_tool_is_its_death_and_no_bad_input() {
        let mut upstream = Upstream::new(&[]);
        upstream.line(&line("backup", "running"));
        assert_eq!(upstream.last_line(b"{\"v\":1,\"ru"), Disposition::Hold);
        assert_eq!(upstream.refused, []);
        assert_eq!(upstream.end().len(), 1);

        let mut upstream = Upstream::new(&[]);
        assert_eq!(upstream.last_line(b"{\"v\":1,\"ru"), Disposition::Refuse);
        assert_eq!(upstream.refused, [(1, "not JSON".to_owned())]);
    }
}
