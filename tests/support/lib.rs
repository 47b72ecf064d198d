//! What the tests share: a server of canned answers, the document's examples, the Rust type of each component, the
//! links of what is published.

pub mod links;
pub mod virtual_time;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use mrs_iam_sync_client::{Answer, Authenticate, AuthenticateError, Http};
use mrs_iam_sync_contract::Document;
use serde_json::Value;

/// The workspace's root.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_path_buf()
}

/// The documented project.
pub const PROJECT_ID: &str = "ff8080828997cb24018a1b2db3440b80";

/// The documented cluster.
pub const CLUSTER_ID: &str = "f7f45c04-4303-411c-9b71-d2cb730dd162";

/// Answers one request on loopback with the bytes given, and returns what it received.
#[derive(Debug)]
pub struct OneAnswer {
    /// Base URL of the server.
    pub base_url: String,
    received: JoinHandle<String>,
}

impl OneAnswer {
    /// Starts the server; `answer` is the whole answer, head and body.
    pub fn with(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let address = listener.local_addr().expect("a bound address");
        let received = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            while !is_whole(&request) {
                match stream.read(&mut buffer).expect("a request") {
                    0 => break,
                    length => request.extend_from_slice(&buffer[..length]),
                }
            }
            stream.write_all(&answer).expect("an answer");
            String::from_utf8(request).expect("a request in UTF-8")
        });
        Self { base_url: format!("http://{address}"), received }
    }

    /// Starts a server that answers with a status, a content type and a body.
    pub fn with_body(status: u16, content_type: &str, body: &str) -> Self {
        Self::with(format!(
            "HTTP/1.1 {status} Status\r\ncontent-type: {content_type}\r\nx-request-id: r-1\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        ))
    }

    /// The request as it came, headers in alphabetical order and the port taken out.
    pub fn received(self) -> String {
        let request = self.received.join().expect("the server's thread");
        let (head, body) = request.split_once("\r\n\r\n").expect("a head");
        let mut lines: Vec<&str> = head.lines().collect();
        lines[1..].sort_unstable();
        let address = self.base_url.trim_start_matches("http://");
        let body = if body.is_empty() { String::new() } else { format!("\n\n{body}") };
        format!("{}{body}", lines.join("\n")).replace(address, "HOST:PORT")
    }
}

/// Whether a request has come as a whole.
pub fn is_whole(request: &[u8]) -> bool {
    let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    request.len() >= end + 4 + length.unwrap_or(0)
}

/// Marks where credentials would stand, and keeps the answer: for tests of the client alone.
#[derive(Debug)]
pub struct Bare {
    project_id: Option<&'static str>,
    answer: Mutex<Option<Answer>>,
}

impl Bare {
    /// One of the documented project that has seen nothing yet.
    pub fn new() -> Arc<Self> {
        Arc::new(Self { project_id: Some(PROJECT_ID), answer: Mutex::default() })
    }

    /// One of the whole account, without a project.
    pub fn of_account() -> Arc<Self> {
        Arc::new(Self { project_id: None, answer: Mutex::default() })
    }

    /// The answer as it came.
    pub fn answer(&self) -> Option<Answer> {
        self.answer.lock().expect("no panic before").take()
    }
}

impl Authenticate for Bare {
    fn project_id(&self) -> Option<&str> {
        self.project_id
    }

    fn authenticate(&self, request: &mut reqwest::Request) -> Result<(), AuthenticateError> {
        request
            .headers_mut()
            .insert("authorization", reqwest::header::HeaderValue::from_static("credentials"));
        Ok(())
    }

    fn answered(&self, answer: Answer) {
        *self.answer.lock().expect("no panic before") = Some(answer);
    }
}

/// An HTTP client that goes nowhere but to the tests' own servers.
pub fn http() -> Http {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS versions of the provider")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let builder = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy();
    Http::build(builder).expect("an HTTP client")
}

/// The Rust type of a component: what the tests do with each.
#[derive(Debug, Clone, Copy)]
pub struct Component {
    /// The document that it belongs to.
    pub document: &'static Document,
    /// The component's name.
    pub name: &'static str,
    /// Reads JSON into the type and writes it again.
    pub round_trip: fn(&Value) -> serde_json::Result<Value>,
    /// The schema that schemars derives.
    pub schema: fn() -> Value,
}

macro_rules! components {
    ($($document:ident: $types:ident [$($name:ident)*])*) => {
        &[$($(Component {
            document: mrs_iam_sync_contract::$document::DOCUMENT,
            name: stringify!($name),
            round_trip: |json| serde_json::to_value(serde_json::from_value::<$types::$name>(json.clone())?),
            schema: || schemars::schema_for!($types::$name).to_value(),
        }),*),*]
    };
}

use mrs_iam_sync_client::iam_sync_user::types as sync_types;
use mrs_iam_sync_client::mrs_clusters::types as cluster_types;

/// The generated types, and those that are written by hand in the place of one.
mod iam_types {
    pub(crate) use mrs_iam_sync_client::Password;
    pub(crate) use mrs_iam_sync_client::iam::types::*;
}

/// Every component of the documents that has a Rust type.
pub const COMPONENTS: &[Component] = components![
    iam_sync_user: sync_types [
        ProjectId ClusterId UserName GroupName
        UpdateSyncRequest CancelSyncRequest
        UpdateSyncIamUserResponse ShowSyncIamUserResponse CancelSyncIamUserResponse
        ListSyncStatusResponse ListSyncRequirementsResponse
        ErrorResponse
    ]
    iam: iam_types [
        NoCatalog ProjectName UserId GroupId UserName GroupName Password
        CreateTokenRequest TokenAuth TokenIdentity TokenMethod PasswordIdentity PasswordUser UserDomain
        TokenScope ScopeProject
        CreateTokenResponse Token TokenProject
        ProjectList Project UserList User GroupList Group Links
        ErrorResponse KeystoneError
    ]
    mrs_clusters: cluster_types [
        ProjectId ClusterId PageSize CurrentPage ClusterName ClusterState Tags
        ListClustersResponse ShowClusterDetailsResponse Cluster
        ErrorResponse
    ]
];

/// The component of a document and a name.
pub fn component(document: &Document, name: &str) -> &'static Component {
    COMPONENTS
        .iter()
        .find(|component| component.document.name == document.name && component.name == name)
        .expect("a component with a Rust type")
}
