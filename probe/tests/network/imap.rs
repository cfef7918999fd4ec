//! `imap`, against Dovecot.

use crate::authority::{Authority, write};
use crate::daemon::{Daemon, as_root};
use crate::hostile;
use crate::impostor::demanding;
use crate::look::{Told, look, refused};
use probe::Finding;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use toolkit::testing::free_port;

/// A password with all that must be quoted elsewhere.
const PASSWORD: &str = "p\"a\\55 wörd{3}";

/// Dovecot, with one user.
struct Dovecot {
    port: u16,
    tls_port: u16,
    ca: PathBuf,
    _daemon: Daemon,
    folder: TempDir,
}

impl Dovecot {
    /// With a certificate for so many days, or without.
    fn start(days: Option<i64>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        fs::set_permissions(at, fs::Permissions::from_mode(0o755)).unwrap();
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
            fs::create_dir(at.join(name)).unwrap();
        }
        // Made by root, it would be root's alone to read.
        write(at, "log", "");
        let users = write(
            at,
            "users",
            &format!(
                "app:{{PLAIN}}{PASSWORD}:65534:65534::{}::\n",
                mail.display()
            ),
        );
        fs::set_permissions(&users, fs::Permissions::from_mode(0o644)).unwrap();
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

    /// Looks, over STARTTLS or TLS at once, with these further lines.
    fn look(&self, how: &str, more: &str) -> Finding {
        let port = if how == "tls" {
            self.tls_port
        } else {
            self.port
        };
        let ca = self.ca.display();
        look(
            "imap",
            &format!(
                "address = '127.0.0.1:{port}'\n{how} = true\nhost = 'mail.example'\nca = '{ca}'\n{more}"
            ),
        )
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

fn login(password: &str) -> String {
    format!("user = 'app'\npassword = '''{password}'''")
}

#[test]
fn a_mailbox_can_be_reached() {
    let server = Dovecot::start(Some(90));
    for how in ["starttls", "tls"] {
        let more = format!(
            "banner = 'Dovecot'\noffers = ['imap4rev1', 'AUTH=PLAIN']\n{}",
            login(PASSWORD)
        );
        let found = server.look(how, &more);
        found.is_well();
        assert!(
            found.observed.ends_with(", 90 days left, `app` logged in"),
            "{found:#?}\n{}",
            server.log()
        );
        assert!(!format!("{found:?}").contains("55 w"));
    }
    let found = server.look("tls", &login("wrong-pa55"));
    assert_eq!(found.told(), ["fail imap_login"], "{found:#?}");
    let found = server.look("starttls", "banner = 'Cyrus'\noffers = ['IDLE', 'XYZ']");
    assert_eq!(found.told(), ["fail imap_banner", "fail imap_capability"]);
    assert_eq!(found.also[0].observed, "the server does not offer `XYZ`");

    let clear = format!("address = '127.0.0.1:{}'", server.port);
    look("imap", &clear).is_well();
    let tls = format!(
        "{clear}\nstarttls = 'imap'\nhost = 'mail.example'\nca = '{}'",
        server.ca.display()
    );
    look("tls", &tls).is_well();
}

#[test]
fn no_password_is_sent_where_the_certificate_does_not_hold() {
    let server = Dovecot::start(Some(-1));
    for how in ["starttls", "tls"] {
        let found = server.look(how, &login(PASSWORD));
        assert_eq!(found.told(), ["fail tls_expired"], "{found:#?}");
    }
    let ours = server.log();
    assert!(!ours.contains("user=<app>"), "{ours}");
    drop(server);
    let server = Dovecot::start(None);
    let found = server.look("starttls", &login(PASSWORD));
    assert_eq!(found.told(), ["fail starttls_missing"], "{found:#?}");
}

#[test]
fn what_a_server_should_not_say_is_told() {
    for (sent, told) in [
        (&b"* BYE too many of you\r\n"[..], "fail imap_greeting"),
        (b"220 mx ready\r\n", "fail imap_not_spoken"),
        (b"* OK hi\r\na BAD what?\r\n", "fail imap_capability"),
        (b"* OK hi\r\nb OK\r\n", "fail imap_not_spoken"),
        (
            b"* OK hi\r\n* CAPABILITY STARTTLS\r\na OK\r\na NO not now\r\n",
            "fail starttls_refused",
        ),
        (
            b"* OK hi\r\n* CAPABILITY STARTTLS\r\na OK\r\na OK go\r\n* OK injected\r\n",
            "fail starttls_injected",
        ),
    ] {
        let address = hostile::saying(sent);
        let found = look("imap", &format!("address = '{address}'\nstarttls = true"));
        assert_eq!(found.told(), [told], "{found:#?}");
    }
    for flood in [&b"*"[..], b"* OK x\r\n"] {
        let address = hostile::flooding(flood);
        let found = look("imap", &format!("address = '{address}'"));
        assert_eq!(found.told(), ["fail too_much"], "{found:#?}");
    }
}

#[test]
fn a_server_that_wants_a_certificate_of_ours_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("Root");
    let ca = write(folder.path(), "ca.pem", &authority.pem());
    let address = demanding(&authority.server("mail.example", 90), &authority);
    let lines = format!(
        "address = '{address}'\ntls = true\nhost = 'mail.example'\nca = '{}'",
        ca.display()
    );
    let found = look("imap", &lines);
    assert_eq!(found.told(), ["fail tls_client_certificate"], "{found:#?}");
}

#[test]
fn nobody_keeps_it_waiting() {
    for address in [
        hostile::silent(),
        hostile::dripping(b"* OK ", Duration::from_millis(50)),
        hostile::saying(b"* OK hi\r\n"),
    ] {
        let begun = Instant::now();
        let found = look("imap", &format!("address = '{address}'\ntimeout = '300ms'"));
        assert_eq!(found.told(), ["fail timeout"], "{found:#?}");
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (lines, message) in [
        ("user = 'app'\npassword = 'pa55word'", "over TLS alone"),
        ("tls = true\nuser = 'app'", "belong together"),
        ("tls = true\nstarttls = true", "one of them"),
        ("host = 'a'", "`host` is about a certificate"),
    ] {
        let told = refused("imap", &format!("address = 'mail.example:143'\n{lines}"));
        assert!(told.contains(message), "{told}");
    }
}
