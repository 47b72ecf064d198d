//! One request: signed when it is sent, its answer kept, its failure told.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use http::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER, USER_AGENT};
use mrs_iam_sync_client::iam_sync_user::types::ErrorResponse;
use mrs_iam_sync_client::{Answer, Authenticate, AuthenticateError, ErrorBody, Http, ResponseValue};
use mrs_iam_sync_contract::{StatusCode, iam_sync_user::DOCUMENT};
use sdk_hmac_sha256 as signer;
use secrecy::ExposeSecret;

use crate::client::Shared;
use crate::credentials::Secret;
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::preview::RequestPreview;

/// The error of the generated client.
type Failure = mrs_iam_sync_client::Error<ErrorResponse>;

/// What requests say they come from.
const PRODUCT: &str = concat!("mrs-iam-sync/", env!("CARGO_PKG_VERSION"));

/// Header with the id that support asks for.
const REQUEST_ID: &str = "x-request-id";

/// Builds the HTTP client of an endpoint.
pub(crate) fn http_client(endpoint: &Endpoint) -> Result<Http, Error> {
    let mut builder = reqwest::Client::builder().tls_backend_preconfigured(tls(endpoint)?);
    if endpoint.is_loopback() {
        // Whatever the machine takes the name for: plain http is trusted because it stays here.
        let here = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
        let here: Vec<SocketAddr> = here.into_iter().map(|address| SocketAddr::new(address, 0)).collect();
        builder = builder.no_proxy().resolve_to_addrs("localhost", &here);
    }
    Http::build(builder).map_err(|error| {
        Error::new(ErrorKind::Connection, "the HTTP client cannot be set up").with_source(error.without_url())
    })
}

/// TLS with the machine's own roots. They are loaded for https only: that takes longer than a whole call.
fn tls(endpoint: &Endpoint) -> Result<rustls::ClientConfig, Error> {
    use rustls_platform_verifier::BuilderVerifierExt as _;

    let failed =
        |error: rustls::Error| Error::new(ErrorKind::Connection, "TLS cannot be set up").with_source(error);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(failed)?;
    if endpoint.is_https() {
        return Ok(builder.with_platform_verifier().map_err(failed)?.with_no_client_auth());
    }
    Ok(builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}

/// One request of a client: gives it credentials and keeps what comes back.
#[derive(Debug)]
pub(crate) struct Attempt {
    shared: Arc<Shared>,
    write: bool,
    preview_only: bool,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    sent_at: Option<SystemTime>,
    answer: Option<Answer>,
    preview: Option<RequestPreview>,
}

impl Attempt {
    pub(crate) fn new(shared: &Arc<Shared>, write: bool) -> Arc<Self> {
        Arc::new(Self { shared: Arc::clone(shared), write, preview_only: false, kept: Mutex::default() })
    }

    /// One that signs the request, keeps it and does not let it go.
    pub(crate) fn preview(shared: &Arc<Shared>) -> Arc<Self> {
        Arc::new(Self { shared: Arc::clone(shared), write: true, preview_only: true, kept: Mutex::default() })
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The request that was kept back.
    pub(crate) fn take_preview(&self) -> Option<RequestPreview> {
        self.kept().preview.take()
    }

    /// The answer as it came.
    pub(crate) fn take_answer(&self) -> Option<Answer> {
        self.kept().answer.take()
    }

    /// The request id of the answer, if it has one.
    pub(crate) fn request_id(&self) -> Option<String> {
        self.kept().answer.as_ref().and_then(|answer| self.id(answer, &ErrorBody::default()))
    }

    pub(crate) fn id(&self, answer: &Answer, body: &ErrorBody) -> Option<String> {
        let header = answer.headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
        header
            .map(str::to_owned)
            .or_else(|| body.request_id.clone())
            .map(|id| self.shared.credentials.scrub(&id))
    }

    /// What the generated client made of the answer; a success must be a JSON object, and say that it is JSON.
    pub(crate) fn finish<T>(&self, result: Result<ResponseValue<T>, Failure>) -> Result<T, Error> {
        let value = result.map_err(|failure| self.failure(failure))?;
        if let Some(answer) = &self.kept().answer {
            if let Some(content_type) = answer.headers.get(CONTENT_TYPE)
                && !is_json(content_type)
            {
                return Err(self.unexpected(answer, &format!("content type {content_type:?}, not JSON")));
            }
            // A list of the fields' values decodes as well, and is not the documented answer.
            if answer.body.trim_ascii_start().first() != Some(&b'{') {
                return Err(self.unexpected(answer, "JSON that is not an object"));
            }
        }
        Ok(value.into_inner())
    }

    fn failure(&self, failure: Failure) -> Error {
        let kept = self.kept();
        match (failure, &kept.answer) {
            (Failure::InvalidRequest(message), _) => Error::new(ErrorKind::InvalidInput, message),
            (Failure::Custom(message), _) => Error::new(ErrorKind::Credentials, message),
            (
                Failure::CommunicationError(error)
                | Failure::InvalidUpgrade(error)
                | Failure::ResponseBodyError(error),
                answer,
            ) => self.broken(error, answer.as_ref()),
            (Failure::ErrorResponse(_), Some(answer)) => self.refused(answer, kept.sent_at),
            (Failure::InvalidResponsePayload(_, error), Some(answer)) => {
                self.unexpected(answer, &fault(answer, &error))
            }
            (Failure::UnexpectedResponse(_), Some(answer)) => self.unexpected(answer, &wrong_status(answer)),
            (other, None) => Error::new(ErrorKind::UnexpectedAnswer, format!("no answer was kept: {other}")),
        }
    }

    /// No answer, or not all of it.
    pub(crate) fn broken(&self, error: reqwest::Error, answer: Option<&Answer>) -> Error {
        let endpoint = self.shared.endpoint.as_str();
        // The URL holds ids only, but the message names the endpoint anyway.
        let error = error.without_url();
        let (kind, message) = match answer {
            Some(answer) => (
                ErrorKind::Connection,
                format!(
                    "the connection to {endpoint} broke within the answer (status {})",
                    answer.status.as_u16()
                ),
            ),
            None if error.is_timeout() => (ErrorKind::Timeout, format!("{endpoint} did not answer in time")),
            None if error.is_connect() => (ErrorKind::Connection, format!("cannot connect to {endpoint}")),
            None => {
                (ErrorKind::Connection, format!("the connection to {endpoint} broke before an answer came"))
            }
        };
        let hint = match kind {
            ErrorKind::Connection if answer.is_none() && error.is_connect() => {
                "check the endpoint or region, and this machine's network and proxy settings"
            }
            _ => self.after_silence(),
        };
        let error = Error::new(kind, message).with_hint(hint).with_source(error);
        match answer {
            Some(answer) => error.with_answer(answer.status.as_u16(), self.id(answer, &ErrorBody::default())),
            None => error,
        }
    }

    /// The service, or the gateway before it, says no.
    pub(crate) fn refused(&self, answer: &Answer, sent_at: Option<SystemTime>) -> Error {
        let status = answer.status.as_u16();
        let body = ErrorBody::parse(&answer.body);
        let scrub = |text: &String| self.shared.credentials.scrub(text);
        let (code, message) = (body.error_code.as_ref().map(scrub), body.error_msg.as_ref().map(scrub));
        let kind = ErrorKind::of_answer(status, code.as_deref());
        let row = code.as_deref().and_then(|code| DOCUMENT.error_code(code));
        let text = match (&code, &message) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(code), None) => code.clone(),
            (None, Some(message)) => message.clone(),
            (None, None) => format!("the answer is not an error of the API ({})", body_in_words(answer)),
        };
        let remedy = row
            .map(|row| row.remedy)
            .or_else(|| DOCUMENT.status_code(status).map(|row: &StatusCode| row.remedy));
        let skew =
            (kind == ErrorKind::Authentication).then(|| clock_skew(&answer.headers, sent_at)).flatten();
        let error = Error::new(kind, format!("{} answered {status}, {text}", self.shared.endpoint.as_str()))
            .with_answer(status, self.id(answer, &body))
            .with_code(code, message)
            .with_retry_after(retry_after(&answer.headers));
        match skew.or_else(|| remedy.map(str::to_owned)) {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }

    /// An answer that the document does not know.
    pub(crate) fn unexpected(&self, answer: &Answer, what: &str) -> Error {
        let status = answer.status.as_u16();
        // It may quote the answer, which may quote the request.
        let what = self.shared.credentials.scrub(what);
        Error::new(
            ErrorKind::UnexpectedAnswer,
            format!("{} answered {status} with {what}", self.shared.endpoint.as_str()),
        )
        .with_answer(status, self.id(answer, &ErrorBody::default()))
        .with_hint(match self.write {
            true => "check that the endpoint is MRS and that no proxy answers in its place; the request may have been carried out all the same",
            false => "check that the endpoint is MRS and that no proxy answers in its place",
        })
    }

    /// As [`Attempt::unexpected`], of the answer that was kept.
    pub(crate) fn unexpected_now(&self, what: &str) -> Error {
        match &self.kept().answer {
            Some(answer) => self.unexpected(answer, what),
            None => Error::new(ErrorKind::UnexpectedAnswer, format!("an answer with {what}")),
        }
    }

    /// The error of an answer that never came within the operation's deadline.
    pub(crate) fn timed_out(&self, after: Duration) -> Error {
        Error::new(
            ErrorKind::Timeout,
            format!("{} did not answer within {} s", self.shared.endpoint.as_str(), after.as_secs_f64()),
        )
        .with_hint(self.after_silence())
    }

    /// What to do when nobody knows whether the request was carried out.
    fn after_silence(&self) -> &'static str {
        match self.write {
            true => "the request may have been carried out all the same: look before sending it again",
            false => "nothing was changed: try again",
        }
    }

    /// When the request was signed.
    pub(crate) fn sent_at(&self) -> Option<SystemTime> {
        self.kept().sent_at
    }
}

impl Authenticate for Attempt {
    fn project_id(&self) -> Option<&str> {
        Some(self.shared.project_id.as_str())
    }

    fn authenticate(&self, request: &mut reqwest::Request) -> Result<(), AuthenticateError> {
        let now = self.shared.time.now();
        request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(PRODUCT));
        match self.shared.credentials.secret() {
            Secret::Key { key, .. } => sign(request, key, now)?,
            Secret::Token(token) => {
                let value = sensitive(token.expose_secret())?;
                request.headers_mut().insert("x-auth-token", value);
            }
        }
        let mut kept = self.kept();
        kept.sent_at = Some(now);
        if self.preview_only {
            kept.preview = Some(RequestPreview::of(request));
            return Err(AuthenticateError("it is only shown".to_owned()));
        }
        Ok(())
    }

    fn answered(&self, answer: Answer) {
        self.kept().answer = Some(answer);
    }
}

/// Signs what the hook has set: content type, host and project. Headers that a proxy may change stay out of it.
fn sign(
    request: &mut reqwest::Request,
    key: &signer::Credentials,
    now: SystemTime,
) -> Result<(), AuthenticateError> {
    let failed = |error: &dyn std::fmt::Display| AuthenticateError(error.to_string());
    let date = signer::SigningDate::try_from(now).map_err(|error| failed(&error))?;
    let signed = {
        let headers: Vec<(&str, &[u8])> = ["content-type", "host", "x-project-id"]
            .into_iter()
            .filter_map(|name| Some((name, request.headers().get(name)?.as_bytes())))
            .collect();
        let view = signer::SignableRequest::new(request.method().as_str(), request.url().path())
            .with_query(request.url().query())
            .with_headers(&headers)
            .with_body(request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default());
        signer::sign(&view, key, date).map_err(|error| failed(&error))?
    };
    for (name, value) in signed.headers() {
        let value = if signer::is_sensitive_header(name) {
            sensitive(value)?
        } else {
            HeaderValue::from_str(value).map_err(|error| failed(&error))?
        };
        request.headers_mut().insert(name, value);
    }
    Ok(())
}

/// A header value that no log shows.
fn sensitive(value: &str) -> Result<HeaderValue, AuthenticateError> {
    let mut value = HeaderValue::from_str(value)
        .map_err(|_| AuthenticateError("a header cannot hold the credentials".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

pub(crate) fn is_json(content_type: &HeaderValue) -> bool {
    let text = content_type.to_str().unwrap_or_default();
    let media = text.split(';').next().unwrap_or_default().trim();
    media.eq_ignore_ascii_case("application/json") || media.to_ascii_lowercase().ends_with("+json")
}

/// What is wrong with the body of a success.
fn fault(answer: &Answer, error: &serde_json::Error) -> String {
    if !answer.complete {
        return too_long();
    }
    match error.classify() {
        serde_json::error::Category::Eof if !answer.body.is_empty() => {
            format!("JSON that ends too early, at byte {}", answer.body.len())
        }
        serde_json::error::Category::Data => format!("JSON that is not the documented one: {error}"),
        _ => body_in_words(answer),
    }
}

/// A body that was not read to its end.
pub(crate) fn too_long() -> String {
    format!("a body of more than {} MiB", mrs_iam_sync_client::BODY_LIMIT / (1024 * 1024))
}

pub(crate) fn wrong_status(answer: &Answer) -> String {
    if answer.status.is_redirection() {
        let location = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok());
        let url = location.and_then(|location| url::Url::parse(location).ok());
        let to = url.map_or_else(String::new, |url| {
            format!(" to {}", url.authority().rsplit('@').next().unwrap_or_default())
        });
        return format!("a redirect{to}, which is not followed since the credentials would go along");
    }
    format!("{}, under a status that is not documented for this operation", body_in_words(answer))
}

fn body_in_words(answer: &Answer) -> String {
    let start =
        String::from_utf8_lossy(&answer.body[..answer.body.len().min(512)]).trim_start().to_ascii_lowercase();
    match answer.body.len() {
        0 => "an empty body".to_owned(),
        _ if start.starts_with('<') => "an HTML page".to_owned(),
        _ if start.starts_with(['{', '[']) => "JSON that is not the documented one".to_owned(),
        length => format!("a body of {length} bytes that is not JSON"),
    }
}

/// `Retry-After` in seconds; its form as a date is of no use without trust in both clocks.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// Tells when the clocks differ by more than the gateway allows.
fn clock_skew(headers: &HeaderMap, sent_at: Option<SystemTime>) -> Option<String> {
    let theirs = jiff::fmt::rfc2822::parse(headers.get(DATE)?.to_str().ok()?).ok()?.timestamp();
    let ours = jiff::Timestamp::try_from(sent_at?).ok()?;
    let seconds = ours.as_second() - theirs.as_second();
    (seconds.unsigned_abs() > signer::MAX_SKEW.as_secs()).then(|| {
        let minutes = seconds.unsigned_abs() / 60;
        let way = if seconds > 0 { "ahead of" } else { "behind" };
        format!(
            "this machine's clock is {minutes} minutes {way} the server's ({} here, {} there); signatures more than \
             15 minutes off are refused: set the clock",
            ours.strftime("%Y-%m-%dT%H:%M:%SZ"),
            theirs.strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
    })
}
