//! Whether a server still accepts TLS 1.0 or 1.1, or old ciphers. No library
//! that is kept up speaks them, and none has to: the server's first message
//! tells.

use super::Version;
use crate::net::Stream;
use anyhow::Result;
use std::hash::{BuildHasher, RandomState};
use std::io::{ErrorKind, Read, Write};
use std::net::IpAddr;
use toolkit::failure::Failure;

/// The ciphers of the time, from ECDHE with AES to RSA with RC4: which one is
/// taken says nothing here. The last is no cipher, but says that renegotiation
/// is secure, without which some servers refuse (RFC 5746).
/// <https://www.iana.org/assignments/tls-parameters>
const CIPHERS: [u16; 16] = [
    0xc00a, 0xc014, 0xc009, 0xc013, 0xc008, 0xc012, 0x0039, 0x0033, 0x0016, 0x0038, 0x0032, 0x0035,
    0x002f, 0x000a, 0x0005, 0x00ff,
];
/// x25519, secp256r1, secp384r1, secp521r1.
const GROUPS: [u16; 4] = [0x001d, 0x0017, 0x0018, 0x0019];

/// ECDSA, RSA, RSA-PSS and DSA, with SHA-2 and SHA-1.
const SIGNATURES: [u16; 13] = [
    0x0403, 0x0503, 0x0603, 0x0401, 0x0501, 0x0601, 0x0804, 0x0805, 0x0806, 0x0402, 0x0203, 0x0201,
    0x0202,
];

const HANDSHAKE: u8 = 22;
const ALERT: u8 = 21;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;

/// Whether a server answers a greeting in `version`, and none newer, with its
/// own in that version.
///
/// # Errors
/// Those of [`chosen`].
pub(super) fn accepts(stream: Stream, version: Version, host: &str) -> Result<bool> {
    Ok(chosen(stream, version, host, &CIPHERS)?.is_some())
}

/// The cipher suite that a server chooses when it is greeted in `version`, and
/// none newer, with these `ciphers`; none when it refuses.
///
/// # Errors
/// `tls_not_spoken` when the answer is not TLS; `timeout` when there is none: a
/// server that is silent has not refused.
pub(super) fn chosen(
    mut stream: Stream,
    version: Version,
    host: &str,
    ciphers: &[u16],
) -> Result<Option<u16>> {
    let deadline = stream.deadline();
    let mut answer = [0; 11];
    let mut suite = [0; 2];
    let asked = stream.write_all(&hello(version, host, &random(), ciphers));
    let answered = asked.and_then(|()| {
        stream.read_exact(&mut answer[..1])?;
        // Nothing of an alert need be read: whatever it says, it is no.
        if answer[0] == HANDSHAKE {
            stream.read_exact(&mut answer[1..])?;
        }
        if answer[5] == SERVER_HELLO {
            // Random bytes, and the session that could be resumed.
            let mut passed = [0; 33];
            stream.read_exact(&mut passed)?;
            let mut session = vec![0; usize::from(passed[32])];
            stream.read_exact(&mut session)?;
            stream.read_exact(&mut suite)?;
        }
        Ok(())
    });
    if let Err(error) = answered {
        return match error.kind() {
            // Some servers refuse without a word.
            ErrorKind::UnexpectedEof
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe => Ok(None),
            _ => Err(deadline.explain(error)),
        };
    }
    Ok(judge(&answer, version)?.then(|| u16::from_be_bytes(suite)))
}

/// What the first bytes of an answer say: a record's header of five bytes, a
/// message's of four, and the version that the server chose.
fn judge(answer: &[u8; 11], version: Version) -> Result<bool> {
    match (answer[0], answer[5]) {
        (HANDSHAKE, SERVER_HELLO) => Ok(answer[9..11] == version.bytes()),
        (ALERT, _) => Ok(false),
        _ => Err(Failure::new(
            "tls_not_spoken",
            "the server answers with something other than TLS",
        )
        .into()),
    }
}

/// A `ClientHello` (RFC 4346, section 7.4.1.2) in a record.
fn hello(version: Version, host: &str, random: &[u8; 32], ciphers: &[u16]) -> Vec<u8> {
    let mut body = version.bytes().to_vec();
    body.extend(random);
    body.push(0); // no session to resume
    body.extend(list16(&words(ciphers)));
    body.extend([1, 0]); // no compression
    body.extend(list16(&extensions(version, host)));
    let mut message = vec![CLIENT_HELLO, 0];
    message.extend(list16(&body));
    // The record's own version is the oldest in a first message.
    let mut record = vec![HANDSHAKE, 3, 1];
    record.extend(list16(&message));
    record
}

/// The host that is asked for (RFC 6066), what elliptic curves need (RFC 8422),
/// and from TLS 1.2 on, how servers may sign (RFC 5246).
fn extensions(version: Version, host: &str) -> Vec<u8> {
    let mut all = Vec::new();
    if host.parse::<IpAddr>().is_err() {
        let mut name = vec![0];
        name.extend(list16(host.as_bytes()));
        all.extend(extension(0, &list16(&name)));
    }
    all.extend(extension(10, &list16(&words(&GROUPS))));
    all.extend(extension(11, &[1, 0]));
    if version >= Version::Tls12 {
        all.extend(extension(13, &list16(&words(&SIGNATURES))));
    }
    all
}

fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
    let mut extension = kind.to_be_bytes().to_vec();
    extension.extend(list16(content));
    extension
}

/// Bytes after their number in two bytes. What is written here is always
/// shorter than that allows: a host has at most 253 bytes.
fn list16(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    let mut list = length.to_be_bytes().to_vec();
    list.extend(bytes);
    list
}

fn words(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// Bytes that differ each time. Nothing is protected by them: the handshake is
/// never finished.
fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    for (at, chunk) in bytes.chunks_mut(8).enumerate() {
        chunk.copy_from_slice(&RandomState::new().hash_one(at).to_be_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lengths_in_the_greeting_fit() {
        let hello = hello(Version::Tls11, "example.org", &[7; 32], &CIPHERS);
        assert_eq!(hello[..3], [22, 3, 1]);
        let length = |at: usize| usize::from(u16::from_be_bytes([hello[at], hello[at + 1]]));
        assert_eq!(length(3), hello.len() - 5);
        assert_eq!(hello[5..7], [1, 0]);
        assert_eq!(length(7), hello.len() - 9);
        assert_eq!(hello[9..11], [3, 2]);
        assert!(hello.windows(11).any(|part| part == b"example.org"));
    }

    #[test]
    fn only_a_greeting_in_that_version_accepts_it() {
        let answer = |kind, message, version: [u8; 2]| {
            let [high, low] = version;
            [kind, 3, 1, 0, 50, message, 0, 0, 46, high, low]
        };
        let tls10 = Version::Tls10;
        assert!(judge(&answer(22, 2, [3, 1]), tls10).unwrap());
        assert!(!judge(&answer(22, 2, [3, 3]), tls10).unwrap());
        assert!(!judge(&answer(21, 0, [0, 0]), tls10).unwrap());
        assert!(judge(&answer(22, 4, [3, 1]), tls10).is_err());
        assert!(judge(b"HTTP/1.1 40", tls10).is_err());
    }
}
