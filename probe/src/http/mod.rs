//! HTTP/1.1 over connections that end in time: a request is a value, its
//! response another; what to think of it is left to others.

pub(crate) mod alpn;
mod auth;
pub mod body;
mod certificate;
mod connect;
mod connections;
mod cookies;
mod error;
mod exchange;
mod redirect;
mod response;
mod tls;
mod trace;
mod wire;

pub use auth::Auth;
pub(crate) use auth::auth;
pub use body::Body;
pub use connections::Connections;
pub use cookies::Jar;
pub(crate) use response::REDIRECTS;
pub use response::Response;

use crate::Deadline;
use crate::net::Address;
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use toolkit::failure::Failure;
use ureq::http::{HeaderName, HeaderValue};
use url::{Host, Url};

/// How much of a body is read where nothing else is said.
pub const MOST: usize = 1 << 20;

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, `POST`…
    pub method: String,
    /// Where to, without user and password.
    pub url: Url,
    /// The unix socket that is connected to instead of the host of `url`.
    pub socket: Option<PathBuf>,
    /// The headers that are sent beside those of HTTP itself.
    pub headers: Vec<(String, String)>,
    /// As whom.
    pub auth: Option<Auth>,
    /// The cookies that are sent, and kept with those that are set.
    pub cookies: Option<Arc<Jar>>,
    /// The body that is sent.
    pub body: Option<Body>,
    /// How many redirects are followed.
    pub follow: u32,
    /// The PEM file of the authorities that are trusted instead of the
    /// machine's.
    pub ca: Option<PathBuf>,
    /// How many bytes of the response's body are read, decompressed.
    pub most: usize,
}

impl Request {
    /// A GET of `url`, whose user and password become [`Request::auth`].
    ///
    /// # Errors
    /// What is wrong with `url`.
    pub fn get(url: &str) -> Result<Self, String> {
        let mut url = Url::parse(url).map_err(|error| {
            format!("it is no URL ({error}); write it like `https://example.org/health`")
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!(
                "its scheme is `{}`; there are `http` and `https`",
                url.scheme()
            ));
        }
        let auth = auth::user_of(&url);
        // Neither fails where there is a host, and every such URL has one.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_fragment(None);
        Ok(Self {
            method: "GET".into(),
            url,
            socket: None,
            headers: Vec::new(),
            auth,
            cookies: None,
            body: None,
            follow: 0,
            ca: None,
            most: MOST,
        })
    }

    /// Sends it over a connection of its own and reads the response; each redirect
    /// has another one.
    ///
    /// # Errors
    /// Those of [`Request::send_over`].
    pub fn send(&self, deadline: Deadline) -> Result<Response> {
        self.send_over(&mut Connections::apart(), deadline)
    }

    /// Sends it over one of these connections, or a new one, and reads the
    /// response. A `POST` or `PATCH`, and what is sent with `Connection: close`,
    /// has a new one.
    ///
    /// # Errors
    /// `timeout` at the deadline, whatever the server does; why it cannot be
    /// reached, as [`Stream`](crate::net::Stream) tells it; what is wrong with
    /// its certificate, as [`Shown::judge`](crate::net::tls::Shown::judge) calls
    /// it; `tls_none` where it speaks no TLS, `tls_refused`, `tls_broken_off`,
    /// `tls_ca`; `http_protocol` for what is not HTTP,
    /// `http_broken_off`, `http_encoding` for what cannot be decompressed;
    /// `redirect_loop`, `redirect_limit`, `redirect_url`.
    pub fn send_over(&self, connections: &mut Connections, deadline: Deadline) -> Result<Response> {
        let begun = Instant::now();
        let mut request = self.clone();
        let mut hops = Vec::new();
        loop {
            let mut response =
                exchange::run(&request, connections.of(&request, deadline), deadline)
                    .with_context(|| format!("{} {}", request.method, request.url))?;
            let next = response.location();
            hops.push((request.method.clone(), request.url.clone()));
            let Some(next) = next.filter(|_| self.follow > 0) else {
                response.hops = hops.into_iter().map(|(_, url)| url).collect();
                response.took = begun.elapsed();
                return Ok(response);
            };
            let next = next.map_err(|location| {
                let message = format!("redirects to `{location}`, which is no URL");
                Failure::new("redirect_url", message)
            })?;
            request = request.redirected(response.status, next)?;
            let hop = (request.method.clone(), request.url.clone());
            let seen = hops.contains(&hop);
            if seen || hops.len() > self.follow as usize {
                hops.push(hop);
                return Err(redirect::lost(seen, &hops).into());
            }
        }
    }

    /// The host and port that are connected to.
    fn address(&self) -> Address {
        address_of(&self.url)
    }
}

/// The host and port of a URL.
fn address_of(url: &Url) -> Address {
    let host = match url.host() {
        Some(Host::Domain(name)) => name.to_owned(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        None => String::new(),
    };
    Address::new(host, url.port_or_known_default().unwrap_or(80))
}

/// Refuses what cannot be a header.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_header(name: &str, value: &str) -> Result<(), String> {
    if name.parse::<HeaderName>().is_err() {
        return Err(format!("`{name}` is no name of a header"));
    }
    if value.parse::<HeaderValue>().is_err() {
        return Err(format!("the value of `{name}` cannot be sent in a header"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(url: &str) -> Request {
        Request::get(url).unwrap()
    }

    #[test]
    fn the_user_of_a_url_is_not_shown() {
        let request = request("http://app:p%40ss-word-1@[::1]:8080/a?b=c#d");
        assert_eq!(request.url.as_str(), "http://[::1]:8080/a?b=c");
        assert_eq!(request.address().to_string(), "[::1]:8080");
        let header = request.auth.as_ref().map(Auth::header);
        assert_eq!(header.as_deref(), Some("Basic YXBwOnBAc3Mtd29yZC0x"));
        assert!(!format!("{request:?}").contains("p@ss"));
    }

    #[test]
    fn what_is_no_url_is_told() {
        for (url, why) in [
            (
                "example.org/health",
                "it is no URL (relative URL without a base)",
            ),
            ("ftp://example.org/", "its scheme is `ftp`"),
            ("http://", "it is no URL (empty host)"),
        ] {
            let told = Request::get(url).unwrap_err();
            assert!(told.starts_with(why), "{told}");
        }
    }
}
