//! How a connection is let in: by a password in one of the three ways that the
//! server may ask for it (<https://www.postgresql.org/docs/current/protocol-flow.html>).

use super::super::params::Params;
use super::Broken;
use super::link::{Link, Next, odd, refusal};
use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend::{AuthenticationSaslBody, Message};
use postgres_protocol::message::frontend;
use std::io;

/// Starts a session in `database`, as `params` say.
pub(super) fn login(link: &mut Link, params: &Params, database: &str) -> Result<(), Broken> {
    let mut startup = BytesMut::new();
    let name = params.application_name.as_deref().unwrap_or("sextant");
    let mut parameters = vec![
        ("user", params.user.as_str()),
        ("database", database),
        ("client_encoding", "UTF8"),
        ("application_name", name),
    ];
    parameters.extend(params.options.as_deref().map(|text| ("options", text)));
    frontend::startup_message(parameters, &mut startup)?;
    link.send(&startup)?;
    authenticate(link, params)?;
    loop {
        match message(link)? {
            Message::ReadyForQuery(_) => return Ok(()),
            Message::BackendKeyData(_) => {}
            _ => return Err(odd("no session").into()),
        }
    }
}

fn authenticate(link: &mut Link, params: &Params) -> Result<(), Broken> {
    let password = || {
        let known = params.password().map(str::as_bytes);
        known.ok_or_else(|| io::Error::other("a password is asked for, and none is known"))
    };
    let mut answer = BytesMut::new();
    match message(link)? {
        Message::AuthenticationOk => return Ok(()),
        Message::AuthenticationCleartextPassword => {
            frontend::password_message(password()?, &mut answer)?;
        }
        Message::AuthenticationMd5Password(body) => {
            let hash = md5_hash(params.user.as_bytes(), password()?, body.salt());
            frontend::password_message(hash.as_bytes(), &mut answer)?;
        }
        Message::AuthenticationSasl(body) => {
            scram(link, &body, password()?)?;
            return accepted(link);
        }
        _ => return Err(io::Error::other("it asks for another proof than a password").into()),
    }
    link.send(&answer)?;
    accepted(link)
}

fn scram(link: &mut Link, body: &AuthenticationSaslBody, password: &[u8]) -> Result<(), Broken> {
    if !body.mechanisms().any(|name| Ok(name == SCRAM_SHA_256))? {
        return Err(io::Error::other("it asks for another proof than a password").into());
    }
    let mut scram = ScramSha256::new(password, ChannelBinding::unsupported());
    let mut answer = BytesMut::new();
    frontend::sasl_initial_response(SCRAM_SHA_256, scram.message(), &mut answer)?;
    link.send(&answer)?;
    let Message::AuthenticationSaslContinue(body) = message(link)? else {
        return Err(odd("no challenge").into());
    };
    scram.update(body.data())?;
    let mut answer = BytesMut::new();
    frontend::sasl_response(scram.message(), &mut answer)?;
    link.send(&answer)?;
    let Message::AuthenticationSaslFinal(body) = message(link)? else {
        return Err(odd("no proof of its own").into());
    };
    // The server knows the password too.
    Ok(scram.finish(body.data())?)
}

fn accepted(link: &mut Link) -> Result<(), Broken> {
    match message(link)? {
        Message::AuthenticationOk => Ok(()),
        _ => Err(odd("no session").into()),
    }
}

fn message(link: &mut Link) -> Result<Message, Broken> {
    match link.next()? {
        Next::Row => Err(odd("a row").into()),
        Next::Other(message) => match *message {
            Message::ErrorResponse(body) => Err(Broken::Refused(refusal(&body)?)),
            message => Ok(message),
        },
    }
}
