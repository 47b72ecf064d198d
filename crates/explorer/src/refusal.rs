//! What is refused by the explorer itself, and failures without an answer of the service.

use std::error::Error as _;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use mrs_iam_sync::{Error, ErrorKind};
use serde::Serialize;

use crate::answer::masked;

/// Why the explorer does not do what it is asked for. Nothing in it is a secret.
#[derive(Debug, Serialize)]
pub(crate) struct Refusal {
    #[serde(skip)]
    pub(crate) status: StatusCode,
    /// For programs.
    code: &'static str,
    /// What is wrong.
    message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// The value that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    /// `false` when the service was sent nothing; absent when it may have been.
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<bool>,
    #[serde(flatten)]
    failure: Option<Box<Failure>>,
}

/// What is known of a call that failed.
#[derive(Debug, Serialize)]
struct Failure {
    /// Why, from the outermost layer to the innermost.
    causes: Vec<String>,
    /// The status that the service answered with.
    #[serde(skip_serializing_if = "Option::is_none")]
    service_status: Option<u16>,
    /// The service's error code in that answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
    /// Its request id.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { status, code, message, hint: None, field: None, sent: Some(false), failure: None }
    }

    fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Something that failed here once the service had answered.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self { sent: None, ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message) }
    }

    /// A call of `exchange_raw` without an answer. It gives whatever the service answers, so that all but silence and
    /// what cannot be read is a failure before the request left: no credentials to be had, no place within the rate limit.
    pub(crate) fn of_exchange(error: Error) -> Self {
        let silent =
            matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout | ErrorKind::UnexpectedAnswer);
        Self { sent: (!silent).then_some(false), ..Self::from(error) }
    }

    /// No token, or a wrong one.
    pub(crate) fn token(given: bool) -> Self {
        let message = match given {
            true => "the token in this address is not the one of this start",
            false => "this browser has not been let in",
        };
        Self::new(StatusCode::FORBIDDEN, "token", message).with_hint(
            "open the address that `mrs-iam-sync explorer` has printed; it changes with each start",
        )
    }

    pub(crate) fn foreign(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "foreign", message)
            .with_hint("only the explorer's own page may send requests to it")
    }

    /// A link of another page led here. A browser would keep the cookie from what follows.
    pub(crate) fn followed() -> Self {
        Self::new(StatusCode::FORBIDDEN, "foreign", "another page led here").with_hint(
            "copy the link itself into the address bar of a new tab: its values come along. A browser that has not been \
             let in yet needs the address first that `mrs-iam-sync explorer` has printed",
        )
    }

    pub(crate) fn misdirected(own: &str) -> Self {
        Self::new(
            StatusCode::MISDIRECTED_REQUEST,
            "host",
            format!("the request is for another host; this is {own}"),
        )
    }

    pub(crate) fn not_json() -> Self {
        let message = "the content type must be application/json";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type", message)
    }

    pub(crate) fn no_route() -> Self {
        Self::new(StatusCode::NOT_FOUND, "no_route", "the explorer has no such path")
    }

    pub(crate) fn no_method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method", "this path does not take this method")
    }

    /// A value that the contract does not allow.
    pub(crate) fn value(field: &'static str, message: impl Into<String>) -> Self {
        Self { field: Some(field), ..Self::new(StatusCode::BAD_REQUEST, "value", message) }
    }

    /// The same from what the SDK says.
    pub(crate) fn of_value(field: &'static str, error: &Error) -> Self {
        let refusal = Self::value(field, error.to_string());
        match error.hint() {
            Some(hint) => refusal.with_hint(hint),
            None => refusal,
        }
    }

    /// As JSON below `error`.
    pub(crate) fn json(&self) -> Response<Body> {
        #[derive(Serialize)]
        struct Document<'a> {
            error: &'a Refusal,
        }
        let text = serde_json::to_string(&Document { error: self }).unwrap_or_default();
        typed(self.status, "application/json", text)
    }

    /// As a page, for who has typed an address.
    pub(crate) fn page(&self) -> Response<Body> {
        // Only texts of this program come here.
        let mut text = format!("<p>{}.</p>", sentence(&self.message));
        if let Some(hint) = &self.hint {
            text.push_str(&format!("<p>{}.</p>", sentence(hint)));
        }
        let status = self.status;
        let html = format!(
            "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
             <title>{status}</title><h1>{status}</h1>{text}</html>\n"
        );
        typed(self.status, "text/html; charset=utf-8", html)
    }
}

/// An answer of this type.
pub(crate) fn typed(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn sentence(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => text,
    }
}

/// A call without an answer to show.
impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let status = match error.kind() {
            ErrorKind::InvalidInput => StatusCode::BAD_REQUEST,
            ErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::BAD_GATEWAY,
        };
        let mut causes = Vec::new();
        let mut next = error.source();
        while let Some(cause) = next {
            causes.push(masked(&cause.to_string()));
            next = cause.source();
        }
        let failure = Failure {
            causes,
            service_status: error.status(),
            error_code: error.error_code().map(masked),
            request_id: error.request_id().map(masked),
        };
        let nothing = matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Credentials);
        Self {
            hint: error.hint().map(str::to_owned),
            sent: nothing.then_some(false),
            failure: Some(Box::new(failure)),
            ..Self::new(status, error.kind().as_str(), masked(&error.to_string()))
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response<Body> {
        self.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(refusal: &Refusal) -> Option<bool> {
        serde_json::to_value(refusal).unwrap()["sent"].as_bool()
    }

    #[test]
    fn what_was_not_sent_is_told_apart_from_silence() {
        assert_eq!(sent(&Refusal::value("user_names", "no name")), Some(false));
        assert_eq!(sent(&Refusal::internal("no JSON")), None);
        let error = || Error::no_credentials("none", None);
        assert_eq!(sent(&Refusal::of_exchange(error())), Some(false));
        assert_eq!(sent(&Refusal::from(error())), Some(false));
    }
}
