//! What a server answered.

use std::time::Duration;
use url::Url;

/// The statuses that say where else to look.
pub(crate) const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];

/// What a server answered, and when.
#[derive(Debug, Clone)]
pub struct Response {
    /// The version of HTTP: `1.0` or `1.1`.
    pub version: &'static str,
    /// The server's certificate in DER, where it spoke TLS.
    pub certificate: Option<Vec<u8>>,
    /// 200, 404…
    pub status: u16,
    /// Each header line: its name in lower case, and its value.
    pub headers: Vec<(String, String)>,
    /// The body, decompressed, as far as it was read.
    pub body: Vec<u8>,
    /// Whether there is more of it.
    pub is_cut: bool,
    /// The URLs that were asked, in their order: more than one where redirects
    /// were followed.
    pub hops: Vec<Url>,
    /// From the start, with each redirect, until the body was read.
    pub took: Duration,
    /// From the start of the last connection until it stood, without TLS; nothing
    /// where that had been kept.
    pub connected: Duration,
    /// From there until the first byte of the response.
    pub first_byte: Duration,
    /// Whether the last of them was asked once more, as a connection that had been
    /// kept was closed before a byte came.
    pub is_again: bool,
}

impl Response {
    /// The values of a header, however its name is written.
    pub fn header(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self
            .headers
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }

    /// The absolute URL that a redirect leads to, or what stands there instead
    /// of a URL.
    pub fn location(&self) -> Option<Result<Url, String>> {
        if !REDIRECTS.contains(&self.status) {
            return None;
        }
        let location = self.header("location").next()?;
        let from = self.hops.last()?;
        let mut to = match from.join(location) {
            Ok(to) if to.has_host() && matches!(to.scheme(), "http" | "https") => to,
            _ => return Some(Err(location.to_owned())),
        };
        to.set_fragment(None);
        Some(Ok(to))
    }
}
