//! What poses as PostgreSQL and speaks TLS, for what no real server does, or
//! tells of.

use crate::certificates::{Authority, Pair};
use crate::host::{direct, private_file, refused};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

const SCRAM: &[u8] = b"SCRAM-SHA-256\0SCRAM-SHA-256-PLUS\0\0";

/// Lets one client start, asks it to authenticate, and announces a gigabyte;
/// its port, and what the client said to that.
fn pose(pair: &Pair, is_at_once: bool) -> (u16, JoinHandle<Vec<u8>>) {
    let chain = vec![CertificateDer::from_pem_slice(pair.certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let mut config = builder
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    if is_at_once {
        config.alpn_protocols = vec![b"postgresql".to_vec()];
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let said = thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        if !is_at_once {
            socket.read_exact(&mut [0; 8]).unwrap();
            socket.write_all(b"S").unwrap();
        }
        let server = ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = StreamOwned::new(server, socket);
        let mut some = [0; 4096];
        let _ = stream.read(&mut some).unwrap();
        if is_at_once {
            assert_eq!(stream.conn.alpn_protocol(), Some(&b"postgresql"[..]));
        }
        let length = u32::try_from(8 + SCRAM.len()).unwrap().to_be_bytes();
        let methods = [&b"R"[..], &length, &[0, 0, 0, 10], SCRAM].concat();
        stream.write_all(&methods).unwrap();
        let read = stream.read(&mut some).unwrap();
        stream.write_all(b"R\x40\0\0\0").unwrap();
        // Until the client goes.
        while stream.write_all(&vec![0; 1 << 16]).is_ok() {}
        some[..read].to_vec()
    });
    (port, said)
}

/// Messages are bounded above the encryption, and a password is bound to the
/// server's certificate, however TLS begins.
#[test]
fn encryption_hides_no_long_message() {
    let authority = Authority::new("authority");
    let pair = authority.server(&["db.example"], 2100);
    let folder = tempfile::tempdir().unwrap();
    let roots = private_file(folder.path(), "roots.pem", &authority.pem());
    for negotiation in ["postgres", "direct"] {
        let (port, said) = pose(&pair, negotiation == "direct");
        let text = format!(
            "host=db.example hostaddr=127.0.0.1 port={port} user=app password=of-nobody \
             sslmode=verify-full sslrootcert={roots} sslnegotiation={negotiation}"
        );
        let failure = refused(&direct(&text, &[]).bounded(), "postgres");
        assert_eq!(failure.reason, "pg_too_long", "{negotiation}: {failure}");
        assert!(
            failure.message.contains("a message of 1.0 GiB"),
            "{failure}"
        );
        let said = String::from_utf8_lossy(&said.join().unwrap()).into_owned();
        assert!(
            said.contains("SCRAM-SHA-256-PLUS\0") && said.contains("p=tls-server-end-point,,"),
            "{said}"
        );
    }
}
