//! What of a response is not as expected; its body aside.

use super::{Header, Http};
use crate::http::Response;
use crate::report::Fault;
use crate::{Report, secret, text};
use toolkit::redact;
use url::Url;

/// Judges status, redirect and headers.
pub(super) fn head(expected: &Http, response: &Response, report: &mut Report) {
    if let Some(fault) = status(expected, response) {
        report.fault(fault);
    } else if let Some(to) = &expected.redirect
        && let Some(fault) = redirect(to, response)
    {
        report.fault(fault);
    }
    for (name, header) in &expected.header {
        if let Some(fault) = judged(name, header, response) {
            report.fault(fault);
        }
    }
}

/// Judges the size of the body.
pub(super) fn size(expected: &Http, response: &Response, report: &mut Report) {
    let Some(wanted) = expected.size else {
        return;
    };
    #[allow(clippy::cast_precision_loss)] // At most 16 MiB.
    let bytes = response.body.len() as f64;
    let is_more = response.is_cut && wanted.max.is_some();
    if wanted.holds(bytes) && !is_more {
        return;
    }
    let more = if response.is_cut { "more than " } else { "" };
    let observed = format!("a body of {more}{bytes} bytes");
    let expected = format!("{wanted} bytes");
    report.fault(Fault::fail("http_size", observed, expected));
}

/// Judges how long it took.
pub(super) fn seconds(expected: &Http, response: &Response, report: &mut Report) {
    let seconds = response.took.as_secs_f64();
    if let Some((level, limit)) = expected.seconds.above(seconds) {
        let observed = format!("{} in {seconds:.3} s", response.status);
        let less = format!("less than {limit} s");
        report.fault(Fault::new(level, "http_slow", observed, less));
    }
}

fn status(expected: &Http, response: &Response) -> Option<Fault> {
    let wanted = expected.status();
    if wanted.holds(response.status) {
        return None;
    }
    let mut observed = format!("status {}", response.status);
    let location = response.location();
    if let Some(Ok(to)) = &location {
        observed = format!("{observed}, redirecting to {to}");
    } else if !response.body.is_empty() {
        observed = format!("{observed}, with {}", text::quoted(&response.body));
    }
    let fault = Fault::fail("http_status", observed, wanted.to_string());
    let hint = match response.status {
        _ if location.is_some() && expected.follow == 0 => {
            "check the URL that it redirects to, or expect that with `redirect`, or follow it with `follow = 1`"
        }
        401 | 407 => "give `user` and `password`, or a `token`, that it knows",
        _ => return Some(fault),
    };
    Some(fault.hint(hint))
}

fn redirect(expected: &str, response: &Response) -> Option<Fault> {
    let observed = match response.location() {
        Some(Ok(to)) if is(expected, &to) => return None,
        Some(Ok(to)) => format!("redirects to {to}"),
        Some(Err(location)) => format!("redirects to `{location}`, which is no URL"),
        None => format!("status {}, with no `Location`", response.status),
    };
    Some(Fault::fail(
        "http_redirect",
        observed,
        format!("a redirect to {expected}"),
    ))
}

/// Whether `url` is the one that was meant, or begins as it does up to `*`.
fn is(expected: &str, url: &Url) -> bool {
    if let Some(start) = expected.strip_suffix('*') {
        return url.as_str().starts_with(start);
    }
    Url::parse(expected).is_ok_and(|expected| expected == *url)
}

fn judged(name: &str, header: &Header, response: &Response) -> Option<Fault> {
    let values: Vec<_> = response.header(name).collect();
    let shown: Vec<_> = values
        .iter()
        .map(|value| {
            let is_secret = secret::is_name(name);
            let shown = if is_secret {
                redact::MASK.into()
            } else {
                text::first(value)
            };
            format!("`{shown}`")
        })
        .collect();
    let shown = shown.join(", ");
    let (reason, expected) = match header {
        Header::Present if values.is_empty() => ("header_missing", format!("a header `{name}`")),
        Header::Matches(pattern) if values.is_empty() => {
            ("header_missing", format!("`{name}` to match `{pattern}`"))
        }
        Header::Absent if !values.is_empty() => ("header_present", format!("no header `{name}`")),
        Header::Matches(pattern) if !values.iter().any(|value| pattern.is_in(value)) => {
            ("header_wrong", format!("`{name}` to match `{pattern}`"))
        }
        _ => return None,
    };
    let observed = if values.is_empty() {
        format!("no header `{name}`")
    } else {
        format!("`{name}` is {shown}")
    };
    Some(Fault::fail(reason, observed, expected))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn response(status: u16, headers: &[(&str, &str)]) -> Response {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Response {
            version: "1.1",
            certificate: None,
            status,
            headers: headers.iter().map(owned).collect(),
            body: Vec::new(),
            is_cut: false,
            hops: vec![Url::parse("http://a.example/b").unwrap()],
            took: Duration::from_millis(300),
            connected: Duration::ZERO,
            first_byte: Duration::ZERO,
            is_again: false,
        }
    }

    fn found(toml: &str, response: &Response) -> Vec<String> {
        let toml = format!("url = 'http://a.example/b'\n{toml}");
        let http: Http = toml::from_str(&toml).unwrap();
        let mut report = Report::default();
        head(&http, response, &mut report);
        seconds(&http, response, &mut report);
        let told =
            |fault: Fault| format!("{}: {}; {}", fault.reason, fault.observed, fault.expected);
        report.faults.into_iter().map(told).collect()
    }

    #[test]
    fn a_status_is_2xx_unless_told() {
        let none: [&str; 0] = [];
        for (toml, status) in [
            ("", 204),
            ("status = 404", 404),
            ("status = [200, 503]", 503),
            ("status = '201|409'", 409),
            ("status = '5xx'", 503),
            ("status = ['2xx', 409]", 204),
        ] {
            assert_eq!(found(toml, &response(status, &[])), none, "{toml}");
        }
        let told = found("", &response(503, &[]));
        assert_eq!(told, ["http_status: status 503; status 200 to 299"]);
        let told = found("status = [200, 204]", &response(201, &[]));
        assert_eq!(told, ["http_status: status 201; status 200 or 204"]);
        for wrong in ["'6xx'", "'200|'", "'ok'", "[]", "99", "'2xx3'"] {
            let toml = format!("url = 'http://a.example'\nstatus = {wrong}");
            let told = toml::from_str::<Http>(&toml).unwrap_err().to_string();
            assert!(told.contains("it takes statuses from 100 to 599"), "{told}");
        }
    }

    #[test]
    fn a_redirect_is_no_answer_unless_expected() {
        let moved = response(301, &[("location", "https://a.example/b")]);
        let told = found("", &moved);
        assert_eq!(
            told,
            ["http_status: status 301, redirecting to https://a.example/b; status 200 to 299"]
        );
        for right in ["https://a.example/b", "https://a.example/*"] {
            assert_eq!(
                found(&format!("redirect = '{right}'"), &moved).len(),
                0,
                "{right}"
            );
        }
        let relative = response(302, &[("location", "/login#top")]);
        assert_eq!(
            found("redirect = 'http://a.example/login'", &relative).len(),
            0
        );
        let told = found("redirect = 'https://a.example/'", &moved);
        let wrong =
            "http_redirect: redirects to https://a.example/b; a redirect to https://a.example/";
        assert_eq!(told, [wrong]);
        let told = found("redirect = 'https://a.example/'", &response(200, &[]));
        assert_eq!(told, ["http_status: status 200; a redirect"]);
    }

    #[test]
    fn headers_are_there_or_not_or_match() {
        let response = response(
            200,
            &[
                ("x-frame-options", "DENY"),
                ("vary", "a"),
                ("vary", "b"),
                ("set-cookie", "a=b"),
            ],
        );
        for right in [
            "X-Frame-Options = true",
            "X-Frame-Options = '^(DENY|SAMEORIGIN)$'",
            "Server = false",
            "VARY = 'b'",
        ] {
            assert_eq!(
                found(&format!("header = {{ {right} }}"), &response).len(),
                0,
                "{right}"
            );
        }
        for (wrong, told) in [
            ("A = true", "header_missing: no header `A`; a header `A`"),
            ("A = 'x'", "header_missing: no header `A`; `A` to match `x`"),
            (
                "Vary = false",
                "header_present: `Vary` is `a`, `b`; no header `Vary`",
            ),
            (
                "Vary = 'c'",
                "header_wrong: `Vary` is `a`, `b`; `Vary` to match `c`",
            ),
        ] {
            assert_eq!(
                found(&format!("header = {{ {wrong} }}"), &response),
                [told],
                "{wrong}"
            );
        }
    }

    #[test]
    fn slowness_is_told() {
        let response = response(200, &[]);
        assert_eq!(found("seconds = { fail = 0.4 }", &response).len(), 0);
        let told = found("seconds = { warn = 0.2 }", &response);
        assert_eq!(told, ["http_slow: 200 in 0.300 s; less than 0.2 s"]);
    }
}
