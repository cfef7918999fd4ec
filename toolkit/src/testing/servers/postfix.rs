//! Postfix, as it receives mail.

use super::authority::{Pair, write};
use super::daemon::{Daemon, as_root, free_port};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

/// Postfix, which takes mail and speaks TLS when it has a certificate. It calls
/// itself `mail.example`.
#[derive(Debug)]
pub struct Postfix {
    /// Where it offers STARTTLS.
    pub port: u16,
    /// Where it speaks TLS at once.
    pub tls_port: u16,
    _daemon: Daemon,
    _folder: TempDir,
}

impl Postfix {
    /// Starts it with `more` lines of `main.cf`, and waits until it listens.
    pub fn start(pair: Option<&Pair>, more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let at = folder.path();
        // Its own user looks into the folders below.
        let is_seen = fs::set_permissions(at, fs::Permissions::from_mode(0o755));
        is_seen.expect("the folder is ours");
        let (port, tls_port) = (free_port(), free_port());
        let config = at.join("config");
        for name in ["config", "queue", "data"] {
            fs::create_dir(at.join(name)).expect("a folder can be made");
        }
        let main = format!(
            "compatibility_level = 3.6\nqueue_directory = {0}/queue\ndata_directory = {0}/data\nmail_owner = postfix\nsetgid_group = postdrop\nmyhostname = mail.example\ninet_interfaces = 127.0.0.1\nmaillog_file = \nalias_maps =\n{1}{more}\n",
            at.display(),
            pair.map_or_else(String::new, |pair| tls(at, pair))
        );
        write(&config, "main.cf", &main);
        let service =
            |port: u16, more: &str| format!("127.0.0.1:{port} inet n - n - - smtpd\n{more}");
        let master = service(port, "")
            + &service(tls_port, "  -o smtpd_tls_wrappermode=yes\n")
            + "tlsmgr unix - - n 1000? 1 tlsmgr\nrewrite unix - - n - - trivial-rewrite\ncleanup unix n - n - 0 cleanup\nanvil unix - - n - 1 anvil\nproxymap unix - - n - - proxymap\npostlog unix-dgram n - n - 1 postlogd\n";
        write(&config, "master.cf", &master);
        for name in ["main.cf", "master.cf"] {
            let readable = fs::Permissions::from_mode(0o644);
            fs::set_permissions(config.join(name), readable).expect("the file is ours");
        }
        let command = as_root(
            at,
            &["queue:mode=755", "data"],
            "mkdir queue/pid queue/private queue/public &&
                chown postfix data queue/private queue/public &&
                exec /usr/lib/postfix/sbin/master -c \"$PWD/config\" -d",
        );
        Self {
            port,
            tls_port,
            _daemon: Daemon::start(&command, port),
            _folder: folder,
        }
    }
}

fn tls(folder: &Path, pair: &Pair) -> String {
    let certificate = write(folder, "server.pem", &pair.certificate);
    let key = write(folder, "server.key", &pair.key);
    format!(
        "smtpd_tls_security_level = may\nsmtpd_tls_cert_file = {}\nsmtpd_tls_key_file = {}\n",
        certificate.display(),
        key.display()
    )
}
