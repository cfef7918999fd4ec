//! A connection from here, over PostgreSQL's wire protocol.

use super::cancel::Canceller;
use super::connect::{Connected, connect};
use super::copy;
use super::error::{LOST_HINT, Refusal, causes, inside};
use super::meter::TooMuch;
use super::params::Params;
use super::place::Server;
use super::session::Trouble;
use crate::failure::Failure;
use crate::signals;
use anyhow::Result;
use futures_util::TryStreamExt;
use std::fmt;
use std::pin::pin;
use tokio_postgres::{Error, SimpleQueryMessage};

type Rows = Vec<Vec<Option<String>>>;

pub(super) struct Wire {
    connected: Connected,
    server: Server,
    /// Whether rows may hold bytes that are no UTF-8.
    unchecked: bool,
    _guard: signals::Guard,
}

impl Wire {
    /// Connects to the first host of `params`.
    pub(super) fn connect(server: &Server, params: &Params, database: &str) -> Result<Self> {
        let connected = connect(server, params, database)?;
        let canceller = connected.canceller.clone();
        Ok(Self {
            connected,
            server: server.clone(),
            unchecked: false,
            _guard: signals::on_interrupt(move |_| canceller.send()),
        })
    }

    /// Looks up whether the server checks what it sends: in a `SQL_ASCII`
    /// database it does not.
    pub(super) fn note_encoding(&mut self) -> Result<()> {
        let rows = self
            .rows("SHOW client_encoding")
            .map_err(|trouble| match trouble {
                Trouble::Refused(refusal) => refusal.failure(&self.server).into(),
                Trouble::Other(error) => error,
            })?;
        self.unchecked = rows.concat() == [Some("SQL_ASCII".to_owned())];
        Ok(())
    }

    pub(super) fn rows(&mut self, sql: &str) -> Result<Rows, Trouble> {
        if self.unchecked && returns_rows(sql) {
            return self.copied(sql);
        }
        let Connected { client, driver, .. } = &mut self.connected;
        let asked = driver.wait(async {
            let mut messages = pin!(client.simple_query_raw(sql).await?);
            let mut rows = Rows::new();
            while let Some(message) = messages.try_next().await? {
                if let SimpleQueryMessage::Row(row) = message {
                    let values = (0..row.len()).map(|at| Ok(row.try_get(at)?.map(str::to_owned)));
                    rows.push(values.collect::<Result<_, Error>>()?);
                }
            }
            Ok(rows)
        });
        asked.map_err(|error| self.trouble(&error))
    }

    pub(super) fn execute(&mut self, sql: &str) -> Result<(), Trouble> {
        let Connected { client, driver, .. } = &mut self.connected;
        let done = driver.wait(client.batch_execute(sql));
        done.map_err(|error| self.trouble(&error))
    }

    pub(super) fn canceller(&self) -> Canceller {
        self.connected.canceller.clone()
    }

    /// The rows through COPY, the one way that hands over bytes as they are.
    fn copied(&mut self, sql: &str) -> Result<Rows, Trouble> {
        let copy = format!("COPY ({sql}\n) TO STDOUT");
        let Connected { client, driver, .. } = &mut self.connected;
        let read = driver.wait(async {
            let mut pieces = pin!(client.copy_out(&copy).await?);
            let mut bytes = Vec::new();
            while let Some(piece) = pieces.try_next().await? {
                bytes.extend_from_slice(&piece);
            }
            Ok(bytes)
        });
        let bytes = read.map_err(|error| self.trouble(&error))?;
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        Ok(lines.map(copy::row).collect())
    }

    fn trouble(&self, error: &Error) -> Trouble {
        if let Some(refusal) = Refusal::of(error) {
            return Trouble::Refused(refusal);
        }
        if let Some(too_much) = inside::<TooMuch>(error) {
            return too_much.failure(&self.server).into();
        }
        let message = format!("the connection to {} broke: {}", self.server, causes(error));
        let failure = Failure::new("pg_unreachable", message);
        failure.hint(LOST_HINT).into()
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

/// Whether COPY can run it.
fn returns_rows(sql: &str) -> bool {
    let first = sql.split_whitespace().next().unwrap_or_default();
    ["select", "with", "values", "table"]
        .iter()
        .any(|word| first.eq_ignore_ascii_case(word))
}
