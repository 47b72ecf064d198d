//! A client of few lines that sends exactly what it is told to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use mrs_iam_sync_emulator::{
    Clock, Emulator, EmulatorBuilder, ManualClock, SAMPLE_ACCESS_KEY, SAMPLE_CLUSTER_ID, SAMPLE_DOMAIN_NAME,
    SAMPLE_PASSWORD, SAMPLE_PROJECT_ID, SAMPLE_SECRET_KEY,
};
use sdk_hmac_sha256::{Credentials, SignableRequest, SigningDate, sign};
use serde_json::Value;
use tokio::net::TcpStream;

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const SYNC: &str = "iam-sync-user";
pub(crate) const STATUS: &str = "iam-sync";
pub(crate) const SYNCHRONOUS: &str = "iam-sync/is-synchronous";

/// Project and cluster of the sample world.
pub(crate) const SAMPLE: [&str; 2] = [SAMPLE_PROJECT_ID, SAMPLE_CLUSTER_ID];

/// An emulator with the clock that it lives by.
pub(crate) struct Stage {
    pub(crate) emulator: Emulator,
    pub(crate) clock: Arc<ManualClock>,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(Emulator::builder()).await
    }

    pub(crate) async fn with(builder: EmulatorBuilder) -> Self {
        let clock = Arc::new(ManualClock::default());
        let emulator = builder.clock(clock.clone()).start().await.unwrap();
        Self { emulator, clock }
    }

    /// Sends a request that is signed with the sample key.
    pub(crate) async fn signed(&self, draft: Draft) -> Answer {
        self.send(draft.sign(&sample_key(), self.clock.now())).await
    }

    pub(crate) async fn send(&self, draft: Draft) -> Answer {
        draft.send(self.emulator.addr()).await
    }

    pub(crate) async fn get(&self, end: &str) -> Value {
        let answer = self.signed(get(end)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    pub(crate) async fn post(&self, body: &str) -> Answer {
        self.signed(post(body)).await
    }

    pub(crate) async fn delete(&self, body: &str) -> Answer {
        self.signed(delete(body)).await
    }

    /// Sends a write, expects it to be accepted, and lets it end.
    pub(crate) async fn finished(&self, draft: Draft) {
        let answer = self.signed(draft).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        self.clock.advance(2 * SECOND);
    }

    /// Users and groups on the sample cluster's Manager, as the service lists them.
    pub(crate) async fn on_manager(&self) -> (Vec<String>, Vec<String>) {
        let body = self.get(SYNC).await;
        let names = |field: &str| serde_json::from_value(body[field].clone()).unwrap();
        (names("user_names"), names("group_names"))
    }
}

pub(crate) fn owned(users: &[&str], groups: &[&str]) -> (Vec<String>, Vec<String>) {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    (owned(users), owned(groups))
}

pub(crate) fn sample_key() -> Credentials {
    Credentials::new(SAMPLE_ACCESS_KEY, SAMPLE_SECRET_KEY).unwrap()
}

pub(crate) fn path(end: &str) -> String {
    format!("/v2/{SAMPLE_PROJECT_ID}/clusters/{SAMPLE_CLUSTER_ID}/{end}")
}

pub(crate) fn get(end: &str) -> Draft {
    Draft::new("GET", &path(end))
}

pub(crate) fn post(body: &str) -> Draft {
    Draft::new("POST", &path(SYNC)).json(body)
}

pub(crate) fn delete(body: &str) -> Draft {
    Draft::new("DELETE", &path(SYNC)).json(body)
}

/// A request for a token.
pub(crate) fn login(user: &str, password: &str, domain: &str, scope: &str) -> Draft {
    let body = format!(
        r#"{{"auth":{{"identity":{{"methods":["password"],"password":{{"user":{{"name":"{user}",
        "password":"{password}","domain":{{"name":"{domain}"}}}}}}}},"scope":{scope}}}}}"#
    );
    Draft::new("POST", "/v3/auth/tokens").json(&body)
}

/// A token of the sample world's first user.
pub(crate) async fn token(stage: &Stage, scope: &str) -> String {
    let answer = stage.send(login("user1", SAMPLE_PASSWORD, SAMPLE_DOMAIN_NAME, scope)).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.header("x-subject-token").to_owned()
}

/// A request to send.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Bytes,
}

impl Draft {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        let headers = vec![("host".to_owned(), b"emulator.test".to_vec())];
        Self { method: method.to_owned(), target: target.to_owned(), headers, body: Bytes::new() }
    }

    pub(crate) fn json(self, body: &str) -> Self {
        self.header("content-type", "application/json;charset=UTF-8").body(body.as_bytes().to_vec())
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Adds a header, in front of one of that name none is removed.
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn set(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.without(name).header(name, value)
    }

    pub(crate) fn sign(mut self, credentials: &Credentials, at: SystemTime) -> Self {
        let (path, query) = match self.target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (self.target.as_str(), None),
        };
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        let request = SignableRequest::new(&self.method, path)
            .with_query(query)
            .with_headers(&headers)
            .with_body(&self.body);
        let signed = sign(&request, credentials, SigningDate::try_from(at).unwrap()).unwrap();
        for (name, value) in signed.headers() {
            self.headers.push((name.to_owned(), value.as_bytes().to_vec()));
        }
        self
    }

    /// Sends it over a connection of its own.
    pub(crate) async fn send(self, addr: SocketAddr) -> Answer {
        let stream = TcpStream::connect(addr).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        self.send_over(&mut sender).await
    }

    pub(crate) async fn send_over(self, sender: &mut http1::SendRequest<Full<Bytes>>) -> Answer {
        let method: Method = self.method.parse().unwrap();
        let mut request = Request::builder().method(method).uri(self.target);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let response = sender.send_request(request.body(Full::new(self.body)).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        let text = body.collect().await.unwrap().to_bytes();
        let body = if text.is_empty() { Value::Null } else { serde_json::from_slice(&text).unwrap() };
        Answer { status: head.status, headers: head.headers, body }
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name} in {self:?}")).to_str().unwrap()
    }

    pub(crate) fn code(&self) -> &str {
        self.body["error_code"].as_str().unwrap_or_default()
    }

    pub(crate) fn message(&self) -> &str {
        self.body["error_msg"].as_str().unwrap_or_default()
    }

    /// Status and error code.
    pub(crate) fn outcome(&self) -> (u16, &str) {
        (self.status.as_u16(), self.code())
    }
}
