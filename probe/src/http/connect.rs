//! The connections that requests go over: TCP or a unix socket, with TLS or
//! without, and what became of them.

use super::wire::Wire;
use super::{Request, tls};
use crate::net::{Address, Connection, Stream};
use crate::{Deadline, text};
use anyhow::Result;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{self, ConnectionDetails, LazyBuffers, NextTimeout};

/// How much is read at a time.
const BUFFER: usize = 128 << 10;
/// How much of what a server says is kept, to be shown.
const SHOWN: usize = 128;

/// What became of a connection.
#[derive(Debug, Default)]
pub(super) struct Trace(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// What cannot be told through ureq.
    failed: Option<anyhow::Error>,
    connected: Duration,
    /// The server's, in DER.
    certificate: Option<Vec<u8>>,
    stood: Option<Instant>,
    first_byte: Duration,
    /// The first bytes of what the server said.
    head: Vec<u8>,
    received: usize,
    status: Option<u16>,
}

impl Trace {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// The certificate that the server showed.
    pub(super) fn certificate(&self) -> Option<Vec<u8>> {
        self.seen().certificate.take()
    }

    pub(super) fn connected(&self) -> Duration {
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

/// Connects for one request.
#[derive(Debug)]
pub(super) struct Connector {
    address: Address,
    socket: Option<PathBuf>,
    tls: Option<tls::Client>,
    deadline: Deadline,
    trace: Arc<Trace>,
}

impl Connector {
    pub(super) fn new(
        request: &Request,
        tls: Option<tls::Client>,
        deadline: Deadline,
        trace: Arc<Trace>,
    ) -> Self {
        Self {
            address: request.address(),
            socket: request.socket.clone(),
            tls,
            deadline,
            trace,
        }
    }

    fn open(&self) -> Result<Connection> {
        let (stream, took) = match &self.socket {
            None => Stream::open(&self.address, self.deadline)?,
            Some(path) => Stream::unix(path, self.deadline)?,
        };
        {
            let mut seen = self.trace.seen();
            seen.connected = took;
            seen.stood = Some(Instant::now());
        }
        Ok(match &self.tls {
            None => stream.into(),
            Some(tls) => {
                let session = tls.shake(&self.address, stream)?;
                self.trace.seen().certificate = session.shown.chain.first().map(|der| der.to_vec());
                session.into()
            }
        })
    }
}

impl transport::Connector for Connector {
    type Out = Wire;

    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<Wire>, ureq::Error> {
        match self.open() {
            Ok(connection) => Ok(Some(Wire::new(
                connection,
                LazyBuffers::new(BUFFER, BUFFER),
                Arc::clone(&self.trace),
            ))),
            Err(error) => {
                self.trace.seen().failed = Some(error);
                Err(ureq::Error::ConnectionFailed)
            }
        }
    }
}

/// Resolves nothing: the connector does that, within its deadline.
#[derive(Debug)]
pub(super) struct Nowhere;

impl Resolver for Nowhere {
    fn resolve(
        &self,
        _: &Uri,
        _: &ureq::config::Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}
