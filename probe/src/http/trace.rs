//! What becomes of a request: where it stands, and what came of it.

use super::Request;
use crate::net::Address;
use crate::{Deadline, text};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How much of what a server says is kept, to be shown.
const SHOWN: usize = 128;

/// What becomes of one request after the other: a connection that is kept knows
/// through it whose turn it is.
#[derive(Debug)]
pub(super) struct Trace(Mutex<Seen>);

#[derive(Debug)]
struct Seen {
    /// The host and port that are connected to.
    address: Address,
    deadline: Deadline,
    /// Whether no connection may be used that was kept.
    is_apart: bool,
    /// What cannot be told through ureq.
    failed: Option<anyhow::Error>,
    connected: Duration,
    /// The server's, in DER.
    certificate: Option<Vec<u8>>,
    /// Since when there is a connection.
    stood: Option<Instant>,
    /// Whether that was kept.
    is_kept: bool,
    first_byte: Duration,
    /// The first bytes of what the server said.
    head: Vec<u8>,
    received: usize,
    status: Option<u16>,
}

impl Seen {
    fn nothing(request: &Request, deadline: Deadline, is_apart: bool) -> Self {
        Self {
            address: request.address(),
            deadline,
            is_apart,
            failed: None,
            connected: Duration::ZERO,
            certificate: None,
            stood: None,
            is_kept: false,
            first_byte: Duration::ZERO,
            head: Vec::new(),
            received: 0,
            status: None,
        }
    }
}

impl Trace {
    pub(super) fn new(request: &Request, deadline: Deadline) -> Self {
        Self(Mutex::new(Seen::nothing(request, deadline, true)))
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on it is about `request`, which goes over a connection that was
    /// kept unless it `is_apart`.
    pub(super) fn begin(&self, request: &Request, deadline: Deadline, is_apart: bool) {
        *self.seen() = Seen::nothing(request, deadline, is_apart);
    }

    /// Whether no connection may be used that was kept.
    pub(super) fn is_apart(&self) -> bool {
        self.seen().is_apart
    }

    /// Begins a connection, which may be kept; where to, and until when.
    pub(super) fn connect(&self) -> (Address, Deadline) {
        let mut seen = self.seen();
        seen.is_apart = false;
        (seen.address.clone(), seen.deadline)
    }

    /// Notes that there is a connection, and how long that took.
    pub(super) fn connected(&self, took: Duration) {
        let mut seen = self.seen();
        seen.connected = took;
        seen.stood = Some(Instant::now());
    }

    /// Notes that the request goes over the connection to who has this
    /// certificate, and returns the request's deadline.
    pub(super) fn send(&self, certificate: Option<&[u8]>) -> Deadline {
        let mut seen = self.seen();
        if seen.stood.is_none() {
            seen.is_kept = true;
            seen.stood = Some(Instant::now());
        }
        if seen.certificate.is_none() {
            seen.certificate = certificate.map(<[u8]>::to_vec);
        }
        seen.deadline
    }

    /// Notes what the server said.
    pub(super) fn received(&self, bytes: &[u8]) {
        let mut seen = self.seen();
        if seen.received == 0 && !bytes.is_empty() {
            seen.first_byte = seen.stood.map_or(Duration::ZERO, |stood| stood.elapsed());
        }
        let room = SHOWN - seen.head.len();
        seen.head
            .extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        seen.received += bytes.len();
    }

    /// Notes that headers came, and that the body is read from now on.
    pub(super) fn begin_body(&self, status: u16) {
        self.seen().status = Some(status);
    }

    /// The error that kept the connection from standing.
    pub(super) fn take_failed(&self) -> Option<anyhow::Error> {
        self.seen().failed.take()
    }

    /// Notes why there is no connection.
    pub(super) fn fail(&self, error: anyhow::Error) {
        self.seen().failed = Some(error);
    }

    /// Whether not a byte came over a connection that was kept.
    pub(super) fn is_unanswered(&self) -> bool {
        let seen = self.seen();
        seen.is_kept && seen.received == 0
    }

    /// The certificate that the server showed.
    pub(super) fn certificate(&self) -> Option<Vec<u8>> {
        self.seen().certificate.take()
    }

    pub(super) fn took_to_connect(&self) -> Duration {
        self.seen().connected
    }

    pub(super) fn first_byte(&self) -> Duration {
        self.seen().first_byte
    }

    /// How far it came, for what did not come to its end.
    pub(super) fn progress(&self) -> String {
        let seen = self.seen();
        let received = text::size(seen.received);
        match (seen.status, seen.stood, seen.received) {
            (Some(status), ..) => {
                format!("status {status} came, but the body has no end; {received} of all came")
            }
            (None, None, _) => "no connection".into(),
            (None, Some(_), 0) => "connected, but not a byte came".into(),
            (None, Some(_), _) => {
                format!("connected, but the headers have no end; {received} came")
            }
        }
    }

    /// The first bytes of what the server said, in quotes.
    pub(super) fn head(&self) -> String {
        text::quoted(&self.seen().head)
    }
}
