//! What a redirect makes of a request.

use super::Request;
use crate::secret;
use toolkit::failure::Failure;
use url::Url;

impl Request {
    /// What a redirect makes of it, as browsers do: anything but 307 and 308
    /// turns a POST into a GET, and another server is told no secrets.
    ///
    /// # Errors
    /// `redirect_url` where that cannot be asked.
    pub(super) fn redirected(mut self, status: u16, to: Url) -> Result<Self, Failure> {
        if self.socket.is_some() && to.host() != self.url.host() {
            let message = format!("redirects to {to}, which is not behind the socket");
            return Err(Failure::new("redirect_url", message));
        }
        let keeps = matches!(status, 307 | 308)
            || matches!(self.method.as_str(), "GET" | "HEAD")
            || (status != 303 && self.method != "POST");
        if !keeps {
            self.method = "GET".into();
            self.body = None;
        }
        if to.origin() != self.url.origin() {
            self.auth = None;
            self.headers.retain(|(name, _)| !secret::is_name(name));
        }
        self.url = to;
        Ok(self)
    }
}

/// The failure of redirects that lead round, or on and on.
pub(super) fn lost(is_loop: bool, hops: &[(String, Url)]) -> Failure {
    let urls: Vec<_> = hops.iter().map(|(_, url)| url.as_str()).collect();
    let way = urls.join(" → ");
    if is_loop {
        return Failure::new("redirect_loop", format!("it redirects in a circle: {way}"));
    }
    let followed = hops.len() - 2;
    let message = format!("it redirects more than {followed} times: {way}");
    Failure::new("redirect_limit", message).hint("raise `follow`, or check the last URL alone")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_server_is_told_no_secrets() {
        let mut first = Request::get("https://user:pw@a.example/").unwrap();
        first.method = "POST".into();
        first.body = Some("x".into());
        first.headers = vec![
            ("X-Api-Key".into(), "k".into()),
            ("Accept".into(), "a/b".into()),
        ];
        let there = Url::parse("https://a.example/b").unwrap();
        let kept = first.clone().redirected(307, there.clone()).unwrap();
        assert_eq!((kept.method.as_str(), kept.headers.len()), ("POST", 2));
        assert!(kept.auth.is_some() && kept.body.is_some());
        let seen = first.clone().redirected(303, there).unwrap();
        assert_eq!((seen.method.as_str(), seen.body), ("GET", None));
        for elsewhere in [
            "http://a.example/",
            "https://b.example/",
            "https://a.example:1/",
        ] {
            let to = Url::parse(elsewhere).unwrap();
            let told = first.clone().redirected(302, to).unwrap();
            assert!(told.auth.is_none(), "{elsewhere}");
            assert_eq!(told.headers, [("Accept".to_owned(), "a/b".to_owned())]);
        }
    }
}
