//! `tls`, against nginx.

use crate::authority::{Authority, own_authority, self_signed, write};
use crate::hostile;
use crate::impostor::impostor;
use crate::look::{Told, look, refused};
use crate::nginx::{Nginx, Site};
use probe::Finding;
use rustls::version::{TLS12, TLS13};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use toolkit::record::Status;

/// An authority, and its file.
struct Trusted {
    authority: Authority,
    file: String,
    _folder: TempDir,
}

fn trusted() -> Trusted {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("Root");
    let file = write(folder.path(), "ca.pem", &authority.pem());
    Trusted {
        authority,
        file: file.to_string_lossy().into_owned(),
        _folder: folder,
    }
}

fn seen(site: &Site, ca: &str, more: &str) -> Finding {
    let nginx = Nginx::start(site);
    let address = nginx.address();
    look(
        "tls",
        &format!("address = '{address}'\nhost = 'app.example'\nca = '{ca}'\n{more}"),
    )
}

#[test]
fn certificates_are_told_as_what_they_are() {
    let ours = trusted();
    let good = Site::new(&ours.authority.server("app.example", 90));
    seen(&good, &ours.file, "").is_well();

    let cases = [
        (ours.authority.server("app.example", -3), "fail tls_expired"),
        (
            ours.authority.between("app.example", 2, 90),
            "fail tls_not_yet_valid",
        ),
        (ours.authority.server("app.example", 20), "warn tls_expires"),
        (ours.authority.server("app.example", 6), "fail tls_expires"),
        (
            ours.authority.server("www.example", 90),
            "fail tls_wrong_host",
        ),
        (self_signed("app.example", 90), "fail tls_self_signed"),
        (
            Authority::new("Stranger").server("app.example", 90),
            "fail tls_unknown_issuer",
        ),
    ];
    for (pair, told) in cases {
        let found = seen(&Site::new(&pair), &ours.file, "");
        assert_eq!(found.told(), [told], "{found:#?}");
        assert!(found.hint.is_some(), "{found:#?}");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let ours = trusted();
    let found = seen(&Site::new(&self_signed("www.example", -3)), &ours.file, "");
    assert_eq!(
        found.told(),
        [
            "fail tls_expired",
            "fail tls_wrong_host",
            "fail tls_self_signed"
        ]
    );
    assert!(
        found
            .observed
            .starts_with("the certificate for `www.example` expired on 2")
    );
    assert_eq!(found.also[0].observed, "a certificate for `www.example`");

    let stranger = Authority::new("Stranger").server("app.example", -3);
    let found = seen(&Site::new(&stranger), &ours.file, "");
    assert_eq!(
        found.told(),
        ["fail tls_expired", "fail tls_unknown_issuer"]
    );
}

#[test]
fn a_chain_that_is_not_sent_is_told() {
    let ours = trusted();
    let below = ours.authority.intermediate("Below");
    let mut pair = below.server("app.example", 90);
    seen(&Site::new(&pair), &ours.file, "").is_well();

    let (leaf, _) = pair
        .certificate
        .split_once("-----END CERTIFICATE-----\n")
        .unwrap();
    pair.certificate = format!("{leaf}-----END CERTIFICATE-----\n");
    let found = seen(&Site::new(&pair), &ours.file, "");
    assert_eq!(found.told(), ["fail tls_unknown_issuer"]);
    assert!(found.hint.unwrap().contains("full chain"));
}

#[test]
fn a_self_signed_certificate_can_be_trusted_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    for made in [self_signed, own_authority] {
        let pair = made("app.example", 90);
        let file = write(folder.path(), "own.pem", &pair.certificate);
        let file = file.to_string_lossy();
        seen(&Site::new(&pair), &file, "").is_well();
        // That of another of the same name is no substitute.
        let found = seen(&Site::new(&made("app.example", 90)), &file, "");
        assert_eq!(found.status, Status::Fail, "{found:#?}");
    }
    let found = seen(
        &Site::new(&own_authority("app.example", 90)),
        &trusted().file,
        "",
    );
    assert_eq!(found.told(), ["fail tls_self_signed"], "{found:#?}");
}

#[test]
fn one_who_has_not_the_key_is_told() {
    let ours = trusted();
    let shown = ours.authority.server("app.example", 90);
    let own = Authority::new("Stranger").server("app.example", 90);
    for version in [&TLS12, &TLS13] {
        for (key, told) in [(&own, &["fail tls_unproven"][..]), (&shown, &[])] {
            let address = impostor(&shown, key, version);
            let lines = format!(
                "address = '{address}'\nhost = 'app.example'\nca = '{}'",
                ours.file
            );
            let found = look("tls", &lines);
            assert_eq!(found.told(), told, "{found:#?}");
        }
    }
}

#[test]
fn the_machine_trusts_no_authority_of_a_test() {
    let site = Site::new(&Authority::new("Root").server("app.example", 90));
    let nginx = Nginx::start(&site);
    let lines = format!("address = '{}'\nhost = 'app.example'", nginx.address());
    assert_eq!(look("tls", &lines).told(), ["fail tls_unknown_issuer"]);
}

#[test]
fn limits_are_those_of_the_check() {
    let ours = trusted();
    let site = Site::new(&ours.authority.server("app.example", 20));
    seen(&site, &ours.file, "days = { warn = 10 }").is_well();
    let found = seen(&site, &ours.file, "days = { fail = 21 }");
    assert_eq!(found.told(), ["fail tls_expires"]);
    assert_eq!(found.expected, "more than 21 days left");
    let days = found.measures.iter().find(|one| one.name == "days_left");
    assert!((days.unwrap().value - 20.5).abs() < 0.1, "{found:#?}");
}

#[test]
fn old_protocols_are_told() {
    let ours = trusted();
    let mut site = Site::new(&ours.authority.server("app.example", 90));
    site.protocols = "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3";
    let found = seen(&site, &ours.file, "");
    assert_eq!(found.told(), ["fail tls_old_protocol"]);
    assert_eq!(found.observed, "the server accepts TLS 1.0 and TLS 1.1");
    seen(&site, &ours.file, "lowest = '1.0'").is_well();

    site.protocols = "TLSv1.1 TLSv1.2";
    let found = seen(&site, &ours.file, "");
    assert_eq!(found.observed, "the server accepts TLS 1.1");
    seen(&site, &ours.file, "lowest = '1.1'").is_well();

    site.protocols = "TLSv1.2 TLSv1.3";
    seen(&site, &ours.file, "").is_well();
    let found = seen(&site, &ours.file, "lowest = '1.3'");
    assert_eq!(found.observed, "the server accepts TLS 1.2");

    site.protocols = "TLSv1.3";
    seen(&site, &ours.file, "lowest = '1.3'").is_well();

    site.protocols = "TLSv1 TLSv1.1";
    let found = seen(&site, &ours.file, "");
    assert_eq!(found.told(), ["fail tls_protocol"]);
}

#[test]
fn weak_ciphers_are_told() {
    let ours = trusted();
    let mut site = Site::new(&ours.authority.server("app.example", 90));
    seen(&site, &ours.file, "").is_well();
    let found = seen(&site, &ours.file, "strong = true");
    assert_eq!(found.told(), ["fail tls_weak_cipher"], "{found:#?}");
    site.ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
    seen(&site, &ours.file, "strong = true").is_well();
    site.ciphers = "ECDHE+AESGCM:ECDHE-ECDSA-AES256-SHA";
    let found = seen(&site, &ours.file, "strong = true");
    assert_eq!(
        found.observed,
        "the server accepts TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"
    );
    site.protocols = "TLSv1.3";
    seen(&site, &ours.file, "strong = true").is_well();
}

#[test]
fn what_speaks_no_tls_is_told() {
    let nginx = Nginx::start(&Site {
        pair: None,
        protocols: "",
        ciphers: "",
    });
    let found = look("tls", &format!("address = '{}'", nginx.address()));
    assert_eq!(found.told(), ["fail tls_not_spoken"], "{found:#?}");
    for (sent, reason) in [
        (&b"220 mail ready\r\n"[..], "fail tls_not_spoken"),
        (
            b"\x16\x03\x03\x00\x04\x02\x00\x00\x00",
            "fail tls_handshake",
        ),
        (b"\x15\x03\x03\x00\x02\x02\x28", "fail tls_refused"),
    ] {
        let found = look("tls", &format!("address = '{}'", hostile::saying(sent)));
        assert_eq!(found.told(), [reason], "{found:#?}");
    }
    let found = look("tls", &format!("address = '{}'", hostile::serve(drop)));
    assert_eq!(found.told(), ["fail closed_early"], "{found:#?}");
}

#[test]
fn nobody_keeps_it_waiting() {
    // A record that is announced and never complete.
    let drip = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03";
    for address in [
        hostile::silent(),
        hostile::dripping(drip, Duration::from_millis(50)),
    ] {
        let begun = Instant::now();
        let found = look("tls", &format!("address = '{address}'\ntimeout = '300ms'"));
        assert_eq!(found.told(), ["fail timeout"], "{found:#?}");
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
    let found = look(
        "tls",
        &format!(
            "address = '{}'",
            hostile::flooding(b"\x16\x03\x03\0\x01\x0b")
        ),
    );
    assert_eq!(found.status, Status::Fail, "{found:#?}");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (lines, message) in [
        ("", "`check` lacks `address`"),
        ("address = 'a:1'\nlowest = '0.9'", "unknown variant `0.9`"),
        (
            "address = 'a:1'\nhost = 'a b'",
            "neither a host's name nor an address",
        ),
        ("address = 'a:1'\ndays = { wran = 3 }", "unknown key `wran`"),
        ("address = 'a:1'\nport = 3", "unknown key `port`"),
        ("address = 'a:1'\nstarttls = 'ftp'", "unknown variant `ftp`"),
    ] {
        let told = refused("tls", lines);
        assert!(told.contains(message), "{told}");
    }
}
