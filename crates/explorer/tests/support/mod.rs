//! An explorer on an emulator, and requests to it byte for byte. Each answer is held to what all must have.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use mrs_iam_sync::{Client, ClientBuilder, Credentials, RateLimits};
use mrs_iam_sync_emulator::{
    Emulator, EmulatorBuilder, SAMPLE_ACCESS_KEY, SAMPLE_CLUSTER_ID, SAMPLE_PROJECT_ID, SAMPLE_SECRET_KEY,
};
use mrs_iam_sync_explorer::Explorer;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(crate) const CLUSTER: &str = SAMPLE_CLUSTER_ID;
pub(crate) const PROJECT: &str = SAMPLE_PROJECT_ID;

/// Secrets of the tests; none may be in any answer.
pub(crate) const SECURITY_TOKEN: &str = "security-token-that-nobody-sees";
pub(crate) const TOKEN: &str = "iam-token-that-nobody-sees";

const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
                   connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(crate) struct Setting {
    pub(crate) emulator: Emulator,
    pub(crate) page: Page,
}

/// With the sample world.
pub(crate) async fn emulated() -> Setting {
    emulated_with(|builder| builder).await
}

pub(crate) async fn emulated_with(change: impl FnOnce(EmulatorBuilder) -> EmulatorBuilder) -> Setting {
    let emulator = change(Emulator::builder()).start().await.unwrap();
    let key = Credentials::access_key(SAMPLE_ACCESS_KEY, SAMPLE_SECRET_KEY).unwrap();
    let page = Page::on(&emulator.base_url(), key).await;
    Setting { emulator, page }
}

/// A client of an endpoint.
pub(crate) fn client(endpoint: &str, credentials: Credentials) -> ClientBuilder {
    let builder = Client::builder().endpoint(endpoint).with_iam_endpoint(endpoint);
    builder.credentials(credentials).with_rate_limits(RateLimits::new()).with_max_attempts(1)
}

/// An explorer, and the cookie that lets in.
pub(crate) struct Page {
    pub(crate) explorer: Explorer,
    pub(crate) cookie: String,
}

/// An answer of the explorer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

impl Page {
    pub(crate) async fn on(endpoint: &str, credentials: Credentials) -> Self {
        let builder = Explorer::builder(client(endpoint, credentials)).endpoint(endpoint);
        let explorer = builder.region("cn-north-4").emulated(true).start().await.unwrap();
        let path = explorer.url().split_once(&explorer.addr().to_string()).unwrap().1.to_owned();
        let head = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n", explorer.addr());
        let entered = exchange(explorer.addr(), &head, b"").await;
        assert_eq!((entered.status, entered.header("location")), (303, Some("/")), "{entered:?}");
        let cookie = entered.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        Self { explorer, cookie }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.explorer.addr()
    }

    /// A request as this page's browser makes it, but for `change` of its head.
    pub(crate) fn head(&self, method: &str, path: &str) -> String {
        let addr = self.addr();
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {addr}\r\ncookie: {}\r\n", self.cookie);
        head += "sec-fetch-site: same-origin\r\n";
        if method != "GET" {
            head += &format!("origin: http://{addr}\r\ncontent-type: application/json\r\n");
        }
        head
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        exchange(self.addr(), &self.head("GET", path), b"").await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_bytes(path, body.to_string().as_bytes()).await
    }

    pub(crate) async fn post_bytes(&self, path: &str, body: &[u8]) -> Answer {
        exchange(self.addr(), &self.head("POST", path), body).await
    }

    /// Sends one of the operations.
    pub(crate) async fn send(&self, operation: &str, values: Value) -> Answer {
        self.post("/api/send", &json!({"operation_id": operation, "values": values, "confirmed": true})).await
    }
}

/// The values of the form on the sample cluster.
pub(crate) fn values() -> Value {
    json!({"region": "cn-north-4", "project_id": PROJECT, "cluster_id": CLUSTER})
}

/// The same with one thing else.
pub(crate) fn with(field: &str, value: impl Into<Value>) -> Value {
    let mut values = values();
    values[field] = value.into();
    values
}

/// Sends a head (without its end) and a body, and reads the answer until the connection is closed.
pub(crate) async fn exchange(addr: SocketAddr, head: &str, body: &[u8]) -> Answer {
    let stream = TcpStream::connect(addr).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let head = format!("{head}connection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    let send = async {
        // Whoever refuses need not read it all.
        let _ = writing.write_all(head.as_bytes()).await;
        let _ = writing.write_all(body).await;
    };
    let mut bytes = Vec::new();
    let (_, read) = tokio::join!(send, reading.read_to_end(&mut bytes));
    read.unwrap();
    let end = bytes.windows(4).position(|part| part == b"\r\n\r\n").expect("a whole head");
    let answer = Answer {
        status: std::str::from_utf8(&bytes[9..12]).unwrap().parse().unwrap(),
        head: String::from_utf8(bytes[..end].to_vec()).unwrap(),
        body: bytes[end + 4..].to_vec(),
    };
    hold(&answer);
    answer
}

/// What each answer must have, and must not.
fn hold(answer: &Answer) {
    assert_eq!(answer.header("content-security-policy"), Some(CSP), "{answer:?}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"));
    assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
    assert_eq!(answer.header("access-control-allow-origin"), None);
    let all = format!("{}\n{}", answer.head, answer.text());
    for secret in [SAMPLE_SECRET_KEY, SECURITY_TOKEN, TOKEN] {
        assert!(!all.contains(secret), "{all}");
    }
    for signature in all.split("Signature=").skip(1) {
        assert!(!signature.starts_with(|character: char| character.is_ascii_hexdigit()), "{all}");
    }
}

/// A server that answers each request with all that it got, in the body and in a header. Returns its endpoint, and
/// what it got.
pub(crate) async fn echo() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let got = Arc::new(Mutex::new(Vec::new()));
    let kept = got.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = vec![0; 65536];
            let read = stream.read(&mut bytes).await.unwrap_or(0);
            let request = String::from_utf8_lossy(&bytes[..read]).into_owned();
            kept.lock().unwrap().push(request.clone());
            let body = json!({"error_code": "APIGW.0301", "error_msg": request}).to_string();
            let flat = request.replace("\r\n", " | ");
            let answer = format!(
                "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\nserver: {flat}\r\n\
                 x-subject-token: {flat}\r\nx-request-id: r1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (endpoint, got)
}
