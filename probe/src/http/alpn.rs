//! Which HTTP a server offers over TLS: RFC 7301.

use super::address_of;
use crate::Deadline;
use crate::net::{Stream, tls};
use anyhow::{Context, Result};
use url::Url;

/// What the server at `url` chooses of HTTP/2 (`h2`) and HTTP/1.1 (`http/1.1`);
/// none where it leaves that open. Whoever it is: nothing is sent to it.
///
/// # Errors
/// Why it cannot be reached, or speaks no TLS; `timeout`.
pub(crate) fn chosen(url: &Url, deadline: Deadline) -> Result<Option<String>> {
    let address = address_of(url);
    let (stream, _) = Stream::open(&address, deadline)?;
    let host = tls::name(&address.host)?;
    tls::chosen(stream, &host, &["h2", "http/1.1"])
        .with_context(|| format!("no TLS handshake with {address}"))
}
