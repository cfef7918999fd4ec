//! An incident by e-mail.

use super::message::Message;
use super::settings::Mail;
use anyhow::{Context, Result};
use lettre::Address;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use probe::Deadline;
use probe::net::{Letter, Submission};
use std::path::Path;
use std::time::Duration;

/// How long the server may take for all of it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends what there is to say to every recipient.
///
/// # Errors
/// Those of [`Submission::send`].
pub(super) fn send(mail: &Mail, message: &Message<'_>, root: &Path) -> Result<()> {
    let written = write(mail, message)?;
    let content = String::from_utf8(written.formatted());
    let envelope = written.envelope();
    let to: Vec<&str> = envelope.to().iter().map(AsRef::as_ref).collect();
    let letter = Letter {
        from: envelope.from().map_or("", Address::as_ref),
        to: &to,
        content: &content.context("the message cannot be written")?,
    };
    let ca = mail.ca.as_ref().map(|path| root.join(path));
    let submission = Submission {
        server: &mail.server,
        encryption: mail.tls,
        ca: ca.as_deref(),
        login: mail.user.as_deref().zip(mail.password.as_ref()),
    };
    let sent = submission.send(&letter, Deadline::after(PATIENCE));
    sent.with_context(|| format!("{} did not take the mail", mail.server))
}

fn write(mail: &Mail, message: &Message<'_>) -> Result<lettre::Message> {
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
    let written = letter.body(message.text());
    written.context("the message cannot be written")
}

fn thread(message: &Message<'_>) -> String {
    format!("<{}@sextant>", message.incident.id)
}
