//! The request that ends what a connection is busy with, which has a
//! connection of its own.

use super::driver::runtime;
use super::hosts::Host;
use super::stream::{self, Encrypt, Metered};
use anyhow::Result;
use std::fmt;
use std::thread;
use std::time::Duration;
use tokio_postgres::CancelToken;
use tokio_postgres::tls::NoTls;
use tokio_postgres_rustls::MakeRustlsConnect;

/// Asks the server to end what a connection is busy with.
#[derive(Clone)]
pub(super) struct Canceller {
    token: CancelToken,
    /// By the address that the connection has: the next may be another server.
    host: Host,
    tls: Option<MakeRustlsConnect>,
    patience: Duration,
}

impl Canceller {
    pub(super) fn new(
        token: CancelToken,
        host: Host,
        tls: Option<MakeRustlsConnect>,
        patience: Duration,
    ) -> Self {
        Self {
            token,
            host,
            tls,
            patience,
        }
    }

    pub(super) fn send(&self) {
        let canceller = self.clone();
        // It connects, and the caller may be the signal thread.
        let _ = thread::Builder::new()
            .name("cancel".into())
            .spawn(move || canceller.request());
    }

    fn request(&self) -> Result<()> {
        runtime()?.block_on(async {
            let (socket, _) = stream::connect(&self.host, self.patience).await?;
            // No message answers a request.
            let socket = Metered::new(socket, None);
            match &self.tls {
                Some(tls) => {
                    let encrypt = Encrypt::new(tls, &self.host);
                    self.token.cancel_query_raw(socket, encrypt).await?;
                }
                None => self.token.cancel_query_raw(socket, NoTls).await?,
            }
            Ok(())
        })
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canceller")
    }
}
