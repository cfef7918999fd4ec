//! `[alert]`: who is told of an incident, and when.

use super::window::Window;
use probe::net::{Address, Encryption};
use serde::{Deserialize, Deserializer, de};
use std::collections::BTreeMap;
use std::time::Duration;
use toolkit::config::{self, Config, Secret};
use toolkit::failure::Failure;
use toolkit::redact;

/// `[alert]`. Not to be shown, even for debugging: its URLs and its password are
/// secret.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// How many checks have to fail; one that is critical is enough.
    pub(super) min_failing: usize,
    /// How long an incident lasts before it is told again.
    #[serde(deserialize_with = "config::duration")]
    pub(super) repeat: Duration,
    /// How often the checks are run: an alert that is not renewed for four
    /// times as long ends by itself.
    #[serde(deserialize_with = "config::duration")]
    pub(super) every: Duration,
    /// When nobody is told, such as `Sun 02:00-04:00` or `daily 03:00-03:30`,
    /// in local time.
    pub(super) maintenance: Vec<Window>,
    /// Labels added to the alert.
    pub(super) labels: BTreeMap<String, String>,
    /// An Alertmanager: `http://127.0.0.1:9093`.
    #[serde(deserialize_with = "url")]
    pub(super) alertmanager: Option<String>,
    /// A URL that takes JSON.
    #[serde(deserialize_with = "secret")]
    pub(super) webhook: Option<String>,
    /// An incoming webhook of Slack, Mattermost or what speaks as they do.
    #[serde(deserialize_with = "secret")]
    pub(super) slack: Option<String>,
    /// A check of healthchecks.io, or of what speaks as it does: told of every
    /// run, so that its absence is noticed.
    #[serde(deserialize_with = "secret")]
    pub(super) ping: Option<String>,
    /// E-mail.
    pub(super) mail: Option<Mail>,
}

/// `[alert.mail]`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mail {
    /// The server that takes mail: `mail.example.org:587`.
    pub(super) server: Address,
    /// `starttls` (the default), `tls` from the first byte, or `none`.
    #[serde(default)]
    pub(super) tls: Encryption,
    /// Whom to log in as.
    pub(super) user: Option<String>,
    /// With which password.
    #[serde(default, deserialize_with = "password")]
    pub(super) password: Option<Secret>,
    /// A PEM file of the authorities to trust instead of the machine's.
    pub(super) ca: Option<std::path::PathBuf>,
    /// The sender.
    pub(super) from: String,
    /// The recipients.
    pub(super) to: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            min_failing: 1,
            repeat: Duration::from_secs(4 * 3600),
            every: Duration::from_secs(300),
            maintenance: Vec::new(),
            labels: BTreeMap::new(),
            alertmanager: None,
            webhook: None,
            slack: None,
            ping: None,
            mail: None,
        }
    }
}

impl Settings {
    /// Reads `[alert]`; none where there is none.
    ///
    /// # Errors
    /// `config`, with file, line and key.
    pub(crate) fn read(config: &Config) -> anyhow::Result<Option<Self>> {
        let mut all = config.entries("alert", |mut entry| {
            let settings: Self = entry.rest()?;
            match settings.mistake() {
                None => Ok(settings),
                Some((key, message)) => Err(entry.fault(key, message)),
            }
        })?;
        if all.len() > 1 {
            let message = "`[[alert]]` is written twice: there is one `[alert]`";
            return Err(Failure::not_started("config", message).into());
        }
        Ok(all.pop())
    }

    fn mistake(&self) -> Option<(&'static str, String)> {
        if self.min_failing == 0 {
            return Some(("min_failing", "`min_failing` must be 1 or more".into()));
        }
        let told = [&self.alertmanager, &self.webhook, &self.slack, &self.ping];
        if told.iter().all(|target| target.is_none()) && self.mail.is_none() {
            let message =
                "nobody is told: give `alertmanager`, `webhook`, `slack`, `ping` or `mail`";
            return Some(("", message.into()));
        }
        let mail = self.mail.as_ref()?;
        if mail.to.is_empty() {
            return Some(("mail", "`to` in `[alert.mail]` names nobody".into()));
        }
        if mail.user.is_some() != mail.password.is_some() {
            let message = "`user` and `password` in `[alert.mail]` belong together";
            return Some(("mail", message.into()));
        }
        let clear = mail.password.is_some() && mail.tls == Encryption::None;
        clear.then(|| {
            (
                "mail",
                "a password is not sent in clear: `tls` in `[alert.mail]`".into(),
            )
        })
    }
}

/// A URL that lets whoever knows it speak in our name.
fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let url = url(from)?;
    if let Some(url) = &url {
        redact::learn(url);
    }
    Ok(url)
}

/// A URL in which nothing is secret but a password.
fn url<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let url = String::deserialize(from)?;
    if url.is_empty() {
        return Ok(None);
    }
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(de::Error::custom("it takes an `http://` or `https://` URL"));
    }
    Ok(Some(url.trim_end_matches('/').to_owned()))
}

fn password<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    Ok(text.map(Secret::password))
}
