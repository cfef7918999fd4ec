//! One request and its response, over a connection of its own.

use super::connect::{Connector, Nowhere, Trace};
use super::{Request, Response, error, tls};
use crate::{Deadline, secret};
use anyhow::Result;
use flate2::bufread::MultiGzDecoder;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};
use toolkit::failure::Failure;
use ureq::config::{AutoHeaderValue, Config};
use ureq::{Agent, Body, http};

/// More than any server sends; the library's own limit.
const LONGEST_HEADERS: usize = 64 << 10;
/// Each way; the library's own is eight times that, and many requests run at once.
const BUFFER: usize = 16 << 10;

/// Sends `request`, whatever redirects come of it, and reads the response.
///
/// # Errors
/// See [`Request::send`].
pub(super) fn run(request: &Request, deadline: Deadline) -> Result<Response> {
    let begun = Instant::now();
    let trace = Arc::new(Trace::default());
    let tls = match request.url.scheme() {
        "https" => Some(tls::Client::new(request.ca.as_deref())?),
        _ => None,
    };
    let connector = Connector::new(request, tls, deadline, Arc::clone(&trace));
    let agent = Agent::with_parts(config(deadline.left()?), connector, Nowhere);
    let sent = match &request.body {
        Some(body) => agent.run(built(request, body.bytes.as_slice())?),
        None => agent.run(built(request, ())?),
    };
    let response = sent.map_err(|error| error::explain(error, &trace, deadline))?;
    let (parts, body) = response.into_parts();
    let headers: Vec<_> = parts
        .headers
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.as_str().to_owned(), value.into_owned())
        })
        .collect();
    for (_, line) in headers.iter().filter(|(name, _)| name == "set-cookie") {
        secret::learn_cookie(line);
        if let Some(jar) = &request.cookies {
            jar.keep(line, &request.url);
        }
    }
    trace.begin_body(parts.status.as_u16());
    let encoding = parts.headers.get(http::header::CONTENT_ENCODING);
    let is_gzip = encoding.is_some_and(|value| {
        let value = value.as_bytes();
        value.eq_ignore_ascii_case(b"gzip") || value.eq_ignore_ascii_case(b"x-gzip")
    });
    // Left to itself, it doubles.
    let mut bytes = Vec::with_capacity(request.most + 1);
    read(body, is_gzip, request.most, &mut bytes)
        .map_err(|error| error::in_body(error, &trace, deadline))?;
    let is_cut = bytes.len() > request.most;
    bytes.truncate(request.most);
    secret::learn_received(&bytes);
    Ok(Response {
        version: match parts.version {
            http::Version::HTTP_10 => "1.0",
            _ => "1.1",
        },
        certificate: trace.certificate(),
        status: parts.status.as_u16(),
        headers,
        body: bytes,
        is_cut,
        hops: vec![request.url.clone()],
        took: begun.elapsed(),
        connected: trace.connected(),
        first_byte: trace.first_byte(),
    })
}

/// Nothing of the surroundings counts: neither proxies nor kept connections.
fn config(left: Duration) -> Config {
    Config::builder()
        .http_status_as_error(false)
        .proxy(None)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_connections(0)
        .max_response_header_size(LONGEST_HEADERS)
        .input_buffer_size(BUFFER)
        .output_buffer_size(BUFFER)
        .timeout_global(Some(left))
        .user_agent("sextant")
        // Decompressed here, so that the header stays to be looked at.
        .accept_encoding(AutoHeaderValue::Provided("gzip".to_owned().into()))
        .build()
}

/// What is sent; the secrets in it are known from then on.
fn built<B>(request: &Request, body: B) -> Result<http::Request<B>, Failure> {
    let mut built = http::Request::builder()
        .method(request.method.as_str())
        .uri(request.url.as_str());
    for (name, value) in &request.headers {
        secret::learn_header(name, value);
        built = built.header(name, value);
    }
    if let Some(cookies) = request.cookie_header() {
        built = built.header(http::header::COOKIE, cookies);
    }
    if let Some(body) = &request.body {
        secret::learn_sent(&body.bytes);
    }
    if let Some(auth) = &request.auth {
        built = built.header(http::header::AUTHORIZATION, auth.header());
    }
    built.body(body).map_err(|error| {
        Failure::new(
            "http_request",
            format!("it cannot be asked like this: {error}"),
        )
    })
}

/// Reads one byte more than `most`, to know whether there is more.
fn read(body: Body, is_gzip: bool, most: usize, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    let mut body = BufReader::new(body.into_reader());
    let most = most as u64 + 1;
    // A HEAD or a 304 has the header, and no body.
    if is_gzip && !body.fill_buf()?.is_empty() {
        MultiGzDecoder::new(body).take(most).read_to_end(bytes)?;
    } else {
        body.take(most).read_to_end(bytes)?;
    }
    Ok(())
}
