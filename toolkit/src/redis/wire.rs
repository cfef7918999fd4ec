//! A connected socket to a Redis server: TCP, TLS or Unix.

use super::server::{Address, Server};
use super::tls::{self, Tls};
use crate::failure::Failure;
use crate::signals;
use anyhow::Result;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// How long one address of a server is tried.
const CONNECT: Duration = Duration::from_secs(5);

/// What a signal does to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnSignal {
    /// It is shut at once, whatever is being waited for.
    Shut,
    /// It goes on: what was begun is put right through it.
    Stay,
}

/// The socket. Reads and writes that take longer than the given patience fail.
pub(super) struct Wire {
    socket: Socket,
    _guard: Option<signals::Guard>,
}

enum Socket {
    Tcp(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
    Unix(UnixStream),
}

impl Wire {
    /// Connects; the TLS handshake included.
    ///
    /// # Errors
    /// `redis_unreachable`, `redis_tls`, `interrupted`.
    pub(super) fn connect(
        server: &Server,
        patience: Duration,
        on_signal: OnSignal,
    ) -> Result<Self> {
        if on_signal == OnSignal::Shut {
            signals::check()?;
        }
        let connected = match server.address() {
            Address::Unix(path) => UnixStream::connect(path).and_then(|stream| {
                stream.set_read_timeout(Some(patience))?;
                stream.set_write_timeout(Some(patience))?;
                let guard = guard(on_signal, stream.try_clone()?, UnixStream::shutdown);
                Ok((Socket::Unix(stream), guard))
            }),
            Address::Tcp(host, port) => tcp(host, *port, patience).and_then(|stream| {
                let guard = guard(on_signal, stream.try_clone()?, TcpStream::shutdown);
                Ok((Socket::Tcp(stream), guard))
            }),
        };
        let (socket, guard) = connected.map_err(|error| unreachable(server, &error))?;
        let socket = match (socket, server.security()) {
            (Socket::Tcp(stream), Some(tls)) => secure(server, tls, stream)?,
            (socket, _) => socket,
        };
        Ok(Self {
            socket,
            _guard: guard,
        })
    }

    /// Sets how long a read may take from here on.
    pub(super) fn set_patience(&self, patience: Duration) -> io::Result<()> {
        match &self.socket {
            Socket::Tcp(stream) => stream.set_read_timeout(Some(patience)),
            Socket::Tls(stream) => stream.sock.set_read_timeout(Some(patience)),
            Socket::Unix(stream) => stream.set_read_timeout(Some(patience)),
        }
    }

    /// Whether both ends are on this machine, as far as the addresses tell.
    pub(super) fn is_local(&self) -> bool {
        let stream = match &self.socket {
            Socket::Tcp(stream) => stream,
            Socket::Tls(stream) => &stream.sock,
            Socket::Unix(_) => return true,
        };
        let ends = stream
            .local_addr()
            .and_then(|here| Ok((here, stream.peer_addr()?)));
        ends.is_ok_and(|(here, there)| here.ip() == there.ip())
    }
}

fn guard<S: Send + 'static>(
    on_signal: OnSignal,
    socket: S,
    shut: fn(&S, Shutdown) -> io::Result<()>,
) -> Option<signals::Guard> {
    (on_signal == OnSignal::Shut).then(|| {
        signals::on_interrupt(move |_| {
            // It may be closed already.
            let _ = shut(&socket, Shutdown::Both);
        })
    })
}

fn tcp(host: &str, port: u16, patience: Duration) -> io::Result<TcpStream> {
    let mut last = io::Error::other("its name has no address");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(patience))?;
                stream.set_write_timeout(Some(patience))?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn secure(server: &Server, tls: &Tls, mut stream: TcpStream) -> Result<Socket> {
    let Address::Tcp(host, _) = server.address() else {
        return Err(tls::refused(server, &"it is a Unix socket").into());
    };
    let name = ServerName::try_from(host.clone()).map_err(|error| tls::refused(server, &error))?;
    let mut connection = ClientConnection::new(tls.client()?, name)?;
    while connection.is_handshaking() {
        if let Err(error) = connection.complete_io(&mut stream) {
            signals::check()?;
            return Err(tls::refused(server, &words(&error)).into());
        }
    }
    Ok(Socket::Tls(Box::new(StreamOwned::new(connection, stream))))
}

/// The failure of a read or write on a connection to `server`.
pub(super) fn failed(server: &Server, error: &io::Error) -> anyhow::Error {
    if let Err(interrupted) = signals::check() {
        return interrupted.into();
    }
    let cause = error.get_ref();
    if cause
        .and_then(|cause| cause.downcast_ref::<rustls::Error>())
        .is_some()
    {
        tls::refused(server, error).into()
    } else {
        unreachable(server, error).into()
    }
}

fn unreachable(server: &Server, error: &io::Error) -> Failure {
    Failure::new(
        "redis_unreachable",
        format!("cannot speak to `{server}`: {}", words(error)),
    )
    .hint("check that the server runs, listens there, and expects TLS only with `rediss://`")
}

fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => "it does not answer".to_owned(),
        io::ErrorKind::UnexpectedEof => "it closed the connection".to_owned(),
        _ => error.to_string(),
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.socket {
            Socket::Tcp(stream) => stream.read(buffer),
            Socket::Tls(stream) => stream.read(buffer),
            Socket::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.socket {
            Socket::Tcp(stream) => stream.write(bytes),
            Socket::Tls(stream) => stream.write(bytes),
            Socket::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.socket {
            Socket::Tcp(stream) => stream.flush(),
            Socket::Tls(stream) => stream.flush(),
            Socket::Unix(stream) => stream.flush(),
        }
    }
}
