//! `smtp` and `imap`: a mail server greets, says what it can do, speaks TLS with
//! a certificate that holds, and lets a user in.

use crate::net::mail::{self, Begun, Encryption, Mail};
use crate::net::tls::{self, Wanted};
use crate::net::{Address, Stream, starttls};
use crate::report::{Fault, Level, Report};
use crate::{Around, Limits};
use anyhow::Result;
use serde::{Deserialize, Deserializer};
use std::path::PathBuf;
use toolkit::config::Secret;
use toolkit::failure::Failure;

/// A mail server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Where: `mail.example.org:25`.
    pub address: Address,
    /// What the greeting must contain.
    pub banner: Option<String>,
    /// What the server must offer, in its protocol's words; over TLS, what it
    /// offers there.
    #[serde(default)]
    pub offers: Vec<String>,
    /// Whether TLS must be offered, and start with a certificate that holds.
    #[serde(default)]
    pub starttls: bool,
    /// Whether TLS is spoken at once, as on the ports 465 and 993.
    #[serde(default)]
    pub tls: bool,
    /// The host that the certificate must be for; the address's where it is not
    /// given.
    pub host: Option<String>,
    /// The PEM file of the authorities that may have signed the certificate;
    /// without it, those that this machine trusts.
    pub ca: Option<PathBuf>,
    /// Down to how many days before its end the certificate is a warning, and a
    /// failure.
    #[serde(default)]
    pub days: Limits,
    /// The user who must be able to log in; over TLS alone, and only when the
    /// certificate holds.
    pub user: Option<String>,
    /// The user's password.
    #[serde(default, deserialize_with = "password")]
    pub password: Option<Secret>,
}

fn password<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    Ok(text.map(Secret::password))
}

/// What a protocol calls what is not as expected.
pub(super) struct Reasons {
    pub(super) banner: &'static str,
    pub(super) offers: &'static str,
    pub(super) login: &'static str,
}

impl Server {
    /// What is wrong with the keys, and at which.
    pub(super) fn mistake(&self) -> Option<(&'static str, String)> {
        if self.user.is_some() != self.password.is_some() {
            let given = if self.user.is_some() {
                "user"
            } else {
                "password"
            };
            return Some((given, "`user` and `password` belong together".into()));
        }
        if self.tls && self.starttls {
            let why = "`tls` speaks TLS at once and `starttls` asks for it: one of them";
            return Some(("starttls", why.into()));
        }
        if self.encryption() != Encryption::None {
            let key = if self.host.is_some() {
                "host"
            } else {
                "address"
            };
            return Some((key, tls::name(self.host()).err()?.message));
        }
        if self.user.is_some() {
            let why = "a password is sent over TLS alone: add `tls = true` or `starttls = true`";
            return Some(("password", why.into()));
        }
        let given = [
            ("host", self.host.is_some()),
            ("ca", self.ca.is_some()),
            ("days", !self.days.is_none()),
        ];
        let (key, _) = given.into_iter().find(|(_, given)| *given)?;
        let why = format!("`{key}` is about a certificate: add `tls = true` or `starttls = true`");
        Some((key, why))
    }

    fn encryption(&self) -> Encryption {
        match (self.tls, self.starttls) {
            (true, _) => Encryption::Tls,
            (_, true) => Encryption::Starttls,
            _ => Encryption::None,
        }
    }

    fn host(&self) -> &str {
        self.host.as_deref().unwrap_or(&self.address.host)
    }

    /// How it is expected to be, after the name of the protocol.
    pub(super) fn expects(&self) -> String {
        let (address, host) = (&self.address, self.host());
        let how = match self.encryption() {
            Encryption::None => return format!("at {address}"),
            Encryption::Tls => "TLS",
            Encryption::Starttls => "STARTTLS",
        };
        let login = self.user.as_ref();
        let login = login.map(|user| format!(" and a login of `{user}`"));
        let login = login.unwrap_or_default();
        format!("at {address} over {how}, with a certificate for `{host}`{login}")
    }

    /// Greets, judges what the server says, logs in, and says goodbye.
    pub(super) fn look<P: Mail>(&self, around: &Around<'_>, reasons: &Reasons) -> Result<Report> {
        let mut report = Report::default();
        let (stream, _) = Stream::open(&self.address, around.deadline)?;
        let begun = Begun::<P>::with(stream, self.encryption(), |stream| {
            let wanted = Wanted {
                host: self.host(),
                ca: self.ca.as_deref(),
                days: self.days,
            };
            wanted.start(stream, around.config, &mut report)
        })?;
        if self.encryption() != Encryption::None && !begun.is_encrypted() {
            report.fault(fault(starttls::missing(), "STARTTLS".to_owned()));
        }
        let Begun {
            mut dialog,
            greeting,
            offers,
        } = begun;
        let banner = other_banner(reasons.banner, self.banner.as_deref(), &greeting);
        report.faults.extend(banner);
        let missing = not_offered(reasons.offers, &self.offers, |word| P::has(&offers, word));
        report.faults.extend(missing);
        report.observed = observed(&greeting, &report);
        if let (Some(user), Some(password)) = (&self.user, &self.password)
            && is_safe(&report)
        {
            match P::log_in(&mut dialog, &offers, user, password.expose())? {
                None => report.observed = format!("{}, `{user}` logged in", report.observed),
                Some(answer) => {
                    let refused = mail::refused(reasons.login, user, &answer);
                    report.fault(fault(refused, format!("a login of `{user}`")));
                }
            }
        }
        // What comes of a goodbye changes nothing.
        let _ = dialog.send(P::GOODBYE);
        Ok(report)
    }
}

/// Whether nothing that was found so far keeps a secret from being sent.
fn is_safe(report: &Report) -> bool {
    !report.faults.iter().any(|fault| fault.level == Level::Fail)
}

/// The fault of what keeps `expected` from being.
fn fault(failure: Failure, expected: String) -> Fault {
    Fault {
        hint: failure.hint,
        ..Fault::fail(failure.reason, failure.message, expected)
    }
}

/// What was seen, with what was agreed on.
fn observed(greeting: &str, report: &Report) -> String {
    let protocol = report.facts.get("protocol").and_then(|one| one.as_str());
    let days = report.measures.iter().find(|one| one.name == "days_left");
    let protocol = protocol.map(|protocol| format!(", {protocol}"));
    let days = days.map(|days| format!(", {:.0} days left", days.value.floor()));
    format!(
        "`{greeting}`{}{}",
        protocol.unwrap_or_default(),
        days.unwrap_or_default()
    )
}

/// The fault of a greeting that lacks what was expected.
fn other_banner(reason: &'static str, wanted: Option<&str>, seen: &str) -> Option<Fault> {
    let wanted = wanted.filter(|wanted| !seen.contains(wanted))?;
    Some(Fault::fail(
        reason,
        format!("the server greets with `{seen}`"),
        format!("a greeting with `{wanted}`"),
    ))
}

/// The fault that some of `wanted` is not `offered`.
fn not_offered(
    reason: &'static str,
    wanted: &[String],
    offered: impl Fn(&str) -> bool,
) -> Option<Fault> {
    let missing: Vec<_> = wanted
        .iter()
        .filter(|word| !offered(word))
        .map(|word| format!("`{word}`"))
        .collect();
    if missing.is_empty() {
        return None;
    }
    let missing = missing.join(", ");
    Some(Fault::fail(
        reason,
        format!("the server does not offer {missing}"),
        format!("a server that offers {missing}"),
    ))
}
