//! A POST that ends in time.

use anyhow::{Context, Result};
use probe::Deadline;
use probe::http::Request;
use std::time::Duration;
use toolkit::failure::Failure;

/// How long a target may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Posts `body` to `url`.
///
/// # Errors
/// `alert_refused`, with the answer's first words, when it is not taken; what
/// the connection fails with.
pub(super) fn post(url: &str, kind: &str, body: &str) -> Result<()> {
    let mut request = Request::get(url).map_err(|why| Failure::new("alert_url", why))?;
    "POST".clone_into(&mut request.method);
    request.headers = vec![("Content-Type".to_owned(), kind.to_owned())];
    request.body = Some(body.into());
    let sent = request.send(Deadline::after(PATIENCE));
    let answer = sent.context("it could not be told")?;
    if (200..300).contains(&answer.status) {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&answer.body);
    let first = said.trim().lines().next().unwrap_or_default();
    let words = format!("it answered {}: {first}", answer.status);
    Err(Failure::new("alert_refused", words.trim_end_matches([':', ' '])).into())
}
