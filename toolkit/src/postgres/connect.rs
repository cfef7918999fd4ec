//! How a connection from here comes about.

use super::cancel::Canceller;
use super::driver::{Connection, Driver, runtime};
use super::error::{AUTH_HINT, Refusal, TLS_HINT, UNREACHABLE_HINT, causes, inside};
use super::hosts::Host;
use super::meter::{Meter, TooMuch};
use super::params::Params;
use super::place::Server;
use super::stream::{self, Encrypt, Metered};
use super::tls::SslMode;
use super::verifier;
use crate::failure::Failure;
use crate::signals;
use anyhow::Result;
use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use tokio_postgres::config::{SslMode as Asked, SslNegotiation};
use tokio_postgres::tls::NoTls;
use tokio_postgres::{Client, Config, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The SQLSTATE of a server that refuses to talk with, or without, encryption.
const NOT_THIS_WAY: &str = "28000";

/// A connection, dropped in this order.
pub(super) struct Connected {
    pub(super) client: Client,
    pub(super) driver: Driver,
    pub(super) canceller: Canceller,
}

/// Connects to the first host of `params`.
pub(super) fn connect(server: &Server, params: &Params, database: &str) -> Result<Connected> {
    let mut last = None;
    for asked in ways(params) {
        let way = Way {
            host: params.host().clone(),
            config: config(params, database, asked),
            tls: match asked {
                Asked::Disable => None,
                _ => Some(MakeRustlsConnect::new(params.tls.client()?)),
            },
            meter: server
                .is_bounded
                .then(|| Meter::new(asked != Asked::Disable && !params.tls.at_once)),
        };
        match attempt(way, params) {
            Ok(connected) => return Ok(connected),
            Err(Attempt::Interrupted) => signals::check()?,
            Err(Attempt::Failed(error)) => {
                let other_way = error.code().is_none_or(|code| code.code() == NOT_THIS_WAY);
                last = Some(not_connected(server, params, &error));
                if !other_way {
                    break;
                }
            }
            Err(Attempt::Unreached(error)) => {
                let message = format!("{server}: error connecting to server: {error}");
                last = Some(Failure::new("pg_unreachable", message).hint(UNREACHABLE_HINT));
                break;
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
    let mut config = Config::new();
    config
        .user(&params.user)
        .dbname(database)
        .ssl_mode(asked)
        .application_name(params.application_name.as_deref().unwrap_or("sextant"));
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

/// What is needed to connect in one way.
struct Way {
    host: Host,
    config: Config,
    tls: Option<MakeRustlsConnect>,
    meter: Option<Meter>,
}

enum Attempt {
    Failed(Error),
    Unreached(io::Error),
    Late,
    Interrupted,
}

impl From<Error> for Attempt {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<io::Error> for Attempt {
    fn from(error: io::Error) -> Self {
        Self::Unreached(error)
    }
}

/// Connects on a thread that is left behind when the server takes too long,
/// or a signal comes.
fn attempt(way: Way, params: &Params) -> Result<Connected, Attempt> {
    let patience = params.connect_timeout;
    let (send, receive) = mpsc::channel();
    let interrupt = send.clone();
    let _guard = signals::on_interrupt(move |_| drop(interrupt.send(Err(Attempt::Interrupted))));
    let started = thread::Builder::new()
        .name("connect".into())
        .spawn(move || drop(send.send(way.go(patience))));
    match started {
        Ok(_) => receive.recv_timeout(patience).unwrap_or(Err(Attempt::Late)),
        Err(_) => Err(Attempt::Late),
    }
}

impl Way {
    fn go(self, patience: Duration) -> Result<Connected, Attempt> {
        let runtime = runtime()?;
        let (socket, host) = runtime.block_on(stream::connect(&self.host, patience))?;
        let socket = Metered::new(socket, self.meter);
        let (client, connection): (_, Connection) = match &self.tls {
            None => {
                let (client, connection) =
                    runtime.block_on(self.config.connect_raw(socket, NoTls))?;
                (client, Box::pin(connection))
            }
            Some(tls) => {
                let encrypt = Encrypt::new(tls, &host);
                let (client, connection) =
                    runtime.block_on(self.config.connect_raw(socket, encrypt))?;
                (client, Box::pin(connection))
            }
        };
        let canceller = Canceller::new(client.cancel_token(), host, self.tls, patience);
        Ok(Connected {
            client,
            driver: Driver::new(runtime, connection),
            canceller,
        })
    }
}

/// Why nobody is connected.
fn not_connected(server: &Server, params: &Params, error: &Error) -> Failure {
    if let Some(refusal) = Refusal::of(error) {
        return with_ignored(refusal.failure(server), params);
    }
    if let Some(too_much) = inside::<TooMuch>(error) {
        return too_much.failure(server);
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
    if let Some(complaint) = verifier::complaint(error) {
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
