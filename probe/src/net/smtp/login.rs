//! Logging in to a mail server.

use super::{REFUSED, Reply, expect, say};
use crate::net::Dialog;
use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::{Read, Write};
use toolkit::failure::Failure;

/// Logs in: `PLAIN` (RFC 4954, RFC 4616), else `LOGIN`, which has no standard
/// but is all that some servers know.
pub(super) fn log_in<S: Read + Write>(
    dialog: &mut Dialog<S>,
    hello: &Reply,
    user: &str,
    password: &str,
) -> Result<Option<String>> {
    const STEP: &str = "the login";
    let answer = if hello.offers("AUTH PLAIN") {
        let proof = STANDARD.encode(format!("\0{user}\0{password}"));
        say(dialog, &format!("AUTH PLAIN {proof}"), STEP)?
    } else if hello.offers("AUTH LOGIN") {
        let mut answer = say(dialog, "AUTH LOGIN", STEP)?;
        for word in [user, password] {
            if answer.code == 334 {
                answer = say(dialog, &STANDARD.encode(word), STEP)?;
            }
        }
        answer
    } else {
        return Err(Failure::new(
            "smtp_no_login",
            "the server offers neither `AUTH PLAIN` nor `AUTH LOGIN`",
        )
        .hint("let it offer one of them here, or leave out `user` and `password`")
        .into());
    };
    match answer.code {
        // Refused for now, it says nothing of the password.
        235 | 400..=499 => expect(answer, &[235], REFUSED, "answers the login with").map(|_| None),
        _ => Ok(Some(answer.shown())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Deadline;
    use std::io;
    use std::time::Duration;
    use toolkit::config::Secret;
    use toolkit::redact;

    /// A server that says this, and what it was sent.
    struct Server(io::Cursor<&'static str>, String);

    impl Read for Server {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }

    impl Write for Server {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 += std::str::from_utf8(bytes).unwrap();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_login_is_what_the_server_offers_and_not_shown_when_it_is_repeated() {
        let user_and_word = "AUTH LOGIN\r\nYXBw\r\ncmVwZWF0ZWQtcGE1NQ==\r\n";
        for (offered, answers, sent) in [
            (
                "AUTH LOGIN PLAIN",
                "535 no\r\n",
                "AUTH PLAIN AGFwcAByZXBlYXRlZC1wYTU1\r\n",
            ),
            (
                "AUTH LOGIN",
                "334 user?\r\n334 word?\r\n535 no\r\n",
                user_and_word,
            ),
        ] {
            let hello = Reply {
                code: 250,
                lines: vec!["mx".to_owned(), offered.to_owned()],
            };
            let server = Server(io::Cursor::new(answers), String::new());
            let mut dialog = Dialog::new(server, Deadline::after(Duration::from_secs(60)));
            let secret = Secret::password("repeated-pa55");
            let refused = log_in(&mut dialog, &hello, "app", secret.expose()).unwrap();
            assert_eq!(refused.as_deref(), Some("535 no"));
            assert_eq!(dialog.into_stream().unwrap().1, sent);
            assert!(redact::text(sent).contains(redact::MASK), "{sent}");
        }
    }
}
