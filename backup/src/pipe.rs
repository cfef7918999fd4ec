//! The pipe from a dump program, emptied seldom and in large pieces.

use rustix::pipe::fcntl_setpipe_size;
use std::io::{self, Read};
use std::process::ChildStdout;
use std::thread;
use std::time::Duration;

/// What an unprivileged process may ask for (`/proc/sys/fs/pipe-max-size`).
const CAPACITY: usize = 1 << 20;
/// A read that brought less than this came too early.
const ENOUGH: usize = 64 << 10;
/// How long the pipe then fills up: a third of it, at the speed of `pg_dump`.
const PAUSE: Duration = Duration::from_millis(1);

/// Reads what a program writes.
///
/// `pg_dump` writes 4 KiB at a time, and each of its writes wakes a reader that
/// waits: 225,000 switches for 0.9 GB. One that comes back later finds more, and
/// the two cores have a twelfth less to do.
pub(crate) struct Pipe<'a> {
    from: &'a mut ChildStdout,
    early: bool,
}

impl<'a> Pipe<'a> {
    /// Lets the pipe hold 1 MiB instead of 64 KiB, where the system allows it.
    pub(crate) fn new(from: &'a mut ChildStdout) -> Self {
        // A refusal is only slower.
        let _ = fcntl_setpipe_size(&*from, CAPACITY);
        Self { from, early: false }
    }
}

impl Read for Pipe<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.early {
            thread::sleep(PAUSE);
        }
        let read = self.from.read(room)?;
        self.early = read < ENOUGH.min(room.len());
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use toolkit::command::{Command, Io, Stdout};

    #[test]
    fn what_dribbles_in_arrives_whole() {
        let script = "for i in 1 2 3 4 5 6 7 8 9; do sleep 0; echo $i; done";
        let io = Io {
            stdin: false,
            stdout: Stdout::Read,
            echo: false,
        };
        let mut child = Command::new("sh").args(["-c", script]).start(io).unwrap();
        let mut stdout = child.take_stdout().unwrap();
        let mut pipe = Pipe::new(&mut stdout);
        let capacity = rustix::pipe::fcntl_getpipe_size(&*pipe.from).unwrap();
        let mut read = String::new();
        pipe.read_to_string(&mut read).unwrap();
        let expected = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        assert_eq!((capacity, read.as_str()), (CAPACITY, expected));
        assert!(child.wait().unwrap().status.success());
    }
}
