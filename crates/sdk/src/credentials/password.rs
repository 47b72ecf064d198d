//! A token for a user name and a password.

use std::fmt;
use std::sync::Arc;

use mrs_iam_sync_client::iam::types;
use mrs_iam_sync_client::{Password, connect_iam};
use mrs_iam_sync_contract::iam::KEYSTONE_CREATE_USER_TOKEN_BY_PASSWORD;
use secrecy::{ExposeSecret as _, SecretString};

use super::{Context, Credentials, ProvideCredentials, Providing, Source};
use crate::attempt::Attempt;
use crate::call::Call;
use crate::endpoint::Endpoint;
use crate::engine::Service;
use crate::error::{Error, ErrorKind};

/// Header of the answer that the token stands in.
const TOKEN: &str = "x-subject-token";

/// An IAM user's name and password, for which IAM gives a token (`KeystoneCreateUserTokenByPassword`).
///
/// The token is for one project: the client's, or that of its region. It is kept for its 24 hours and renewed before
/// they are over. Wrong passwords in a row lock the user, so that none is tried twice. It does not work for a "Huawei
/// account" (HUAWEI ID), for federated users, and for users who have to give a second factor.
#[derive(Clone)]
pub struct PasswordLogin {
    account: String,
    user: String,
    password: SecretString,
    iam_endpoint: Option<String>,
    project_id: Option<String>,
    project_name: Option<String>,
}

impl PasswordLogin {
    /// The name of the IAM user.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// `account` is the name of the account (IAM: domain) that the user belongs to.
    pub fn new(
        account: impl Into<String>,
        user: impl Into<String>,
        password: impl Into<SecretString>,
    ) -> Self {
        Self {
            account: account.into(),
            user: user.into(),
            password: password.into(),
            iam_endpoint: None,
            project_id: None,
            project_name: None,
        }
    }

    /// IAM's endpoint, instead of that of the client's region.
    #[must_use]
    pub fn with_iam_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.iam_endpoint = Some(endpoint.into());
        self
    }

    /// The project that the token is for, instead of the client's.
    #[must_use]
    pub fn with_project_id(mut self, project_id: impl Into<String>) -> Self {
        self.project_id = Some(project_id.into());
        self
    }

    /// The project that the token is for, by its name, which is a region's id unless somebody made more projects.
    #[must_use]
    pub fn with_project_name(mut self, name: impl Into<String>) -> Self {
        self.project_name = Some(name.into());
        self
    }

    fn service(&self, context: &Context) -> Result<Arc<Service>, Error> {
        match (&self.iam_endpoint, &context.iam) {
            (Some(endpoint), _) => context.engine.service(Endpoint::parse(endpoint)?),
            (None, Some(service)) => Ok(service.clone()),
            (None, None) => Err(Error::new(
                ErrorKind::InvalidInput,
                "a token for a user name and a password needs IAM, whose endpoint is not known",
            )
            .with_hint("give a region, or the endpoint of IAM")),
        }
    }

    fn request(&self, context: &Context) -> Result<types::CreateTokenRequest, Error> {
        // An id is exact; a name may stand for a sub-project elsewhere.
        let id = self.project_id.clone().or_else(|| match self.project_name {
            None => context.project_id.clone(),
            Some(_) => None,
        });
        let name = match id {
            Some(_) => None,
            None => self.project_name.clone().or_else(|| context.region.clone()),
        };
        if id.is_none() && name.is_none() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "a token for a user name and a password is for one project, which is not known",
            )
            .with_hint("give a project id, or a region"));
        }
        let user = types::PasswordUser {
            name: self.user.clone(),
            password: Password::from(self.password.expose_secret().to_owned()),
            domain: types::UserDomain { name: self.account.clone() },
        };
        Ok(types::CreateTokenRequest {
            auth: types::TokenAuth {
                identity: types::TokenIdentity {
                    methods: [types::TokenMethod::Password],
                    password: types::PasswordIdentity { user },
                },
                scope: types::TokenScope { project: Some(types::ScopeProject { id, name }) },
            },
        })
    }

    async fn login(&self, context: &Context) -> Result<Credentials, Error> {
        let (service, request) = (self.service(context)?, self.request(context)?);
        let call = Call {
            confidential: Some(&self.password),
            ..Call::plain(&context.engine, &service, &KEYSTONE_CREATE_USER_TOKEN_BY_PASSWORD)
        };
        let send = |attempt: Arc<Attempt>| {
            let request = request.clone();
            async move {
                let service = attempt.service();
                attempt.sending();
                let client = connect_iam(service.endpoint.as_str(), &service.http, attempt.clone());
                // The catalogue would be most of the answer.
                let call = client
                    .keystone_create_user_token_by_password()
                    .nocatalog("true".to_owned())
                    .body(request);
                let answer = attempt.finish(call.send().await)?;
                let token = answer.headers().get(TOKEN).and_then(|token| token.to_str().ok());
                match token.map(str::to_owned) {
                    Some(token) => Ok((token, answer.into_inner().token)),
                    None => Err(attempt.unexpected_now("no token in its header X-Subject-Token")),
                }
            }
        };
        let answer = call.run(send).await.map_err(|error| match error.is_authentication() {
            true => error.with_hint(
                "check the user's name, its password and the account's name; wrong passwords in a row lock the user",
            ),
            false => error,
        });
        let (token, about) = answer?.value;
        let credentials = Credentials::from_token(token, Source::Login)?;
        let project_id = about.project.map(|project| project.id);
        let credentials = credentials.with_surroundings(project_id, None, None);
        let expires_at = about.expires_at.parse::<jiff::Timestamp>().ok();
        match expires_at.and_then(|at| at.try_into().ok()) {
            Some(expires_at) => Ok(credentials.with_expiry(expires_at)),
            // Not knowing when costs a renewal on refusal, no more.
            None => Ok(credentials),
        }
    }
}

impl fmt::Debug for PasswordLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordLogin")
            .field("account", &self.account)
            .field("user", &self.user)
            .field("iam_endpoint", &self.iam_endpoint)
            .finish_non_exhaustive()
    }
}

impl ProvideCredentials for PasswordLogin {
    fn provide<'a>(&'a self, context: &'a Context) -> Providing<'a> {
        Box::pin(self.login(context))
    }
}
