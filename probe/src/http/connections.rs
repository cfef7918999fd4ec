//! Connections that are kept, for the next request to the same server.

use super::Request;
use super::connect::{Connector, Nowhere};
use super::trace::Trace;
use crate::Deadline;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use ureq::Agent;
use ureq::config::{AutoHeaderValue, Config};

/// More than any server sends; the library's own limit.
const LONGEST_HEADERS: usize = 64 << 10;
/// Of how many servers a connection is kept, for each of the lines.
const MOST_IDLE: usize = 4;
/// How many lines there are: hardly any scenario has two.
const MOST_LINES: usize = 4;
/// How long a connection is kept without a request. Servers close theirs after
/// two seconds (Gunicorn), five (Apache httpd, Node.js) or more, and each further
/// second makes it likelier that who answered is no longer who would answer now.
const LONGEST_IDLE: Duration = Duration::from_secs(1);

/// The connections that requests go over, one request after the other.
///
/// One is used again for the same scheme, host and port, unix socket and
/// authorities (`ca`), once its last response was read to its end, neither side
/// said `Connection: close`, and nothing came since. At most one is kept for each
/// server.
#[derive(Debug)]
pub struct Connections {
    lines: Vec<Line>,
    /// Whether any is kept.
    keeps: bool,
}

/// The connections of requests that have socket and authorities in common.
#[derive(Debug)]
pub(super) struct Line {
    socket: Option<PathBuf>,
    ca: Option<PathBuf>,
    pub(super) agent: Agent,
    pub(super) trace: Arc<Trace>,
}

impl Connections {
    /// Those that are kept until this is dropped; there are none yet.
    pub fn kept() -> Self {
        Self {
            lines: Vec::new(),
            keeps: true,
        }
    }

    /// One for each request, closed after its response.
    pub(super) fn apart() -> Self {
        Self {
            lines: Vec::new(),
            keeps: false,
        }
    }

    /// Closes them.
    pub fn close(&mut self) {
        self.lines.clear();
    }

    /// Those that `request` may go over.
    pub(super) fn of(&mut self, request: &Request, deadline: Deadline) -> &Line {
        let is_for = |line: &Line| line.socket == request.socket && line.ca == request.ca;
        let at = self.lines.iter().position(is_for).unwrap_or_else(|| {
            if self.lines.len() == MOST_LINES {
                self.lines.remove(0);
            }
            self.lines.push(Line::new(request, deadline, self.keeps));
            self.lines.len() - 1
        });
        &self.lines[at]
    }
}

impl Line {
    fn new(request: &Request, deadline: Deadline, keeps: bool) -> Self {
        let trace = Arc::new(Trace::new(request, deadline));
        let connector = Connector::new(request, Arc::clone(&trace));
        Self {
            socket: request.socket.clone(),
            ca: request.ca.clone(),
            agent: Agent::with_parts(config(keeps), connector, Nowhere),
            trace,
        }
    }
}

/// Nothing of the surroundings counts, no proxy either. Time is limited by each
/// request's trace.
fn config(keeps: bool) -> Config {
    Config::builder()
        .http_status_as_error(false)
        .proxy(None)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_connections(if keeps { MOST_IDLE } else { 0 })
        .max_idle_connections_per_host(1)
        .max_idle_age(LONGEST_IDLE)
        .max_response_header_size(LONGEST_HEADERS)
        .user_agent("sextant")
        // Decompressed here, so that the header stays to be looked at.
        .accept_encoding(AutoHeaderValue::Provided("gzip".to_owned().into()))
        .build()
}
