//! The versions of TLS.

use crate::net::Stream;
use crate::net::tls;
use anyhow::Result;
use rustls::version::{TLS12, TLS13};
use serde::Deserialize;
use std::fmt;
use toolkit::failure::Failure;

/// A version of TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Version {
    /// 1.0, of 1999; withdrawn (RFC 8996).
    #[serde(rename = "1.0")]
    Tls10,
    /// 1.1, of 2006; withdrawn (RFC 8996).
    #[serde(rename = "1.1")]
    Tls11,
    /// 1.2, of 2008.
    #[default]
    #[serde(rename = "1.2")]
    Tls12,
    /// 1.3, of 2018.
    #[serde(rename = "1.3")]
    Tls13,
}

impl Version {
    /// Those older than `lowest`, oldest first.
    pub(super) fn below(lowest: Self) -> impl Iterator<Item = Self> {
        let all = [Self::Tls10, Self::Tls11, Self::Tls12, Self::Tls13];
        all.into_iter().filter(move |one| *one < lowest)
    }

    /// How it is written in a message (RFC 8446, section 4.1.2).
    pub(super) fn bytes(self) -> [u8; 2] {
        match self {
            Self::Tls10 => [3, 1],
            Self::Tls11 => [3, 2],
            Self::Tls12 => [3, 3],
            Self::Tls13 => [3, 4],
        }
    }

    /// Whether a server accepts it, one that rustls speaks, on a connection of
    /// its own.
    ///
    /// # Errors
    /// When the server neither accepts nor refuses it.
    pub(super) fn modern(self, stream: Stream, host: &str) -> Result<bool> {
        let version = match self {
            Self::Tls13 => &TLS13,
            _ => &TLS12,
        };
        match tls::start_with(stream, &tls::name(host)?, &[version]) {
            Ok(session) => {
                session.close();
                Ok(true)
            }
            Err(error) => match Failure::of(&error).reason {
                "tls_protocol" | "tls_refused" | "tls_handshake" | "closed_early" => Ok(false),
                _ => Err(error),
            },
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls10 => "TLS 1.0",
            Self::Tls11 => "TLS 1.1",
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        })
    }
}
