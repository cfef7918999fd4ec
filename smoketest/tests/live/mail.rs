//! Mail servers as steps of a scenario.

use crate::{SMOKETEST, found, wrong};
use std::net::TcpStream;
use toolkit::testing::servers::authority::Authority;
use toolkit::testing::servers::{Dovecot, Postfix};
use toolkit::testing::{Place, Seen, until};

const PASSWORD: &str = "imap/+@='pw 01";

/// Takes mail, and serves it to `app`.
fn scenario(postfix: &Postfix, dovecot: &Dovecot, ca: &str) -> Place {
    let place = Place::new();
    place.write("ca.pem", ca);
    place.write(
        "sextant.toml",
        format!(
            "engine = 'none'\n[smoke]\nparallel = true\n\
             [smoke.vars]\nmail = 'mail.example'\n\
             [[smoke.step]]\nname = 'submission'\ngroup = 'out'\nkind = 'smtp'\naddress = '127.0.0.1:{}'\n\
             starttls = true\nhost = '${{mail}}'\nca = 'ca.pem'\nbanner = '${{mail}} ESMTP'\noffers = ['SIZE']\n\
             [[smoke.step]]\nname = 'submissions'\ngroup = 'out'\nkind = 'smtp'\naddress = '127.0.0.1:{}'\n\
             tls = true\nhost = '${{mail}}'\nca = 'ca.pem'\nneeds = 'submission'\n\
             [[smoke.step]]\nname = 'mailbox'\ngroup = 'in'\nkind = 'imap'\naddress = '127.0.0.1:{}'\n\
             starttls = true\nhost = '${{mail}}'\nca = '{}'\nuser = 'app'\npassword = '${{IMAP_PASSWORD}}'\n",
            postfix.port,
            postfix.tls_port,
            dovecot.port,
            dovecot.ca.display()
        ),
    );
    place
}

fn run(place: &Place, password: &str) -> Seen {
    let seen = Seen::run(place.tool(SMOKETEST).env("IMAP_PASSWORD", password));
    assert!(!format!("{seen:?}").contains(password), "{seen:?}");
    seen
}

#[test]
fn mail_goes_out_and_comes_in() {
    let authority = Authority::new("Own");
    let pair = authority.server("mail.example", 90);
    let postfix = Postfix::start(Some(&pair), "");
    let dovecot = Dovecot::start(Some(90), PASSWORD);
    let place = scenario(&postfix, &dovecot, &authority.pem());
    let well = run(&place, PASSWORD).succeeded();
    let expected = ["submission ok", "submissions ok", "mailbox ok"];
    assert_eq!(found(&well), expected, "{}", dovecot.log());

    let wrong_password = run(&place, "not-the-password");
    assert_eq!(wrong(&wrong_password), ["mailbox fail imap_login"]);

    let stranger = scenario(&postfix, &dovecot, &Authority::new("Other").pem());
    let untrusted = run(&stranger, PASSWORD);
    let expected = ["submission fail tls_unknown_issuer", "submissions skip"];
    assert_eq!(wrong(&untrusted), expected);

    let port = postfix.port;
    drop(postfix);
    until("nobody listens any more", || {
        TcpStream::connect(("127.0.0.1", port)).is_err()
    });
    let down = run(&place, PASSWORD);
    let expected = ["submission fail tcp_refused", "submissions skip"];
    assert_eq!(
        (down.code, wrong(&down)),
        (Some(1), expected.map(str::to_owned).to_vec())
    );
}
