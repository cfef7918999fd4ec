//! `imap`, against Dovecot.

use crate::authority::{Authority, write};
use crate::hostile;
use crate::impostor::demanding;
use crate::look::{Told, look, refused};
use probe::Finding;
use std::time::{Duration, Instant};
use toolkit::testing::servers::Dovecot;

/// A password with all that must be quoted elsewhere.
const PASSWORD: &str = "p\"a\\55 wörd{3}";

trait Looked {
    /// Looks, over STARTTLS or TLS at once, with these further lines.
    fn look(&self, how: &str, more: &str) -> Finding;
}

impl Looked for Dovecot {
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
}

fn login(password: &str) -> String {
    format!("user = 'app'\npassword = '''{password}'''")
}

#[test]
fn a_mailbox_can_be_reached() {
    let server = Dovecot::start(Some(90), PASSWORD);
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
    let server = Dovecot::start(Some(-1), PASSWORD);
    for how in ["starttls", "tls"] {
        let found = server.look(how, &login(PASSWORD));
        assert_eq!(found.told(), ["fail tls_expired"], "{found:#?}");
    }
    let ours = server.log();
    assert!(!ours.contains("user=<app>"), "{ours}");
    drop(server);
    let server = Dovecot::start(None, PASSWORD);
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
