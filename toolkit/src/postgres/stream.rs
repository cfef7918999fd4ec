//! The stream to a server, encrypted or not, and its meter.

use super::hosts::Host;
use super::meter::Meter;
use rustix::net::sockopt::{set_socket_keepalive, set_tcp_keepidle};
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::timeout;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_postgres_rustls::MakeRustlsConnect;

/// A server that vanished is noticed within minutes, not hours.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// A socket of either kind.
pub(super) trait Bytes: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Bytes for S {}

pub(super) type Socket = Box<dyn Bytes>;

/// Connects to `host`, where each of its addresses may take `patience`; and
/// the host by the address that answered alone.
pub(super) async fn connect(host: &Host, patience: Duration) -> io::Result<(Socket, Host)> {
    if host.is_socket() {
        let path = Path::new(&host.name).join(format!(".s.PGSQL.{}", host.port));
        let stream = timeout(patience, UnixStream::connect(path)).await??;
        return Ok((Box::new(stream), host.clone()));
    }
    let name = host.address.as_ref().unwrap_or(&host.name);
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in lookup_host((name.as_str(), host.port)).await? {
        let connected = timeout(patience, TcpStream::connect(address)).await;
        match connected.unwrap_or_else(|late| Err(late.into())) {
            Err(error) => last = error,
            Ok(stream) => {
                stream.set_nodelay(true)?;
                set_socket_keepalive(&stream, true)?;
                set_tcp_keepidle(&stream, KEEPALIVE)?;
                let reached = Host {
                    address: Some(address.ip().to_string()),
                    ..host.clone()
                };
                return Ok((Box::new(stream), reached));
            }
        }
    }
    Err(last)
}

/// A stream whose meter, if it has one, ends what sends too much.
pub(super) struct Metered<S> {
    stream: S,
    meter: Option<Meter>,
}

impl<S> Metered<S> {
    pub(super) fn new(stream: S, meter: Option<Meter>) -> Self {
        Self { stream, meter }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        if let Some(meter) = &mut this.meter {
            let came = meter.came(&buffer.filled()[before..]);
            came.map_err(io::Error::other)?;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.stream).poll_write(context, bytes))?;
        if let Some(meter) = &mut this.meter {
            meter.asked();
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

impl<S: TlsStream + Unpin> TlsStream for Metered<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.stream.channel_binding()
    }
}

type Rustls = <MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect;
type Encrypted = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// Encrypts a socket and moves its meter to what is decrypted: messages are
/// there, and below are records.
pub(super) struct Encrypt(Rustls);

impl Encrypt {
    /// To a server that has a certificate for the name of `host`.
    pub(super) fn new(rustls: &MakeRustlsConnect, host: &Host) -> Self {
        let made = MakeTlsConnect::<Socket>::make_tls_connect(&mut rustls.clone(), &host.name);
        match made {
            Ok(rustls) => Self(rustls),
            Err(never) => match never {},
        }
    }
}

impl TlsConnect<Metered<Socket>> for Encrypt {
    type Stream = Metered<Encrypted>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Stream>> + Send>>;

    fn connect(self, socket: Metered<Socket>) -> Self::Future {
        let Metered { stream, meter } = socket;
        let handshake = self.0.connect(stream);
        Box::pin(async move { Ok(Metered::new(handshake.await?, meter)) })
    }
}
