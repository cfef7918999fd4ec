//! Without TLS, as Postfix' own `smtp-sink` receives it.

use crate::HEALTHCHECK;
use std::fs::{self, Permissions};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use toolkit::testing::{Place, Seen, free_port, program, until};

/// A mail server that keeps what it takes; killed when it is dropped.
struct Sink(Child);

impl Sink {
    fn start(port: u16, folder: &Path) -> Self {
        // As root it wants to be somebody else, who has to write here.
        fs::set_permissions(folder, Permissions::from_mode(0o777)).unwrap();
        let mut command = Command::new(program("smtp-sink"));
        if fs::metadata("/proc/self")
            .is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
        {
            command.args(["-u", "nobody"]);
        }
        let address = format!("127.0.0.1:{port}");
        let command = command
            .current_dir(folder)
            .args(["-D", "mail", &address, "10"]);
        let sink = Self(command.stdout(Stdio::null()).spawn().unwrap());
        until("it takes mail", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        sink
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn one_mail_when_it_begins_and_one_when_it_is_over() {
    let (server, api) = (free_port(), free_port());
    let folder = tempfile::tempdir().unwrap();
    let _sink = Sink::start(server, folder.path());
    let place = Place::new();
    place.write(
        "sextant.toml",
        format!(
            "project = 'shop'\n[healthcheck]\ndiscover = false\n\
             [[check]]\nname = 'api'\nkind = 'tcp'\naddress = '127.0.0.1:{api}'\n\
             [alert.mail]\nserver = '127.0.0.1:{server}'\ntls = 'none'\n\
             from = 'Sextant <sextant@example.org>'\nto = ['ops@example.org']\n"
        ),
    );
    let run = || Seen::run(&mut place.tool(HEALTHCHECK));
    let received = || fs::read_to_string(folder.path().join("mail")).unwrap_or_default();

    for _ in 0..2 {
        let seen = run();
        assert_eq!(
            (seen.code, seen.reason()),
            (Some(1), "checks_failed"),
            "{seen:?}"
        );
    }
    let _listener = TcpListener::bind(("127.0.0.1", api)).unwrap();
    let _ = run().succeeded();
    until("both mails are kept", || received().contains("OK shop"));
    let mails = received();
    let subjects: Vec<_> = mails
        .lines()
        .filter(|line| line.starts_with("Subject: "))
        .collect();
    assert_eq!(
        subjects,
        [
            "Subject: FAIL shop: `api` fails",
            "Subject: OK shop: every check passes again"
        ]
    );
    assert!(mails.contains("X-Rcpt-Args: <ops@example.org>"), "{mails}");
    assert!(
        mails.contains(&format!("nobody listens on 127.0.0.1:{api}")),
        "{mails}"
    );
    assert_eq!(mails.matches("Message-ID: ").count(), 2, "{mails}");
}
