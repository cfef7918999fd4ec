//! `smtp`, against Postfix.

use crate::authority::{Authority, write};
use crate::hostile;
use crate::look::{Told, look, refused};
use probe::Finding;
use std::time::{Duration, Instant};
use toolkit::testing::servers::{Passwords, Postfix};

/// Looks at its port, over TLS at once where the lines say so.
fn seen(server: &Postfix, lines: &str) -> Finding {
    let port = if lines.contains("tls = true") && !lines.contains("starttls") {
        server.tls_port
    } else {
        server.port
    };
    look("smtp", &format!("address = '127.0.0.1:{port}'\n{lines}"))
}

#[test]
fn a_mail_server_greets_and_says_what_it_can_do() {
    let server = Postfix::start(None, "");
    let found = seen(
        &server,
        "banner = 'mail.example ESMTP'\noffers = ['PIPELINING', 'SIZE 10240000']",
    );
    found.is_well();
    assert_eq!(found.observed, "`220 mail.example ESMTP Postfix`");

    let found = seen(&server, "banner = 'Exim'");
    assert_eq!(found.told(), ["fail smtp_banner"], "{found:#?}");
    let found = seen(&server, "offers = ['SIZE', 'XCLIENT NAME']");
    assert_eq!(found.told(), ["fail smtp_extension"], "{found:#?}");
    assert_eq!(found.observed, "the server does not offer `XCLIENT NAME`");
    let found = seen(&server, "starttls = true");
    assert_eq!(found.told(), ["fail starttls_missing"], "{found:#?}");
}

#[test]
fn its_certificate_is_judged() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("Root");
    let ca = write(folder.path(), "ca.pem", &authority.pem());
    let lines = |how: &str| {
        format!(
            "{how} = true\nhost = 'mail.example'\nca = '{}'",
            ca.display()
        )
    };
    let tls = |server: &Postfix| {
        format!(
            "address = '127.0.0.1:{}'\nstarttls = 'smtp'\nhost = 'mail.example'\nca = '{}'",
            server.port,
            ca.display()
        )
    };
    let own = "offers = ['PIPELINING']\n";

    let server = Postfix::start(Some(&authority.server("mail.example", 90)), "");
    for how in ["starttls", "tls"] {
        let found = seen(&server, &(own.to_owned() + &lines(how)));
        found.is_well();
        assert!(
            found.observed.ends_with(", TLS 1.3, 90 days left"),
            "{found:#?}"
        );
    }
    let untrusted = seen(&server, "starttls = true\nhost = 'mail.example'");
    assert_eq!(untrusted.told(), ["fail tls_unknown_issuer"]);
    // What Postfix 3.7 does unless it is told otherwise.
    assert_eq!(look("tls", &tls(&server)).told(), ["fail tls_old_protocol"]);
    let found = look(
        "smtp",
        &format!("address = '127.0.0.1:{}'\ntimeout = '3s'", server.tls_port),
    );
    assert_eq!(found.told(), ["fail timeout"], "{found:#?}");
    assert!(found.hint.unwrap().contains("TLS at once"));
    drop(server);

    let modern = "smtpd_tls_protocols = >=TLSv1.2";
    let server = Postfix::start(Some(&authority.server("mail.example", 90)), modern);
    look("tls", &tls(&server)).is_well();
    drop(server);

    for (pair, told) in [
        (authority.server("mail.example", -1), "fail tls_expired"),
        (authority.server("mx.example", 90), "fail tls_wrong_host"),
    ] {
        let server = Postfix::start(Some(&pair), "");
        let found = seen(&server, &lines("starttls"));
        assert_eq!(found.told(), [told], "{found:#?}");
    }
}

#[test]
fn a_user_logs_in_where_the_certificate_holds() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("Root");
    let ca = write(folder.path(), "ca.pem", &authority.pem());
    let passwords = Passwords::start("smtp-pa55word", "plain");
    let lines = |how: &str, password: &str| {
        format!(
            "{how} = true\nhost = 'mail.example'\nca = '{}'\nuser = 'app'\npassword = '{password}'",
            ca.display()
        )
    };
    let pair = authority.server("mail.example", 90);
    let server = Postfix::start(Some(&pair), &passwords.asked());
    for how in ["starttls", "tls"] {
        let found = seen(&server, &lines(how, "smtp-pa55word"));
        found.is_well();
        let end = ", TLS 1.3, 90 days left, `app` logged in";
        assert!(found.observed.ends_with(end), "{found:#?}");
    }
    let found = seen(&server, &lines("tls", "wrong-pa55"));
    assert_eq!(found.told(), ["fail smtp_login"], "{found:#?}");
    let untrusted = "starttls = true\nuser = 'app'\npassword = 'smtp-pa55word'";
    let found = seen(&server, untrusted);
    assert_eq!(found.told()[0], "fail tls_wrong_host", "{found:#?}");
    drop(server);

    // It has a certificate, and knows no users.
    let server = Postfix::start(Some(&pair), "");
    let found = seen(&server, &lines("tls", "smtp-pa55word"));
    assert_eq!(found.told(), ["fail smtp_no_login"], "{found:#?}");
}

#[test]
fn what_a_server_should_not_say_is_told() {
    let greet = "220 mx ready\r\n";
    let long: &'static [u8] = Box::leak(
        format!("{greet}{}", "250-more\r\n".repeat(200))
            .into_bytes()
            .into_boxed_slice(),
    );
    for (sent, told) in [
        (&b"554 no mail today\r\n"[..], "fail smtp_greeting"),
        (b"* OK IMAP ready\r\n", "fail smtp_not_spoken"),
        (b"220 mx ready\r\n502 what?\r\n", "fail smtp_ehlo"),
        (b"220 mx ready\r\n250 STARTTLS\r\n", "fail starttls_missing"),
        (
            b"220 mx ready\r\n250-mx\r\n250 STARTTLS\r\n454 not now\r\n",
            "fail starttls_refused",
        ),
        (
            b"220 mx ready\r\n250-mx\r\n250 STARTTLS\r\n220 go\r\n250 injected\r\n",
            "fail starttls_injected",
        ),
        (long, "fail too_much"),
    ] {
        let address = hostile::saying(sent);
        let found = look("smtp", &format!("address = '{address}'\nstarttls = true"));
        assert_eq!(found.told(), [told], "{found:#?}");
    }
    let address = hostile::serve(drop);
    let found = look("smtp", &format!("address = '{address}'"));
    assert_eq!(found.told(), ["fail closed_early"], "{found:#?}");
}

#[test]
fn nobody_keeps_it_waiting() {
    for address in [
        hostile::silent(),
        hostile::dripping(b"220-", Duration::from_millis(50)),
        hostile::saying(b"220 mx ready\r\n"),
    ] {
        let begun = Instant::now();
        let found = look("smtp", &format!("address = '{address}'\ntimeout = '300ms'"));
        assert_eq!(found.told(), ["fail timeout"], "{found:#?}");
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
    for flood in [&b"2"[..], b"220-x\r\n"] {
        let address = hostile::flooding(flood);
        let found = look("smtp", &format!("address = '{address}'"));
        assert_eq!(found.told(), ["fail too_much"], "{found:#?}");
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (lines, message) in [
        ("tls = true\nstarttls = true", "one of them"),
        ("ca = 'c'", "`ca` is about a certificate"),
        ("days = { warn = 1 }", "`days` is about a certificate"),
        ("tls = true\nhost = '-'", "neither a host's name"),
    ] {
        let told = refused("smtp", &format!("address = 'mail.example:25'\n{lines}"));
        assert!(told.contains(message), "{told}");
    }
}
