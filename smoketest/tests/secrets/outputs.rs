//! Every place that a run writes to, searched.

use crate::server::{Server, response};
use crate::{SMOKETEST, Secrets, TAIL, scenario, smoketest, telling};
use std::fs;
use toolkit::testing::{Place, Seen, secret};

/// The scenario, and the server that tells all.
fn site() -> (Secrets, Server, Place) {
    let secrets = Secrets::new();
    let server = telling(&secrets);
    let place = Place::new();
    place.write("sextant.toml", "project = 'shop'\nengine = 'none'\n");
    let base = format!("base = 'http://{}'\n", server.address());
    place.write("site.toml", base + &scenario(&secrets));
    (secrets, server, place)
}

/// Fails where one of the secrets shows.
fn hidden(what: &str, text: &str, secrets: &Secrets) {
    if let Some(form) = secret::shown(text, &secrets.all()) {
        panic!("{what} shows `{form}`: {text}");
    }
    assert!(!text.contains(TAIL), "{what} shows a part: {text}");
}

/// Everything that is below the folders of the place, but for what the test
/// itself wrote.
fn kept(place: &Place) -> String {
    let own = ["site.toml", "sextant.toml"].map(|name| place.folder().join(name));
    let files = [
        secret::files_below(place.folder()),
        secret::files_below(&place.state()),
    ]
    .concat();
    let files = files.iter().filter(|file| !own.contains(file));
    let text = |file: &std::path::PathBuf| {
        let bytes = fs::read(file).unwrap();
        format!("{}: {}\n", file.display(), String::from_utf8_lossy(&bytes))
    };
    files.map(text).collect::<Vec<_>>().concat()
}

#[test]
fn nothing_that_is_written_shows_a_secret() {
    for format in ["text", "ndjson", "json", "junit", "tap"] {
        let (secrets, server, place) = site();
        let output = smoketest(&place, &secrets, &["--format", format, "--record", "kept"])
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(1), "{stdout}{stderr}");
        hidden(format, &stdout, &secrets);
        hidden("stderr", &stderr, &secrets);
        let kept = kept(&place);
        assert!(
            kept.contains("history.ndjson: {") && kept.contains("bearer.body: "),
            "{kept}"
        );
        assert!(kept.contains("***"), "there was something to hide: {kept}");
        hidden("what is kept", &kept, &secrets);
        // All of it was sent, and so could have been shown.
        let sent = format!("{:?}", server.requests());
        for secret in [
            &secrets.password,
            &secrets.token,
            &secrets.jwt,
            &secrets.nameless,
        ] {
            assert!(sent.contains(secret.as_str()), "{secret}: {sent}");
        }
    }
}

/// The end of what was read may be the first half of a secret.
#[test]
fn a_secret_that_is_cut_does_not_show() {
    let secrets = Secrets::new();
    let half = secrets.password.len() / 2;
    let body = "x".repeat((1 << 20) - half) + &secrets.password;
    let server = Server::start(move |_| response(500, &[], &body));
    let place = Place::new();
    place.write("sextant.toml", "engine = 'none'\n");
    let base = format!("base = 'http://{}'\n", server.address());
    place.write(
        "site.toml",
        base + "[[step]]\ncall = 'PUT / 200'\nform = { password = '${ADMIN_PASSWORD}' }\n",
    );
    let seen = Seen::run(&mut smoketest(&place, &secrets, &["--record", "kept"]));
    assert_eq!(seen.code, Some(1), "{seen:?}");
    let kept = kept(&place);
    assert!(kept.len() > 1_000_000);
    assert!(!kept.contains(&secrets.password[..half]));
}

#[test]
fn every_step_had_something_to_hide() {
    let (secrets, _server, place) = site();
    let seen = Seen::run(&mut smoketest(&place, &secrets, &[]));
    let steps = seen.data()["steps"].as_array().unwrap();
    let status = |name: &str| {
        let step = steps.iter().find(|step| step["name"] == name).unwrap();
        step["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(status("login"), "ok");
    for failed in [
        "again", "expired", "bearer", "basic", "form", "headers", "moved", "program", "away",
    ] {
        assert_eq!(status(failed), "fail", "{failed}: {seen:#?}");
    }
}

#[test]
fn nothing_that_is_only_shown_shows_a_secret() {
    for args in [
        &["--list"][..],
        &["--list", "--format", "text"],
        &["--dry-run"],
        &["--dry-run", "--format", "text"],
        &["--curl"],
    ] {
        let (secrets, server, place) = site();
        let output = smoketest(&place, &secrets, args).output().unwrap();
        let shown = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(0), "{shown}");
        hidden(args[0], &shown, &secrets);
        assert_eq!((server.connections(), kept(&place).as_str()), (0, ""));
    }
}

#[test]
fn a_terminal_is_shown_none() {
    let (secrets, _server, place) = site();
    let line = format!("{SMOKETEST} site.toml");
    // Variables of the test itself: `script` starts a shell.
    place.write(
        ".env",
        format!(
            "ADMIN_PASSWORD='{}'\nBASIC_PASSWORD='{}'\nODD_PASSWORD='{TAIL}'\n",
            secrets.password, secrets.basic
        ),
    );
    let (code, shown) = place.on_a_terminal(&line, "");
    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.contains("`bearer` by hand: curl "), "{shown}");
    hidden("a terminal", &shown, &secrets);
}

/// What is refused is quoted with its mistake.
#[test]
fn a_refusal_shows_none() {
    let (secrets, _server, place) = site();
    let written = &secrets.written;
    let base = format!("ftp://ann:{written}@a.example");
    for (steps, args) in [
        (
            format!("base = \"ftp://ann:{written}@a.example\"\n[[step]]\ncall = 'GET / 200'\n"),
            &[][..],
        ),
        (
            "base = 'a:1'\n[[step]]\ncall = 'GET /${ADMIN_PASSWORD}'\n".into(),
            &[],
        ),
        (
            "[[step]]\ncall = 'GET ftp://${ADMIN_PASSWORD}/ 200'\n".into(),
            &[],
        ),
        (
            "base = 'a:1'\n[[step]]\ncall = 'GET / 200 .a == \"${ADMIN_PASSWORD}'\n".into(),
            &[],
        ),
        (
            format!(
                "base = 'a:1'\n[[step]]\ncall = 'GET / 200'\nform = {{ password = '{written}' }}\n"
            ),
            &[],
        ),
        (
            "base = 'a:1'\n[[step]]\ncall = 'GET / ${ADMIN_PASSWORD}'\n".into(),
            &[],
        ),
        (
            format!(
                "base = 'a:1'\n[[step]]\ncall = 'GET / 200'\nuser = 'ann'\npassword = [\"{written}\"]\n"
            ),
            &[],
        ),
        ("[[step]]\ncall = 'GET / 200'\n".into(), &["--base", &base]),
    ] {
        place.write("site.toml", &steps);
        let seen = Seen::run(&mut smoketest(&place, &secrets, args));
        assert_eq!(seen.code, Some(2), "{steps}");
        hidden(&steps, &format!("{seen:?}"), &secrets);
        hidden("history", &place.history(), &secrets);
    }
}
