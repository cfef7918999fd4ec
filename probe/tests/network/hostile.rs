//! Servers that keep a check waiting.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// Serves each connection with `serve`, on a thread of its own; its address.
pub(crate) fn serve(serve: impl Fn(TcpStream) + Send + Sync + Clone + 'static) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = serve.clone();
            thread::spawn(move || serve(stream));
        }
    });
    address
}

/// Never answers.
pub(crate) fn silent() -> String {
    serve(|stream| {
        // Until the other side closes.
        let _ = std::io::copy(&mut &stream, &mut std::io::sink());
    })
}

/// Sends `bytes` again and again, one each `pause`.
pub(crate) fn dripping(bytes: &'static [u8], pause: Duration) -> String {
    serve(move |mut stream| {
        for byte in bytes.iter().cycle() {
            if stream.write_all(&[*byte]).is_err() {
                return;
            }
            thread::sleep(pause);
        }
    })
}

/// Sends `bytes` again and again, as fast as it can.
pub(crate) fn flooding(bytes: &'static [u8]) -> String {
    serve(move |mut stream| {
        let block: Vec<u8> = bytes.iter().copied().cycle().take(1 << 16).collect();
        while stream.write_all(&block).is_ok() {}
    })
}

/// Sends `bytes`, and then nothing.
pub(crate) fn saying(bytes: &'static [u8]) -> String {
    serve(move |mut stream| {
        let _ = stream.write_all(bytes);
        let _ = std::io::copy(&mut &stream, &mut std::io::sink());
    })
}
