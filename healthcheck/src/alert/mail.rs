//! An incident by e-mail.

use super::message::Message;
use super::settings::{Encryption, Mail};
use anyhow::{Context, Result};
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{SmtpTransport, Transport};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// How long the server may take for each answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends what there is to say to every recipient.
pub(super) fn send(mail: &Mail, message: &Message<'_>, root: &Path) -> Result<()> {
    let mailbox = |address: &str| {
        let parsed = address.parse::<Mailbox>();
        parsed.with_context(|| format!("`{address}` is no e-mail address"))
    };
    let mut letter = lettre::Message::builder()
        .from(mailbox(&mail.from)?)
        .subject(message.summary())
        // One made anew: mail without looks like spam.
        .message_id(None)
        // One conversation for an incident, whatever its subject says.
        .references(thread(message))
        .header(ContentType::TEXT_PLAIN);
    for recipient in &mail.to {
        letter = letter.to(mailbox(recipient)?);
    }
    let letter = letter
        .body(message.text())
        .context("the message cannot be written")?;
    let sent = transport(mail, root)?.send(&letter);
    sent.with_context(|| format!("{} did not take the mail", mail.server))?;
    Ok(())
}

fn thread(message: &Message<'_>) -> String {
    format!("<{}@sextant>", message.incident.id)
}

fn transport(mail: &Mail, root: &Path) -> Result<SmtpTransport> {
    let host = &mail.server.host;
    let mut tls = TlsParameters::builder(host.clone());
    if let Some(path) = &mail.ca {
        let path = root.join(path);
        let pem = fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let certificate = Certificate::from_pem(&pem);
        tls =
            tls.add_root_certificate(certificate.with_context(|| format!("`{}`", path.display()))?);
    }
    let tls = match mail.tls {
        Encryption::None => Tls::None,
        Encryption::Starttls => Tls::Required(tls.build_rustls()?),
        Encryption::Tls => Tls::Wrapper(tls.build_rustls()?),
    };
    let mut transport = SmtpTransport::builder_dangerous(host)
        .port(mail.server.port)
        .tls(tls)
        .timeout(Some(PATIENCE));
    if let (Some(user), Some(password)) = (&mail.user, &mail.password) {
        transport = transport.credentials(Credentials::new(user.clone(), password.clone()));
    }
    Ok(transport.build())
}
