//! One request and its response.

use super::connections::Line;
use super::{Request, Response, error};
use crate::{Deadline, secret};
use anyhow::Result;
use flate2::bufread::MultiGzDecoder;
use std::io::{BufRead, BufReader, Read};
use std::time::Instant;
use toolkit::failure::Failure;
use ureq::{Body, http};

/// The methods that may be asked twice with the effect of once: RFC 9110, 9.2.2.
const IDEMPOTENT: [&str; 5] = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"];

/// Sends `request`, whatever redirects come of it, and reads the response.
///
/// A server may close a connection that was kept at the moment at which it is
/// used again. A request that not a byte answers there is sent once more, over a
/// connection of its own (RFC 9112, 9.3.1); one of which that might do twice what
/// it does once has its own from the start.
///
/// # Errors
/// See [`Request::send`].
pub(super) fn run(request: &Request, line: &Line, deadline: Deadline) -> Result<Response> {
    let begun = Instant::now();
    let trace = &*line.trace;
    let mut answer = ask(request, line, deadline, request.is_apart())?;
    let is_again = answer.as_ref().is_err_and(error::is_broken_off) && trace.is_unanswered();
    if is_again {
        answer = ask(request, line, deadline, true)?;
    }
    let response = answer.map_err(|error| error::explain(error, trace, deadline))?;
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
        .map_err(|error| error::in_body(error, trace, deadline))?;
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
        connected: trace.took_to_connect(),
        first_byte: trace.first_byte(),
        is_again,
    })
}

impl Request {
    /// Whether it has a connection of its own.
    fn is_apart(&self) -> bool {
        let is_close = |(name, value): &(String, String)| {
            let mut options = value.split(',').map(str::trim);
            name.eq_ignore_ascii_case("connection")
                && options.any(|option| option.eq_ignore_ascii_case("close"))
        };
        !IDEMPOTENT.contains(&self.method.as_str()) || self.headers.iter().any(is_close)
    }
}

/// Sends a request, and waits for the headers of its response.
///
/// # Errors
/// `http_request` where it cannot be asked like this; within, why there are no
/// headers; `timeout`.
fn ask(
    request: &Request,
    line: &Line,
    deadline: Deadline,
    is_apart: bool,
) -> Result<Result<http::Response<Body>, ureq::Error>, Failure> {
    deadline.left()?;
    line.trace.begin(request, deadline, is_apart);
    Ok(match &request.body {
        Some(body) => line.agent.run(built(request, body.bytes.as_slice())?),
        None => line.agent.run(built(request, ())?),
    })
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
