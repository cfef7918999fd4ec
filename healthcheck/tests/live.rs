//! What `healthcheck` finds in the folder of a running stack, without any
//! configuration.

#![allow(clippy::unwrap_used, clippy::expect_used)] // All of it is tests.

use toolkit::command::Command;
use toolkit::testing::{Compose, Recipe, Seen, Stack, until};

const HEALTHCHECK: &str = env!("CARGO_BIN_EXE_healthcheck");
/// The kinds that look at the stack: the machine's disks are another matter.
const KINDS: [&str; 3] = ["container", "postgres", "redis"];

/// The status and reason of each check.
fn found(seen: &Seen) -> Vec<String> {
    let checks = seen.data()["checks"].as_array().unwrap();
    let told = |name: &str, check: &serde_json::Value| check[name].as_str().map(str::to_owned);
    checks
        .iter()
        .map(|check| {
            let words = ["name", "status", "reason"].map(|name| told(name, check));
            words.into_iter().flatten().collect::<Vec<_>>().join(" ")
        })
        .collect()
}

#[test]
fn a_stack_is_found_seen_broken_and_seen_mended() {
    for compose in [Compose::V2, Compose::V1] {
        let stack = Stack::of(Recipe {
            compose,
            ..Recipe::default()
        });
        let look = |args: &[&str]| {
            let mut command = stack.tool(HEALTHCHECK);
            Seen::run(command.args(KINDS).args(args))
        };
        let well = look(&["--wait", "180s"]).succeeded();
        let all = [
            "container:postgres ok",
            "container:redis ok",
            "postgres ok",
            "redis ok",
        ];
        assert_eq!(found(&well), all, "{compose:?}");

        stack.compose(&["stop", "redis"]);
        let broken = look(&[]);
        assert_eq!((broken.code, broken.reason()), (Some(1), "checks_failed"));
        let expected = [
            "container:postgres ok",
            "container:redis fail container_stopped",
            "postgres ok",
            "redis skip",
        ];
        assert_eq!(found(&broken), expected, "{compose:?}");

        stack.compose(&["start", "redis"]);
        let mended = look(&["--wait", "180s"]).succeeded();
        assert_eq!(found(&mended), all, "{compose:?}");
        let shown = format!("{mended:?} {broken:?}");
        for secret in stack.secrets() {
            assert!(!shown.contains(&secret));
        }
    }
}

/// A server that speaks TLS on its port 443, with a certificate for a host that
/// nobody tells.
const WEB: &str = "\
services:
  web:
    image: sextant-dev/api:latest
    command:
      - python3
      - -c
      - |
        import http.server, ssl
        server = http.server.ThreadingHTTPServer(('', 443), http.server.SimpleHTTPRequestHandler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain('/tls/cert.pem', '/tls/key.pem')
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.serve_forever()
    healthcheck: { disable: true }
    volumes: ['./tls:/tls:ro']
    ports: ['127.0.0.1::443']
";

/// Writes a key and a self-signed certificate, valid for so many days.
fn certificate(stack: &Stack, days: &str) {
    let tls = stack.folder().join("tls");
    std::fs::create_dir_all(&tls).unwrap();
    let words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -subj /CN=app.example -keyout key.pem -out cert.pem -days";
    let command = Command::new("openssl").args(words.split_whitespace());
    command.arg(days).folder(&tls).read().unwrap();
}

#[test]
fn a_certificate_is_found_before_it_expires() {
    let stack = Stack::start();
    let file = stack.folder().join("compose.override.yaml");
    toolkit::durable::write(&file, WEB.as_bytes()).unwrap();
    certificate(&stack, "90");
    stack.compose(&["up", "-d"]);
    let look = |args: &[&str]| Seen::run(stack.tool(HEALTHCHECK).arg("tls").args(args));
    let seen = look(&["--wait", "60s"]).succeeded();
    let checks = seen.data()["checks"].as_array().unwrap();
    let of_port = &checks[checks.len() - 1];
    let name = of_port["name"].as_str().unwrap();
    assert!(name.starts_with("tls:web:"), "{checks:?}");
    let observed = of_port["observed"].as_str().unwrap();
    // In its first second it has all of them.
    let days = [", 89 days left", ", 90 days left"];
    let has_them = days.iter().any(|days| observed.ends_with(days));
    assert!(has_them, "{observed}");

    certificate(&stack, "3");
    stack.compose(&["restart", "web"]);
    // Its port is another one now.
    let is_told = |one: &String| one.starts_with("tls:web:") && one.ends_with(" fail tls_expires");
    let renewed = || found(&look(&[])).iter().any(is_told);
    until("the new certificate is shown, and told", renewed);
}

#[test]
fn a_published_port_is_asked_as_its_service_speaks() {
    let stack = Stack::start();
    // Whoever publishes PostgreSQL's port has no HTTP behind it.
    let compose = "services:\n  postgres:\n    ports: [\"127.0.0.1::5432\"]\n";
    let file = stack.folder().join("compose.override.yaml");
    toolkit::durable::write(&file, compose.as_bytes()).unwrap();
    stack.compose(&["up", "-d"]);
    let seen = Seen::run(stack.tool(HEALTHCHECK).args(["tcp", "--wait", "180s"])).succeeded();
    let port = stack.compose(&["port", "postgres", "5432"]);
    let (_, port) = port.rsplit_once(':').unwrap();
    let checks = found(&seen);
    assert!(
        checks.contains(&format!("tcp:postgres:{port} ok")),
        "{checks:?}"
    );
}
