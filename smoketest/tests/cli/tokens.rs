//! JSON Web Tokens, as a server gives them out.

use crate::server::{Server, json};
use crate::{found, ran, site, step};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::time::{SystemTime, UNIX_EPOCH};
use toolkit::testing::Seen;

const DAY: u64 = 86_400;

/// A token with this header's algorithm and these claims.
fn token(claims: &str) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let head = part(r#"{"alg":"HS256","typ":"JWT"}"#);
    format!("{head}.{}.{}", part(claims), part("a signature"))
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// What comes of a login that answers with `token`, looked at like this.
fn login(token: &str, jwt: &str) -> Seen {
    let body = format!(r#"{{"access_token": "{token}"}}"#);
    let server = Server::start(move |_| json(200, &body));
    let place = site(
        &server,
        &format!(
            "[[step]]\nname = 'login'\ncall = 'POST /login 200'\n\
             capture = {{ token = '.access_token' }}\njwt = {{ of = '${{token}}', {jwt} }}\n\
             [[step]]\nname = 'mine'\ncall = 'GET /mine 200'\ntoken = '${{token}}'\n"
        ),
    );
    ran(&place, &[])
}

#[test]
fn a_token_of_seven_days_with_its_claims() {
    let (at, ends) = (now(), now() + 7 * DAY);
    let week = token(&format!(
        r#"{{"sub":"1","role":"ADMIN","iat":{at},"exp":{ends}}}"#
    ));
    let jq = r#"jq = ['.role == "ADMIN"', '.sub | tonumber > 0']"#;
    let seen = login(&week, &format!("lasts = '7d', {jq}")).succeeded();
    assert_eq!(found(&seen), ["login ok", "mine ok"]);
    assert!(!format!("{seen:?}").contains(&week), "a token is secret");
}

#[test]
fn one_that_is_not_as_expected_fails_its_step() {
    let (at, ends) = (now(), now() + DAY);
    let day = token(&format!(r#"{{"role":"USER","iat":{at},"exp":{ends}}}"#));
    let old = token(r#"{"iat":1000,"exp":2000}"#);
    let early = token(&format!(r#"{{"nbf":{}}}"#, now() + DAY));
    for (token, jwt, reason) in [
        (&day, "lasts = '7d'", "jwt_lasts"),
        (&day, "jq = '.role == \"ADMIN\"'", "jq_false"),
        (&old, "lasts = '1000s'", "jwt_expired"),
        (&early, "jq = '.nbf > 0'", "jwt_not_yet_valid"),
        (
            &"an-opaque-token-0123".to_owned(),
            "lasts = '7d'",
            "jwt_invalid",
        ),
    ] {
        let seen = login(token, jwt);
        assert_eq!(seen.code, Some(1), "{jwt}");
        let expected = [format!("login fail {reason}"), "mine skip".to_owned()];
        assert_eq!(found(&seen), expected, "{jwt}");
        assert!(
            !format!("{seen:?}").contains(token.as_str()),
            "a token is secret"
        );
    }
    let observed = &login(&day, "lasts = '7d'");
    assert_eq!(step(observed, "login")["observed"], "it lasts 1day");
    assert_eq!(step(observed, "login")["expected"], "a token for 7days");
}

/// A step of its own may look at what another one captured.
#[test]
fn a_token_can_be_looked_at_later() {
    let ends = now() + DAY;
    let day = token(&format!(r#"{{"iat":{},"exp":{ends}}}"#, now()));
    let body = format!(r#"{{"t": "{day}"}}"#);
    let server = Server::start(move |_| json(200, &body));
    let place = site(
        &server,
        "[[step]]\nname = 'login'\ncall = 'POST /login 200'\ncapture = { session = '.t' }\n\
         [[step]]\nname = 'look'\ncall = 'GET / 200'\njwt = { of = '${session}', lasts = '24h' }\n",
    );
    assert_eq!(
        found(&ran(&place, &[]).succeeded()),
        ["login ok", "look ok"]
    );
}
