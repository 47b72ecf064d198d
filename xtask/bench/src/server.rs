//! A server on loopback with canned answers: as little work for it as HTTP allows.

use std::convert::Infallible;
use std::error::Error;
use std::io::{Read as _, Write};
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Serves until stdin ends, so that it never outlives who started it.
pub(crate) async fn run(ca_file: &Path, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let tls = tls(ca_file)?;
    let plain = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let secure = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    writeln!(out, "http://{}\nhttps://{}", plain.local_addr()?, secure.local_addr()?)?;
    out.flush()?;
    let stdin_ends = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    tokio::select! {
        _ = stdin_ends => Ok(()),
        error = accept(plain, None) => Err(error.into()),
        error = accept(secure, Some(tls)) => Err(error.into()),
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>) -> std::io::Error {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(connection(stream, tls.clone()))),
            Err(error) => return error,
        }
    }
}

/// What goes wrong on a connection, its client reports.
async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(answer);
    match tls {
        None => drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await),
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
            }
        }
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let write = request.method() == Method::POST;
    // Read to its end, as otherwise the connection cannot be used again.
    let _ = request.into_body().collect().await;
    let (status, body) = match write {
        true => (StatusCode::ACCEPTED, r#"{"state":"synchronizing"}"#),
        false => (StatusCode::OK, r#"{"user_names":["user1","user2"],"group_names":["groups1"]}"#),
    };
    let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert("content-type", http::HeaderValue::from_static("application/json;charset=UTF-8"));
    headers.insert("x-request-id", http::HeaderValue::from_static("0123456789abcdef0123456789abcdef"));
    Ok(response)
}

/// TLS with a certificate made for this run.
fn tls(ca_file: &Path) -> Result<TlsAcceptor, Box<dyn Error>> {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed([Ipv4Addr::LOCALHOST.to_string()])?;
    std::fs::write(ca_file, cert.pem())?;
    let key = PrivateKeyDer::try_from(signing_key.serialize_der())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
