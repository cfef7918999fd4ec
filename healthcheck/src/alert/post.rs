//! A POST that ends in time.

use anyhow::{Context, Result};
use std::time::Duration;
use toolkit::failure::Failure;
use ureq::Agent;

/// How long a target may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much of an answer is read, in bytes: what is wrong stands at its front.
const ANSWER: u64 = 4096;

/// Posts `body` to `url`.
///
/// # Errors
/// `alert_refused`, with the answer's first words, when it is not taken; what
/// the connection fails with.
pub(super) fn post(url: &str, kind: &str, body: &str) -> Result<()> {
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent(concat!("sextant-healthcheck/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    let sent = agent.post(url).header("Content-Type", kind).send(body);
    let mut answer = sent.context("it could not be told")?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let said = answer
        .body_mut()
        .with_config()
        .limit(ANSWER)
        .lossy_utf8(true)
        .read_to_string();
    let said = said.unwrap_or_default();
    let first = said.trim().lines().next().unwrap_or_default();
    let words = format!("it answered {}: {first}", status.as_u16());
    Err(Failure::new("alert_refused", words.trim_end_matches([':', ' '])).into())
}
