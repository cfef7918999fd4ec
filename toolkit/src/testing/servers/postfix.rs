//! Postfix, as it receives mail.

use super::authority::{Pair, write};
use super::daemon::{Daemon, as_root};
use crate::testing::free_port;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use tempfile::TempDir;

/// Postfix, which takes mail for `example.org` and speaks TLS when it has a
/// certificate.
#[derive(Debug)]
pub struct Postfix {
    /// Where it offers STARTTLS.
    pub port: u16,
    /// Where it speaks TLS at once.
    pub tls_port: u16,
    _daemon: Daemon,
    folder: TempDir,
}

impl Postfix {
    /// With the lines `more` in its main.cf.
    pub fn start(pair: Option<&Pair>, more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let at = folder.path();
        // Its own user looks into the folders below.
        set_mode(at, 0o755);
        let (port, tls_port) = (free_port(), free_port());
        let config = at.join("config");
        for name in ["config", "queue", "data", "mail"] {
            fs::create_dir(at.join(name)).expect("a folder can be made");
        }
        set_mode(&at.join("mail"), 0o777);
        let main = main(at) + &pair.map_or_else(String::new, |pair| tls(at, pair)) + more + "\n";
        write(&config, "main.cf", &main);
        write(&config, "master.cf", &master(port, tls_port));
        for name in ["main.cf", "master.cf"] {
            set_mode(&config.join(name), 0o644);
        }
        let command = as_root(
            at,
            &["queue:mode=755", "data"],
            "chown postfix data &&
                for queue in pid private public incoming active deferred defer bounce corrupt; do
                    mkdir queue/$queue; chown postfix queue/$queue
                done &&
                chown root queue/pid &&
                exec /usr/lib/postfix/sbin/master -c \"$PWD/config\" -d",
        );
        Self {
            port,
            tls_port,
            _daemon: Daemon::start(&command, port),
            folder,
        }
    }

    /// The letters in the mailbox `name` of `example.org`.
    pub fn mailbox(&self, name: &str) -> Vec<String> {
        let letters = fs::read_dir(self.folder.path().join("mail").join(name).join("new"));
        let letters = letters.into_iter().flatten();
        letters
            .map(|letter| {
                fs::read_to_string(letter.expect("a letter").path()).expect("it can be read")
            })
            .collect()
    }
}

fn main(at: &Path) -> String {
    // Postfix writes no mailbox as root.
    let owner = Some(fs::metadata(at).expect("the folder is there").uid());
    let owner = owner.filter(|user| *user > 0).unwrap_or(65534);
    let at = at.display();
    format!(
        "compatibility_level = 3.6
queue_directory = {at}/queue
data_directory = {at}/data
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.example
inet_interfaces = 127.0.0.1
maillog_file =
alias_maps =
virtual_mailbox_domains = example.org
virtual_mailbox_base = {at}/mail
virtual_mailbox_maps = inline:{{{{ops@example.org=ops/}}, {{dev@example.org=dev/}}}}
virtual_minimum_uid = 1
virtual_uid_maps = static:{owner}
virtual_gid_maps = static:{owner}
"
    )
}

fn master(port: u16, tls_port: u16) -> String {
    format!(
        "127.0.0.1:{port} inet n - n - - smtpd
127.0.0.1:{tls_port} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"
    )
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

fn set_mode(path: &Path, mode: u32) {
    let set = fs::set_permissions(path, fs::Permissions::from_mode(mode));
    set.expect("the file is ours");
}
