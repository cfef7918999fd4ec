//! Waits, in this thread, for what happens on a connection.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use tokio_postgres::Error;

/// How long a server may take to hear that a connection ends.
const FAREWELL: Duration = Duration::from_secs(2);

/// What is done on a connection while somebody waits for an answer of it; it
/// ends once its client is gone.
pub(super) type Connection = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// A connection, and what it runs on. Its client is to be dropped before it.
pub(super) struct Driver {
    runtime: Runtime,
    /// None once it has ended.
    connection: Option<Connection>,
}

impl Driver {
    pub(super) fn new(runtime: Runtime, connection: Connection) -> Self {
        Self {
            runtime,
            connection: Some(connection),
        }
    }

    /// Waits for an answer; where the connection ends before it comes, the
    /// answer is why.
    pub(super) fn wait<T>(
        &mut self,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let connection = &mut self.connection;
        let mut answer = pin!(answer);
        self.runtime.block_on(poll_fn(|context| {
            let running = connection.as_mut();
            if let Some(Poll::Ready(ended)) = running.map(|it| it.as_mut().poll(context)) {
                *connection = None;
                ended?;
            }
            answer.as_mut().poll(context)
        }))
    }
}

impl Drop for Driver {
    /// Tells the server, so that it logs no broken connection.
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            let ended = self
                .runtime
                .block_on(async { timeout(FAREWELL, connection).await });
            // Nobody is left who could be told.
            drop(ended);
        }
    }
}

/// What connections run on: one thread, that which waits.
pub(super) fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}
