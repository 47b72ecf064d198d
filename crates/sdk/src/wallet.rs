//! The credentials in use: fetched once for all who wait, renewed before they expire.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::credentials::{Context, Credentials, ProvideCredentials};
use crate::error::{Error, ErrorKind};

/// Credentials are renewed when less than this is left of their time (the official SDKs' figure).
const RENEWAL_MARGIN: Duration = Duration::from_secs(40 * 60);

/// Longest time for a renewal while what is held still works.
const RENEWAL_PATIENCE: Duration = Duration::from_secs(5);

/// Rest after a renewal that failed.
const RENEWAL_REST: Duration = Duration::from_secs(60);

/// Renewed no earlier than after half of their time, so that short-lived ones are not fetched for each request.
#[derive(Debug, Clone)]
struct Held {
    credentials: Credentials,
    renew_at: Option<SystemTime>,
}

/// A provider, and what it gave last.
#[derive(Debug)]
pub(crate) struct Wallet {
    provider: Arc<dyn ProvideCredentials>,
    context: Context,
    held: Mutex<Option<Held>>,
    fetching: tokio::sync::Mutex<()>,
    last: Mutex<Last>,
}

/// The latest fetch: whoever waited for it takes its failure, too.
#[derive(Debug, Default)]
struct Last {
    count: u64,
    failure: Option<Error>,
}

impl Wallet {
    pub(crate) fn new(provider: Arc<dyn ProvideCredentials>, context: Context) -> Self {
        Self {
            provider,
            context,
            held: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
            last: Mutex::default(),
        }
    }

    /// The same provider and credentials, where more is known of the surroundings.
    pub(crate) fn in_context(&self, context: Context) -> Self {
        let wallet = Self::new(self.provider.clone(), context);
        wallet.hold(self.held());
        wallet
    }

    /// Whether other credentials may come of asking again.
    pub(crate) fn is_renewable(&self) -> bool {
        self.provider.is_renewable()
    }

    /// Credentials that are held and not due for renewal: nobody has to be waited for.
    pub(crate) fn ready(&self) -> Option<Credentials> {
        self.held().filter(|held| !self.is_due(held)).map(|held| held.credentials)
    }

    /// Credentials that can be used now; asks for them no longer than `within`.
    ///
    /// What is due for renewal is used on while it works: a renewal that fails or hangs costs one caller a moment, and
    /// the others nothing.
    pub(crate) async fn get(&self, within: Duration) -> Result<Credentials, Error> {
        if let Some(credentials) = self.ready() {
            return Ok(credentials);
        }
        let held = self.held();
        if let Some(held) = held.as_ref().filter(|held| !self.is_expired(&held.credentials)) {
            return Ok(self.renewed_or(held, within).await);
        }
        self.fetch_within(held.as_ref(), within).await
    }

    /// Others than those that are held and still work, if they come soon.
    async fn renewed_or(&self, held: &Held, within: Duration) -> Credentials {
        // Whoever comes while somebody asks already goes on with what there is.
        let Ok(turn) = self.fetching.try_lock() else { return held.credentials.clone() };
        let patience = RENEWAL_PATIENCE.min(within);
        let failure = match tokio::time::timeout(patience, self.ask(turn)).await {
            Ok(Ok(credentials)) => return credentials,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "nobody answered".to_owned(),
        };
        tracing::warn!("credentials could not be renewed, those held are used on: {failure}");
        let later =
            Held { credentials: held.credentials.clone(), renew_at: Some(self.context.now() + RENEWAL_REST) };
        self.hold(Some(later));
        held.credentials.clone()
    }

    /// Other credentials than those that were refused.
    pub(crate) async fn renew(&self, refused: &Credentials, within: Duration) -> Result<Credentials, Error> {
        match self.held() {
            // Somebody else was quicker.
            Some(held) if !held.credentials.is_same(refused) => Ok(held.credentials),
            held => self.fetch_within(held.as_ref(), within).await,
        }
    }

    async fn fetch_within(&self, seen: Option<&Held>, within: Duration) -> Result<Credentials, Error> {
        let fetched = tokio::time::timeout(within, self.fetch(seen)).await;
        fetched.unwrap_or_else(|_| {
            let waited = crate::attempt::seconds(within);
            Err(Error::new(
                ErrorKind::Credentials,
                format!("no credentials were to be had within {waited} s"),
            ))
        })
    }

    /// Asks the provider, unless somebody else did meanwhile. `seen` is what was held when the need arose.
    async fn fetch(&self, seen: Option<&Held>) -> Result<Credentials, Error> {
        let before = self.last().count;
        let turn = self.fetching.lock().await;
        let held = self.held();
        match (&held, seen) {
            (Some(held), Some(seen)) if !held.credentials.is_same(&seen.credentials) => {
                return Ok(held.credentials.clone());
            }
            (Some(held), None) => return Ok(held.credentials.clone()),
            _ => {}
        }
        {
            let last = self.last();
            if let (true, Some(failure)) = (last.count != before, &last.failure) {
                return Err(failure.clone());
            }
        }
        self.ask(turn).await
    }

    /// Asks the provider, in one's turn.
    async fn ask(&self, _turn: tokio::sync::MutexGuard<'_, ()>) -> Result<Credentials, Error> {
        let result = self.provider.provide(&self.context).await;
        let mut last = self.last();
        last.count += 1;
        last.failure = result.as_ref().err().cloned();
        drop(last);
        let credentials = result?;
        let now = self.context.now();
        let renew_at = credentials.expires_at().map(|end| {
            let left = end.duration_since(now).unwrap_or_default();
            now + (left - RENEWAL_MARGIN.min(left / 2))
        });
        tracing::debug!(
            kind = credentials.describe(),
            access_key = credentials.access_key_id(),
            source = %credentials.source(),
            "credentials"
        );
        self.hold(Some(Held { credentials: credentials.clone(), renew_at }));
        Ok(credentials)
    }

    fn held(&self) -> Option<Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn hold(&self, held: Option<Held>) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = held;
    }

    fn last(&self) -> std::sync::MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_due(&self, held: &Held) -> bool {
        held.renew_at.is_some_and(|at| at <= self.context.now())
    }

    fn is_expired(&self, credentials: &Credentials) -> bool {
        credentials.expires_at().is_some_and(|end| end <= self.context.now())
    }
}
