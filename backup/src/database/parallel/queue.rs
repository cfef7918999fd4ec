//! The ranges of pages that are copied, in the order in which they stand in the
//! file.

use crate::compress::{Filler, Joined, Stream};
use std::io;
use toolkit::postgres::Bulk;
use toolkit::set::{Copied, Range};

/// What one stream of the file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// What is not ours, or stands around rows.
    Text,
    /// Rows of a table from this page on, as many as the server said.
    Rows { table: usize, page: u64, rows: u64 },
}

/// Rows that are to be copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Task {
    /// The table's place among all.
    pub(super) table: usize,
    /// The first page; none is the table's first one.
    pub(super) from: Option<u64>,
    /// The page to stop before; none is the table's end.
    pub(super) to: Option<u64>,
    stream: usize,
}

/// Hands out what is to be copied, and knows what became of it.
#[derive(Debug)]
pub(super) struct Queue<'a> {
    joined: &'a Joined,
    tables: &'a [Bulk],
    /// About how many bytes of a table are copied at once.
    most: u64,
    table: usize,
    page: u64,
    streams: Vec<Holds>,
}

impl<'a> Queue<'a> {
    pub(super) fn new(joined: &'a Joined, tables: &'a [Bulk], most: u64) -> Self {
        Self {
            joined,
            tables,
            most,
            table: 0,
            page: 0,
            streams: Vec::new(),
        }
    }

    /// Opens a stream for what is not ours.
    pub(super) fn text(&mut self, filler: Filler) -> io::Result<Stream> {
        self.streams.push(Holds::Text);
        self.joined.open(filler)
    }

    /// The next range, and the stream that it is to fill; none once all are
    /// handed out.
    pub(super) fn next(&mut self, filler: Filler) -> io::Result<Option<(Task, Stream)>> {
        let Some(table) = self.tables.get(self.table) else {
            return Ok(None);
        };
        let from = self.page;
        let to = end(table, from, self.most);
        if from == 0 {
            self.add(table.header())?;
        }
        let task = Task {
            table: self.table,
            from: (from > 0).then_some(from),
            to,
            stream: self.streams.len(),
        };
        self.streams.push(Holds::Rows {
            table: self.table,
            page: from,
            rows: 0,
        });
        let stream = self.joined.open(filler)?;
        if let Some(page) = to {
            self.page = page;
        } else {
            self.add(table.footer())?;
            self.table += 1;
            self.page = 0;
        }
        Ok(Some((task, stream)))
    }

    fn add(&mut self, text: Vec<u8>) -> io::Result<()> {
        self.streams.push(Holds::Text);
        self.joined.add(text)
    }

    /// Notes how many rows the server said a range has.
    pub(super) fn done(&mut self, task: Task, rows: u64) {
        if let Some(Holds::Rows { rows: noted, .. }) = self.streams.get_mut(task.stream) {
            *noted = rows;
        }
    }

    /// What is in the file, once it is whole.
    pub(super) fn index(self) -> Index {
        let tables = self.tables.iter();
        Index {
            tables: tables
                .map(|table| Copied {
                    table: table.key.clone(),
                    copy: toolkit::postgres::quote::text(&table.copy_in()),
                    member: 0,
                    ranges: Vec::new(),
                })
                .collect(),
            streams: self.streams,
        }
    }
}

/// Which streams hold what.
#[derive(Debug)]
pub(super) struct Index {
    tables: Vec<Copied>,
    streams: Vec<Holds>,
}

impl Index {
    /// Where the tables' rows are, by how many members each stream became.
    pub(super) fn tables(mut self, members: &[usize]) -> Vec<Copied> {
        let mut at = 0;
        for (holds, members) in self.streams.iter().zip(members) {
            if let Holds::Rows { table, page, rows } = *holds {
                let copied = &mut self.tables[table];
                if copied.ranges.is_empty() {
                    copied.member = at;
                }
                copied.ranges.push(Range {
                    page,
                    members: *members as u64,
                    rows,
                });
            }
            at += *members as u64;
        }
        self.tables
    }
}

/// The page before which a range ends that begins at `from`; none at the
/// table's end, which may be further off than when it was measured.
fn end(table: &Bulk, from: u64, most: u64) -> Option<u64> {
    let pages = table.pages?;
    // Its rows may be longer than its pages: what is stored apart counts too.
    let each = u128::from(most) * u128::from(pages) / u128::from(table.bytes.max(1));
    let each = u64::try_from(each).unwrap_or(u64::MAX).max(1);
    let to = from.saturating_add(each);
    (to < pages).then_some(to)
}
