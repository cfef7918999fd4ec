//! The request that configuration describes.

use super::{Http, READ, sent};
use crate::http::{self, Auth, Request};
use crate::{Around, secret};
use toolkit::failure::Failure;

/// The methods that there are, and whether they send a body.
const METHODS: [(&str, bool); 7] = [
    ("GET", false),
    ("HEAD", false),
    ("POST", true),
    ("PUT", true),
    ("PATCH", true),
    ("DELETE", true),
    ("OPTIONS", false),
];
/// The most of a body that `read` may ask for.
const LARGEST: usize = 16 << 20;

impl Http {
    pub(super) fn method(&self) -> &str {
        self.method.as_deref().unwrap_or("GET")
    }

    /// The request, or what is wrong with which key.
    pub(super) fn request(&self) -> Result<Request, (&'static str, String)> {
        let mut request =
            Request::get(&self.url).map_err(|why| ("url", format!("`url`: {why}")))?;
        let method = self.method();
        let known = METHODS.iter().find(|(known, _)| *known == method);
        let Some((_, takes_body)) = known else {
            let all: Vec<_> = METHODS.iter().map(|(known, _)| *known).collect();
            let message = format!("unknown method `{method}`; there are {}", all.join(", "));
            return Err(("method", message));
        };
        let sent = sent::body(self)?;
        if sent.is_some() && !takes_body {
            let message =
                format!("a body is sent with POST, PUT, PATCH or DELETE, not with {method}");
            return Err(("method", message));
        }
        method.clone_into(&mut request.method);
        request.auth = self.auth()?.or(request.auth);
        request.headers = self.headers(sent.as_ref())?;
        request.socket.clone_from(&self.socket);
        request.body = sent.map(|sent| sent.body);
        request.follow = self.follow;
        request.ca.clone_from(&self.ca);
        request.most = self.read.unwrap_or(READ);
        if !(1..=LARGEST).contains(&request.most) {
            return Err(("read", format!("`read` takes 1 to {LARGEST} bytes")));
        }
        Ok(request)
    }

    fn auth(&self) -> Result<Option<Auth>, (&'static str, String)> {
        http::auth(
            self.user.as_deref(),
            self.password.as_ref(),
            self.token.as_ref(),
        )
    }

    fn headers(
        &self,
        sent: Option<&sent::Sent>,
    ) -> Result<Vec<(String, String)>, (&'static str, String)> {
        let mut headers = Vec::new();
        for (name, value) in &self.send_header {
            http::check_header(name, value).map_err(|why| ("send_header", why))?;
            // Here too: what is only shown is never sent.
            secret::learn_header(name, value);
            headers.push((name.clone(), value.clone()));
        }
        let mut names = self.send_header.keys();
        let is_said = names.any(|name| name.eq_ignore_ascii_case("content-type"));
        match sent.map(|sent| &sent.kind) {
            Some(Some(kind)) if !is_said => headers.push(("Content-Type".into(), kind.clone())),
            Some(None) if is_said => {
                let why = "`multipart` says its `Content-Type` itself";
                return Err(("send_header", why.into()));
            }
            _ => {}
        }
        Ok(headers)
    }

    /// The request, its files found and read.
    ///
    /// # Errors
    /// `http_request` where it cannot be asked like this; `file_unreadable`,
    /// `file_too_large`.
    pub fn asked(&self, around: &Around<'_>) -> Result<Request, Failure> {
        let mut request = self.planned(around)?;
        if let Some(body) = &mut request.body
            && let Some(kind) = body.load()?
        {
            request.headers.push(("Content-Type".into(), kind));
        }
        Ok(request)
    }

    /// The request, its files found and not yet read.
    ///
    /// # Errors
    /// `http_request` where it cannot be asked like this.
    pub fn planned(&self, around: &Around<'_>) -> Result<Request, Failure> {
        let request = self.request();
        let mut request = request.map_err(|(_, why)| Failure::new("http_request", why))?;
        request.socket = request.socket.map(|path| around.config.resolve(&path));
        request.ca = request.ca.map(|path| around.config.resolve(&path));
        for path in request.body.iter_mut().flat_map(http::Body::files) {
            *path = around.config.resolve(path);
        }
        Ok(request)
    }
}
