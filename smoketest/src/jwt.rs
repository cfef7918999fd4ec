//! What a JSON Web Token says: RFC 7519. Its signature is the server's to
//! check; what it claims is for all to read.

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use probe::jq::{self, Jq};
use probe::several::several;
use probe::{Deadline, Fault};
use serde::Deserialize;
use serde_json::Value;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use toolkit::failure::Failure;
use toolkit::redact;

/// How far from `lasts` a token may end: what servers round.
const SLACK: f64 = 60.0;

/// What a token must claim.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Jwt {
    /// The token.
    of: String,
    /// How long it is valid, from when it was issued, or from now on.
    #[serde(default, deserialize_with = "toolkit::config::some_duration")]
    lasts: Option<Duration>,
    /// The jq expressions that must be true of its claims.
    #[serde(default, deserialize_with = "several")]
    jq: Vec<Jq>,
}

impl Jwt {
    /// What of it is not as expected.
    ///
    /// # Errors
    /// `timeout`.
    pub(crate) fn judge(&self, deadline: Deadline) -> Result<Vec<Fault>> {
        redact::learn(&self.of);
        let claims = match claims(&self.of) {
            Ok(claims) => claims,
            Err(why) => {
                let fault = Fault::fail("jwt_invalid", why.message, "a JSON Web Token");
                return Ok(vec![fault]);
            }
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map(|now| now.as_secs_f64()).unwrap_or_default();
        let mut faults: Vec<_> = self.times(&claims, now).into_iter().collect();
        faults.extend(jq::judge(
            &self.jq,
            claims.to_string().as_bytes(),
            deadline,
        )?);
        Ok(faults)
    }

    /// Judges when it begins and ends; `now` is in seconds since 1970.
    fn times(&self, claims: &Value, now: f64) -> Option<Fault> {
        let claim = |name: &str| claims.get(name).and_then(Value::as_f64);
        let (ends, begins) = (claim("exp"), claim("nbf"));
        if let Some(ends) = ends.filter(|ends| *ends <= now) {
            let observed = format!("it ended {} ago", length(now - ends));
            return Some(Fault::fail(
                "jwt_expired",
                observed,
                "a token that is valid",
            ));
        }
        if let Some(begins) = begins.filter(|begins| *begins > now + SLACK) {
            let observed = format!("it begins in {}", length(begins - now));
            let fault = Fault::fail("jwt_not_yet_valid", observed, "a token that is valid");
            return Some(fault.hint("compare the clocks of both machines"));
        }
        let wanted = self.lasts?;
        let expected = format!("a token for {}", humantime::format_duration(wanted));
        let Some(ends) = ends else {
            return Some(Fault::fail(
                "jwt_lasts",
                "it never ends: it has no `exp`",
                expected,
            ));
        };
        let lasts = ends - claim("iat").unwrap_or(now);
        if (lasts - wanted.as_secs_f64()).abs() <= SLACK {
            return None;
        }
        Some(Fault::fail(
            "jwt_lasts",
            format!("it lasts {}", length(lasts)),
            expected,
        ))
    }
}

/// What a token claims.
fn claims(token: &str) -> Result<Value, Failure> {
    let wrong =
        |what: &str| Failure::new("jwt_invalid", format!("it is no JSON Web Token: {what}"));
    let mut parts = token.split('.');
    let (Some(_), Some(claims), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(wrong("it has not three parts with `.` between them"));
    };
    let bytes = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('='));
    let bytes = bytes.map_err(|_| wrong("its claims are not in base64url"))?;
    let value: Value =
        serde_json::from_slice(&bytes).map_err(|_| wrong("its claims are no JSON"))?;
    value
        .is_object()
        .then_some(value)
        .ok_or_else(|| wrong("its claims are no JSON object"))
}

/// Seconds, for people.
fn length(seconds: f64) -> String {
    let length = Duration::try_from_secs_f64(seconds.abs().round()).unwrap_or_default();
    let sign = if seconds < 0.0 { "-" } else { "" };
    format!("{sign}{}", humantime::format_duration(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.sig", part(r#"{"alg":"HS256"}"#), part(claims))
    }

    fn told(token: &str, rest: &str) -> Vec<String> {
        let jwt: Jwt = toml_of(&format!("of = '{token}'\n{rest}"));
        let faults = jwt.judge(Deadline::after(Duration::from_secs(60))).unwrap();
        let told = |fault: Fault| format!("{}: {}", fault.reason, fault.observed);
        faults.into_iter().map(told).collect()
    }

    fn toml_of<T: serde::de::DeserializeOwned>(text: &str) -> T {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_token_of_seven_days_is_one() {
        let iat = 4_000_000_000_u64;
        let week = token(&format!(
            r#"{{"iat":{iat},"exp":{},"role":"ADMIN"}}"#,
            iat + 604_800
        ));
        assert_eq!(
            told(&week, "lasts = '7d'\njq = '.role == \"ADMIN\"'"),
            [""; 0]
        );
        assert_eq!(
            told(&week, "lasts = '1d'\njq = '.role == \"USER\"'"),
            [
                "jwt_lasts: it lasts 7days",
                "jq_false: `.role` is \"ADMIN\""
            ]
        );
        assert_eq!(
            told(&token("{}"), "lasts = '1d'"),
            ["jwt_lasts: it never ends: it has no `exp`"]
        );
    }

    #[test]
    fn one_that_is_over_or_none_is_told() {
        let over = told(&token(r#"{"exp":1000}"#), "");
        assert!(over[0].starts_with("jwt_expired: it ended "), "{over:?}");
        let early = told(&token(r#"{"nbf":4000000000}"#), "");
        assert!(
            early[0].starts_with("jwt_not_yet_valid: it begins in "),
            "{early:?}"
        );
        for (wrong, why) in [
            ("a.b", "it has not three parts with `.` between them"),
            ("a.***.c", "its claims are not in base64url"),
            ("a.e30x.c", "its claims are no JSON"),
            ("a.MQ.c", "its claims are no JSON object"),
        ] {
            let expected = format!("jwt_invalid: it is no JSON Web Token: {why}");
            assert_eq!(told(wrong, ""), [expected], "{wrong}");
        }
    }
}
