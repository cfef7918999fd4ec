//! The project's history: the records of one run, or of the deployments since a
//! moment.

use super::line::Lines;
use super::{OWN, Read};
use crate::language::Zone;
use anyhow::{Context, Result};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read as _, Seek, SeekFrom};
use std::path::Path;
use toolkit::failure::Failure;
use toolkit::record::{Header, LONGEST};
use toolkit::stdin::{self, Line};

/// How much of a history's end is read for its newest record, in bytes: more
/// than its longest line.
const END: u64 = (LONGEST as u64) + (1 << 20);
/// How much of an id's end tells it from others.
const SHORTEST: usize = 6;

/// What is wanted of the history.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wanted {
    /// The last run that deployed something, or took something back.
    Latest,
    /// The run of this id, or whose id ends so.
    Run(String),
    /// Each run that deployed something, or took something back, since.
    Since(DateTime<Utc>),
}

impl Wanted {
    pub(super) fn named(id: &str) -> Self {
        match id {
            "latest" => Self::Latest,
            id => Self::Run(id.to_owned()),
        }
    }

    /// A time before now (`2h`), a day's beginning in `zone`, or a moment.
    pub(super) fn since(when: &str, zone: Zone) -> Result<Self> {
        if let Ok(ago) = humantime::parse_duration(when) {
            return Ok(Self::Since(Utc::now() - ago));
        }
        if let Ok(day) = when.parse::<NaiveDate>() {
            return Ok(Self::Since(zone.moment(day.and_time(NaiveTime::MIN))));
        }
        let moment = when.parse::<DateTime<Utc>>().map_err(|_| {
            Failure::not_started("usage", format!("`{when}` is no time"))
                .hint("write it like `2h`, `7d`, `2026-11-20` or `2026-11-20T10:00:00Z`")
        })?;
        Ok(Self::Since(moment))
    }
}

/// The records that are wanted of the history at `path`; a history that was
/// never written is empty.
///
/// # Errors
/// `no_run` when no run, or more than one, has that id.
pub(super) fn records(path: &Path, wanted: &Wanted) -> Result<Read> {
    let mut read = match wanted {
        Wanted::Since(moment) => {
            let runs = since(path, *moment)?;
            select(path, |header| runs.contains(&header.run))?
        }
        Wanted::Latest => match latest(path)? {
            Some(id) => select(path, |header| header.run == id)?,
            None => Read::default(),
        },
        Wanted::Run(id) => {
            let id = whole(path, id)?;
            select(path, |header| header.run == id)?
        }
    };
    read.is_asked = true;
    Ok(read)
}

fn select(path: &Path, wanted: impl Fn(&Header) -> bool) -> Result<Read> {
    let mut lines = Lines::default();
    each(path, |line| lines.take(&line, &wanted))?;
    Ok(lines.read)
}

fn latest(path: &Path) -> Result<Option<String>> {
    let mut found = None;
    headers(path, |header| {
        if deploys(&header) {
            found = Some(header.run);
        }
    })?;
    Ok(found)
}

/// The ids of the runs that deployed something, or took something back, since.
fn since(path: &Path, moment: DateTime<Utc>) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    headers(path, |header| {
        let at = header.at.parse::<DateTime<Utc>>();
        if deploys(&header) && at.is_ok_and(|at| at >= moment) {
            found.insert(header.run);
        }
    })?;
    Ok(found)
}

/// Whether a record is of a deployment, or of a way back.
fn deploys(header: &Header) -> bool {
    let frames = ["prepare", "record", "rollback"].contains(&header.name.as_str());
    header.tool == "step" || (header.tool == "rollback" && frames)
}

/// The whole id of a run of which the end was given.
fn whole(path: &Path, end: &str) -> Result<String> {
    let mut found: Vec<String> = Vec::new();
    headers(path, |header| {
        let is_meant = header.run == end || (end.len() >= SHORTEST && header.run.ends_with(end));
        if is_meant && header.tool != OWN && !found.contains(&header.run) {
            found.push(header.run);
        }
    })?;
    if let Some(exact) = found.iter().position(|id| id == end) {
        return Ok(found.swap_remove(exact));
    }
    match found.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(Failure::not_started(
            "no_run",
            format!("the history at `{}` has no run `{end}`", path.display()),
        )
        .hint("`--run latest` is the last deployment; a record's `run` is its id")
        .into()),
        many => Err(Failure::not_started(
            "no_run",
            format!("`{end}` is the end of {} ids", many.len()),
        )
        .hint(format!("name one of them: {}", many.join(", ")))
        .into()),
    }
}

fn headers(path: &Path, mut take: impl FnMut(Header)) -> Result<()> {
    each(path, |line| {
        if let Line::Whole(bytes) | Line::Last(bytes) = line
            && let Ok(header) = Header::parse(bytes)
        {
            take(header);
        }
    })
}

/// When the newest record was written: of those at the end of the file, whose
/// lines may be in any order.
pub(crate) fn newest(path: &Path) -> Result<Option<DateTime<Utc>>> {
    let tail = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(END)))?;
        let mut tail = Vec::with_capacity(usize::try_from(length.min(END)).unwrap_or(0));
        file.take(END).read_to_end(&mut tail)?;
        Ok(tail)
    };
    let tail = match tail() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        tail => tail.with_context(|| format!("cannot read `{}`", path.display()))?,
    };
    let headers = tail
        .split(|byte| *byte == b'\n')
        .filter_map(|line| Header::parse(line).ok());
    let moments = headers.filter_map(|header| header.at.parse::<DateTime<Utc>>().ok());
    Ok(moments.max())
}

/// Hands on each line of a history; of one that was never written, none.
pub(crate) fn each(path: &Path, take: impl FnMut(Line<'_>)) -> Result<()> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read `{}`", path.display()));
        }
    };
    let mut reader = BufReader::with_capacity(1 << 16, file);
    stdin::lines(&mut reader, take).with_context(|| format!("cannot read `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn history(records: &[(&str, &str, &str, &str)]) -> tempfile::NamedTempFile {
        use std::io::Write;
        let mut file = tempfile::NamedTempFile::new().unwrap();
        for (run, tool, name, at) in records {
            let record = json!({"v":1,"run":run,"tool":tool,"name":name,"status":"ok","at":at});
            writeln!(file, "{record}").unwrap();
        }
        writeln!(file, "torn {{").unwrap();
        file
    }

    #[test]
    fn a_run_is_found_by_the_end_of_its_id() {
        let file = history(&[
            ("01AAAAAAAA", "step", "up", "2026-11-20T10:00:00Z"),
            (
                "01BBAAAAAA",
                "rollback",
                "maintenance off",
                "2026-11-20T11:00:00Z",
            ),
            (
                "01BBBBBBBB",
                "healthcheck",
                "healthcheck",
                "2026-11-20T12:00:00Z",
            ),
        ]);
        let read = |wanted: &Wanted| records(file.path(), wanted);
        let runs = |wanted: &Wanted| {
            let read = read(wanted).unwrap();
            let runs = read.records.iter().map(|record| record.run.clone());
            runs.collect::<Vec<_>>()
        };
        assert_eq!(runs(&Wanted::Latest), ["01AAAAAAAA"]);
        assert_eq!(runs(&Wanted::named("BBBBBB")), ["01BBBBBBBB"]);
        let since = Wanted::since("2026-11-20T11:00:00Z", Zone::default()).unwrap();
        assert_eq!(runs(&since), Vec::<String>::new());
        let since = Wanted::since("2026-11-20T10:00:00Z", Zone::default()).unwrap();
        assert_eq!(runs(&since), ["01AAAAAAAA"]);
        assert_eq!(read(&since).unwrap().damaged.len(), 1);
        for (wanted, message) in [
            ("AAAAAA", "end of 2 ids"),
            ("CCCCCC", "has no run `CCCCCC`"),
        ] {
            let error = read(&Wanted::named(wanted)).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn no_history_is_an_empty_one() {
        let read = records(Path::new("/nowhere/history.ndjson"), &Wanted::Latest).unwrap();
        assert_eq!(read.records, []);
        assert!(read.is_asked);
    }
}
