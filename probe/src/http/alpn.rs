//! Which HTTP a server offers over TLS: RFC 7301.

use super::address_of;
use crate::Deadline;
use crate::net::{Stream, tls};
use anyhow::{Context, Result};
use rustls::ClientConnection;
use std::sync::Arc;
use url::Url;

/// What the server at `url` chooses of HTTP/2 (`h2`) and HTTP/1.1 (`http/1.1`);
/// none where it leaves that open. Whoever it is: nothing is sent to it.
///
/// # Errors
/// Why it cannot be reached, or speaks no TLS; `timeout`.
pub(crate) fn chosen(url: &Url, deadline: Deadline) -> Result<Option<String>> {
    let address = address_of(url);
    let (mut stream, _) = Stream::open(&address, deadline)?;
    let (mut config, _) = tls::Recorder::config()?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut client = ClientConnection::new(Arc::new(config), tls::name(&address.host)?)?;
    while client.is_handshaking() {
        client
            .complete_io(&mut stream)
            .map_err(|error| tls::broken(error, deadline))
            .with_context(|| format!("no TLS handshake with {address}"))?;
    }
    let chosen = client.alpn_protocol().map(String::from_utf8_lossy);
    let chosen = chosen.map(std::borrow::Cow::into_owned);
    client.send_close_notify();
    let _ = client.write_tls(&mut stream);
    Ok(chosen)
}
