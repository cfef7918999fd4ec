//! As whom a server is asked.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use toolkit::config::Secret;
use url::Url;

/// As whom a server is asked.
#[derive(Debug, Clone)]
pub enum Auth {
    /// By user and password.
    Basic(String, Secret),
    /// By a token.
    Bearer(Secret),
}

impl Auth {
    /// The value of the header `Authorization`.
    pub(super) fn header(&self) -> String {
        match self {
            Self::Basic(user, password) => {
                let pair = format!("{user}:{}", password.expose());
                format!("Basic {}", STANDARD.encode(pair))
            }
            Self::Bearer(token) => format!("Bearer {}", token.expose()),
        }
    }
}

/// As whom a URL says.
pub(super) fn user_of(url: &Url) -> Option<Auth> {
    let plain = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let password = Secret::password(plain(url.password().unwrap_or_default()));
    let user = plain(url.username());
    (!user.is_empty() || url.password().is_some()).then_some(Auth::Basic(user, password))
}

/// As whom, by what a configuration gives; or what is wrong with which key.
///
/// # Errors
/// A password without a user, or both a user and a token.
pub(crate) fn auth(
    user: Option<&str>,
    password: Option<&Secret>,
    token: Option<&Secret>,
) -> Result<Option<Auth>, (&'static str, String)> {
    match (user, password, token) {
        (None, None, None) => Ok(None),
        (None, None, Some(token)) => Ok(Some(Auth::Bearer(token.clone()))),
        (Some(user), Some(password), None) => {
            Ok(Some(Auth::Basic(user.to_owned(), password.clone())))
        }
        (Some(_), None, None) => Err(("user", "`user` goes with a `password`".into())),
        (None, Some(_), None) => Err(("password", "`password` goes with a `user`".into())),
        (.., Some(_)) => Err(("token", "`token` goes without `user` and `password`".into())),
    }
}
