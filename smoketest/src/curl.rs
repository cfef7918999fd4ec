//! Requests as `curl` commands.

use probe::http::body::{Origin, Part, Value};
use probe::http::{Auth, Request};
use shell_words::quote;
use toolkit::redact;

/// The command that asks the same, the secrets in it masked: quoted, they would
/// not be known as such any more.
pub(crate) fn of(request: &Request) -> String {
    let words = words(request);
    let words = words
        .iter()
        .map(|word| quote(&redact::text(word)).into_owned());
    let words: Vec<_> = words.collect();
    format!("curl -sS -i {}", words.join(" "))
}

/// The arguments of `curl` that ask the same.
pub(crate) fn words(request: &Request) -> Vec<String> {
    let mut words = Vec::new();
    // `-X HEAD` would wait for a body.
    if request.method == "HEAD" {
        words.push("-I".into());
    }
    let mut add = |option: &str, value: &str| {
        words.push(option.to_owned());
        words.push(value.to_owned());
    };
    match request.method.as_str() {
        "GET" | "HEAD" => {}
        method => add("-X", method),
    }
    if let Some(socket) = &request.socket {
        add("--unix-socket", &socket.display().to_string());
    }
    if let Some(ca) = &request.ca {
        add("--cacert", &ca.display().to_string());
    }
    match &request.auth {
        Some(Auth::Basic(user, password)) => add("-u", &format!("{user}:{}", password.expose())),
        Some(Auth::Bearer(token)) => {
            add("-H", &format!("Authorization: Bearer {}", token.expose()));
        }
        None => {}
    }
    let is_form = request
        .body
        .as_ref()
        .is_some_and(|body| matches!(body.origin, Origin::Parts(_)));
    for (name, value) in &request.headers {
        // What is between the parts of a form, curl says itself.
        if is_form && name == "Content-Type" {
            continue;
        }
        add("-H", &format!("{name}: {value}"));
    }
    if let Some(cookies) = request.cookie_header() {
        add("-b", &cookies);
    }
    match request.body.as_ref().map(|body| (body, &body.origin)) {
        None => {}
        Some((body, Origin::Bytes)) => add("--data-raw", &String::from_utf8_lossy(&body.bytes)),
        Some((_, Origin::File(path))) => add("--data-binary", &format!("@{}", path.display())),
        Some((_, Origin::Parts(parts))) => {
            for part in parts {
                let (option, value) = in_form(part);
                add(option, &value);
            }
        }
    }
    if request.follow > 0 {
        add("--max-redirs", &request.follow.to_string());
        words.push("-L".into());
    }
    words.push(request.url.to_string());
    words
}

/// The option for a part of a form, and its value.
fn in_form(part: &Part) -> (&'static str, String) {
    let quoted = |text: &str| {
        let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{escaped}\"")
    };
    let name = &part.name;
    match &part.value {
        Value::Text(text) => ("--form-string", format!("{name}={text}")),
        Value::File {
            path,
            kind,
            name: given,
        } => {
            let path = quoted(&path.display().to_string());
            let given = quoted(given);
            ("-F", format!("{name}=@{path};type={kind};filename={given}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_can_be_asked_by_hand() {
        let mut request = Request::get("http://u:pass-word@a.example/b?c=d&e").unwrap();
        assert_eq!(
            of(&request),
            "curl -sS -i -u 'u:***' 'http://a.example/b?c=d&e'"
        );
        request.auth = None;
        request.method = "POST".into();
        request.headers = vec![("Content-Type".into(), "application/json".into())];
        request.body = Some("{\"it's\": 1}".into());
        let told = of(&request);
        let words = shell_words::split(&told).unwrap();
        assert_eq!(
            words[3..7],
            ["-X", "POST", "-H", "Content-Type: application/json"]
        );
        assert_eq!(
            words[7..],
            ["--data-raw", "{\"it's\": 1}", "http://a.example/b?c=d&e"]
        );
    }
}
