//! The time that a web server writes over what it answers.

use crate::Deadline;
use crate::net::{Address, Dialog, Stream, tls};
use anyhow::Result;
use chrono::DateTime;
use serde::{Deserialize, Deserializer, de};
use std::fmt;
use std::io::{Read, Write};
use std::time::{SystemTime, UNIX_EPOCH};
use toolkit::failure::Failure;
use url::Url;

/// The most lines of an answer's head that are read.
const MOST_LINES: usize = 200;

/// The page that is asked for.
#[derive(Debug, Clone)]
pub struct Page {
    address: Address,
    is_encrypted: bool,
    /// As the `Host` header has it.
    host: String,
    target: String,
}

impl<'de> Deserialize<'de> for Page {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::read(&text).map_err(de::Error::custom)
    }
}

impl Page {
    fn read(text: &str) -> Result<Self, String> {
        // What was written is not repeated: a password may be in it.
        let wrong = "it is no address of a web page; write it like `https://example.org/`";
        let url = Url::parse(text).map_err(|_| wrong.to_owned())?;
        let is_encrypted = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(wrong.into()),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it needs neither a user nor a password".into());
        }
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(wrong.into());
        };
        let numeric = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        let address = Address::new(numeric.unwrap_or(host), port);
        if is_encrypted {
            tls::name(&address.host).map_err(|failure| failure.message)?;
        }
        let query = url.query().map(|query| format!("?{query}"));
        Ok(Self {
            address,
            is_encrypted,
            host: url
                .port()
                .map_or(host.to_owned(), |port| format!("{host}:{port}")),
            target: format!("{}{}", url.path(), query.unwrap_or_default()),
        })
    }

    /// By how many seconds the server's clock is ahead of ours, half a second
    /// more or less.
    ///
    /// # Errors
    /// `clock_no_date` when it does not say; `http_not_spoken`; what keeps it
    /// from being reached.
    pub(super) fn ahead(&self, deadline: Deadline) -> Result<f64> {
        let (stream, _) = Stream::open(&self.address, deadline)?;
        if self.is_encrypted {
            let session = tls::start(stream, &tls::name(&self.address.host)?)?;
            return self.ask(Dialog::new(session, deadline));
        }
        self.ask(Dialog::new(stream, deadline))
    }

    fn ask<S: Read + Write>(&self, mut dialog: Dialog<S>) -> Result<f64> {
        let request = format!(
            "HEAD {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: sextant\r\nCache-Control: no-cache\r\nConnection: close\r\n",
            self.target, self.host
        );
        let before = now();
        dialog.send(&request)?;
        let date = date(&head(&mut dialog)?)?;
        // The server read its clock at some time between, and left out the
        // parts of the second.
        Ok(date + 0.5 - f64::midpoint(before, now()))
    }
}

/// The lines of an answer's head.
fn head<S: Read + Write>(dialog: &mut Dialog<S>) -> Result<Vec<String>> {
    let mut lines = vec![dialog.line()?];
    if !lines[0].starts_with("HTTP/1.") {
        return Err(Failure::new(
            "http_not_spoken",
            "the server speaks something other than HTTP",
        )
        .into());
    }
    while lines.len() < MOST_LINES {
        let line = dialog.line()?;
        if line.is_empty() {
            return Ok(lines);
        }
        lines.push(line);
    }
    Err(Failure::new("too_much", "the head of the server's answer does not end").into())
}

/// The time in a head, in seconds since 1970.
#[allow(clippy::cast_precision_loss)] // whole seconds of this millennium
fn date(head: &[String]) -> Result<f64, Failure> {
    let header = |wanted: &str| {
        head.iter().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim())
        })
    };
    if header("Age").is_some_and(|age| age != "0") {
        let message = "the answer comes out of a cache, with the `Date` of when it was made";
        let failure = Failure::new("clock_no_date", message);
        return Err(failure.hint("ask for a page that is made anew each time"));
    }
    let date = header("Date").and_then(|date| DateTime::parse_from_rfc2822(date).ok());
    let date = date.ok_or_else(|| {
        Failure::new("clock_no_date", "the server's answer has no `Date`")
            .hint("ask another server, or a time server by `ntp`")
    })?;
    Ok(date.timestamp() as f64)
}

fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs_f64()
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_encrypted { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.host, self.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_and_shown_alike() {
        for page in [
            "https://example.org/",
            "http://[::1]:8080/a?b=c",
            "http://192.0.2.1/",
        ] {
            assert_eq!(Page::read(page).unwrap().to_string(), page);
        }
        let page = Page::read("http://[::1]:8080/").unwrap();
        assert_eq!(page.address.to_string(), "[::1]:8080");
        for wrong in ["", "example.org", "ftp://a/", "http://", "http://u:p@a/"] {
            let told = Page::read(wrong).unwrap_err();
            assert!(!told.contains("u:p"), "{told}");
        }
    }

    #[test]
    fn a_date_is_found_however_its_header_is_written() {
        let head = |lines: &[&str]| -> Vec<String> {
            lines.iter().map(|line| (*line).to_owned()).collect()
        };
        let good = "DATE:  Sun, 06 Nov 1994 08:49:37 GMT";
        let read = date(&head(&["HTTP/1.1 404 x", good])).unwrap();
        assert!((read - 784_111_777.0).abs() < 0.1, "{read}");
        for wrong in [
            head(&["HTTP/1.1 200 OK"]),
            head(&["HTTP/1.1 200 OK", "Date: yesterday"]),
            head(&["HTTP/1.1 200 OK", good, "Age: 7"]),
        ] {
            assert_eq!(date(&wrong).unwrap_err().reason, "clock_no_date");
        }
    }
}
