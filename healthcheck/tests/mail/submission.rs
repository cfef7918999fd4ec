//! With TLS and a login, as a real Postfix takes it, and what is told when it
//! does not.

use crate::HEALTHCHECK;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use toolkit::testing::servers::authority::{Authority, write};
use toolkit::testing::servers::{Passwords, Postfix};
use toolkit::testing::{Place, Seen, free_port, until};

/// Of a length whose base64 does not hold that of the word alone.
const PASSWORD: &str = "correct horse-7";

/// A place with one check, of somebody on `api`, and this `[alert.mail]`.
fn place(api: u16, port: u16, mail: &str) -> Place {
    let place = Place::new();
    set_up(&place, api, port, mail);
    place
}

fn set_up(place: &Place, api: u16, port: u16, mail: &str) {
    place.write(
        "sextant.toml",
        format!(
            "project = 'shop'\n[healthcheck]\ndiscover = false\n\
             [[check]]\nname = 'api'\nkind = 'tcp'\naddress = '127.0.0.1:{api}'\n\
             [alert.mail]\nserver = 'localhost:{port}'\n{mail}\n\
             from = 'Sextant <sextant@example.org>'\nto = ['ops@example.org', 'dev@example.org']\n"
        ),
    );
}

fn trusting(folder: &Path, authority: &Authority) -> String {
    let ca = write(folder, "ca.pem", &authority.pem());
    format!("ca = '{}'", ca.display())
}

fn login(password: &str) -> String {
    format!("user = 'app'\npassword = '{password}'")
}

/// Runs it; nothing that it says or keeps may hold a password, however it is
/// written.
fn run(place: &Place) -> Seen {
    let seen = Seen::run(&mut place.tool(HEALTHCHECK));
    let kept = fs::read_to_string(place.state().join("alert.json")).unwrap();
    let all = format!("{seen:?}{kept}{}", place.history());
    for secret in [
        PASSWORD,
        // PLAIN's `\0app\0…`, and LOGIN's word alone.
        "AGFwcABjb3JyZWN0IGhvcnNlLTc",
        "Y29ycmVjdCBob3JzZS03",
        "wrong-pa55",
    ] {
        assert!(!all.contains(secret), "{all}");
    }
    seen
}

/// What was said of telling the one target, whose failure hid no result.
fn told(seen: &Seen) -> (&str, &str) {
    assert_eq!(
        (seen.code, seen.reason()),
        (Some(1), "checks_failed"),
        "{seen:#?}"
    );
    let told = &seen.data()["alert"]["told"][0];
    let error = told["error"].as_str().unwrap_or_default();
    let said = error.is_empty() || seen.stderr.contains(error);
    assert!(said, "{seen:#?}");
    (told["reason"].as_str().unwrap_or_default(), error)
}

#[test]
fn a_server_with_starttls_and_login_delivers_the_mail() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("Root");
    let ca = trusting(folder.path(), &authority);
    for (how, mechanism) in [("starttls", "plain"), ("tls", "login")] {
        let passwords = Passwords::start(PASSWORD, mechanism);
        let pair = authority.server("localhost", 90);
        let server = Postfix::start(Some(&pair), &passwords.asked());
        let port = if how == "tls" {
            server.tls_port
        } else {
            server.port
        };
        let mail = format!("tls = '{how}'\n{ca}\n{}", login(PASSWORD));
        let place = place(free_port(), port, &mail);
        assert_eq!(told(&run(&place)), ("", ""));
        for mailbox in ["ops", "dev"] {
            until("the mail is delivered", || {
                server.mailbox(mailbox).len() == 1
            });
            let letter = server.mailbox(mailbox).remove(0);
            assert!(
                letter.contains("Subject: FAIL shop: `api` fails\n"),
                "{letter}"
            );
            assert!(letter.contains("nobody listens on 127.0.0.1:"), "{letter}");
            // Over TLS, from somebody who has logged in (RFC 3848).
            assert!(letter.contains(" with ESMTPSA id "), "{letter}");
        }
    }
}

#[test]
fn a_wrong_password_is_told_and_hides_no_result() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("Root");
    let ca = trusting(folder.path(), &authority);
    let passwords = Passwords::start(PASSWORD, "plain login");
    let server = Postfix::start(Some(&authority.server("localhost", 90)), &passwords.asked());
    let api = free_port();
    let with = |password: &str| format!("{ca}\n{}", login(password));
    let place = place(api, server.port, &with("wrong-pa55"));
    let seen = run(&place);
    let (reason, error) = told(&seen);
    assert_eq!(reason, "smtp_login", "{error}");
    assert!(
        error.contains("the server refuses the login of `app`: `535 "),
        "{error}"
    );

    // Told of its beginning, somebody is to be told of its end.
    set_up(&place, api, server.port, &with(PASSWORD));
    assert_eq!(told(&run(&place)), ("", ""));
    set_up(&place, api, server.port, &with("wrong-pa55"));
    let _listener = TcpListener::bind(("127.0.0.1", api)).unwrap();
    let seen = run(&place).succeeded();
    assert_eq!(seen.last()["status"], "warn");
    assert_eq!(seen.reason(), "alert_failed");
    assert!(seen.message().contains("the login of `app`"), "{seen:#?}");
    assert_eq!(
        seen.hint(),
        "compare `user` and `password` with the mail server's"
    );

    set_up(&place, api, server.port, &with(PASSWORD));
    assert_eq!(run(&place).succeeded().last()["status"], "ok");
    until("both are delivered", || server.mailbox("ops").len() == 2);
}

#[test]
fn what_keeps_a_server_from_being_trusted_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("Root");
    let ca = trusting(folder.path(), &authority);
    let login = login(PASSWORD);
    let seen = |server: &Postfix, how: &str, keys: &str| {
        let port = if how == "tls" {
            server.tls_port
        } else {
            server.port
        };
        let mail = format!("tls = '{how}'\n{keys}\n{login}");
        let seen = run(&place(free_port(), port, &mail));
        let (reason, error) = told(&seen);
        format!("{reason}: {error}")
    };
    let passwords = Passwords::start(PASSWORD, "plain login");

    let server = Postfix::start(Some(&authority.server("localhost", 90)), &passwords.asked());
    for how in ["starttls", "tls"] {
        let error = seen(&server, how, "");
        assert!(error.starts_with("tls_unknown_issuer: "), "{error}");
        assert!(
            error.ends_with("signed by `CN=Root`, who is not trusted"),
            "{error}"
        );
    }
    drop(server);
    for (days, host, reason) in [
        (-1, "localhost", "tls_expired: "),
        (90, "mx.example", "tls_wrong_host: "),
    ] {
        let server = Postfix::start(Some(&authority.server(host, days)), &passwords.asked());
        let error = seen(&server, "starttls", &ca);
        assert!(error.starts_with(reason), "{error}");
        assert!(server.mailbox("ops").is_empty());
    }

    let server = Postfix::start(None, "");
    let error = seen(&server, "starttls", &ca);
    assert!(error.starts_with("starttls_missing: "), "{error}");
    drop(server);
    // It has a certificate, and knows no users.
    let server = Postfix::start(Some(&authority.server("localhost", 90)), "");
    let error = seen(&server, "starttls", &ca);
    assert!(error.starts_with("smtp_no_login: "), "{error}");
    // The wrong port of the two.
    let mail = format!("tls = 'tls'\n{ca}\n{login}");
    let wrong = run(&place(free_port(), server.port, &mail));
    assert_eq!(told(&wrong).0, "tls_not_spoken", "{wrong:#?}");
}

#[test]
fn a_recipient_whom_the_server_does_not_know_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("Root");
    let ca = trusting(folder.path(), &authority);
    let refusing = "smtpd_recipient_restrictions = check_recipient_access inline:{dev@example.org=REJECT}, permit";
    let server = Postfix::start(Some(&authority.server("localhost", 90)), refusing);
    let place = place(free_port(), server.port, &ca);
    let seen = run(&place);
    let (reason, error) = told(&seen);
    assert_eq!(reason, "smtp_refused", "{error}");
    assert!(
        error.contains("the server answers RCPT TO:<dev@example.org> with `554 5.7.1 "),
        "{error}"
    );
}

#[test]
fn half_a_login_is_refused() {
    for (mail, message) in [
        (
            "user = 'app'",
            "`user` and `password` in `[alert.mail]` belong together",
        ),
        (
            "tls = 'none'\nuser = 'app'\npassword = 'secret-word'",
            "a password is not sent in clear: `tls` in `[alert.mail]`",
        ),
    ] {
        let seen = Seen::run(&mut place(1, 25, mail).tool(HEALTHCHECK));
        assert_eq!((seen.code, seen.reason()), (Some(2), "config"), "{seen:?}");
        assert!(seen.message().ends_with(message), "{}", seen.message());
    }
}
