//! A connection that speaks TLS.

use super::failed::failed;
use super::judge::Asked;
use super::recorder::{Recorder, Shown};
use super::trust::Trust;
use crate::net::Stream;
use crate::{Deadline, Limits};
use anyhow::Result;
use rustls::pki_types::{ServerName, UnixTime};
use rustls::{ALL_VERSIONS, ClientConnection, ProtocolVersion, SupportedProtocolVersion};
use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};
use toolkit::failure::Failure;

/// TLS with a server, whoever that is.
#[derive(Debug)]
pub struct Session {
    stream: rustls::StreamOwned<ClientConnection, Stream>,
    /// What the server showed of itself.
    pub shown: Shown,
    /// How long the handshake took.
    pub took: Duration,
}

/// The name that a certificate is to be issued for: a DNS name or an address.
///
/// # Errors
/// `tls_host` when it is neither.
pub fn name(host: &str) -> Result<ServerName<'static>, Failure> {
    ServerName::try_from(host.to_owned()).map_err(|_| {
        Failure::not_started(
            "tls_host",
            format!("`{host}` is neither a host's name nor an address"),
        )
    })
}

/// Starts TLS, with any certificate.
///
/// # Errors
/// `tls_not_spoken` when the server speaks something else, `tls_protocol` when
/// it speaks no version that is still safe, `tls_refused` when it answers with
/// another alert, `tls_handshake`, `tls_wrong_host`
/// when it knows no such host, `closed_early`, `timeout`.
pub fn start(stream: Stream, host: &ServerName<'static>) -> Result<Session> {
    start_with(stream, host, ALL_VERSIONS)
}

/// The same, with these versions alone.
///
/// # Errors
/// Those of [`start`].
pub fn start_with(
    stream: Stream,
    host: &ServerName<'static>,
    versions: &[&'static SupportedProtocolVersion],
) -> Result<Session> {
    let deadline = stream.deadline();
    handshake(stream, host, versions).map_err(|error| failed(error, host, deadline))
}

/// Starts TLS, with any certificate, for those who tell in words of their own
/// why there was no handshake.
///
/// # Errors
/// The connection's; around a [`rustls::Error`] what is wrong with the TLS.
pub(crate) fn shake(stream: Stream, host: &ServerName<'static>) -> io::Result<Session> {
    handshake(stream, host, ALL_VERSIONS)
}

/// What the server chooses of these protocols (ALPN, RFC 7301), whoever it is:
/// nothing is sent to it. None where it leaves that open.
///
/// # Errors
/// Those of [`start`].
pub(crate) fn chosen(
    stream: Stream,
    host: &ServerName<'static>,
    protocols: &[&str],
) -> Result<Option<String>> {
    let deadline = stream.deadline();
    let offered = protocols.iter().map(|name| name.as_bytes().to_vec());
    let session = handshake_offering(stream, host, ALL_VERSIONS, offered.collect());
    let session = session.map_err(|error| failed(error, host, deadline))?;
    let chosen = session.stream.conn.alpn_protocol();
    Ok(chosen.map(|name| String::from_utf8_lossy(name).into_owned()))
}

fn handshake(
    stream: Stream,
    host: &ServerName<'static>,
    versions: &[&'static SupportedProtocolVersion],
) -> io::Result<Session> {
    handshake_offering(stream, host, versions, Vec::new())
}

fn handshake_offering(
    mut stream: Stream,
    host: &ServerName<'static>,
    versions: &[&'static SupportedProtocolVersion],
    protocols: Vec<Vec<u8>>,
) -> io::Result<Session> {
    let begun = Instant::now();
    let (mut config, recorder) = Recorder::config(versions).map_err(io::Error::other)?;
    config.alpn_protocols = protocols;
    let client = ClientConnection::new(Arc::new(config), host.clone());
    let mut client = client.map_err(io::Error::other)?;
    while client.is_handshaking() {
        client.complete_io(&mut stream)?;
    }
    Ok(Session {
        stream: rustls::StreamOwned::new(client, stream),
        shown: recorder.shown(),
        took: begun.elapsed(),
    })
}

/// Starts TLS with the server that has a certificate for `host`, signed by
/// somebody in `trust`.
///
/// # Errors
/// Those of [`start`]; what is wrong with the certificate, as
/// [`Shown::proven`] tells it.
pub fn start_proven(stream: Stream, host: &ServerName<'static>, trust: &Trust) -> Result<Session> {
    let session = start(stream, host)?;
    let asked = Asked {
        whose: Some((host, trust)),
        days: Limits::default(),
        now: UnixTime::now(),
    };
    session.shown.proven(&asked)?;
    Ok(session)
}

impl Session {
    /// The version that was agreed on, as people write it.
    pub fn version(&self) -> &'static str {
        match self.stream.conn.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
            Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
            _ => "TLS",
        }
    }

    /// The cipher suite that was agreed on.
    pub fn cipher(&self) -> String {
        let suite = self.stream.conn.negotiated_cipher_suite();
        suite
            .and_then(|suite| suite.suite().as_str())
            .unwrap_or("unknown")
            .to_owned()
    }

    /// Goes on until another deadline.
    pub(crate) fn until(&mut self, deadline: Deadline) {
        self.stream.sock.until(deadline);
    }

    /// Whether nothing came that was not read, not even its end.
    pub(crate) fn is_quiet(&mut self) -> bool {
        let unread = self.stream.conn.reader().read(&mut [0]);
        let is_read = unread.is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        is_read && self.stream.sock.is_quiet()
    }

    /// Says goodbye, so that no server logs a broken connection. What comes of
    /// it changes nothing.
    pub fn close(mut self) {
        self.stream.conn.send_close_notify();
        let _ = self.stream.conn.write_tls(&mut self.stream.sock);
    }
}

impl Read for Session {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl Write for Session {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
