//! Why there is no response, in our words.

use super::trace::Trace;
use crate::Deadline;
use std::io::{self, ErrorKind};
use toolkit::failure::Failure;
use ureq::Error;

/// Why there are no headers.
pub(super) fn explain(error: Error, trace: &Trace, deadline: Deadline) -> anyhow::Error {
    if let Some(error) = trace.take_failed() {
        return error;
    }
    match error {
        Error::Io(error) if error.kind() == ErrorKind::TimedOut => late(trace, deadline),
        Error::Io(error) => broken_off(&error, trace).into(),
        Error::LargeResponseHeader(_, most) => {
            let message = format!("its headers are longer than {most} bytes");
            Failure::new("http_protocol", message).into()
        }
        error => {
            let message = format!("what answers is not HTTP: {error}, in {}", trace.head());
            Failure::new("http_protocol", message).into()
        }
    }
}

/// Whether the connection ended, in whatever way.
pub(super) fn is_broken_off(error: &Error) -> bool {
    matches!(error, Error::Io(error) if error.kind() != ErrorKind::TimedOut)
}

/// Why the body has no end.
pub(super) fn in_body(error: io::Error, trace: &Trace, deadline: Deadline) -> anyhow::Error {
    let kind = error.kind();
    match Error::from(error) {
        Error::Io(error) => match kind {
            ErrorKind::TimedOut => late(trace, deadline),
            // As flate2 tells it.
            ErrorKind::InvalidInput | ErrorKind::InvalidData => {
                let message = format!("its body cannot be decompressed: {error}");
                Failure::new("http_encoding", message).into()
            }
            _ => broken_off(&error, trace).into(),
        },
        error => {
            let message = format!("its body is not HTTP: {error}");
            Failure::new("http_protocol", message).into()
        }
    }
}

fn late(trace: &Trace, deadline: Deadline) -> anyhow::Error {
    anyhow::Error::from(deadline.missed()).context(trace.progress())
}

fn broken_off(error: &io::Error, trace: &Trace) -> Failure {
    let why = match error.kind() {
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
            "the connection was closed".to_owned()
        }
        _ => format!("the connection broke ({error})"),
    };
    Failure::new("http_broken_off", format!("{why}: {}", trace.progress()))
}
