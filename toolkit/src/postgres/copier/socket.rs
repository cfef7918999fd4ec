//! A connected socket to a PostgreSQL server: TCP, TLS or Unix.

use super::super::params::Params;
use super::super::tls::SslMode;
use bytes::BytesMut;
use postgres_protocol::message::frontend;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use socket2::{SockRef, TcpKeepalive};
use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{self, UnixStream};
use std::sync::Arc;
use std::time::Duration;

/// A server that vanished is noticed within minutes, not hours.
const KEEPALIVE: Duration = Duration::from_secs(60);

pub(super) enum Socket {
    Tcp(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
    Unix(UnixStream),
}

/// Ends a connection from another thread, whatever it waits for.
#[derive(Debug)]
pub(super) enum Plug {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    /// Connects to the first host of `params`, encrypted as its `sslmode` asks.
    pub(super) fn connect(params: &Params) -> io::Result<Self> {
        let (host, patience) = (params.host(), params.connect_timeout);
        if host.is_socket() {
            let stream = unix(&host.name, host.port)?;
            stream.set_read_timeout(Some(patience))?;
            return Ok(Self::Unix(stream));
        }
        let plain = || tcp(&host.name, host.address.as_deref(), host.port, patience);
        match params.tls.mode {
            SslMode::Disable => plain().map(Self::Tcp),
            SslMode::Allow | SslMode::Prefer => secure(params, plain()?).or_else(|_| {
                // It cannot, or not in a way that both know.
                plain().map(Self::Tcp)
            }),
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => secure(params, plain()?),
        }
    }

    /// From here on, a read waits as long as the server takes.
    pub(super) fn wait(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_read_timeout(None),
            Self::Tls(stream) => stream.sock.set_read_timeout(None),
            Self::Unix(stream) => stream.set_read_timeout(None),
        }
    }

    pub(super) fn plug(&self) -> io::Result<Plug> {
        Ok(match self {
            Self::Tcp(stream) => Plug::Tcp(stream.try_clone()?),
            Self::Tls(stream) => Plug::Tcp(stream.sock.try_clone()?),
            Self::Unix(stream) => Plug::Unix(stream.try_clone()?),
        })
    }
}

impl Plug {
    pub(super) fn pull(&self) {
        // It may be closed already.
        let _ = match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Self::Unix(stream) => stream.shutdown(Shutdown::Both),
        };
    }
}

fn unix(folder: &str, port: u16) -> io::Result<UnixStream> {
    let name = format!("{folder}/.s.PGSQL.{port}");
    match name.strip_prefix('@') {
        Some(name) => UnixStream::connect_addr(&net::SocketAddr::from_abstract_name(name)?),
        None => UnixStream::connect(name),
    }
}

fn tcp(name: &str, address: Option<&str>, port: u16, patience: Duration) -> io::Result<TcpStream> {
    let known = address.and_then(|text| text.parse::<IpAddr>().ok());
    let addresses: Vec<_> = match known {
        Some(ip) => vec![SocketAddr::new(ip, port)],
        None => (name, port).to_socket_addrs()?.collect(),
    };
    let mut last = io::Error::other("its name has no address");
    for address in addresses {
        match TcpStream::connect_timeout(&address, patience) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(patience))?;
                let often = TcpKeepalive::new().with_time(KEEPALIVE);
                SockRef::from(&stream).set_tcp_keepalive(&often)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// TLS on a new connection, asked for first unless it is to start at once.
fn secure(params: &Params, mut stream: TcpStream) -> io::Result<Socket> {
    if !params.tls.at_once {
        let mut request = BytesMut::new();
        frontend::ssl_request(&mut request);
        stream.write_all(&request)?;
        let mut answer = [0];
        stream.read_exact(&mut answer)?;
        if answer != *b"S" {
            return Err(io::Error::other("the server does not encrypt"));
        }
    }
    let config = params.tls.client().map_err(io::Error::other)?;
    let name = ServerName::try_from(params.host().name.clone()).map_err(io::Error::other)?;
    let mut session = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    while session.is_handshaking() {
        session.complete_io(&mut stream)?;
    }
    Ok(Socket::Tls(Box::new(StreamOwned::new(session, stream))))
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
            Self::Unix(stream) => stream.flush(),
        }
    }
}
