//! HTTPS: whoever trusts the certificate gets an answer, nobody else does, and nobody stops it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use mrs_iam_sync_emulator::{Clock, Emulator};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::support::{SYNC, Stage, get, sample_key};

async fn stage() -> Stage {
    Stage::with(Emulator::builder().tls(true)).await
}

/// A TLS connection of a client that trusts these certificates and nothing else.
async fn connect(addr: SocketAddr, name: &'static str, trusted: &[&str]) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    for pem in trusted {
        roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(addr).await?;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(name).unwrap(), stream).await
}

#[tokio::test]
async fn whoever_trusts_the_certificate_gets_an_answer() {
    let stage = stage().await;
    let addr = stage.emulator.addr();
    assert_eq!(stage.emulator.base_url(), format!("https://{addr}"));
    let pem = stage.emulator.certificate_pem().unwrap();
    assert!(!pem.contains("PRIVATE"), "{pem}");
    for name in ["localhost", "127.0.0.1", "::1"] {
        let stream = connect(addr, name, &[pem]).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let draft = get(SYNC).sign(&sample_key(), stage.clock.now());
        assert_eq!(draft.send_over(&mut sender).await.status, 200, "{name}");
    }
    assert!(connect(addr, "example.com", &[pem]).await.is_err(), "another name");
}

#[tokio::test]
async fn nobody_else_does() {
    let (stage, another) = (stage().await, stage().await);
    let addr = stage.emulator.addr();
    for trusted in [&[][..], &[another.emulator.certificate_pem().unwrap()]] {
        let error = connect(addr, "localhost", trusted).await.unwrap_err();
        assert!(error.to_string().contains("invalid peer certificate"), "{error}");
    }
    assert!(stage.emulator.requests().is_empty());
}

#[tokio::test]
async fn plain_http_is_turned_away_and_silence_holds_nobody_up() {
    let stage = stage().await;
    let addr = stage.emulator.addr();
    let _silent = TcpStream::connect(addr).await.unwrap();
    let mut plain = TcpStream::connect(addr).await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(5), plain.read_to_end(&mut answer)).await;
    assert!(closed.is_ok(), "the connection stays open");
    assert!(!String::from_utf8_lossy(&answer).contains("HTTP/"), "{answer:?}");
    let pem = stage.emulator.certificate_pem().unwrap().to_owned();
    connect(addr, "localhost", &[&pem]).await.unwrap();
    let stopped = tokio::time::timeout(Duration::from_secs(5), stage.emulator.shutdown()).await;
    assert!(stopped.is_ok(), "the silent connection keeps it from stopping");
}

#[tokio::test]
async fn without_it_there_is_no_certificate() {
    let stage = Stage::new().await;
    assert_eq!(stage.emulator.certificate_pem(), None);
    assert!(stage.emulator.base_url().starts_with("http://"));
}
