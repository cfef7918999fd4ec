//! A question to a name server, over UDP, and over TCP where the answer does
//! not fit.

use super::{Address, Stream, datagram};
use crate::Deadline;
use anyhow::{Context, Result};
use hickory_proto::op::{Edns, Message, MessageType, Query};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use toolkit::failure::Failure;

/// What a datagram may hold without being cut on its way
/// (<https://www.dnsflagday.net/2020/>).
const PAYLOAD: u16 = 1232;

/// Asks `server`, and returns its answer to this question and no other.
///
/// # Errors
/// `dns_garbled`; those of [`datagram::exchange`]; `closed_early`.
pub(crate) fn ask(server: SocketAddr, query: &Query, deadline: Deadline) -> Result<Message> {
    let mut question = Message::query();
    question.metadata.recursion_desired = true;
    question.add_query(query.clone());
    let mut edns = Edns::new();
    edns.set_max_payload(PAYLOAD);
    question.set_edns(edns);
    let bytes = question.to_vec().context("cannot write the question")?;
    let read = |answer: &[u8]| read(answer, &question);
    let answer = datagram::exchange(server, deadline, || &bytes, |_, answer| read(answer))?;
    if !answer.metadata.truncation {
        return Ok(answer);
    }
    let answer = over_tcp(server, &bytes, deadline).context("the whole answer, over TCP")?;
    read(&answer)?.ok_or_else(garbled)
}

fn over_tcp(server: SocketAddr, question: &[u8], deadline: Deadline) -> Result<Vec<u8>> {
    let address = Address::new(server.ip().to_string(), server.port());
    let (mut stream, _) = Stream::open(&address, deadline)?;
    let mut framed = u16::try_from(question.len())?.to_be_bytes().to_vec();
    framed.extend(question);
    let answered = stream.write_all(&framed).and_then(|()| {
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut answer)?;
        Ok(answer)
    });
    answered.map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset => {
            Failure::new("closed_early", "the server closed the connection").into()
        }
        _ => deadline.explain(error),
    })
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
