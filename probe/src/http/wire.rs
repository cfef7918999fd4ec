//! A connection as ureq uses it.

use super::connect::Trace;
use crate::net::Connection;
use std::fmt;
use std::io::{Read, Write};
use std::sync::Arc;
use ureq::unversioned::transport::{Buffers, LazyBuffers, NextTimeout, Transport};

/// A connection, its buffers, and what becomes of it.
pub(super) struct Wire {
    connection: Connection,
    buffers: LazyBuffers,
    trace: Arc<Trace>,
}

impl Wire {
    pub(super) fn new(connection: Connection, buffers: LazyBuffers, trace: Arc<Trace>) -> Self {
        Self {
            connection,
            buffers,
            trace,
        }
    }
}

impl Transport for Wire {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    // The deadline of the connection is that of the whole request.
    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
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

    fn is_open(&mut self) -> bool {
        false
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
