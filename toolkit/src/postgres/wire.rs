//! A connection from here, over PostgreSQL's wire protocol.

use super::copy;
use super::error::{AUTH_HINT, LOST_HINT, Refusal, TLS_HINT, UNREACHABLE_HINT};
use super::params::Params;
use super::place::Server;
use super::session::Trouble;
use super::tls::SslMode;
use super::verifier;
use crate::failure::Failure;
use crate::signals;
use anyhow::Result;
use postgres::config::{SslMode as Asked, SslNegotiation};
use postgres::{CancelToken, Client, Config, Error, NoTls, SimpleQueryMessage};
use std::fmt;
use std::io::Read;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use tokio_postgres_rustls::MakeRustlsConnect;

/// The SQLSTATE of a server that refuses to talk with, or without, encryption.
const NOT_THIS_WAY: &str = "28000";

type Rows = Vec<Vec<Option<String>>>;

pub(super) struct Wire {
    client: Client,
    canceller: Canceller,
    server: Server,
    /// Whether rows may hold bytes that are no UTF-8.
    unchecked: bool,
    _guard: signals::Guard,
}

impl Wire {
    /// Connects to the first host of `params`.
    pub(super) fn connect(server: &Server, params: &Params, database: &str) -> Result<Self> {
        let mut last = None;
        for asked in ways(params) {
            let tls = match asked {
                Asked::Disable => None,
                _ => Some(MakeRustlsConnect::new(params.tls.client()?)),
            };
            let config = config(params, database, asked);
            match attempt(config, tls.clone(), params.connect_timeout) {
                Ok(client) => {
                    let canceller = Canceller {
                        token: client.cancel_token(),
                        tls,
                    };
                    let on_signal = canceller.clone();
                    return Ok(Self {
                        client,
                        canceller,
                        server: server.clone(),
                        unchecked: false,
                        _guard: signals::on_interrupt(move |_| on_signal.send()),
                    });
                }
                Err(Attempt::Interrupted) => signals::check()?,
                Err(Attempt::Failed(error)) => {
                    let other_way = error.code().is_none_or(|code| code.code() == NOT_THIS_WAY);
                    last = Some(not_connected(server, params, &error));
                    if !other_way {
                        break;
                    }
                }
                Err(Attempt::Late) => {
                    let waited = params.connect_timeout.as_secs();
                    let message = format!("{server} did not answer within {waited} s");
                    last = Some(Failure::new("pg_unreachable", message).hint(UNREACHABLE_HINT));
                    break;
                }
            }
        }
        let failure = last.unwrap_or_else(|| Failure::new("pg_unreachable", "not connected"));
        Err(failure.into())
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
        let messages = self.client.simple_query(sql);
        let messages = messages.map_err(|error| self.trouble(&error))?;
        let mut rows = Rows::new();
        for message in messages {
            if let SimpleQueryMessage::Row(row) = message {
                let values = (0..row.len()).map(|at| Ok(row.try_get(at)?.map(str::to_owned)));
                let values: Result<_, Error> = values.collect();
                rows.push(values.map_err(|error| self.trouble(&error))?);
            }
        }
        Ok(rows)
    }

    pub(super) fn execute(&mut self, sql: &str) -> Result<(), Trouble> {
        let done = self.client.batch_execute(sql);
        done.map_err(|error| self.trouble(&error))
    }

    pub(super) fn canceller(&self) -> Canceller {
        self.canceller.clone()
    }

    /// The rows through COPY, the one way that hands over bytes as they are.
    fn copied(&mut self, sql: &str) -> Result<Rows, Trouble> {
        let copy = format!("COPY ({sql}\n) TO STDOUT");
        let mut bytes = Vec::new();
        let reader = self.client.copy_out(&copy);
        let read = reader.map(|mut reader| reader.read_to_end(&mut bytes));
        match read {
            Ok(Ok(_)) => {}
            Err(error) => return Err(self.trouble(&error)),
            Ok(Err(error)) => {
                let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
                return Err(match inner {
                    Some(error) => self.trouble(error),
                    None => anyhow::Error::from(error)
                        .context("cannot read rows")
                        .into(),
                });
            }
        }
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        Ok(lines.map(copy::row).collect())
    }

    fn trouble(&self, error: &Error) -> Trouble {
        match refusal(error) {
            Some(refusal) => Trouble::Refused(refusal),
            None => Trouble::Other(
                Failure::new(
                    "pg_unreachable",
                    format!("the connection to {} broke: {}", self.server, causes(error)),
                )
                .hint(LOST_HINT)
                .into(),
            ),
        }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

/// Asks the server to end what a connection is busy with.
#[derive(Clone)]
pub(super) struct Canceller {
    token: CancelToken,
    tls: Option<MakeRustlsConnect>,
}

impl Canceller {
    pub(super) fn send(&self) {
        let (token, tls) = (self.token.clone(), self.tls.clone());
        // It connects, and the caller may be the signal thread.
        let _ = thread::Builder::new()
            .name("cancel".into())
            .spawn(move || match tls {
                Some(tls) => token.cancel_query(tls),
                None => token.cancel_query(NoTls),
            });
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canceller")
    }
}

/// The ways of encryption to try, in their order.
fn ways(params: &Params) -> Vec<Asked> {
    if params.host().is_socket() {
        return vec![Asked::Disable];
    }
    match params.tls.mode {
        SslMode::Disable => vec![Asked::Disable],
        SslMode::Allow => vec![Asked::Disable, Asked::Require],
        SslMode::Prefer => vec![Asked::Prefer, Asked::Disable],
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => vec![Asked::Require],
    }
}

fn config(params: &Params, database: &str, asked: Asked) -> Config {
    let host = params.host();
    let mut config = Config::new();
    config
        .user(&params.user)
        .dbname(database)
        .host(&host.name)
        .port(host.port)
        .ssl_mode(asked)
        .connect_timeout(params.connect_timeout)
        // A server that vanished is noticed within minutes, not hours.
        .keepalives_idle(Duration::from_secs(60))
        .application_name(params.application_name.as_deref().unwrap_or("sextant"));
    if let Some(address) = host.address.as_deref().and_then(|text| text.parse().ok()) {
        config.hostaddr(address);
    }
    if let Some(password) = params.password() {
        config.password(password);
    }
    if let Some(options) = &params.options {
        config.options(options);
    }
    if params.tls.at_once {
        config.ssl_negotiation(SslNegotiation::Direct);
    }
    config
}

enum Attempt {
    Failed(Error),
    Late,
    Interrupted,
}

/// Connects on a thread that is left behind when the server takes too long,
/// or a signal comes.
fn attempt(
    config: Config,
    tls: Option<MakeRustlsConnect>,
    patience: Duration,
) -> Result<Client, Attempt> {
    let (send, receive) = mpsc::channel();
    let interrupt = send.clone();
    let _guard = signals::on_interrupt(move |_| drop(interrupt.send(Err(Attempt::Interrupted))));
    let started = thread::Builder::new()
        .name("connect".into())
        .spawn(move || {
            let connected = match tls {
                Some(tls) => config.connect(tls),
                None => config.connect(NoTls),
            };
            drop(send.send(connected.map_err(Attempt::Failed)));
        });
    match started {
        Ok(_) => receive.recv_timeout(patience).unwrap_or(Err(Attempt::Late)),
        Err(_) => Err(Attempt::Late),
    }
}

fn refusal(error: &Error) -> Option<Refusal> {
    let error = error.as_db_error()?;
    Some(Refusal {
        sqlstate: error.code().code().to_owned(),
        message: error.message().to_owned(),
        hint: error.hint().map(str::to_owned),
    })
}

/// Why nobody is connected.
fn not_connected(server: &Server, params: &Params, error: &Error) -> Failure {
    if let Some(refusal) = refusal(error) {
        return with_ignored(refusal.failure(server), params);
    }
    let causes = causes(error);
    let failure = |reason, words: &str, hint: &str| {
        Failure::new(reason, format!("{server}: {words}")).hint(hint)
    };
    // What the library itself says, which tells these apart nowhere else.
    if causes.contains("password missing") {
        let failure = failure(
            "pg_auth",
            "a password is asked for, and none is known",
            AUTH_HINT,
        );
        return with_ignored(
            failure.hint("set PGPASSWORD, or write it to `~/.pgpass`"),
            params,
        );
    }
    if let Some(complaint) = std::error::Error::source(error).and_then(verifier::complaint) {
        return failure("pg_tls", &complaint, TLS_HINT);
    }
    match error.to_string().split(':').next() {
        Some("error performing TLS handshake") => failure("pg_tls", &causes, TLS_HINT),
        Some("authentication error") => failure("pg_auth", &causes, AUTH_HINT),
        _ => failure("pg_unreachable", &causes, UNREACHABLE_HINT),
    }
}

/// A password file that was passed over is the likeliest reason of all.
fn with_ignored(failure: Failure, params: &Params) -> Failure {
    match &params.ignored {
        Some(why) if failure.reason == "pg_auth" => failure.hint(why.clone()),
        _ => failure,
    }
}

/// The error and its causes in one line.
fn causes(error: &Error) -> String {
    let mut words = vec![error.to_string()];
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let text = error.to_string();
        // Many repeat their cause's words.
        if !words.iter().any(|said| said.contains(&text)) {
            words.push(text);
        }
        cause = error.source();
    }
    words.join(": ")
}

/// Whether COPY can run it.
fn returns_rows(sql: &str) -> bool {
    let first = sql.split_whitespace().next().unwrap_or_default();
    ["select", "with", "values", "table"]
        .iter()
        .any(|word| first.eq_ignore_ascii_case(word))
}
