//! nginx, with one TLS server.

use crate::authority::{Pair, write};
use crate::daemon::Daemon;
use std::fmt::Write as _;
use tempfile::TempDir;
use toolkit::command::Command;
use toolkit::testing::{free_port, program};

/// What it serves with.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) pair: Option<Pair>,
    pub(crate) protocols: &'static str,
}

impl Site {
    pub(crate) fn new(pair: &Pair) -> Self {
        Self {
            pair: Some(pair.clone()),
            protocols: "TLSv1.2 TLSv1.3",
        }
    }
}

/// A running nginx.
#[derive(Debug)]
pub(crate) struct Nginx {
    pub(crate) port: u16,
    _daemon: Daemon,
    _folder: TempDir,
}

impl Nginx {
    pub(crate) fn start(site: &Site) -> Self {
        Self::start_by(site, Vec::new())
    }

    /// Starts it by a program before its own command, such as `faketime`.
    pub(crate) fn start_by(site: &Site, by: Vec<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let config = write(folder.path(), "nginx.conf", &config(site, &folder, port));
        let prefix = folder.path().to_string_lossy().into_owned();
        let mut words = by;
        let nginx = program("nginx").to_string_lossy().into_owned();
        words.extend([nginx, "-e".into(), "stderr".into()]);
        words.extend(["-p".into(), prefix, "-c".into()]);
        words.push(config.to_string_lossy().into_owned());
        let command = Command::new(words.remove(0)).args(words);
        Self {
            port,
            _daemon: Daemon::start(&command, port),
            _folder: folder,
        }
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

fn config(site: &Site, folder: &TempDir, port: u16) -> String {
    let mut server = format!(
        "listen 127.0.0.1:{port}{};\n",
        site.pair.as_ref().map_or("", |_| " ssl")
    );
    if let Some(pair) = &site.pair {
        let certificate = write(folder.path(), "server.pem", &pair.certificate);
        let key = write(folder.path(), "server.key", &pair.key);
        write!(
            server,
            "ssl_certificate {};\nssl_certificate_key {};\nssl_protocols {};\n",
            certificate.display(),
            key.display(),
            site.protocols
        )
        .unwrap();
        // Debian's OpenSSL refuses old protocols at its own security level.
        server.push_str("ssl_ciphers DEFAULT:@SECLEVEL=0;\n");
    }
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = temporary.map(|name| format!("{name}_temp_path tmp_{name};\n"));
    format!(
        "daemon off;\nuser root;\npid nginx.pid;\nevents {{}}\nhttp {{\naccess_log off;\n{}server {{\n{server}return 204;\n}}\n}}\n",
        temporary.concat()
    )
}
