//! The time of another machine, by SNTP (RFC 4330, RFC 5905).

use super::datagram;
use crate::Deadline;
use anyhow::Result;
use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use toolkit::failure::Failure;

/// Seconds from 1900, where NTP's time begins, to 1970.
const TO_1970: u64 = 2_208_988_800;
const LENGTH: usize = 48;
/// Version 4, from a client.
const CLIENT: u8 = 0b00_100_011;
const MODE_OF_SERVER: u8 = 4;
const UNSYNCHRONISED: u8 = 3;

/// What a time server says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Time {
    /// By how many seconds its clock is ahead of ours.
    pub(crate) ahead: f64,
    /// How far it is from a clock of its own.
    pub(crate) stratum: u8,
}

/// Asks `server` for the time.
///
/// # Errors
/// `ntp_unsynchronised` when it does not know the time itself, `ntp_refused`
/// when it wants to be asked less often; those of [`datagram::exchange`].
pub(crate) fn ask(server: SocketAddr, deadline: Deadline) -> Result<Time> {
    // When the question was sent; the clock is read once, and what passed since
    // is measured by one that nobody sets.
    let sent = Cell::new((0, std::time::Instant::now()));
    let question = || {
        let mut question = [0; LENGTH];
        question[0] = CLIENT;
        // In place of our time, which nobody needs to know: a number by which
        // the answer is known to be ours.
        let number = RandomState::new().hash_one(deadline.left().ok());
        question[40..].copy_from_slice(&number.to_be_bytes());
        sent.set((now(), std::time::Instant::now()));
        question
    };
    datagram::exchange(server, deadline, question, |asked, answer| {
        let (began, at) = sent.get();
        read(
            asked,
            answer,
            began,
            began.wrapping_add(fixed(at.elapsed())),
        )
    })
}

/// What `answer` says to `question`, that was sent and answered at these times;
/// nothing when it is not the answer to it.
fn read(question: &[u8], answer: &[u8], sent: u64, came: u64) -> Result<Option<Time>> {
    let is_ours = answer.len() >= LENGTH
        && answer[0] & 0b111 == MODE_OF_SERVER
        && answer[24..32] == question[40..48];
    if !is_ours {
        return Ok(None);
    }
    let stratum = answer[1];
    // A kiss of death: the reason stands where its own server would.
    if stratum == 0 && answer[12..16].iter().all(u8::is_ascii_uppercase) {
        let code = String::from_utf8_lossy(&answer[12..16]).into_owned();
        let message = format!("the time server refuses to answer ({code})");
        return Err(Failure::new("ntp_refused", message).into());
    }
    if answer[0] >> 6 == UNSYNCHRONISED || !(1..=15).contains(&stratum) {
        let message = "the time server does not know the time itself";
        let failure = Failure::new("ntp_unsynchronised", message);
        return Err(failure.hint("look at its own sources").into());
    }
    let (received, answered) = (time(answer, 32), time(answer, 40));
    let ahead =
        seconds(received.wrapping_sub(sent)) / 2.0 + seconds(answered.wrapping_sub(came)) / 2.0;
    Ok(Some(Time { ahead, stratum }))
}

/// A time of 64 bits: seconds, and parts of one.
fn time(bytes: &[u8], at: usize) -> u64 {
    let eight = bytes[at..at + 8].iter();
    eight.fold(0, |time, byte| time << 8 | u64::from(*byte))
}

/// A difference of two such times. They begin anew in 2036; the difference of
/// two that are less than 68 years apart is right all the same.
#[allow(clippy::cast_possible_wrap, clippy::cast_precision_loss)]
fn seconds(difference: u64) -> f64 {
    difference as i64 as f64 / (1_u64 << 32) as f64
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    fixed(since.unwrap_or_default() + Duration::from_secs(TO_1970))
}

fn fixed(duration: Duration) -> u64 {
    let parts = (u64::from(duration.subsec_nanos()) << 32) / 1_000_000_000;
    duration.as_secs() << 32 | parts
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1 << 32;

    fn answer(first: u8, stratum: u8, received: u64, answered: u64) -> Vec<u8> {
        let mut answer = vec![0; LENGTH];
        answer[0] = first;
        answer[1] = stratum;
        answer[24..32].copy_from_slice(&7_u64.to_be_bytes());
        answer[32..40].copy_from_slice(&received.to_be_bytes());
        answer[40..].copy_from_slice(&answered.to_be_bytes());
        answer
    }

    fn question() -> Vec<u8> {
        let mut question = vec![0; LENGTH];
        question[40..].copy_from_slice(&7_u64.to_be_bytes());
        question
    }

    fn ahead(received: u64, answered: u64, sent: u64, came: u64) -> f64 {
        let answer = answer(0b00_100_100, 2, received, answered);
        let time = read(&question(), &answer, sent, came).unwrap().unwrap();
        assert_eq!(time.stratum, 2);
        time.ahead
    }

    #[test]
    fn the_way_there_and_back_is_taken_off() {
        let sent = 4_000_000_000 * SECOND;
        let three = 3 * SECOND;
        // Two seconds on the way, and three ahead.
        let came = sent + 2 * SECOND;
        let there = sent + SECOND + three;
        assert!((ahead(there, there, sent, came) - 3.0).abs() < 1e-6);
        let there = sent + SECOND - three;
        assert!((ahead(there, there, sent, came) + 3.0).abs() < 1e-6);
        // The server is past 2036, when the seconds begin anew.
        let sent = u64::MAX - SECOND;
        let there = sent.wrapping_add(three);
        assert!((ahead(there, there, sent, sent) - 3.0).abs() < 1e-6);
    }

    #[test]
    fn what_is_no_answer_is_none() {
        let good = answer(0b00_100_100, 1, 0, 0);
        assert!(read(&question(), &good, 0, 0).unwrap().is_some());
        let mut other = question();
        other[47] ^= 1;
        assert_eq!(read(&other, &good, 0, 0).unwrap(), None);
        assert_eq!(read(&question(), &good[..47], 0, 0).unwrap(), None);
        let from_client = answer(0b00_100_011, 1, 0, 0);
        assert_eq!(read(&question(), &from_client, 0, 0).unwrap(), None);
    }

    #[test]
    fn one_that_does_not_know_the_time_is_not_believed() {
        let reason = |answer: &[u8]| {
            let error = read(&question(), answer, 0, 0).unwrap_err();
            Failure::of(&error).reason
        };
        assert_eq!(reason(&answer(0b11_100_100, 2, 0, 0)), "ntp_unsynchronised");
        assert_eq!(
            reason(&answer(0b00_100_100, 16, 0, 0)),
            "ntp_unsynchronised"
        );
        let mut kiss = answer(0b11_100_100, 0, 0, 0);
        assert_eq!(reason(&kiss), "ntp_unsynchronised");
        kiss[12..16].copy_from_slice(b"RATE");
        assert_eq!(reason(&kiss), "ntp_refused");
    }
}
