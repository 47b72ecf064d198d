//! One request: signed when it is sent, its answer kept, its failure told.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use mrs_iam_sync_client::{
    Answer, Authenticate, AuthenticateError, Error as Failure, ErrorBody, ResponseValue,
};
use mrs_iam_sync_contract::{StatusCode, iam_sync_user::DOCUMENT};
use sdk_hmac_sha256 as signer;
use secrecy::{ExposeSecret, SecretString};

use crate::answer::{body_in_words, clocks, fault, is_json, retry_after, wrong_status};
use crate::credentials::{Credentials, Secret};
use crate::engine::Service;
use crate::error::{Error, ErrorKind};
use crate::preview::RequestPreview;
use crate::retry::{Failed, Reach};
use crate::time::Time;

/// What requests say they come from.
const PRODUCT: &str = concat!("mrs-iam-sync/", env!("CARGO_PKG_VERSION"));

/// Header with the id that support asks for.
const REQUEST_ID: &str = "x-request-id";

/// One request of a client: gives it credentials and keeps what comes back.
#[derive(Debug)]
pub(crate) struct Attempt {
    service: Arc<Service>,
    time: Arc<dyn Time>,
    /// None for what needs none.
    credentials: Option<Credentials>,
    project_id: Option<String>,
    /// A secret of the request itself.
    confidential: Option<SecretString>,
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
    pub(crate) fn new(
        service: &Arc<Service>,
        time: &Arc<dyn Time>,
        credentials: Option<Credentials>,
        project_id: Option<&str>,
        write: bool,
    ) -> Self {
        Self {
            service: service.clone(),
            time: time.clone(),
            credentials,
            project_id: project_id.map(str::to_owned),
            confidential: None,
            write,
            preview_only: false,
            kept: Mutex::default(),
        }
    }

    /// The same, but it signs the request, keeps it and does not let it go.
    pub(crate) fn only_shown(mut self) -> Self {
        self.preview_only = true;
        self
    }

    /// The same, whose request holds a secret: none of its errors does.
    pub(crate) fn with_secret(mut self, secret: Option<&SecretString>) -> Self {
        self.confidential = secret.cloned();
        self
    }

    /// Notes that the request leaves now, where nothing is added to it.
    pub(crate) fn sending(&self) {
        self.kept().sent_at = Some(self.time.now());
    }

    /// Where it goes.
    pub(crate) fn service(&self) -> &Service {
        &self.service
    }

    fn endpoint(&self) -> &str {
        self.service.endpoint.as_str()
    }

    fn scrub(&self, text: &str) -> String {
        let text = match &self.credentials {
            Some(credentials) => credentials.scrub(text),
            None => text.to_owned(),
        };
        match &self.confidential {
            Some(secret) if !secret.expose_secret().is_empty() => without(&text, secret.expose_secret()),
            _ => text,
        }
    }

    /// The answer without the token that the request carried, for whoever is shown all of it.
    pub(crate) fn scrubbed(&self, mut answer: Answer) -> Answer {
        let body = String::from_utf8_lossy(&answer.body);
        let scrubbed = self.scrub(&body);
        if scrubbed != body {
            answer.body = scrubbed.into();
        }
        for value in answer.headers.values_mut() {
            let text = value.to_str().unwrap_or_default();
            let scrubbed = self.scrub(text);
            if scrubbed != text
                && let Ok(scrubbed) = HeaderValue::from_str(&scrubbed)
            {
                *value = scrubbed;
            }
        }
        answer
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The request that was kept back.
    pub(crate) fn take_preview(&self) -> Option<RequestPreview> {
        self.kept().preview.take()
    }

    /// The answer as it came.
    pub(crate) fn answer(&self) -> Option<Answer> {
        self.kept().answer.clone()
    }

    /// The status of the answer, if one came.
    pub(crate) fn status(&self) -> Option<u16> {
        self.kept().answer.as_ref().map(|answer| answer.status.as_u16())
    }

    /// The request id of the answer, if it has one.
    pub(crate) fn request_id(&self) -> Option<String> {
        self.kept().answer.as_ref().and_then(|answer| self.id(answer, &ErrorBody::default()))
    }

    pub(crate) fn id(&self, answer: &Answer, body: &ErrorBody) -> Option<String> {
        let header = answer.headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
        header.map(str::to_owned).or_else(|| body.request_id.clone()).map(|id| self.scrub(&id))
    }

    /// What the generated client made of the answer; a success must be a JSON object, and say that it is JSON.
    pub(crate) fn finish<T, E>(
        &self,
        result: Result<ResponseValue<T>, Failure<E>>,
    ) -> Result<ResponseValue<T>, Failed> {
        let value = result.map_err(|failure| self.failure(failure))?;
        if let Some(answer) = &self.kept().answer {
            if let Some(content_type) = answer.headers.get(CONTENT_TYPE)
                && !is_json(content_type)
            {
                let what = format!("content type {content_type:?}, not JSON");
                return Err(answered(self.unexpected(answer, &what)));
            }
            // A list of the fields' values decodes as well, and is not the documented answer.
            if answer.body.trim_ascii_start().first() != Some(&b'{') {
                return Err(answered(self.unexpected(answer, "JSON that is not an object")));
            }
        }
        Ok(value)
    }

    fn failure<E>(&self, failure: Failure<E>) -> Failed {
        let kept = self.kept();
        match (failure, &kept.answer) {
            (Failure::InvalidRequest(message), _) => {
                Failed::before(Error::new(ErrorKind::InvalidInput, message))
            }
            (Failure::Custom(message), _) => Failed::before(Error::new(ErrorKind::Credentials, message)),
            (
                Failure::CommunicationError(error)
                | Failure::InvalidUpgrade(error)
                | Failure::ResponseBodyError(error),
                answer,
            ) => self.broken(error, answer.as_ref()),
            (Failure::ErrorResponse(_), Some(answer)) => answered(self.refused(answer, kept.sent_at)),
            (Failure::InvalidResponsePayload(_, error), Some(answer)) => {
                answered(self.unexpected(answer, &fault(answer, &error)))
            }
            (Failure::UnexpectedResponse(_), Some(answer)) => {
                answered(self.unexpected(answer, &wrong_status(answer)))
            }
            (_, None) => answered(Error::new(ErrorKind::UnexpectedAnswer, "the answer was not kept")),
        }
    }

    /// No answer, or not all of it.
    pub(crate) fn broken(&self, error: reqwest::Error, answer: Option<&Answer>) -> Failed {
        let endpoint = self.endpoint();
        // The URL holds ids only, but the message names the endpoint anyway.
        let error = error.without_url();
        let reach = match answer {
            None if error.is_connect() && is_tls(&error) => Reach::Untrusted,
            None if error.is_connect() => Reach::NotSent,
            _ => Reach::Unknown,
        };
        let (kind, message) = match answer {
            None if reach == Reach::Untrusted => {
                (ErrorKind::Connection, format!("no TLS connection to {endpoint} that can be trusted"))
            }
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
        let hint = match reach {
            Reach::Untrusted => {
                "if a proxy or a private authority signs the certificates, give the authority's certificate as CA file"
            }
            Reach::NotSent => "check the endpoint or region, and this machine's network and proxy settings",
            _ => self.after_silence(),
        };
        let error = Error::new(kind, message).with_hint(hint).with_source(error);
        let error = match answer {
            Some(answer) => error.with_answer(answer.status.as_u16(), self.id(answer, &ErrorBody::default())),
            None => error,
        };
        Failed::new(error, reach)
    }

    /// The service, or the gateway before it, says no.
    pub(crate) fn refused(&self, answer: &Answer, sent_at: Option<SystemTime>) -> Error {
        let status = answer.status.as_u16();
        let body = ErrorBody::parse(&answer.body);
        let scrub = |text: &String| self.scrub(text);
        let code = body.error_code.as_ref().map(scrub);
        // A message may quote the request in any spelling: better none than one with a password.
        let message = match self.confidential {
            Some(_) => None,
            None => body.error_msg.as_ref().map(scrub),
        };
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
        let clocks = (kind == ErrorKind::Authentication).then(|| clocks(&answer.headers, sent_at)).flatten();
        let error = Error::new(kind, format!("{} answered {status}, {text}", self.endpoint()))
            .with_answer(status, self.id(answer, &body))
            .with_code(code, message)
            .with_retry_after(retry_after(&answer.headers));
        match (clocks, remedy) {
            (Some(clocks), remedy) if clocks.are_apart() || remedy.is_none() => {
                error.with_hint(clocks.to_string())
            }
            (Some(clocks), Some(remedy)) => error.with_hint(format!("{remedy} ({clocks})")),
            (None, Some(remedy)) => error.with_hint(remedy),
            (None, None) | (Some(_), None) => error,
        }
    }

    /// An answer that the document does not know.
    pub(crate) fn unexpected(&self, answer: &Answer, what: &str) -> Error {
        let status = answer.status.as_u16();
        // It may quote the answer, which may quote the request.
        let what = self.scrub(what);
        Error::new(
            ErrorKind::UnexpectedAnswer,
            format!("{} answered {status} with {what}", self.endpoint()),
        )
        .with_answer(status, self.id(answer, &ErrorBody::default()))
        .with_hint(match self.write {
            true => "check that the endpoint is the right one and that no proxy answers in its place; the request may have been carried out all the same",
            false => "check that the endpoint is the right one and that no proxy answers in its place",
        })
    }

    /// As [`Attempt::unexpected`], of the answer that was kept.
    pub(crate) fn unexpected_now(&self, what: &str) -> Failed {
        answered(match &self.kept().answer {
            Some(answer) => self.unexpected(answer, what),
            None => Error::new(ErrorKind::UnexpectedAnswer, format!("an answer with {what}")),
        })
    }

    /// The error of an answer that never came within the operation's deadline.
    pub(crate) fn timed_out(&self, after: Duration) -> Failed {
        let error = Error::new(
            ErrorKind::Timeout,
            format!("{} did not answer within {} s", self.endpoint(), seconds(after)),
        );
        let error = error.with_hint(self.after_silence());
        match self.sent_at() {
            Some(_) => Failed::new(error, Reach::Unknown),
            None => Failed::before(error),
        }
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
        self.project_id.as_deref()
    }

    fn authenticate(&self, request: &mut reqwest::Request) -> Result<(), AuthenticateError> {
        let now = self.time.now();
        request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(PRODUCT));
        let signed = match self.credentials.as_ref().map(Credentials::secret) {
            None => return Err(AuthenticateError("there are none".to_owned())),
            Some(Secret::Key { key, .. }) => Some(sign(request, key, now)?),
            Some(Secret::Token(token)) => {
                let value = sensitive(token.expose_secret())?;
                request.headers_mut().insert("x-auth-token", value);
                None
            }
        };
        let mut kept = self.kept();
        kept.sent_at = Some(now);
        if self.preview_only {
            kept.preview = Some(RequestPreview::of(request, signed.as_ref()));
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
) -> Result<signer::Signed, AuthenticateError> {
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
        // As text, a name that is not one of HTTP's own would be copied.
        request.headers_mut().insert(HeaderName::from_static(name), value);
    }
    Ok(signed)
}

/// A header value that no log shows.
pub(crate) fn sensitive(value: &str) -> Result<HeaderValue, AuthenticateError> {
    let mut value = HeaderValue::from_str(value)
        .map_err(|_| AuthenticateError("a header cannot hold the credentials".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Whether it is about TLS: what the other side showed, or how it spoke.
fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    // An I/O error hides the one that it was made of from `source`.
    let hidden = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error.is::<rustls::Error>()
        || hidden.is_some_and(|hidden| is_tls(hidden))
        || error.source().is_some_and(is_tls)
}

/// A text without a secret, whether it stands there as it is or as JSON spells it.
fn without(text: &str, secret: &str) -> String {
    let spelled = serde_json::to_string(secret).unwrap_or_default();
    let spelled = spelled.trim_start_matches('"').strip_suffix('"').unwrap_or_default();
    match spelled {
        "" => text.replace(secret, "***"),
        spelled => text.replace(secret, "***").replace(spelled, "***"),
    }
}

/// A failure that came with an answer.
fn answered(error: Error) -> Failed {
    Failed::new(error, Reach::Answered)
}

/// To the millisecond: more digits would only pretend to know.
pub(crate) fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}
