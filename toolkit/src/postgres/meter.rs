//! How much a server may send, and what it is told who sends more.

use super::error::ANSWER_HINT;
use super::place::Server;
use crate::failure::Failure;
use crate::render;
use std::error::Error as StdError;
use std::fmt;

/// How many bytes the answer to one question may have where answers are bounded
/// ([`Server::bounded`]). What is made of them may take six times as much, as of
/// the descriptions of nameless columns: 64 such answers at once fit into 64 MiB.
pub const ANSWER: u64 = 128 << 10;

/// What a message, or a line of `psql`, is counted as besides its bytes: to be
/// held takes about as much, were it empty.
const EACH: u64 = 128;

/// What is left of one answer.
#[derive(Debug, Clone)]
pub(super) struct Allowance(u64);

impl Allowance {
    pub(super) fn new() -> Self {
        Self(ANSWER)
    }

    /// Counts a message or a line of so many bytes.
    pub(super) fn spend(&mut self, bytes: u64) -> Result<(), TooMuch> {
        if bytes > ANSWER {
            return Err(TooMuch::Message(bytes));
        }
        let left = self.0.checked_sub(bytes + EACH);
        self.0 = left.ok_or(TooMuch::Answer)?;
        Ok(())
    }

    /// How many bytes there may be at most.
    pub(super) fn left(&self) -> u64 {
        self.0
    }
}

/// Reads along what a server sends, and no further than the headers of its
/// messages, a type of one byte and a length of four that counts itself
/// (<https://www.postgresql.org/docs/current/protocol-overview.html>): what is
/// too long is known before it comes.
#[derive(Debug)]
pub(super) struct Meter {
    /// Of the answer that comes.
    answer: Allowance,
    /// Of all that the client library keeps until the connection ends: settings
    /// and notifications.
    kept: Allowance,
    /// How many bytes come before the next header.
    skip: u64,
    header: Vec<u8>,
}

impl Meter {
    /// `is_asked`: whether encryption is asked for, which one byte answers that
    /// is no message.
    pub(super) fn new(is_asked: bool) -> Self {
        Self {
            answer: Allowance::new(),
            kept: Allowance::new(),
            skip: u64::from(is_asked),
            header: Vec::with_capacity(5),
        }
    }

    /// Something was said to the server: what comes now is another answer.
    pub(super) fn asked(&mut self) {
        self.answer = Allowance::new();
    }

    /// These bytes came next.
    pub(super) fn came(&mut self, mut bytes: &[u8]) -> Result<(), TooMuch> {
        while !bytes.is_empty() {
            let skipped = usize::try_from(self.skip).map_or(bytes.len(), |n| n.min(bytes.len()));
            self.skip -= skipped as u64;
            bytes = &bytes[skipped..];
            let more = bytes.len().min(5 - self.header.len());
            self.header.extend_from_slice(&bytes[..more]);
            bytes = &bytes[more..];
            if let [kind, length @ ..] = &self.header[..]
                && let Ok(length) = <[u8; 4]>::try_from(length)
            {
                let length = u32::from_be_bytes(length).into();
                let allowance = match kind {
                    b'A' | b'S' => &mut self.kept,
                    _ => &mut self.answer,
                };
                allowance.spend(length)?;
                // Less than its own four bytes: the client library refuses it.
                self.skip = length.saturating_sub(4);
                self.header.clear();
            }
        }
        Ok(())
    }
}

/// More came, or was to come, than an answer may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TooMuch {
    /// One message of so many bytes.
    Message(u64),
    /// All messages together.
    Answer,
}

impl TooMuch {
    /// The failure it means for whoever asked `server`.
    pub(super) fn failure(&self, server: &Server) -> Failure {
        Failure::new("pg_too_long", format!("{server} {self}")).hint(ANSWER_HINT)
    }
}

impl fmt::Display for TooMuch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = ANSWER >> 10;
        match self {
            Self::Message(bytes) => {
                let size = render::size(*bytes);
                write!(f, "sends a message of {size}, longer than {most} KiB")
            }
            Self::Answer => write!(f, "sends an answer longer than {most} KiB"),
        }
    }
}

impl StdError for TooMuch {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(kind: u8, body: usize) -> Vec<u8> {
        let length = u32::try_from(body + 4).unwrap().to_be_bytes();
        [&[kind], &length[..], &vec![0xff; body]].concat()
    }

    /// What is said of messages that come in pieces, and where.
    fn said(meter: &mut Meter, messages: &[u8], piece: usize) -> Option<(usize, TooMuch)> {
        let mut pieces = messages.chunks(piece).enumerate();
        pieces.find_map(|(at, piece)| Some((at, meter.came(piece).err()?)))
    }

    proptest! {
        /// However its bytes come: what fits passes, and of what does not the
        /// last byte of the header says so, not one before.
        #[test]
        fn pieces_make_no_difference(
            bodies in proptest::collection::vec(0_usize..3000, 0..30),
            is_asked: bool,
            piece in 1_usize..70_000,
        ) {
            let mut messages = vec![b'N'; usize::from(is_asked)];
            for body in &bodies {
                messages.extend(message(b'D', *body));
            }
            let cost: usize = bodies.iter().map(|body| body + 4 + 128).sum();
            let rest = usize::try_from(ANSWER).unwrap() - cost - 128;
            let fits = message(b'D', rest - 4);
            let mut meter = Meter::new(is_asked);
            prop_assert_eq!(said(&mut meter, &[&messages[..], &fits].concat(), piece), None);
            let mut meter = Meter::new(is_asked);
            let over = [&messages[..], &message(b'D', rest - 3)].concat();
            let header_ends = messages.len() + 4;
            let expected = Some((header_ends / piece, TooMuch::Answer));
            prop_assert_eq!(said(&mut meter, &over, piece), expected);
        }
    }

    #[test]
    fn a_long_message_is_known_by_its_header() {
        for length in [ANSWER + 1, 1 << 30, u32::MAX.into()] {
            let bytes = u32::try_from(length).unwrap().to_be_bytes();
            let mut meter = Meter::new(false);
            meter.came(b"D").unwrap();
            meter.came(&bytes[..3]).unwrap();
            let said = meter.came(&bytes[3..]);
            assert_eq!(said, Err(TooMuch::Message(length)));
        }
    }

    #[test]
    fn empty_messages_have_an_end() {
        let mut meter = Meter::new(false);
        let empty = message(b'D', 0);
        let passed = (0..10_000).take_while(|_| meter.came(&empty).is_ok());
        assert_eq!(passed.count(), (128 << 10) / (128 + 4));
    }

    #[test]
    fn a_question_begins_another_answer_but_not_what_is_kept() {
        let mut meter = Meter::new(false);
        let half = message(b'D', 70 << 10);
        meter.came(&half).unwrap();
        meter.asked();
        meter.came(&half).unwrap();
        let kept = message(b'S', 70 << 10);
        meter.came(&kept).unwrap();
        meter.asked();
        assert_eq!(meter.came(&kept), Err(TooMuch::Answer));
    }

    #[test]
    fn a_length_that_is_none_passes_for_the_library_to_refuse() {
        let mut meter = Meter::new(false);
        meter.came(b"Z\0\0\0\0Z\0\0\0\x03").unwrap();
        assert_eq!(
            meter.came(&message(b'D', 1 << 20)),
            Err(TooMuch::Message((1 << 20) + 4))
        );
    }
}
