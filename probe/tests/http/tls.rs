//! What is wrong with a certificate is told as that.

use crate::certificates::{Authority, self_signed};
use crate::look::{failed, look_in, passed};
use crate::nginx::Nginx;
use toolkit::testing::until;

#[test]
fn each_fault_of_a_certificate_is_told_and_its_remedy_seen() {
    let authority = Authority::new("the authority");
    let good = authority.good();
    let nginx = Nginx::start(&good);
    nginx.write("ca.pem", &authority.certificate);
    let folder = nginx.path("");
    let url = nginx.tls_url("/");
    let trusting = format!("{url}ca = 'ca.pem'");
    let is_good = || look_in(&folder, "http", &trusting).reason.is_none();
    assert!(is_good());
    let (reason, observed) = told(&nginx, &url);
    assert_eq!(reason, "tls_unknown_issuer");
    assert!(
        observed.contains("the certificate of `localhost` is signed by `CN=the authority"),
        "{observed}"
    );
    for (pair, reason, what) in [
        (
            authority.server("localhost", 2020, 2025),
            "tls_expired",
            "expired on 2025-01-01T00:00:00Z",
        ),
        (
            authority.server("localhost", 2090, 2100),
            "tls_not_yet_valid",
            "is not valid before 2090-01-01T00:00:00Z",
        ),
        (
            authority.server("other.example", 2020, 2100),
            "tls_wrong_host",
            "was issued for `other.example`",
        ),
        (self_signed(), "tls_self_signed", "is signed by itself"),
    ] {
        nginx.show(&pair);
        // Until its last worker has gone, nginx shows either.
        until(reason, || {
            let found = look_in(&folder, "http", &trusting);
            let is_told = found.reason == Some(reason);
            if is_told {
                let told = format!("the certificate of `localhost` {what}");
                assert!(found.observed.ends_with(&told), "{found:#?}");
                assert!(found.hint.is_some(), "{found:#?}");
            }
            is_told
        });
        nginx.show(&good);
        until("it is mended", is_good);
    }
    let own = self_signed();
    nginx.show(&own);
    nginx.write("own.pem", &own.certificate);
    let trusting = format!("{url}ca = 'own.pem'");
    until("a self-signed server is trusted by itself", || {
        look_in(&folder, "http", &trusting).reason.is_none()
    });
}

fn told(nginx: &Nginx, keys: &str) -> (&'static str, String) {
    let found = look_in(&nginx.path(""), "http", keys);
    assert!(found.hint.is_some(), "{found:#?}");
    let (reason, observed) = failed(&found);
    (reason, observed.to_owned())
}

#[test]
fn what_is_no_tls_is_told() {
    let authority = Authority::new("the authority");
    let nginx = Nginx::start(&authority.good());
    let (reason, _) = told(&nginx, &nginx.url("/").replace("http:", "https:"));
    assert_eq!(reason, "tls_none");
    let plain = nginx.tls_url("/").replace("https:", "http:");
    let found = look_in(&nginx.path(""), "http", &plain);
    assert_eq!(failed(&found).0, "http_status", "nginx says 400");
    let (reason, _) = told(&nginx, &(nginx.tls_url("/") + "ca = 'none.pem'"));
    assert_eq!(reason, "tls_ca");
    nginx.write("ca.pem", &authority.certificate);
    passed(&look_in(
        &nginx.path(""),
        "http",
        &(nginx.tls_url("/") + "ca = 'ca.pem'"),
    ));
}
