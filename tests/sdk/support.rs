//! A server that follows a script, on virtual time.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
pub(crate) use workspace_tests::virtual_time::*;

/// A step of an answer.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Send(Vec<u8>),
    Rest(Duration),
    /// Sends one byte after the other, with a rest after each.
    Drip(Vec<u8>, Duration),
    /// Breaks the connection with a reset instead of an orderly end.
    Reset,
}

/// The steps of an answer; the connection ends with the last one.
#[derive(Debug, Clone)]
pub(crate) struct Steps(pub(crate) Vec<Step>);

impl From<Vec<u8>> for Steps {
    fn from(bytes: Vec<u8>) -> Self {
        Self(vec![Step::Send(bytes)])
    }
}

impl Steps {
    /// Nothing at all, for longer than anybody waits.
    pub(crate) fn silence() -> Self {
        Self(vec![Step::Rest(Duration::from_secs(100_000))])
    }

    async fn play(self, mut stream: TcpStream) {
        for step in self.0 {
            // A client that has gone is part of some tests.
            let written = match step {
                Step::Send(bytes) => stream.write_all(&bytes).await,
                Step::Rest(rest) => {
                    tokio::time::sleep(rest).await;
                    Ok(())
                }
                Step::Drip(bytes, rest) => drip(&mut stream, &bytes, rest).await,
                Step::Reset => stream.set_zero_linger(),
            };
            if written.is_err() {
                return;
            }
        }
    }
}

async fn drip(stream: &mut TcpStream, bytes: &[u8], rest: Duration) -> std::io::Result<()> {
    for byte in bytes {
        stream.write_all(&[*byte]).await?;
        tokio::time::sleep(rest).await;
    }
    Ok(())
}

/// A server on loopback that answers each request with what `answer` says, and remembers the requests.
pub(crate) struct Scripted {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Scripted {
    /// `answer` is given the head and body of each request, and their number from 0.
    pub(crate) fn new<A: Into<Steps>>(answer: impl Fn(usize, &str) -> A + Send + 'static) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        listener.set_nonblocking(true).expect("a socket");
        let listener = TcpListener::from_std(listener).expect("a runtime");
        let address = listener.local_addr().expect("a bound address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        let task = tokio::spawn(async move {
            let mut answers = tokio::task::JoinSet::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(request) = receive(&mut stream).await else { continue };
                let number = {
                    let mut seen = seen.lock().expect("no panic before");
                    seen.push(request.clone());
                    seen.len() - 1
                };
                answers.spawn(answer(number, &request).into().play(stream));
            }
        });
        Self { address, requests, task }
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no panic before").clone()
    }

    /// The request lines, shortened to method and last part of the path.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.requests()
            .iter()
            .map(|request| {
                let mut words = request.split(' ');
                let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                format!("{method} {}", path.rsplit('/').next().unwrap_or_default())
            })
            .collect()
    }
}

/// A request as text; `None` when the client has gone.
async fn receive(stream: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    let mut buffer = vec![0; 65536];
    while !workspace_tests::is_whole(&request) {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(length) => request.extend_from_slice(&buffer[..length]),
        }
    }
    Some(String::from_utf8_lossy(&request).into_owned())
}

/// A whole answer with a JSON body, on a connection that ends with it.
pub(crate) fn json(status: u16, body: &str) -> Vec<u8> {
    answer(status, "content-type: application/json\r\n", body)
}

pub(crate) fn answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Status\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}
