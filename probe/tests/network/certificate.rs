//! `certificate`, on files.

use crate::authority::{Authority, self_signed, write};
use crate::look::{Told, look, refused};
use probe::Finding;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;
use toolkit::command::Command;

/// A folder with `ca.pem`, the authority's.
fn place() -> (TempDir, Authority) {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("Root");
    write(folder.path(), "ca.pem", &authority.pem());
    (folder, authority)
}

/// Looks at `server.pem` in `folder`; `@` in `more` stands for the folder.
fn seen(folder: &Path, more: &str) -> Finding {
    let folder = folder.to_str().unwrap();
    let lines = format!("files = ['{folder}/server.pem']\n{more}");
    look("certificate", &lines.replace('@', folder))
}

#[test]
fn days_hosts_and_authorities_are_told() {
    let (folder, root) = place();
    let at = folder.path();
    let all = "host = 'app.example'\nca = '@/ca.pem'";
    write(
        at,
        "server.pem",
        &root.server("app.example", 90).certificate,
    );
    let found = seen(at, all);
    found.is_well();
    assert_eq!(found.observed, "`app.example` has 90 days left");
    for (pair, told) in [
        (root.server("app.example", -1), "fail tls_expired"),
        (root.between("app.example", 1, 90), "fail tls_not_yet_valid"),
        (root.server("app.example", 20), "warn tls_expires"),
        (root.server("app.example", 2), "fail tls_expires"),
        (root.server("www.example", 90), "fail tls_wrong_host"),
        (self_signed("app.example", 90), "fail tls_self_signed"),
        (
            Authority::new("Stranger").server("app.example", 90),
            "fail tls_unknown_issuer",
        ),
    ] {
        write(at, "server.pem", &pair.certificate);
        let found = seen(at, all);
        assert_eq!(found.told(), [told], "{found:#?}");
    }
    // Only what is asked for is judged.
    seen(at, "").is_well();
    let found = seen(at, "trusted = true");
    assert_eq!(found.told(), ["fail tls_unknown_issuer"]);
}

#[test]
fn a_chain_leads_from_each_to_its_issuer() {
    let (folder, root) = place();
    let at = folder.path();
    let below = root.intermediate("Below");
    let chain = below.server("app.example", 90).certificate;
    write(at, "server.pem", &chain);
    seen(at, "trusted = true\nca = '@/ca.pem'").is_well();
    write(at, "server.pem", &(chain.clone() + &root.pem()));
    seen(at, "").is_well();

    let leaf = &chain[..chain.find("-----END").unwrap()];
    let leaf = format!("{leaf}-----END CERTIFICATE-----\n");
    // Another authority of the same name signed nothing of this.
    let namesake = Authority::new("Root").intermediate("Below");
    for wrong in [
        below.pem() + &leaf,
        leaf.clone() + &root.pem(),
        leaf.clone() + &namesake.pem(),
        leaf.clone() + &root.pem() + &below.pem(),
    ] {
        write(at, "server.pem", &wrong);
        let found = seen(at, "");
        assert_eq!(found.told(), ["fail certificate_chain"], "{found:#?}");
    }
    write(at, "server.pem", &leaf);
    let found = seen(at, "ca = '@/ca.pem'");
    assert_eq!(found.told(), ["fail tls_unknown_issuer"], "{found:#?}");
}

#[test]
fn a_key_is_its_own_and_nobody_elses() {
    let (folder, root) = place();
    let at = folder.path();
    let pair = root.server("app.example", 90);
    write(at, "server.pem", &pair.certificate);
    let key = write(at, "server.key", &pair.key);
    let mode = |mode| fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o640);
    seen(at, "key = '@/server.key'").is_well();

    mode(0o644);
    let found = seen(at, "key = '@/server.key'");
    assert_eq!(found.told(), ["warn certificate_key_exposed"], "{found:#?}");

    write(at, "server.key", &root.server("app.example", 90).key);
    mode(0o600);
    let found = seen(at, "key = '@/server.key'");
    assert_eq!(found.told(), ["fail certificate_key"], "{found:#?}");

    for unusable in [
        "",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ] {
        write(at, "server.key", unusable);
        mode(0o600);
        let found = seen(at, "key = '@/server.key'");
        assert_eq!(found.told(), ["fail certificate_key_unreadable"]);
    }
    let found = seen(at, "key = '@/missing.key'");
    assert_eq!(found.told(), ["fail certificate_key_unreadable"]);
}

#[test]
fn keys_as_openssl_writes_them_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for (name, kind, told) in [
        ("rsa", ["-newkey", "rsa:2048"], &[] as &[&str]),
        ("ed25519", ["-newkey", "ed25519"], &[]),
        // Debian's own test certificates were such.
        (
            "weak",
            ["-newkey", "rsa:1024"],
            &["fail certificate_key_unreadable"],
        ),
    ] {
        let made = Command::new("openssl").args(["req", "-x509", "-nodes", "-days", "90"]);
        let made = made.args(kind).args(["-subj", "/CN=app.example"]);
        let made = made.args(["-keyout", "server.key", "-out", "server.pem"]);
        made.folder(at).read().unwrap();
        let found = seen(at, "key = '@/server.key'");
        assert_eq!(found.told(), told, "{name}: {found:#?}");
    }
}

#[test]
fn of_several_files_each_is_judged() {
    let (folder, root) = place();
    let at = folder.path();
    write(
        at,
        "server.pem",
        &root.server("app.example", 90).certificate,
    );
    write(at, "other.pem", &root.server("www.example", 20).certificate);
    let files = format!(
        "files = ['{0}/server.pem', '{0}/missing.pem', '{0}/other.pem']",
        at.display()
    );
    let found = look("certificate", &files);
    assert_eq!(
        found.told(),
        ["fail certificate_unreadable", "warn tls_expires"]
    );
    assert!(found.observed.contains("missing.pem"), "{found:#?}");
    assert!(found.also[0].observed.contains("other.pem"), "{found:#?}");
    let each = found.facts["certificates"].as_array().unwrap();
    let titles: Vec<_> = each
        .iter()
        .map(|one| one["title"].as_str().unwrap())
        .collect();
    assert_eq!(titles, ["app.example", "www.example"]);
    let days: Vec<_> = each
        .iter()
        .map(|one| one["days_left"].as_f64().unwrap().floor())
        .collect();
    assert_eq!(days, [90.0, 20.0]);
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let found = look("certificate", "files = ['/dev/zero']");
    assert_eq!(found.told(), ["fail certificate_unreadable"], "{found:#?}");
    for unreadable in ["", "no PEM", broken] {
        write(at, "server.pem", unreadable);
        let found = seen(at, "");
        assert_eq!(found.told(), ["fail certificate_unreadable"], "{found:#?}");
        assert!(!found.facts.contains_key("certificates"), "{found:#?}");
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (lines, message) in [
        ("", "`check` lacks `files`"),
        ("files = []", "`files` names no file"),
        (
            "files = ['a', 'b']\nkey = 'k'",
            "a `key` belongs to one file",
        ),
        ("files = ['a']\nca = 'c'\ntrusted = false", "`ca` asks for"),
        ("files = ['a']\nhost = '-'", "neither a host's name"),
    ] {
        let told = refused("certificate", lines);
        assert!(told.contains(message), "{told}");
    }
}

#[test]
fn a_pattern_names_every_file_that_looks_like_it() {
    let (folder, root) = place();
    let at = folder.path();
    let put = |domain: &str, days| {
        fs::create_dir_all(at.join("domains").join(domain)).unwrap();
        let name = format!("domains/{domain}/cert.pem");
        write(at, &name, &root.server(domain, days).certificate);
    };
    put("a.example", 90);
    put("b.example", 60);
    let look = |pattern: &str| {
        let files = format!("files = ['{}/{pattern}']", at.to_str().unwrap());
        look("certificate", &files)
    };
    let found = look("domains/*/cert.pem");
    found.is_well();
    assert_eq!(found.observed, "`b.example` has 60 days left");
    put("b.example", 3);
    let found = look("domains/*/cert.pem");
    assert_eq!(found.told(), ["fail tls_expires"], "{found:#?}");
    let found = look("domain/*/cert.pem");
    assert_eq!(found.told(), ["fail certificate_unreadable"]);
    assert!(found.observed.ends_with("domain/*/cert.pem`"), "{found:#?}");
    assert_eq!(
        refused("certificate", "files = ['a/[', 'b']"),
        "`a/[` is no pattern: invalid range pattern"
    );
    assert_eq!(
        refused("certificate", "files = ['*/cert.pem']\nkey = 'key.pem'"),
        "a `key` belongs to one file, not to several"
    );
}
