//! The socket: connections in, requests to the gateway, answers out.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::gateway::{Delivery, Gateway, MAX_BODY, Wire};
use crate::own;
use crate::request::{Completeness, Received};
use crate::wire::{Sending, Socket};

/// How long connections may take to finish what they have begun, at the end.
const GRACE: Duration = Duration::from_millis(300);
/// How long a client may take for the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// A body that is too large is read on so far, so that its sender gets to see the answer.
const MAX_DISCARDED: usize = 64 * 1024 * 1024;

/// Serves until `stop` changes. Dropping the future closes everything at once.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    gateway: Arc<Gateway>,
    mut stop: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, tls.clone(), gateway.clone(), stop.clone()));
                }
                Err(error) => {
                    // Out of file descriptors, most likely; at once it would fail again.
                    tracing::debug!(%error, "no connection accepted");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let finished = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, finished).await.is_err() {
        tracing::debug!(open = connections.len(), "connections cut");
    }
}

async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    gateway: Arc<Gateway>,
    mut stop: watch::Receiver<bool>,
) {
    // Answers are small and awaited.
    let _ = stream.set_nodelay(true);
    let reset = Arc::new(AtomicBool::new(false));
    let stream = Socket { stream, reset: reset.clone() };
    let Some(tls) = tls else {
        return requests(stream, reset, gateway, stop).await;
    };
    let secured = tokio::select! {
        secured = tokio::time::timeout(HANDSHAKE, tls.accept(stream)) => secured,
        _ = stop.changed() => return,
    };
    match secured {
        Ok(Ok(stream)) => requests(stream, reset, gateway, stop).await,
        // A client that does not trust the certificate, or speaks plain HTTP.
        Ok(Err(error)) => tracing::debug!(%error, "no TLS handshake"),
        Err(_) => tracing::debug!("no TLS handshake in time"),
    }
}

/// Answers the requests of one connection until it is closed.
async fn requests(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    reset: Arc<AtomicBool>,
    gateway: Arc<Gateway>,
    mut stop: watch::Receiver<bool>,
) {
    let service = service_fn(|request| {
        let (gateway, reset) = (gateway.clone(), reset.clone());
        async move { deliver(gateway.answer(&receive(request).await), &reset).await }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        _ = stop.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%error, "connection broken");
    }
}

/// Puts an answer on the wire, or does what a fault wants instead.
async fn deliver(delivery: Delivery, reset: &AtomicBool) -> io::Result<Response<Sending>> {
    let Delivery { response, wire } = delivery;
    match wire {
        Wire::ResetBefore => {
            reset.store(true, Ordering::Relaxed);
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Wire::ResetWithin => reset.store(true, Ordering::Relaxed),
        Wire::Stall => std::future::pending().await,
        Wire::Sound | Wire::Drip(_) => {}
    }
    Ok(response.map(|body| Sending::new(body, wire)))
}

async fn receive(request: Request<Incoming>) -> Received {
    let (head, body) = request.into_parts();
    let most = if head.uri.path().starts_with(own::PREFIX) { own::MAX_BODY } else { MAX_BODY };
    let (body, completeness) = read(body, most).await;
    Received { method: head.method, uri: head.uri, headers: head.headers, body, completeness }
}

async fn read(mut body: Incoming, most: usize) -> (Bytes, Completeness) {
    let mut kept = BytesMut::new();
    let mut size = 0;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return (Bytes::new(), Completeness::Broken);
        };
        let Ok(data) = frame.into_data() else { continue };
        size += data.len();
        if size <= most {
            kept.extend_from_slice(&data);
        } else if size <= most + MAX_DISCARDED {
            kept = BytesMut::new();
        } else {
            break;
        }
    }
    if size > most { (Bytes::new(), Completeness::TooLarge) } else { (kept.freeze(), Completeness::Complete) }
}
