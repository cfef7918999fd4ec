//! A real nginx of one test's own.

use crate::certificates::Pair;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Child;
use toolkit::testing::{Place, free_port, program, until};

/// What every server of it answers.
const LOCATIONS: &str = r#"
    root site;
    default_type text/plain;
    if (-f down) { return 503 "down for maintenance"; }
    add_header Strict-Transport-Security "max-age=31536000";
    add_header X-Frame-Options SAMEORIGIN;
    add_header Vary Accept;
    add_header Vary Origin;
    location = / { return 200 "hello from nginx\n"; }
    location = /api {
        default_type application/json;
        return 200 '{"status": "ok", "version": "1.2.3", "items": [1, 2]}';
    }
    location = /page.txt { gzip on; gzip_types text/plain; gzip_min_length 1; }
    location = /moved { return 301 https://$host/new; }
    location = /1 { return 302 /2; }
    location = /2 { return 302 /3; }
    location = /3 { return 302 /; }
    location = /round { return 302 /round/about; }
    location = /round/about { return 301 /round; }
    location = /door {
        auth_basic "members";
        auth_basic_user_file users;
        try_files /page.txt =404;
    }
    location = /token {
        if ($http_authorization != "Bearer nginx-token-1") { return 401; }
        return 200 "in";
    }
    location = /echo { return 200 "$request_method $http_x_thing $http_user_agent"; }
    location = /empty { return 204; }
    location = /connection { return 200 "$connection"; }
    location = /closing { keepalive_timeout 0; return 200 "$connection"; }
    location = /elsewhere { return 302 http://localhost:$server_port/connection; }
"#;

pub(crate) struct Nginx {
    place: Place,
    process: Child,
    pub(crate) port: u16,
    pub(crate) tls_port: u16,
}

impl Nginx {
    /// Plain on one port and on the unix socket `web.sock`, TLS on another.
    pub(crate) fn start(pair: &Pair) -> Self {
        let place = Place::new();
        let (port, tls_port) = (free_port(), free_port());
        let config = format!(
            "daemon off; user root; worker_processes 1; pid nginx.pid; error_log error.log; events {{ }}
             http {{
                 access_log off;
                 client_body_temp_path a; proxy_temp_path b; fastcgi_temp_path c;
                 uwsgi_temp_path d; scgi_temp_path e;
                 server {{ listen 127.0.0.1:{port}; listen unix:web.sock; {LOCATIONS} }}
                 server {{
                     listen 127.0.0.1:{tls_port} ssl;
                     ssl_certificate server.pem; ssl_certificate_key server.key;
                     {LOCATIONS}
                 }}
             }}"
        );
        let folder = place.folder().display().to_string();
        place.write(
            "nginx.conf",
            config.replace("web.sock", &format!("{folder}/web.sock")),
        );
        place.write(
            "site/page.txt",
            "a page that is long enough to be worth it\n".repeat(100),
        );
        place.write("users", "ann:{PLAIN}ann-pw-1\n");
        place.write("server.pem", &pair.certificate);
        place.write("server.key", &pair.key);
        let process = place
            .tool(program("nginx"))
            .args(["-p", &folder, "-c", "nginx.conf", "-e", "error.log"])
            .spawn()
            .expect("nginx is installed");
        let nginx = Self {
            place,
            process,
            port,
            tls_port,
        };
        until("nginx listens", || {
            let is_open = |port| TcpStream::connect(("127.0.0.1", port)).is_ok();
            is_open(port) && is_open(tls_port)
        });
        nginx
    }

    /// A path in its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.folder().join(name)
    }

    /// Writes a file of its folder.
    pub(crate) fn write(&self, name: &str, content: &str) {
        self.place.write(name, content);
    }

    /// Shows another certificate from now on.
    pub(crate) fn show(&self, pair: &Pair) {
        self.write("server.pem", &pair.certificate);
        self.write("server.key", &pair.key);
        assert!(self.signal("reload"), "nginx reads its files anew");
    }

    /// Tells it to `stop` or to `reload`; whether it was told.
    fn signal(&self, what: &str) -> bool {
        let folder = self.place.folder().display().to_string();
        let mut nginx = self.place.tool(program("nginx"));
        nginx.args(["-p", &folder, "-c", "nginx.conf", "-e", "error.log"]);
        nginx
            .args(["-s", what])
            .status()
            .is_ok_and(|status| status.success())
    }

    /// `url = "…"` for a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("url = 'http://127.0.0.1:{}{path}'\n", self.port)
    }

    /// `url = "…"` for a path over TLS, at `localhost`.
    pub(crate) fn tls_url(&self, path: &str) -> String {
        format!("url = 'https://localhost:{}{path}'\n", self.tls_port)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Killed, it would leave its worker behind.
        if !self.signal("stop") {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}
