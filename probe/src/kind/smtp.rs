//! `smtp`: whether a mail server would take mail, and how.

use super::mail::{self, Security};
use super::{Probe, Written};
use crate::net::smtp::{self, Reply};
use crate::net::starttls::own_name;
use crate::net::{Address, Dialog, Stream};
use crate::{Around, Limits, Report};
use anyhow::Result;
use serde::Deserialize;
use std::io::{Read, Write};
use std::path::PathBuf;

/// A server that speaks SMTP: it greets, and answers a hello.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// Where: `mail.example.org:25`.
    pub address: Address,
    /// What the greeting must contain.
    pub banner: Option<String>,
    /// The extensions that the server must offer, such as `SIZE` or `AUTH
    /// PLAIN`; over TLS, those that it offers there.
    #[serde(default)]
    pub offers: Vec<String>,
    /// Whether TLS must be offered, and start with a certificate that holds.
    #[serde(default)]
    pub starttls: bool,
    /// Whether TLS is spoken at once, as on port 465.
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
}

impl Smtp {
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

    fn judge(&self, greeting: &Reply, hello: &Reply, report: &mut Report) {
        let banner = mail::other_banner("smtp_banner", self.banner.as_deref(), &greeting.shown());
        report.faults.extend(banner);
        let offers = mail::not_offered("smtp_extension", &self.offers, |word| hello.offers(word));
        report.faults.extend(offers);
        report.observed = mail::observed(&greeting.shown(), report);
    }
}

impl Written for Smtp {
    fn mistake(&self) -> Option<(&'static str, String)> {
        self.security().mistake()
    }
}

impl Probe for Smtp {
    fn expects(&self) -> String {
        format!("SMTP {}", self.security().expects())
    }

    fn look(&self, around: &Around<'_>) -> Result<Report> {
        let mut report = Report::default();
        let security = self.security();
        let (stream, _) = Stream::open(&self.address, around.deadline)?;
        if self.tls {
            let mut dialog = security.start(stream, around, &mut report)?;
            let (greeting, hello) = greet(&mut dialog)?;
            self.judge(&greeting, &hello, &mut report);
            quit(dialog);
            return Ok(report);
        }
        let mut dialog = Dialog::plain(stream);
        let (greeting, hello) = greet(&mut dialog)?;
        if !self.starttls {
            self.judge(&greeting, &hello, &mut report);
            quit(dialog);
            return Ok(report);
        }
        if !hello.offers("STARTTLS") {
            report.fault(mail::no_starttls());
            self.judge(&greeting, &hello, &mut report);
            quit(dialog);
            return Ok(report);
        }
        smtp::start_tls(&mut dialog)?;
        let mut dialog = security.start(dialog.into_stream()?, around, &mut report)?;
        let hello = smtp::hello(&mut dialog, &own_name())?;
        self.judge(&greeting, &hello, &mut report);
        quit(dialog);
        Ok(report)
    }
}

fn greet<S: Read + Write>(dialog: &mut Dialog<S>) -> Result<(Reply, Reply)> {
    let greeting = smtp::greeting(dialog)?;
    let hello = smtp::hello(dialog, &own_name())?;
    Ok((greeting, hello))
}

/// Says goodbye; what comes of that changes nothing.
fn quit<S: Read + Write>(mut dialog: Dialog<S>) {
    let _ = dialog.send("QUIT");
}
