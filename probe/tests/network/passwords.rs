//! Whose password is right, as a Postfix of a test asks.

use crate::authority::write;
use crate::daemon::{Daemon, as_root};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;
use toolkit::testing::free_port;

/// Dovecot, which tells Postfix whose password is right.
pub(crate) struct Passwords {
    port: u16,
    _daemon: Daemon,
    _folder: TempDir,
}

impl Passwords {
    /// That of `app`, asked for in these ways.
    pub(crate) fn start(password: &str, mechanisms: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        fs::set_permissions(at, fs::Permissions::from_mode(0o755)).unwrap();
        let port = free_port();
        fs::create_dir(at.join("run")).unwrap();
        fs::create_dir(at.join("state")).unwrap();
        let users = write(at, "users", &format!("app:{{PLAIN}}{password}::::::\n"));
        fs::set_permissions(&users, fs::Permissions::from_mode(0o644)).unwrap();
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
    pub(crate) fn asked(&self) -> String {
        format!(
            "mynetworks =\nsmtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\n\
             smtpd_sasl_path = inet:127.0.0.1:{}\nsmtpd_tls_auth_only = yes\n\
             smtpd_recipient_restrictions = permit_sasl_authenticated, reject",
            self.port
        )
    }
}
