//! The cookies that servers set, kept from one request to the next: RFC 6265.

use super::Request;
use cookie_store::CookieStore;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use url::Url;

/// No application sets as many; a hostile one may.
const MOST: usize = 1000;

/// Cookies, shared by the requests that send them and keep what is set.
#[derive(Default)]
pub struct Jar(Mutex<CookieStore>);

impl Jar {
    /// What is sent to `url`: `a=b; c=d`; none where there is nothing to send.
    pub fn header(&self, url: &Url) -> Option<String> {
        let store = self.store();
        let mut pairs: Vec<_> = store
            .get_request_values(url)
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.sort();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Keeps what a `Set-Cookie` of `url` says; what is none is let go, as
    /// browsers do.
    pub(super) fn keep(&self, line: &str, url: &Url) {
        let mut store = self.store();
        if store.iter_any().count() < MOST {
            let _ = store.parse(line, url);
        }
    }

    fn store(&self) -> MutexGuard<'_, CookieStore> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Without the cookies: they are secrets.
impl fmt::Debug for Jar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jar").finish_non_exhaustive()
    }
}

impl Request {
    /// The cookies that it is sent with; none where it says itself which.
    pub fn cookie_header(&self) -> Option<String> {
        let mut names = self.headers.iter().map(|(name, _)| name);
        if names.any(|name| name.eq_ignore_ascii_case("cookie")) {
            return None;
        }
        self.cookies.as_ref()?.header(&self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn cookies_go_where_they_may() {
        let jar = Jar::default();
        let home = url("https://a.example/app/login");
        for line in [
            "id=1; Path=/; Secure; HttpOnly",
            "part=2",
            "gone=3; Max-Age=0",
            "other=4; Domain=b.example",
            "wide=5; Domain=a.example; Path=/",
            "no cookie",
            "",
        ] {
            jar.keep(line, &home);
        }
        let sent = |to: &str| jar.header(&url(to));
        assert_eq!(
            sent("https://a.example/app/me").as_deref(),
            Some("id=1; part=2; wide=5")
        );
        assert_eq!(sent("https://a.example/").as_deref(), Some("id=1; wide=5"));
        assert_eq!(sent("http://a.example/").as_deref(), Some("wide=5"));
        assert_eq!(sent("https://c.a.example/").as_deref(), Some("wide=5"));
        assert_eq!(sent("https://b.example/"), None);
        jar.keep("id=; Path=/; Max-Age=0", &home);
        assert_eq!(sent("https://a.example/").as_deref(), Some("wide=5"));
    }

    #[test]
    fn a_server_cannot_fill_the_memory() {
        let jar = Jar::default();
        let home = url("http://a.example/");
        for number in 0..2 * MOST {
            jar.keep(&format!("c{number}=1"), &home);
        }
        assert_eq!(jar.store().iter_any().count(), MOST);
    }

    #[test]
    fn what_the_request_says_itself_counts() {
        let jar = Arc::new(Jar::default());
        jar.keep("id=secret-of-a-session", &url("http://a.example/"));
        let mut request = Request::get("http://a.example/b").unwrap();
        assert_eq!(request.cookie_header(), None);
        request.cookies = Some(Arc::clone(&jar));
        let sent = request.cookie_header();
        assert_eq!(sent.as_deref(), Some("id=secret-of-a-session"));
        assert!(!format!("{request:?}").contains("secret-of"), "{request:?}");
        request.headers = vec![("cookie".into(), "id=2".into())];
        assert_eq!(request.cookie_header(), None);
    }
}
