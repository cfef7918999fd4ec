//! Who is told.

use super::incident::{Incident, Phase};
use super::message::{Message, Origin};
use super::settings::{Mail, Settings};
use super::{mail, post};
use anyhow::Result;
use chrono::{DateTime, Utc};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::Duration;
use toolkit::failure::Failure;
use toolkit::signals;

/// How long is waited before each further try.
const AGAIN: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

/// Somebody who is told of incidents.
pub(super) struct Target<'a> {
    name: &'static str,
    /// After how long it is told again; none for one that has to be told in
    /// every run, or forgets.
    repeat: Option<Duration>,
    way: Way<'a>,
}

enum Way<'a> {
    Alertmanager {
        url: &'a str,
        labels: &'a BTreeMap<String, String>,
        every: Duration,
    },
    Webhook(&'a str),
    Slack(&'a str),
    Mail(&'a Mail, &'a Path),
}

/// What there is to tell.
pub(super) struct Due<'a> {
    pub(super) incidents: &'a [Incident],
    /// Nobody is told of anything new.
    pub(super) hushed: bool,
    pub(super) origin: &'a Origin<'a>,
    pub(super) now: DateTime<Utc>,
}

/// What came of telling one target of one incident.
pub(super) struct Attempt {
    pub(super) target: &'static str,
    pub(super) incident: String,
    pub(super) phase: Phase,
    pub(super) outcome: Result<()>,
}

impl<'a> Target<'a> {
    /// Everybody that configuration names.
    pub(super) fn all(settings: &'a Settings, root: &'a Path) -> Vec<Self> {
        let repeat = Some(settings.repeat);
        let alertmanager = settings.alertmanager.as_deref().map(|url| Self {
            name: "alertmanager",
            repeat: None,
            way: Way::Alertmanager {
                url,
                labels: &settings.labels,
                every: settings.every,
            },
        });
        let other = |name, way| Self { name, repeat, way };
        let webhook = settings.webhook.as_deref();
        let slack = settings.slack.as_deref();
        let mail = settings.mail.as_ref();
        let all = [
            alertmanager,
            webhook.map(|url| other("webhook", Way::Webhook(url))),
            slack.map(|url| other("slack", Way::Slack(url))),
            mail.map(|mail| other("mail", Way::Mail(mail, root))),
        ];
        all.into_iter().flatten().collect()
    }

    fn tell(&self, message: &Message<'_>) -> Result<()> {
        const JSON: &str = "application/json";
        match &self.way {
            Way::Alertmanager { url, labels, every } => {
                let alert = message.alert(labels, *every).to_string();
                post::post(&format!("{url}/api/v2/alerts"), JSON, &alert)
            }
            Way::Webhook(url) => post::post(url, JSON, &message.json().to_string()),
            Way::Slack(url) => {
                post::post(url, JSON, &json!({ "text": message.text() }).to_string())
            }
            Way::Mail(mail, root) => mail::send(mail, message, root),
        }
    }

    fn tell_of_all(&self, due: &Due<'_>) -> Vec<Attempt> {
        let mut attempts = Vec::new();
        for incident in due.incidents {
            let phase = incident.due(self.name, self.repeat, due.hushed, due.now);
            let Some(phase) = phase else { continue };
            let message = Message {
                origin: due.origin,
                incident,
                phase,
                now: due.now,
            };
            attempts.push(Attempt {
                target: self.name,
                incident: incident.id.clone(),
                phase,
                outcome: again(|| self.tell(&message)),
            });
        }
        attempts
    }
}

/// Tells all targets at once: none waits for one that is out of reach.
pub(super) fn tell_all(targets: &[Target<'_>], due: &Due<'_>) -> Vec<Attempt> {
    thread::scope(|scope| {
        let telling = targets
            .iter()
            .map(|target| scope.spawn(|| target.tell_of_all(due)));
        let telling: Vec<_> = telling.collect();
        let told = telling
            .into_iter()
            .filter_map(|telling| telling.join().ok());
        told.flatten().collect()
    })
}

/// Tries again, a little later, what did not work.
pub(super) fn again(attempt: impl Fn() -> Result<()>) -> Result<()> {
    for pause in AGAIN {
        match attempt() {
            Err(error) if signals::interrupted().is_none() && may_pass(&error) => {
                thread::sleep(pause);
            }
            done => return done,
        }
    }
    attempt()
}

/// Whether the next try can go better. A password that is refused stays wrong,
/// and servers lock those out who repeat it.
fn may_pass(error: &anyhow::Error) -> bool {
    Failure::of(error).reason != "smtp_login"
}
