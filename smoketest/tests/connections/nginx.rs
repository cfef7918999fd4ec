//! A real nginx that notes which connection each request came over.

use tempfile::TempDir;
use toolkit::command::Command;
use toolkit::testing::servers::authority::{Pair, write};
use toolkit::testing::servers::daemon::Daemon;
use toolkit::testing::{free_port, program, until};

/// The request and the number of its connection.
pub(crate) type Line = (String, u64);

pub(crate) struct Nginx {
    pub(crate) port: u16,
    pub(crate) tls_port: u16,
    _daemon: Daemon,
    folder: TempDir,
}

impl Nginx {
    /// One that keeps connections as `keeps` says, in its own words.
    pub(crate) fn start(pair: &Pair, keeps: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (port, tls_port) = (free_port(), free_port());
        let at = folder.path().display().to_string();
        write(folder.path(), "server.pem", &pair.certificate);
        write(folder.path(), "server.key", &pair.key);
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary = temporary.map(|name| format!("{name}_temp_path {at}/{name};\n"));
        let config = format!(
            "daemon off; user root; worker_processes 1; pid nginx.pid; error_log stderr; events {{}}
             http {{
                 log_format line '$connection $request_method $request_uri';
                 access_log {at}/log line;
                 default_type application/json;
                 {keeps}
                 {}
                 server {{
                     listen 127.0.0.1:{port};
                     listen 127.0.0.1:{tls_port} ssl;
                     ssl_certificate {at}/server.pem; ssl_certificate_key {at}/server.key;
                     location / {{ return 200 '{{\"token\": \"a-token-of-nginx\"}}'; }}
                     location /down {{ return 503; }}
                 }}
             }}\n",
            temporary.concat()
        );
        let config = write(folder.path(), "nginx.conf", &config);
        let config = config.display().to_string();
        let nginx = program("nginx").display().to_string();
        let command = Command::new(nginx).args(["-e", "stderr", "-p", &at, "-c", &config]);
        Self {
            port,
            tls_port,
            _daemon: Daemon::start(&command, port),
            folder,
        }
    }

    /// The lines of its log from one on, as soon as there are so many: it writes
    /// them once it has answered.
    pub(crate) fn lines(&self, from: usize, count: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        until("nginx noted each request", || {
            lines = self.all();
            lines.len() >= from + count
        });
        lines.split_off(from)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.all().len()
    }

    fn all(&self) -> Vec<Line> {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let whole = log
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        whole
            .map(|line| {
                let (number, request) = line.trim_end().split_once(' ').unwrap();
                (request.to_owned(), number.parse().unwrap())
            })
            .collect()
    }
}
