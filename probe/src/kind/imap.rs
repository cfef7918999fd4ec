//! `imap`: whether a mailbox can be reached, and how.

use super::mail::{self, Security};
use super::{Probe, Written};
use crate::net::{Address, Dialog, Stream, imap};
use crate::{Around, Fault, Limits, Report};
use anyhow::Result;
use serde::{Deserialize, Deserializer};
use std::io::{Read, Write};
use std::path::PathBuf;
use toolkit::config::Secret;

/// A server that speaks IMAP: it greets, and says what it can do.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imap {
    /// Where: `mail.example.org:993`.
    pub address: Address,
    /// What the greeting must contain.
    pub banner: Option<String>,
    /// The capabilities that the server must offer, such as `IDLE`; over TLS,
    /// those that it offers there.
    #[serde(default)]
    pub offers: Vec<String>,
    /// Whether TLS must be offered, and start with a certificate that holds.
    #[serde(default)]
    pub starttls: bool,
    /// Whether TLS is spoken at once, as on port 993.
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

impl Imap {
    fn security(&self) -> Security<'_> {
        Security {
            address: &self.address,
            tls: self.tls,
            starttls: self.starttls,
            host: self.host.as_deref(),
            ca: self.ca.as_deref(),
            days: self.days,
        }
    }

    /// Asks what the server can do, judges it, logs in, and says goodbye.
    fn go_on<S: Read + Write>(
        &self,
        greeting: &str,
        mut dialog: Dialog<S>,
        mut report: Report,
    ) -> Result<Report> {
        let words = imap::capabilities(&mut dialog)?;
        let banner = mail::other_banner("imap_banner", self.banner.as_deref(), greeting);
        report.faults.extend(banner);
        let offers = mail::not_offered("imap_capability", &self.offers, |wanted| {
            words.iter().any(|word| word.eq_ignore_ascii_case(wanted))
        });
        report.faults.extend(offers);
        report.observed = mail::observed(greeting, &report);
        if let (Some(user), Some(password)) = (&self.user, &self.password)
            && mail::is_safe(&report)
        {
            let answer = imap::login(&mut dialog, user, password.expose())?;
            if answer.is_ok {
                report.observed = format!("{}, `{user}` logged in", report.observed);
            } else {
                report.fault(no_login(user, &answer.shown()));
            }
        }
        // What comes of a goodbye changes nothing.
        let _ = dialog.send("z LOGOUT");
        Ok(report)
    }
}

fn no_login(user: &str, answer: &str) -> Fault {
    let fault = Fault::fail(
        "imap_login",
        format!("the server refuses the login of `{user}`: `{answer}`"),
        format!("a login of `{user}`"),
    );
    fault.hint("compare `user` and `password` with the mail server's")
}

impl Written for Imap {
    fn mistake(&self) -> Option<(&'static str, String)> {
        let security = self.security();
        if self.user.is_some() != self.password.is_some() {
            let given = if self.user.is_some() {
                "user"
            } else {
                "password"
            };
            return Some((given, "`user` and `password` belong together".into()));
        }
        if self.user.is_some() && !security.is_encrypted() {
            let why = "a password is sent over TLS alone: add `tls = true` or `starttls = true`";
            return Some(("password", why.into()));
        }
        security.mistake()
    }
}

impl Probe for Imap {
    fn expects(&self) -> String {
        let login = self
            .user
            .as_ref()
            .map(|user| format!(" and a login of `{user}`"));
        format!(
            "IMAP {}{}",
            self.security().expects(),
            login.unwrap_or_default()
        )
    }

    fn look(&self, around: &Around<'_>) -> Result<Report> {
        let mut report = Report::default();
        let security = self.security();
        let (stream, _) = Stream::open(&self.address, around.deadline)?;
        if self.tls {
            let mut dialog = security.start(stream, around, &mut report)?;
            let greeting = imap::greeting(&mut dialog)?;
            return self.go_on(&greeting, dialog, report);
        }
        let mut dialog = Dialog::plain(stream);
        let greeting = imap::greeting(&mut dialog)?;
        if !self.starttls {
            return self.go_on(&greeting, dialog, report);
        }
        let words = imap::capabilities(&mut dialog)?;
        if !words.iter().any(|word| word == "STARTTLS") {
            report.fault(mail::no_starttls());
            return self.go_on(&greeting, dialog, report);
        }
        imap::start_tls(&mut dialog)?;
        let dialog = security.start(dialog.into_stream()?, around, &mut report)?;
        self.go_on(&greeting, dialog, report)
    }
}
