//! Questions and answers in datagrams, each of which may be lost, late or
//! somebody else's.

use crate::Deadline;
use anyhow::{Context, Result};
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use toolkit::failure::Failure;

/// After this long without an answer the question is put again.
const AGAIN: Duration = Duration::from_secs(2);

/// Sends `question()` to `server`, and again after a while, until `read` takes
/// what has come for the answer.
///
/// # Errors
/// `udp_unreachable` when the other machine says that nobody listens;
/// `timeout`; those of `read`.
pub(crate) fn exchange<T, Q: AsRef<[u8]>>(
    server: SocketAddr,
    deadline: Deadline,
    mut question: impl FnMut() -> Q,
    mut read: impl FnMut(&Q, &[u8]) -> Result<Option<T>>,
) -> Result<T> {
    let own: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let unreachable = |error| unreachable(server, &error);
    let socket = UdpSocket::bind((own, 0)).context("cannot open a socket")?;
    // From here on the system drops what comes from anywhere else.
    socket.connect(server).map_err(unreachable)?;
    let mut buffer = vec![0; usize::from(u16::MAX)];
    loop {
        let asked = question();
        socket.send(asked.as_ref()).map_err(unreachable)?;
        let sent = Instant::now();
        let rest = || {
            AGAIN
                .checked_sub(sent.elapsed())
                .filter(|rest| !rest.is_zero())
        };
        while let Some(wait) = rest() {
            socket.set_read_timeout(Some(wait.min(deadline.left()?)))?;
            match socket.recv(&mut buffer) {
                Ok(count) => {
                    if let Some(answer) = read(&asked, &buffer[..count])? {
                        return Ok(answer);
                    }
                }
                Err(error) => match error.kind() {
                    ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted => {}
                    _ => return Err(unreachable(error).into()),
                },
            }
        }
    }
}

fn unreachable(server: SocketAddr, error: &std::io::Error) -> Failure {
    Failure::new(
        "udp_unreachable",
        format!("nobody can be reached at {server} with UDP: {error}"),
    )
}

/// Asks each of `servers` until one answers; each has its share of the time.
///
/// # Errors
/// What the last one failed with; nothing when there are none.
pub(crate) fn in_turn<T>(
    servers: &[SocketAddr],
    deadline: Deadline,
    ask: impl Fn(SocketAddr, Deadline) -> Result<T>,
) -> Result<Option<T>> {
    let mut last = None;
    for (at, server) in servers.iter().enumerate() {
        let left = u32::try_from(servers.len() - at).unwrap_or(u32::MAX);
        let share = Deadline::after(deadline.left()? / left);
        match ask(*server, share) {
            Ok(answer) => return Ok(Some(answer)),
            Err(error) => last = Some(error.context(format!("{server}"))),
        }
    }
    last.map_or(Ok(None), Err)
}
