//! Lines of records, each read by itself.

use super::Read;
use toolkit::record::{Header, Record, Status};
use toolkit::stdin::Line;

/// Takes the lines of a file or a history, as far as they are records.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    pub(crate) read: Read,
    number: usize,
}

impl Lines {
    /// Takes a line whose header is `wanted`; others, empty ones and `running`
    /// records are passed over, and what is no record is noted.
    pub(crate) fn take(&mut self, line: &Line<'_>, wanted: impl FnOnce(&Header) -> bool) {
        self.number += 1;
        let bytes = match line {
            Line::Whole(bytes) | Line::Last(bytes) => *bytes,
            Line::TooLong => return self.read.damage(self.number, "too long"),
        };
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        let header = match Header::parse(bytes) {
            Ok(header) => header,
            Err(why) => return self.read.damage(self.number, why),
        };
        if header.status == Status::Running || !wanted(&header) {
            return;
        }
        match serde_json::from_slice::<Record>(bytes) {
            Ok(record) => self.read.take(record),
            Err(error) => {
                // What failed has failed, whatever else is wrong with its record.
                self.read.damage(self.number, why(&error));
                self.read.take(header.into());
            }
        }
    }
}

/// It ends with a place in the line, where nothing is to be seen.
pub(super) fn why(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ")
        .next()
        .unwrap_or_default()
        .to_owned()
}
