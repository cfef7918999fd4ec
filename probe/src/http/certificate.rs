//! What is wrong with a server's certificate, in one sentence.

use crate::net::tls::{Asked, Certificate, Shown, names};
use chrono::{DateTime, SecondsFormat};
use rustls::pki_types::ServerName;
use toolkit::failure::Failure;

/// Why nothing is sent to a server that showed this as `host`, if so.
pub(super) fn refused(shown: &Shown, host: &ServerName<'_>, asked: &Asked<'_>) -> Option<Failure> {
    let fault = shown.fault(asked)?;
    let of = |what: String| {
        let host = host.to_str();
        Failure::new(fault.reason, format!("the certificate of `{host}` {what}"))
    };
    let otherwise = || of(format!("cannot be verified: {}", fault.observed));
    let Some(leaf) = shown
        .chain
        .first()
        .and_then(|leaf| Certificate::read(leaf).ok())
    else {
        return Some(otherwise());
    };
    let now = asked.now.as_secs();
    Some(match fault.reason {
        "tls_expired" if now > leaf.not_after => {
            of(format!("expired on {}", instant(leaf.not_after)))
                .hint("renew it, and let the server read it anew")
        }
        "tls_not_yet_valid" if now < leaf.not_before => {
            of(format!("is not valid before {}", instant(leaf.not_before)))
                .hint("compare the clocks of both machines")
        }
        "tls_wrong_host" => of(format!("was issued for {}", names(&leaf.names)))
            .hint("name the host as the certificate does, or have it issued for this name too"),
        "tls_self_signed" => of("is signed by itself".into())
            .hint("have it signed by an authority, or name its file as `ca`"),
        "tls_unknown_issuer" => of(format!(
            "is signed by `{}`, who is not trusted",
            leaf.issuer
        ))
        .hint(
            "let the server send the certificates in between, or name the authority's file as `ca`",
        ),
        _ => otherwise(),
    })
}

/// A time in seconds since 1970: `2026-11-20T00:00:00Z`.
fn instant(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok();
    let time = time.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    time.map_or_else(
        || "an unknown day".into(),
        |time| time.to_rfc3339_opts(SecondsFormat::Secs, true),
    )
}
