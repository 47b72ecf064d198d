//! The temporary keys of an ECS instance, whose agency may use MRS.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Method};
use mrs_iam_sync_client::Answer;
use secrecy::{ExposeSecret as _, SecretString};

use super::metadata::{self, Temporary};
use super::{Context, Credentials, ProvideCredentials, Providing, Source};
use crate::attempt::{Attempt, sensitive};
use crate::call::{Call, Facts};
use crate::endpoint::Endpoint;
use crate::engine::Service;
use crate::error::{Error, ErrorKind};
use crate::retry::{Failed, Reach, Replay};

/// Rests between questions that were not answered.
const RESTS: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(1)];

/// Credentials of the agency that the ECS instance runs with, from its metadata service.
///
/// Temporary keys; the client renews them before they expire. On a machine that is no ECS instance nobody answers,
/// which is known after 300 ms.
#[derive(Debug, Clone)]
pub struct AgencyCredentials {
    endpoint: String,
}

impl AgencyCredentials {
    /// From the metadata service at its usual address, `http://169.254.169.254`.
    pub fn new() -> Self {
        Self::at(metadata::BASE_URL)
    }

    /// From a metadata service at another address, on this machine, for tests.
    pub fn at(endpoint: impl Into<String>) -> Self {
        Self { endpoint: endpoint.into() }
    }

    /// One request; an answer of any status is an answer.
    async fn ask(
        &self,
        context: &Context,
        service: &Arc<Service>,
        method: Method,
        path: &str,
        header: (&'static str, HeaderValue),
    ) -> Result<Answer, Error> {
        let url = service.endpoint.join(path)?;
        let facts = Facts { id: "metadata", per_minute: None, replay: Replay::Unknown, authenticated: false };
        let call = Call {
            subject: path,
            timeout: metadata::TIMEOUT,
            max_attempts: 1,
            ..Call::plain(&context.engine, service, facts)
        };
        let send = |attempt: Arc<Attempt>| {
            let mut request = reqwest::Request::new(method.clone(), url.clone());
            request.headers_mut().insert(header.0, header.1.clone());
            async move {
                attempt.sending();
                let http = &attempt.service().http;
                let result = mrs_iam_sync_client::exchange(http, request, &*attempt).await;
                match (result, attempt.answer()) {
                    (Ok(_), Some(answer)) => Ok(answer),
                    (Ok(_), None) => {
                        Err(Failed::last(Error::new(ErrorKind::UnexpectedAnswer, "the answer was not kept")))
                    }
                    (Err(error), answer) => Err(match attempt.broken(error, answer.as_ref()) {
                        // Somebody is there.
                        failed if failed.reach == Reach::Unknown => Failed::last(Error::new(
                            ErrorKind::Unavailable,
                            "the metadata service of this machine broke the connection",
                        )),
                        failed => failed,
                    }),
                }
            }
        };
        Ok(call.run(send).await?.value)
    }

    /// A token for [`AgencyCredentials::keys`]; `None` where the service gives keys without one.
    async fn token(&self, context: &Context, service: &Arc<Service>) -> Result<Option<SecretString>, Error> {
        let ttl = HeaderValue::from(metadata::TOKEN_TTL.as_secs());
        let header = (metadata::TOKEN_TTL_HEADER, ttl);
        let answer = self.ask(context, service, Method::PUT, metadata::TOKEN_PATH, header).await?;
        match answer.status.as_u16() {
            200..300 => {
                let token = String::from_utf8(answer.body.to_vec()).ok().map(|token| token.trim().to_owned());
                match token.filter(|token| !token.is_empty()) {
                    Some(token) => Ok(Some(token.into())),
                    None => Err(refused(answer.status, "no token")),
                }
            }
            status if metadata::needs_no_token(status) => Ok(None),
            _ => Err(refused(answer.status, "no token")),
        }
    }

    async fn keys(
        &self,
        context: &Context,
        service: &Arc<Service>,
        token: Option<&SecretString>,
    ) -> Result<Answer, Error> {
        let token = token.map_or(Ok(HeaderValue::from_static("")), |token| sensitive(token.expose_secret()));
        let token = token.map_err(|error| Error::new(ErrorKind::Credentials, error.to_string()))?;
        let header = (metadata::TOKEN_HEADER, token);
        self.ask(context, service, Method::GET, metadata::SECURITY_KEY_PATH, header).await
    }

    /// Asks again after a failure that may pass; where nobody is there, once is enough.
    async fn fetch(&self, context: &Context) -> Result<Credentials, Error> {
        let mut rests = RESTS.into_iter();
        loop {
            let error = match self.fetch_once(context).await {
                Err(error) if error.kind() == ErrorKind::Unavailable => error,
                result => return result,
            };
            let Some(rest) = rests.next() else { return Err(error) };
            context.engine.time.sleep(rest).await;
        }
    }

    async fn fetch_once(&self, context: &Context) -> Result<Credentials, Error> {
        let service = context.engine.service(Endpoint::metadata(&self.endpoint)?)?;
        let token = self.token(context, &service).await?;
        let mut answer = self.keys(context, &service, token.as_ref()).await?;
        if token.is_some() && metadata::may_renew_token(answer.status.as_u16(), &answer.body) {
            let token = self.token(context, &service).await?;
            answer = self.keys(context, &service, token.as_ref()).await?;
        }
        if !answer.status.is_success() {
            return Err(refused(answer.status, "no keys"));
        }
        let Temporary { access_key, secret_key, security_token, expires_at } =
            metadata::parse_security_key(&answer.body)?;
        let (secret_key, token) = (secret_key.expose_secret(), security_token.expose_secret());
        let credentials =
            Credentials::key(&access_key, secret_key.to_owned(), Some(token.to_owned()), Source::Metadata)?;
        Ok(credentials.with_expiry(expires_at))
    }
}

fn refused(status: http::StatusCode, what: &str) -> Error {
    let kind = match status.as_u16() {
        429 | 500.. => ErrorKind::Unavailable,
        _ => ErrorKind::Credentials,
    };
    Error::new(
        kind,
        format!("the metadata service of this machine gives {what} (status {})", status.as_u16()),
    )
    .with_hint("give the ECS instance an agency whose permissions cover MRS, or give credentials another way")
}

impl Default for AgencyCredentials {
    fn default() -> Self {
        Self::new()
    }
}

impl ProvideCredentials for AgencyCredentials {
    fn provide<'a>(&'a self, context: &'a Context) -> Providing<'a> {
        Box::pin(self.fetch(context))
    }
}
