//! How connections are made that requests go over: TCP or a unix socket, with
//! TLS or without.

use super::trace::Trace;
use super::wire::Wire;
use super::{Request, tls};
use crate::net::Stream;
use anyhow::Result;
use std::path::PathBuf;
use std::sync::Arc;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{self, ConnectionDetails, NextTimeout};

/// Connects for requests that have socket and authorities in common, each as its
/// trace says.
#[derive(Debug)]
pub(super) struct Connector {
    socket: Option<PathBuf>,
    ca: Option<PathBuf>,
    trace: Arc<Trace>,
}

impl Connector {
    pub(super) fn new(request: &Request, trace: Arc<Trace>) -> Self {
        Self {
            socket: request.socket.clone(),
            ca: request.ca.clone(),
            trace,
        }
    }

    fn open(&self, is_tls: bool) -> Result<Wire> {
        let (address, deadline) = self.trace.connect();
        let tls = is_tls.then(|| tls::Client::new(self.ca.as_deref()));
        let tls = tls.transpose()?;
        let (stream, took) = match &self.socket {
            None => Stream::open(&address, deadline)?,
            Some(path) => Stream::unix(path, deadline)?,
        };
        self.trace.connected(took);
        let trace = Arc::clone(&self.trace);
        let Some(tls) = tls else {
            return Ok(Wire::new(stream.into(), None, trace));
        };
        let session = tls.shake(&address, stream)?;
        let certificate = session.shown.chain.first().map(|der| der.to_vec());
        Ok(Wire::new(session.into(), certificate, trace))
    }
}

impl transport::Connector for Connector {
    type Out = Wire;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<Wire>, ureq::Error> {
        self.open(details.needs_tls()).map(Some).map_err(|error| {
            self.trace.fail(error);
            ureq::Error::ConnectionFailed
        })
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
