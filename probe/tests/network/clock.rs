//! `clock`, against chrony and nginx.

use crate::authority::{Authority, write};
use crate::daemon::Daemon;
use crate::hostile;
use crate::look::{Told, look, refused};
use crate::nginx::{Nginx, Site};
use std::fs;
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use toolkit::command::Command;
use toolkit::testing::{free_port, program};

/// A time server, which leaves this machine's clock alone.
struct Chrony {
    port: u16,
    _daemon: Daemon,
    folder: TempDir,
}

impl Chrony {
    /// One that takes its own clock for right, or knows that it is not.
    fn start(source: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o750)).unwrap();
        let at = folder.path().display();
        let port = free_port();
        let config = format!(
            "{source}\nmanual\nallow 127.0.0.1\nport {port}\nbindaddress 127.0.0.1\ncmdport 0\nbindcmdaddress {at}/control\npidfile {at}/pid\n"
        );
        let config = write(folder.path(), "chrony.conf", &config);
        let user = Command::new("id").args(["--user", "--name"]).read();
        let user = String::from_utf8(user.unwrap()).unwrap();
        let command = Command::new(program("chronyd"))
            .args(["-x", "-d", "-U", "-u", user.trim(), "-f"])
            .arg(config);
        let control = folder.path().join("control");
        Self {
            port,
            _daemon: Daemon::start_when(&command, || control.exists()),
            folder,
        }
    }

    /// Tells it that the time is another.
    fn set(&self, time: &str) {
        let control = self.folder.path().join("control");
        let command = Command::new(program("chronyc")).arg("-h").arg(control);
        command.args(["settime", time]).read().unwrap();
    }
}

fn ntp(port: u16, more: &str) -> probe::Finding {
    look("clock", &format!("ntp = '127.0.0.1:{port}'\n{more}"))
}

#[test]
fn a_time_server_is_believed() {
    let server = Chrony::start("local stratum 3");
    let found = ntp(server.port, "");
    found.is_well();
    assert!(found.observed.ends_with("of stratum 3"), "{found:#?}");

    server.set("Jan 1, 2020 12:00:00");
    let found = ntp(server.port, "");
    assert_eq!(found.told(), ["fail clock_skew"], "{found:#?}");
    assert!(
        found.observed.contains(" s ahead of that of 127.0.0.1:"),
        "{found:#?}"
    );
    drop(server);

    let server = Chrony::start("local stratum 3");
    ntp(server.port, "").is_well();
}

#[test]
fn one_that_does_not_know_the_time_is_not() {
    let server = Chrony::start("");
    assert_eq!(ntp(server.port, "").told(), ["fail ntp_unsynchronised"]);
    assert_eq!(ntp(free_port(), "").told(), ["fail udp_unreachable"]);
    let silent = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    let port = silent.local_addr().unwrap().port();
    let begun = Instant::now();
    assert_eq!(ntp(port, "timeout = '300ms'").told(), ["fail timeout"]);
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_web_server_says_the_time_too() {
    let authority = Authority::new("Root");
    let plain = Site {
        pair: None,
        protocols: "",
    };
    let encrypted = Site::new(&authority.server("app.example", 90));
    for (scheme, site) in [("http", plain), ("https", encrypted)] {
        let lines = |server: &Nginx| format!("http = '{scheme}://{}/'", server.address());
        look("clock", &lines(&Nginx::start(&site))).is_well();
        for (shift, told) in [("-1h", "fail clock_skew"), ("+4s", "warn clock_skew")] {
            let by = ["faketime", "--exclude-monotonic", "-f", shift];
            let by = by.map(str::to_owned).to_vec();
            let found = look("clock", &lines(&Nginx::start_by(&site, by)));
            assert_eq!(found.told(), [told], "{shift}: {found:#?}");
        }
    }
}

#[test]
fn what_says_no_time_is_told() {
    for (sent, timeout, told) in [
        (&b"HTTP/1.0 200 OK\r\n\r\n"[..], "1m", "fail clock_no_date"),
        (b"220 mx ready\r\n", "1m", "fail http_not_spoken"),
        (b"HTTP/1.0 200 OK\r\nDate: x", "300ms", "fail timeout"),
    ] {
        let address = hostile::saying(sent);
        let lines = format!("http = 'http://{address}/'\ntimeout = '{timeout}'");
        let found = look("clock", &lines);
        assert_eq!(found.told(), [told], "{found:#?}");
    }
    for flood in [&b"H"[..], b"HTTP/1.0 200 OK\r\n"] {
        let address = hostile::flooding(flood);
        let found = look("clock", &format!("http = 'http://{address}/'"));
        assert_eq!(found.told(), ["fail too_much"], "{found:#?}");
    }
    for slow in [
        hostile::silent(),
        hostile::dripping(b"HTTP/1.0 200 OK", Duration::from_millis(50)),
    ] {
        let found = look(
            "clock",
            &format!("http = 'http://{slow}/'\ntimeout = '300ms'"),
        );
        assert_eq!(found.told(), ["fail timeout"], "{found:#?}");
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (lines, message) in [
        ("", "add `ntp` or `http`"),
        ("ntp = 'a'\nhttp = 'http://a/'", "one of them"),
        (
            "http = 'example.org'",
            "write it like `https://example.org/`",
        ),
        (
            "http = 'http://u:pa55word@a/'",
            "neither a user nor a password",
        ),
        ("ntp = 'a b'", "is no host"),
    ] {
        let told = refused("clock", lines);
        assert!(told.contains(message), "{told}");
        assert!(!told.contains("pa55word"), "{told}");
    }
}
