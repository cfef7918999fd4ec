//! A question to a name server, over UDP, and over TCP where the answer does
//! not fit.

use super::{Address, Stream};
use crate::Deadline;
use anyhow::{Context, Result};
use hickory_proto::op::{Edns, Message, MessageType, Query};
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use toolkit::failure::Failure;

/// A datagram may be lost: after this long it is sent again.
const AGAIN: Duration = Duration::from_secs(2);
/// What a datagram may hold without being cut on its way
/// (<https://www.dnsflagday.net/2020/>).
const PAYLOAD: u16 = 1232;

/// Asks `server`, and returns its answer to this question and no other.
///
/// # Errors
/// `dns_unreachable` when nobody listens there, `dns_garbled`, `timeout`.
pub(crate) fn ask(server: SocketAddr, query: &Query, deadline: Deadline) -> Result<Message> {
    let mut question = Message::query();
    question.metadata.recursion_desired = true;
    question.add_query(query.clone());
    let mut edns = Edns::new();
    edns.set_max_payload(PAYLOAD);
    question.set_edns(edns);
    let bytes = question.to_vec().context("cannot write the question")?;
    let answer = over_udp(server, &question, &bytes, deadline)?;
    if answer.metadata.truncation {
        return over_tcp(server, &question, &bytes, deadline);
    }
    Ok(answer)
}

fn over_udp(
    server: SocketAddr,
    question: &Message,
    bytes: &[u8],
    deadline: Deadline,
) -> Result<Message> {
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
        socket.send(bytes).map_err(unreachable)?;
        let sent = Instant::now();
        while let Some(wait) = AGAIN
            .checked_sub(sent.elapsed())
            .filter(|left| !left.is_zero())
        {
            let wait = wait.min(deadline.left()?);
            socket.set_read_timeout(Some(wait))?;
            match socket.recv(&mut buffer) {
                Ok(count) => {
                    if let Some(answer) = read(&buffer[..count], question)? {
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

fn over_tcp(
    server: SocketAddr,
    question: &Message,
    bytes: &[u8],
    deadline: Deadline,
) -> Result<Message> {
    let address = Address::new(server.ip().to_string(), server.port());
    let (mut stream, _) = Stream::open(&address, deadline)?;
    let mut framed = u16::try_from(bytes.len())?.to_be_bytes().to_vec();
    framed.extend(bytes);
    let answered = stream.write_all(&framed).and_then(|()| {
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut answer)?;
        Ok(answer)
    });
    let answer = answered
        .map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset => {
                Failure::new("closed_early", "the server closed the connection").into()
            }
            _ => deadline.explain(error),
        })
        .context("the rest of the answer, over TCP")?;
    read(&answer, question)?.ok_or_else(garbled)
}

/// The message in `bytes`, where it answers `question`.
fn read(bytes: &[u8], question: &Message) -> Result<Option<Message>> {
    // Whoever does not know the number has not seen the question.
    if !bytes.starts_with(&question.metadata.id.to_be_bytes()) {
        return Ok(None);
    }
    let answer = Message::from_vec(bytes).map_err(|_| garbled())?;
    let is_answer = answer.metadata.message_type == MessageType::Response;
    // An error need not repeat the question.
    let is_ours = answer.queries == question.queries || answer.queries.is_empty();
    Ok((is_answer && is_ours).then_some(answer))
}

fn garbled() -> anyhow::Error {
    Failure::new("dns_garbled", "the server's answer is no DNS message").into()
}

fn unreachable(server: SocketAddr, error: &std::io::Error) -> Failure {
    Failure::new(
        "dns_unreachable",
        format!("no name server can be reached at {server}: {error}"),
    )
}
