//! A transaction held open, for as long as a test wants others to wait for it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

/// A `psql` in the middle of a transaction. Dropped, it rolls back.
#[derive(Debug)]
pub struct Held {
    psql: Child,
}

impl Held {
    /// Runs `sql` in a transaction, by the `psql` that `command` starts, and
    /// returns once it is done and its locks are held.
    pub(super) fn begin(mut command: Command, sql: &str) -> Self {
        let mut psql = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("psql starts");
        let stdin = psql.stdin.as_mut().expect("psql has a stdin");
        writeln!(stdin, "BEGIN;\n{sql};\n\\echo held").expect("psql reads");
        let stdout = psql.stdout.take().expect("psql has a stdout");
        let held = Self { psql };
        let mut lines = BufReader::new(stdout).lines();
        let is_held = lines.any(|line| line.is_ok_and(|line| line == "held"));
        assert!(is_held, "psql has not run `{sql}`");
        held
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // psql ends with its input, and the server rolls back.
        drop(self.psql.stdin.take());
        let _ = self.psql.wait();
    }
}
