//! A connection as ureq uses it.

use super::trace::Trace;
use crate::net::Connection;
use std::fmt;
use std::io::{Read, Write};
use std::sync::Arc;
use ureq::unversioned::transport::{Buffers, LazyBuffers, NextTimeout, Transport};

/// How much is read at a time.
const BUFFER: usize = 128 << 10;

/// A connection, its buffers, and what becomes of the request that goes over it.
pub(super) struct Wire {
    connection: Connection,
    /// The server's, in DER.
    certificate: Option<Vec<u8>>,
    buffers: LazyBuffers,
    trace: Arc<Trace>,
}

impl Wire {
    pub(super) fn new(
        connection: Connection,
        certificate: Option<Vec<u8>>,
        trace: Arc<Trace>,
    ) -> Self {
        Self {
            connection,
            certificate,
            buffers: LazyBuffers::new(BUFFER, BUFFER),
            trace,
        }
    }
}

impl Transport for Wire {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    // The deadline of the connection is that of the whole request, which begins
    // with its headers.
    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        let deadline = self.trace.send(self.certificate.as_deref());
        self.connection.until(deadline);
        let output = &self.buffers.output()[..amount];
        self.connection.write_all(output)?;
        self.connection.flush()?;
        Ok(())
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        let input = self.buffers.input_append_buf();
        let amount = self.connection.read(input)?;
        self.trace.received(&input[..amount]);
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    // Asked before it is kept, and before it is used again.
    fn is_open(&mut self) -> bool {
        !self.trace.is_apart() && self.connection.is_quiet()
    }

    fn is_tls(&self) -> bool {
        matches!(self.connection, Connection::Tls(_))
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").finish_non_exhaustive()
    }
}
