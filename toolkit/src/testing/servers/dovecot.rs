//! Dovecot, as it serves mail.

use super::authority::{Authority, write};
use super::daemon::{Daemon, as_root};
use crate::testing::free_port;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use tempfile::TempDir;

/// Dovecot, with the one user `app`.
#[derive(Debug)]
pub struct Dovecot {
    /// Where it offers STARTTLS.
    pub port: u16,
    /// Where it speaks TLS at once.
    pub tls_port: u16,
    /// Who signed its certificate, which is for `mail.example`.
    pub ca: PathBuf,
    _daemon: Daemon,
    folder: TempDir,
}

impl Dovecot {
    /// Starts it, `app` having this password, with a certificate for so many
    /// days, or without; and waits until it listens.
    pub fn start(days: Option<i64>, password: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let at = folder.path();
        let is_seen = fs::set_permissions(at, fs::Permissions::from_mode(0o755));
        is_seen.expect("the folder is ours");
        let authority = Authority::new("Root");
        let ca = write(at, "ca.pem", &authority.pem());
        let (port, tls_port) = (free_port(), free_port());
        let ssl = days.map_or_else(
            || "ssl = no\n".to_owned(),
            |days| {
                let pair = authority.server("mail.example", days);
                let certificate = write(at, "server.pem", &pair.certificate);
                let key = write(at, "server.key", &pair.key);
                format!(
                    "ssl = yes\nssl_cert = <{}\nssl_key = <{}\n",
                    certificate.display(),
                    key.display()
                )
            },
        );
        // Nobody's, as Debian numbers it: Dovecot serves no mail of root's.
        let mail = at.join("mail");
        for name in ["mail", "run", "state"] {
            fs::create_dir(at.join(name)).expect("a folder can be made");
        }
        // Made by root, it would be root's alone to read.
        write(at, "log", "");
        let user = format!(
            "app:{{PLAIN}}{password}:65534:65534::{}::\n",
            mail.display()
        );
        let users = write(at, "users", &user);
        let readable = fs::Permissions::from_mode(0o644);
        fs::set_permissions(&users, readable).expect("the file is ours");
        let shown = at.display();
        let config = format!(
            "protocols = imap\nlisten = 127.0.0.1\nbase_dir = {shown}/run\nstate_dir = {shown}/state\nlog_path = {shown}/log\nmail_location = maildir:{shown}/mail\ndisable_plaintext_auth = yes\n{ssl}passdb {{\n driver = passwd-file\n args = scheme=plain {0}\n}}\nuserdb {{\n driver = passwd-file\n args = {0}\n}}\nservice imap-login {{\n inet_listener imap {{\n  port = {port}\n }}\n inet_listener imaps {{\n  port = {tls_port}\n  ssl = yes\n }}\n}}\n",
            users.display()
        );
        write(at, "dovecot.conf", &config);
        let own = ["mail:uid=65534", "run:mode=755", "state:mode=755"];
        let command = as_root(at, &own, "exec dovecot -F -c dovecot.conf");
        Self {
            port,
            tls_port,
            ca,
            _daemon: Daemon::start(&command, port),
            folder,
        }
    }

    /// What it logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}
