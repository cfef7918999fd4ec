//! Whether a server accepts nothing but strong cipher suites.

use super::old;
use super::version::Version;
use crate::net::Stream;
use crate::report::Fault;
use anyhow::Result;
use rustls::CipherSuite;

/// Those of TLS 1.2 with forward secrecy and authenticated encryption: ECDHE
/// with AES, `ChaCha20`, ARIA or Camellia, in GCM, CCM or with Poly1305 (RFC 9325,
/// section 4.2; ANSSI, "Recommandations de sécurité relatives à TLS", annex A).
/// All of TLS 1.3 are. <https://www.iana.org/assignments/tls-parameters>
const STRONG: [u16; 16] = [
    0xc02b, 0xc02c, 0xc02f, 0xc030, 0xc0ac, 0xc0ad, 0xcca8, 0xcca9, 0xc05c, 0xc05d, 0xc060, 0xc061,
    0xc086, 0xc087, 0xc08a, 0xc08b,
];

/// Says that renegotiation is secure (RFC 5746), without which some servers
/// refuse.
const RENEGOTIATION: u16 = 0x00ff;

/// What is wrong with a server that accepts another suite than the strong ones.
///
/// # Errors
/// Those of [`old::chosen`].
pub(super) fn weak(stream: Stream, host: &str) -> Result<Option<Fault>> {
    let chosen = old::chosen(stream, Version::Tls12, host, &others())?;
    Ok(chosen.map(|suite| {
        let name = CipherSuite::from(suite);
        let name = name
            .as_str()
            .map_or_else(|| format!("0x{suite:04x}"), str::to_owned);
        Fault::fail(
            "tls_weak_cipher",
            format!("the server accepts {name}"),
            "ECDHE with AES-GCM or ChaCha20 alone",
        )
        .hint("leave the other suites out of the server's list of ciphers")
    }))
}

/// All that were ever given a number, but the strong ones.
fn others() -> Vec<u16> {
    let all = (0x0001..=0x00c5)
        .chain(0xc001..=0xc0b5)
        .chain(0xcca8..=0xccae);
    let others = all.filter(|suite| !STRONG.contains(suite));
    others.chain([RENEGOTIATION]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_strong_suites_are_not_offered() {
        let others = others();
        for (suite, is_weak) in [
            (CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256, true),
            (CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, true),
            (CipherSuite::TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256, true),
            (CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, false),
            (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, false),
            (
                CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
                false,
            ),
            (CipherSuite::TLS13_AES_128_GCM_SHA256, false),
        ] {
            assert_eq!(others.contains(&u16::from(suite)), is_weak, "{suite:?}");
        }
        for suite in STRONG {
            let name = CipherSuite::from(suite);
            let name = name.as_str().unwrap();
            assert!(name.contains("_ECDHE_"), "{name}");
        }
    }
}
