//! Whose password is right, as a Postfix of a test asks.

use super::authority::write;
use super::daemon::{Daemon, as_root};
use crate::testing::free_port;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

/// Dovecot, which tells Postfix whose password is right.
#[derive(Debug)]
pub struct Passwords {
    port: u16,
    _daemon: Daemon,
    _folder: TempDir,
}

impl Passwords {
    /// That of `app`, asked for in these ways.
    pub fn start(password: &str, mechanisms: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let at = folder.path();
        let is_seen = fs::set_permissions(at, fs::Permissions::from_mode(0o755));
        is_seen.expect("the folder is ours");
        let port = free_port();
        for name in ["run", "state"] {
            fs::create_dir(at.join(name)).expect("a folder can be made");
        }
        let users = write(at, "users", &format!("app:{{PLAIN}}{password}::::::\n"));
        let readable = fs::Permissions::from_mode(0o644);
        fs::set_permissions(&users, readable).expect("the file is ours");
        let shown = at.display();
        let config = format!(
            "protocols =\nbase_dir = {shown}/run\nstate_dir = {shown}/state\nlog_path = /dev/stderr\n\
             auth_mechanisms = {mechanisms}\nssl = no\n\
             passdb {{\n driver = passwd-file\n args = scheme=plain {shown}/users\n}}\n\
             service auth {{\n inet_listener {{\n  address = 127.0.0.1\n  port = {port}\n }}\n}}\n"
        );
        write(at, "dovecot.conf", &config);
        let own = ["run:mode=755", "state:mode=755"];
        let command = as_root(at, &own, "exec dovecot -F -c dovecot.conf");
        Self {
            port,
            _daemon: Daemon::start(&command, port),
            _folder: folder,
        }
    }

    /// What makes Postfix take mail from those alone who have logged in.
    pub fn asked(&self) -> String {
        format!(
            "mynetworks =\nsmtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\n\
             smtpd_sasl_path = inet:127.0.0.1:{}\nsmtpd_tls_auth_only = yes\n\
             smtpd_recipient_restrictions = permit_sasl_authenticated, reject",
            self.port
        )
    }
}
