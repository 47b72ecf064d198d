//! The seam between the generated client and whoever uses it: each request is completed and signed here, each
//! answer kept.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use mrs_iam_sync_contract::Document;
use progenitor_client::{ClientHooks, ClientInfo, Error, OperationInfo};
use reqwest::{Request, Response, ResponseBuilderExt as _};

use crate::error_body;
use crate::generated::{iam, iam_sync_user, mrs_clusters};

/// Most bytes of an answer's body that are read, 16 MiB. The longest documented answer, all users and groups of a
/// cluster, stays below it up to some 200,000 names of full length.
pub const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// A header of every generated request that the API does not document; its value is the document's version.
const API_VERSION: HeaderName = HeaderName::from_static("api-version");

/// Project that a request belongs to. The documentation calls it optional, the official SDKs always send it.
const PROJECT_ID: HeaderName = HeaderName::from_static("x-project-id");

/// Gives requests their credentials and sees what came back. One is made for each request that should be told
/// apart from others.
pub trait Authenticate: fmt::Debug + Send + Sync {
    /// The project for the header `X-Project-Id`.
    fn project_id(&self) -> Option<&str>;

    /// Adds credentials. The request is complete but for them: method, URL, headers and body are those that will
    /// be sent. Not called for operations that need no credentials.
    ///
    /// # Errors
    /// When the request cannot be signed; it is not sent then.
    fn authenticate(&self, request: &mut Request) -> Result<(), AuthenticateError>;

    /// Is given each answer as it came, before it is decoded.
    fn answered(&self, answer: Answer);
}

/// A request that could not be given credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticateError(
    /// Why. Must not hold a secret.
    pub String,
);

impl fmt::Display for AuthenticateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the request could not be given credentials: {}", self.0)
    }
}

impl std::error::Error for AuthenticateError {}

/// An answer as it came. `Debug` shows neither header values nor the body, as either may hold a token.
#[derive(Clone)]
#[non_exhaustive]
pub struct Answer {
    /// HTTP status.
    pub status: http::StatusCode,
    /// Headers.
    pub headers: http::HeaderMap,
    /// The body, up to [`BODY_LIMIT`]; what arrived of it when the connection broke.
    pub body: Bytes,
    /// Whether the body was all read: false when it is over the limit or the connection broke.
    pub complete: bool,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("complete", &self.complete)
            .finish()
    }
}

/// An HTTP client that follows no redirect, since credentials would go along, and repeats nothing by itself. Cheap
/// to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct Http(reqwest::Client);

impl Http {
    /// Builds it from what else is set.
    ///
    /// # Errors
    /// As [`reqwest::ClientBuilder::build`].
    pub fn build(builder: reqwest::ClientBuilder) -> reqwest::Result<Self> {
        let builder = builder.redirect(reqwest::redirect::Policy::none()).retry(reqwest::retry::never());
        builder.build().map(Self)
    }
}

/// What the generated client carries: who authenticates.
#[derive(Debug, Clone)]
pub struct Inner(Arc<dyn Authenticate>);

/// Gives the client of each document its `connect` function and its hooks. The generated clients have no trait in
/// common that could have both for all of them.
macro_rules! clients {
    ($($(#[$doc:meta])* $connect:ident: $module:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// `endpoint` is the base URL without a trailing slash.
        pub fn $connect(endpoint: &str, http: &Http, authenticator: Arc<dyn Authenticate>) -> $module::Client {
            $module::Client::new_with_client(endpoint, http.0.clone(), Inner(authenticator))
        }

        impl ClientHooks<Inner> for $module::Client {
            async fn pre<E>(&self, request: &mut Request, info: &OperationInfo) -> Result<(), Error<E>> {
                let document = mrs_iam_sync_contract::$module::DOCUMENT;
                complete(request, document, info, &*self.inner().0).map_err(Error::Custom)
            }

            async fn exec(&self, request: Request, _info: &OperationInfo) -> reqwest::Result<Response> {
                exchange_with(self.client(), request, &*self.inner().0).await
            }
        }
    )*};
}

clients! {
    /// Makes a client of the five IAM-synchronization operations.
    connect: iam_sync_user;
    /// Makes a client of the IAM calls that find projects, users and user groups, and get a token.
    ///
    /// An authenticator without a project leaves the header `X-Project-Id` out, as calls for the whole account want
    /// it. The call for a token is sent without credentials.
    connect_iam: iam;
    /// Makes a client of the calls that find clusters.
    connect_clusters: mrs_clusters;
}

/// Makes a generated request the documented one, credentials included.
fn complete(
    request: &mut Request,
    document: &'static Document,
    info: &OperationInfo,
    authenticator: &dyn Authenticate,
) -> Result<(), String> {
    let operation = document
        .operation_by_rust_name(info.operation_id)
        .ok_or_else(|| format!("the contract has no operation `{}`", info.operation_id))?;
    request.headers_mut().remove(API_VERSION);
    if let Some(query) = request.url().query().filter(|query| query.contains('+')) {
        // A query is built as HTML forms are, with `+` for a space and `%2B` for a plus; signed is what `%20` says.
        let query = query.replace('+', "%20");
        request.url_mut().set_query(Some(&query));
    }
    if let Some(body) = operation.request {
        // The generator drops the parameter after the semicolon.
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(body.content_type));
    }
    // Without credentials there is nothing that a project could be chosen for.
    let project_id = authenticator.project_id().filter(|_| operation.authenticated);
    address(request, project_id)?;
    if operation.authenticated {
        authenticator.authenticate(request).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Sets the headers that say where a request goes, `Host` and `X-Project-Id`, so that they can be signed.
///
/// # Errors
/// When the URL has no host, or a value cannot stand in a header.
pub fn address(request: &mut Request, project_id: Option<&str>) -> Result<(), String> {
    let host = request.url().host_str().ok_or("the URL has no host")?;
    // The URL holds a port only where it is not the scheme's own.
    let host = match request.url().port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let header =
        |value: &str| HeaderValue::from_str(value).map_err(|_| "a header cannot hold this value".to_owned());
    let (host, project_id) = (header(&host)?, project_id.map(header).transpose()?);
    request.headers_mut().insert(HOST, host);
    if let Some(project_id) = project_id {
        request.headers_mut().insert(PROJECT_ID, project_id);
    }
    Ok(())
}

/// Sends a request and reads its answer, which `authenticator` is given as it came.
///
/// The response returned is a copy whose body has been read; that of an error is put into the documented shape, so
/// that the generated client keeps status and headers of each.
///
/// # Errors
/// When no answer arrives, or the connection breaks within it.
pub async fn exchange(
    http: &Http,
    request: Request,
    authenticator: &dyn Authenticate,
) -> reqwest::Result<Response> {
    exchange_with(&http.0, request, authenticator).await
}

async fn exchange_with(
    http: &reqwest::Client,
    request: Request,
    authenticator: &dyn Authenticate,
) -> reqwest::Result<Response> {
    let mut response = http.execute(request).await?;
    let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
    let (mut body, mut complete, mut broken) = (Vec::new(), true, None);
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > BODY_LIMIT => {
                body.extend_from_slice(&chunk[..BODY_LIMIT - body.len()]);
                complete = false;
                break;
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => {
                (complete, broken) = (false, Some(error));
                break;
            }
        }
    }
    let body = Bytes::from(body);
    authenticator.answered(Answer { status, headers: headers.clone(), body: body.clone(), complete });
    if let Some(error) = broken {
        return Err(error);
    }
    let refused = status.is_client_error() || status.is_server_error();
    let body = if refused { error_body::documented(&body).into() } else { body };
    // Without a URL of its own the copy would be given one that has to be parsed first.
    let copy = http::Response::builder().url(response.url().clone());
    // Only a builder that was given something unusable gives nothing.
    let mut copy = copy.body(body).unwrap_or_default();
    (*copy.status_mut(), *copy.headers_mut()) = (status, headers);
    Ok(Response::from(copy))
}
