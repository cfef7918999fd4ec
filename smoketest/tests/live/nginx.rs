//! nginx with TLS, before the application or alone.

use crate::{SMOKETEST, wrong};
use std::net::TcpStream;
use tempfile::TempDir;
use toolkit::command::Command;
use toolkit::testing::free_port;
use toolkit::testing::servers::authority::{Authority, Pair, write};
use toolkit::testing::servers::daemon::Daemon;
use toolkit::testing::{Place, Seen, program, until};

/// A running nginx: what comes without TLS is sent on to where TLS is.
pub(crate) struct Nginx {
    port: u16,
    tls_port: u16,
    _daemon: Daemon,
    _folder: TempDir,
}

impl Nginx {
    /// One that passes `/api/` on to `api`, a `host:port`.
    pub(crate) fn start(pair: &Pair, api: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (port, tls_port) = (free_port(), free_port());
        let at = folder.path().display().to_string();
        write(folder.path(), "server.pem", &pair.certificate);
        write(folder.path(), "server.key", &pair.key);
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary = temporary.map(|name| format!("{name}_temp_path {at}/{name};\n"));
        let config = format!(
            "daemon off; user root; pid nginx.pid; error_log stderr; events {{}}
             http {{
                 access_log off;
                 {}
                 server {{
                     listen 127.0.0.1:{port};
                     return 301 https://localhost:{tls_port}$request_uri;
                 }}
                 server {{
                     listen 127.0.0.1:{tls_port} ssl;
                     ssl_certificate {at}/server.pem; ssl_certificate_key {at}/server.key;
                     add_header Strict-Transport-Security max-age=31536000 always;
                     location /api/ {{ proxy_pass http://{api}; proxy_http_version 1.1; }}
                     location = / {{ default_type application/json; return 200 '{{\"page\": 1}}'; }}
                 }}
             }}\n",
            temporary.concat()
        );
        let config = write(folder.path(), "nginx.conf", &config);
        let nginx = program("nginx").display().to_string();
        let config = config.display().to_string();
        let command = Command::new(nginx).args(["-e", "stderr", "-p", &at, "-c", &config]);
        let daemon = Daemon::start(&command, port);
        until("nginx speaks TLS", || {
            TcpStream::connect(("127.0.0.1", tls_port)).is_ok()
        });
        Self {
            port,
            tls_port,
            _daemon: daemon,
            _folder: folder,
        }
    }

    /// A path, without TLS.
    pub(crate) fn http(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    /// A path over TLS.
    pub(crate) fn https(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.tls_port)
    }
}

/// An address that nobody listens on.
fn nobody() -> String {
    format!("127.0.0.1:{}", free_port())
}

/// What a scenario of these steps comes to, over TLS.
fn scenario(nginx: &Nginx, authority: &Authority, steps: &str) -> Seen {
    let place = Place::new();
    place.write("ca.pem", authority.pem());
    place.write("sextant.toml", "engine = 'none'\n");
    let head = format!("base = '{}'\nca = 'ca.pem'\n", nginx.https(""));
    place.write("site.toml", head + steps);
    Seen::run(place.tool(SMOKETEST).arg("site.toml"))
}

#[test]
fn a_site_moves_to_tls_and_shows_its_certificate() {
    let authority = Authority::new("Own");
    let nginx = Nginx::start(&authority.server("localhost", 90), &nobody());
    let (plain, tls) = (nginx.http("/a?b=c"), nginx.https("/a?b=c"));
    let address = format!("localhost:{}", nginx.tls_port);
    let certificate = format!(
        "[[step]]\nname = 'certificate'\nkind = 'tls'\naddress = '{address}'\nca = 'ca.pem'\ndays = {{ fail = LIMIT }}\n"
    );
    let steps = format!(
        "[[step]]\nname = 'moved'\ncall = 'GET {plain} 301'\nredirect = '{tls}'\n\
         [[step]]\nname = 'followed'\ncall = 'GET {} 200 .page == 1'\nfollow = 1\n\
         [[step]]\nname = 'page'\ncall = 'GET / 200 .page == 1'\nheader = {{ Strict-Transport-Security = 'max-age' }}\n\
         [[step]]\nname = 'nobody behind it'\ncall = 'GET /api/health 502'\n",
        nginx.http("/")
    );
    let well = scenario(
        &nginx,
        &authority,
        &(steps.clone() + &certificate.replace("LIMIT", "30")),
    )
    .succeeded();
    assert_eq!(wrong(&well), [""; 0]);
    let short = scenario(&nginx, &authority, &certificate.replace("LIMIT", "100"));
    assert_eq!(wrong(&short), ["certificate fail tls_expires"]);
    let stranger = scenario(&nginx, &Authority::new("Other"), &steps);
    let refused = ["followed", "page", "nobody behind it"];
    let refused = refused.map(|name| format!("{name} fail tls_unknown_issuer"));
    assert_eq!(
        (stranger.code, wrong(&stranger)),
        (Some(1), refused.to_vec())
    );
}

#[test]
fn a_certificate_that_is_over_is_told() {
    let authority = Authority::new("Own");
    let nginx = Nginx::start(&authority.server("localhost", -2), &nobody());
    let seen = scenario(
        &nginx,
        &authority,
        "[[step]]\nname = 'page'\ncall = 'GET / 200'\n",
    );
    assert_eq!(wrong(&seen), ["page fail tls_expired"]);
    assert!(seen.stderr.contains("expired"), "{}", seen.stderr);
}
