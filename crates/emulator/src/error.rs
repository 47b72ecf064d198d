//! Why an emulator does not start, and how it refuses a request.

use std::borrow::Cow;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use http::StatusCode;
use mrs_iam_sync_contract::{ErrorCode, iam_sync_user::DOCUMENT};
use sdk_hmac_sha256::KeyError;
use serde_json::{Value, json};

use crate::router::Service;

/// Why an emulator does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address is not one of the loopback interface.
    ///
    /// The emulator holds sample credentials and speaks plain HTTP unless told otherwise, so that it answers this
    /// machine only. Remedy: listen on `127.0.0.1` or `[::1]`, or allow it:
    /// [`EmulatorBuilder::allow_remote`](crate::EmulatorBuilder::allow_remote).
    #[error("{addr} is not a loopback address; the emulator listens on 127.0.0.1 or [::1] only")]
    NotLoopback {
        /// The address that was asked for.
        addr: SocketAddr,
    },
    /// The address cannot be listened on; the source says why.
    ///
    /// Cause: usually another process listens on the port. Remedy: port 0 picks a free one.
    #[error("cannot listen on {addr}")]
    Listen {
        /// The address that was asked for.
        addr: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// An access key, secret key or security token cannot be used; the source says which.
    #[error("the credentials to accept cannot be used")]
    Credentials(#[from] KeyError),
    /// A token to accept is empty or not visible ASCII.
    #[error("a token to accept must be visible ASCII characters, and not empty")]
    Token,
    /// The directory for the state cannot be used; the source says why.
    ///
    /// Cause: usually another emulator has it open, or it cannot be written to.
    #[error("the state in {} cannot be used", directory.display())]
    State {
        /// The directory.
        directory: PathBuf,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No certificate could be made; the source says why.
    #[error("cannot make a certificate for TLS")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The contract's schemas do not compile: a fault of this build.
    #[error("the contract's schema {schema} does not compile: {message}")]
    Contract {
        /// The component schema.
        schema: String,
        /// What is wrong with it.
        message: String,
    },
}

/// A request that is refused: what the answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: String,
    /// Seconds of a `Retry-After` header.
    pub(crate) retry_after: Option<u64>,
    /// What the emulator adds of its own, below [`OWN`].
    pub(crate) explanation: Option<Box<Value>>,
}

/// The field of an error that no service has.
const OWN: &str = "_emulator";

impl Refusal {
    /// With the first status that the published tables give for the code.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        let status = DOCUMENT.error_code(code).and_then(|row| row.http.first());
        let status = status.and_then(|status| StatusCode::from_u16(*status).ok());
        let status = status.unwrap_or(StatusCode::BAD_REQUEST);
        Self { status, code: code.into(), message: message.into(), retry_after: None, explanation: None }
    }

    /// For codes that stand for several statuses.
    pub(crate) fn with_status(
        status: u16,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        Self { status, code: code.into(), message: message.into(), retry_after: None, explanation: None }
    }

    /// `12000002`, the answer to whatever is wrong with the request itself.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new("12000002", message)
    }

    /// Of IAM, whose errors have no code but the status.
    pub(crate) fn iam(status: u16, message: impl Into<String>) -> Self {
        Self::with_status(status, "", message)
    }

    /// The error code that the answer shows.
    pub(crate) fn shown_code(&self, service: Service) -> String {
        match service {
            Service::Mrs => self.code.clone().into_owned(),
            Service::Iam => self.status.as_u16().to_string(),
        }
    }

    /// The body: IAM has a form of its own; the gateway puts the request id into it, MRS does not.
    pub(crate) fn body(&self, service: Service, request_id: &str) -> Value {
        let mut body = if service == Service::Iam {
            let title = self.status.canonical_reason().unwrap_or_default();
            json!({ "error": { "code": self.status.as_u16(), "message": self.message, "title": title } })
        } else if DOCUMENT.error_code(&self.code).is_some_and(ErrorCode::is_gateway) {
            json!({ "error_msg": self.message, "error_code": self.code, "request_id": request_id })
        } else {
            json!({ "error_code": self.code, "error_msg": self.message })
        };
        if let Some(explanation) = &self.explanation {
            body[OWN] = Value::clone(explanation);
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_those_of_the_table() {
        for (code, status) in [
            ("12000002", 400),
            ("12000003", 400),
            ("12000107", 400),
            ("12000154", 500),
            ("APIGW.0101", 404),
            ("APIGW.0301", 401),
            ("APIGW.0308", 429),
        ] {
            assert_eq!(Refusal::new(code, "").status.as_u16(), status, "{code}");
        }
    }

    #[test]
    fn sources_speak_of_no_secret() {
        let key = StartError::from(KeyError::SecretKey);
        assert_eq!(key.to_string(), "the credentials to accept cannot be used");
        let loopback = StartError::NotLoopback { addr: "0.0.0.0:80".parse().unwrap() };
        assert!(loopback.to_string().starts_with("0.0.0.0:80 is not a loopback address"));
    }
}
