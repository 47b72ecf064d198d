//! The five operations, on one cluster.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use mrs_iam_sync_client::iam_sync_user::{Client as Generated, builder, types};
use mrs_iam_sync_client::{ResponseValue, connect};
use mrs_iam_sync_contract::Operation;
use mrs_iam_sync_contract::iam_sync_user::{
    CANCEL_SYNC_IAM_USER, LIST_SYNC_REQUIREMENTS, LIST_SYNC_STATUS, SHOW_SYNC_IAM_USER, UPDATE_SYNC_IAM_USER,
};
use tracing::Instrument as _;

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::names::{ClusterId, Names, Selection};
use crate::outcome::{Accepted, CancelOutcome, SyncOutcome, Synchronized};
use crate::preview::RequestPreview;
use crate::transport::Attempt;
use crate::wait::{Goal, Progress, Watch};

type GeneratedError = mrs_iam_sync_client::Error<types::ErrorResponse>;

/// A cluster whose Manager is synchronized with IAM. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Cluster {
    pub(crate) client: Client,
    pub(crate) id: ClusterId,
}

impl Cluster {
    /// The cluster's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Synchronizes IAM users and groups to Manager (`UpdateSyncIamUser`). The groups of a user come along; the
    /// users of a group do not. Nothing is sent before [`SyncRequest::send`] or [`SyncRequest::wait`].
    pub fn sync(&self, selection: impl Into<Selection>) -> SyncRequest {
        SyncRequest {
            cluster: self.clone(),
            selection: selection.into(),
            if_missing: false,
            watch: Watch::default(),
        }
    }

    /// Removes users and groups from Manager (`CancelSyncIamUser`). Nothing is sent before
    /// [`CancelRequest::send`] or [`CancelRequest::wait`].
    pub fn cancel(&self, names: Names) -> CancelRequest {
        CancelRequest { cluster: self.clone(), names, watch: Watch::default() }
    }

    /// The users and groups on Manager (`ShowSyncIamUser`).
    ///
    /// # Errors
    /// As any call: see [`ErrorKind`].
    pub async fn synchronized(&self) -> Result<Synchronized, Error> {
        self.look_at_names(self.client.shared.timeout).await
    }

    /// As [`Cluster::synchronized`], with a deadline of its own.
    pub(crate) async fn look_at_names(&self, timeout: Duration) -> Result<Synchronized, Error> {
        let (attempt, client) = self.attempt(&SHOW_SYNC_IAM_USER);
        let call = client.show_sync_iam_user().project_id(self.project()).cluster_id(self.id.clone()).send();
        let synchronized =
            Synchronized::of(self.run_within(timeout, &SHOW_SYNC_IAM_USER, &attempt, call).await?);
        if synchronized.users.is_none() && synchronized.groups.is_none() {
            return Err(attempt.unexpected_now("neither user_names nor group_names"));
        }
        Ok(synchronized)
    }

    /// Whether a synchronization is running (`ListSyncStatus`).
    ///
    /// # Errors
    /// As any call: see [`ErrorKind`]. Older services do not have the operation.
    pub async fn is_synchronizing(&self) -> Result<bool, Error> {
        self.look_at_status(self.client.shared.timeout).await
    }

    /// As [`Cluster::is_synchronizing`], with a deadline of its own.
    pub(crate) async fn look_at_status(&self, timeout: Duration) -> Result<bool, Error> {
        let (attempt, client) = self.attempt(&LIST_SYNC_STATUS);
        let call = client.list_sync_status().project_id(self.project()).cluster_id(self.id.clone()).send();
        Ok(self.run_within(timeout, &LIST_SYNC_STATUS, &attempt, call).await?.is_synchronizing)
    }

    /// Whether the cluster is in line with IAM (`ListSyncRequirements`); what exactly makes it so is not documented.
    ///
    /// # Errors
    /// As any call: see [`ErrorKind`]. Older services do not have the operation.
    pub async fn is_synchronous(&self) -> Result<bool, Error> {
        let (attempt, client) = self.attempt(&LIST_SYNC_REQUIREMENTS);
        let call =
            client.list_sync_requirements().project_id(self.project()).cluster_id(self.id.clone()).send();
        Ok(self.run(&LIST_SYNC_REQUIREMENTS, &attempt, call).await?.is_synchronous)
    }

    pub(crate) async fn send_sync(&self, selection: &Selection) -> Result<Accepted, Error> {
        let (attempt, client) = self.attempt(&UPDATE_SYNC_IAM_USER);
        let call = self.sync_call(&client, selection).send();
        let answer = self.run(&UPDATE_SYNC_IAM_USER, &attempt, call).await?;
        Ok(Accepted { state: answer.state, request_id: attempt.request_id() })
    }

    pub(crate) async fn send_cancel(&self, names: &Names) -> Result<Accepted, Error> {
        let (attempt, client) = self.attempt(&CANCEL_SYNC_IAM_USER);
        let call = self.cancel_call(&client, names).send();
        let answer = self.run(&CANCEL_SYNC_IAM_USER, &attempt, call).await?;
        Ok(Accepted { state: answer.state, request_id: attempt.request_id() })
    }

    fn sync_call<'a>(&self, client: &'a Generated, selection: &Selection) -> builder::UpdateSyncIamUser<'a> {
        let body = match selection {
            Selection::Everything => {
                types::UpdateSyncRequest { is_all_sync: true, group_names: None, user_names: None }
            }
            Selection::Named(names) => {
                let (user_names, group_names) = names.lists();
                types::UpdateSyncRequest { is_all_sync: false, group_names, user_names }
            }
        };
        client.update_sync_iam_user().project_id(self.project()).cluster_id(self.id.clone()).body(body)
    }

    fn cancel_call<'a>(&self, client: &'a Generated, names: &Names) -> builder::CancelSyncIamUser<'a> {
        let (user_names, group_names) = names.lists();
        let body = types::CancelSyncRequest { group_names, user_names };
        client.cancel_sync_iam_user().project_id(self.project()).cluster_id(self.id.clone()).body(body)
    }

    fn project(&self) -> types::ProjectId {
        self.client.shared.project_id.clone()
    }

    /// A generated client for one request.
    fn attempt(&self, operation: &Operation) -> (Arc<Attempt>, Generated) {
        self.generated(Attempt::new(&self.client.shared, operation.is_write()))
    }

    fn generated(&self, attempt: Arc<Attempt>) -> (Arc<Attempt>, Generated) {
        let shared = &self.client.shared;
        let client = connect(shared.endpoint.as_str(), &shared.http, attempt.clone());
        (attempt, client)
    }

    async fn run<T>(
        &self,
        operation: &Operation,
        attempt: &Attempt,
        call: impl Future<Output = Result<ResponseValue<T>, GeneratedError>>,
    ) -> Result<T, Error> {
        self.run_within(self.client.shared.timeout, operation, attempt, call).await
    }

    /// One call of the generated client: bounded in time, its failure told.
    async fn run_within<T>(
        &self,
        timeout: Duration,
        operation: &Operation,
        attempt: &Attempt,
        call: impl Future<Output = Result<ResponseValue<T>, GeneratedError>>,
    ) -> Result<T, Error> {
        let span = tracing::debug_span!("request", operation = operation.id, cluster = self.id());
        let result = match tokio::time::timeout(timeout, call.instrument(span.clone())).await {
            Ok(result) => attempt.finish(result),
            Err(_) => Err(attempt.timed_out(timeout)),
        };
        span.in_scope(|| match &result {
            Ok(_) => tracing::debug!(request_id = attempt.request_id(), "answered"),
            Err(error) => tracing::debug!(
                kind = error.kind().as_str(),
                status = error.status(),
                error_code = error.error_code(),
                request_id = error.request_id(),
                "failed"
            ),
        });
        result
    }
}

/// A request that was signed and kept back.
async fn kept_back<T>(
    attempt: &Attempt,
    call: impl Future<Output = Result<ResponseValue<T>, GeneratedError>>,
) -> Result<RequestPreview, Error> {
    let result = call.await;
    match (attempt.take_preview(), result) {
        (Some(preview), _) => Ok(preview),
        (None, Err(error)) => Err(attempt.finish::<T>(Err(error)).err().unwrap_or_else(not_kept)),
        (None, Ok(_)) => Err(not_kept()),
    }
}

fn not_kept() -> Error {
    Error::new(ErrorKind::InvalidInput, "the request could not be shown")
}

/// A synchronization that is about to be sent.
#[derive(Debug, Clone)]
#[must_use = "nothing is sent before `send` or `wait`"]
pub struct SyncRequest {
    cluster: Cluster,
    selection: Selection,
    if_missing: bool,
    watch: Watch,
}

impl SyncRequest {
    /// Sends only the names that are not on Manager, and nothing when all are. Presence does not prove that roles
    /// are up to date: after a change of permissions send all names again. Names of a list that the service does
    /// not give are sent. Without effect on everything.
    pub fn if_missing(mut self) -> Self {
        self.if_missing = true;
        self
    }

    /// Is told how [`SyncRequest::wait`] goes on.
    pub fn on_progress(mut self, told: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.watch = Watch::new(told);
        self
    }

    /// Sends the request and returns when it was accepted; `None` when nothing had to be sent.
    ///
    /// # Errors
    /// As any call: see [`ErrorKind`].
    pub async fn send(self) -> Result<Option<Accepted>, Error> {
        self.check_limits()?;
        match self.narrowed(None).await? {
            Some(selection) => self.cluster.send_sync(&selection).await.map(Some),
            None => Ok(None),
        }
    }

    /// Sends the request, waits until the service has finished, and finds out what arrived.
    ///
    /// Names that are not there when it has finished are looked for until the wait's deadline: nothing documents
    /// how soon they can be read.
    ///
    /// # Errors
    /// As any call: see [`ErrorKind`]; [`Error::is_after_acceptance`] tells whether the request had been accepted.
    /// Missing names and a deadline that passes are no errors but part of the outcome.
    pub async fn wait(self) -> Result<SyncOutcome, Error> {
        self.check_limits()?;
        self.watch.tell(&Progress::Reading);
        let before = self.cluster.synchronized().await?;
        let Some(selection) = self.narrowed(Some(&before)).await? else {
            return Ok(SyncOutcome::nothing_to_do(&self.selection, &before));
        };
        let started = self.cluster.client.shared.time.monotonic();
        self.watch.tell(&Progress::Sending);
        let accepted = self.cluster.send_sync(&selection).await?;
        self.watch.tell(&Progress::Accepted(accepted.clone()));
        let goal = match &self.selection {
            Selection::Named(names) => Goal::Present(names),
            Selection::Everything => Goal::Idle,
        };
        let end = self.watch.follow(&self.cluster, goal).await.map_err(Error::after_acceptance)?;
        let seen = end.seen(&before, started);
        Ok(SyncOutcome::sort(&self.selection, vec![accepted], &seen))
    }

    /// Signs the request and shows it instead of sending it; `None` when nothing would be sent. Reads what is on
    /// Manager only with [`SyncRequest::if_missing`].
    ///
    /// # Errors
    /// As any call: see [`ErrorKind`].
    pub async fn preview(self) -> Result<Option<RequestPreview>, Error> {
        self.check_limits()?;
        let Some(selection) = self.narrowed(None).await? else {
            return Ok(None);
        };
        let (attempt, client) = self.cluster.generated(Attempt::preview(&self.cluster.client.shared));
        let call = self.cluster.sync_call(&client, &selection).send();
        kept_back(&attempt, call).await.map(Some)
    }

    /// Before anything is read: a request that can never be sent costs nothing.
    fn check_limits(&self) -> Result<(), Error> {
        match &self.selection {
            Selection::Named(names) => names.check_limits(&UPDATE_SYNC_IAM_USER),
            Selection::Everything => Ok(()),
        }
    }

    /// What is left to send; `before` is read when it is needed and not given.
    async fn narrowed(&self, before: Option<&Synchronized>) -> Result<Option<Selection>, Error> {
        let names = match &self.selection {
            Selection::Named(names) if self.if_missing => names,
            all => return Ok(Some(all.clone())),
        };
        let read;
        let before = match before {
            Some(before) => before,
            None => {
                read = self.cluster.synchronized().await?;
                &read
            }
        };
        let absent = |list: &Option<Vec<String>>, name: &str| {
            !list.as_ref().is_some_and(|list| list.iter().any(|found| found == name))
        };
        let left = names.filter(|user| absent(&before.users, user), |group| absent(&before.groups, group));
        Ok(left.map(Selection::Named))
    }
}

/// A removal that is about to be sent.
#[derive(Debug, Clone)]
#[must_use = "nothing is sent before `send` or `wait`"]
pub struct CancelRequest {
    cluster: Cluster,
    names: Names,
    watch: Watch,
}

impl CancelRequest {
    /// Is told how [`CancelRequest::wait`] goes on.
    pub fn on_progress(mut self, told: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.watch = Watch::new(told);
        self
    }

    /// Sends the request and returns when it was accepted.
    ///
    /// # Errors
    /// As any call: see [`ErrorKind`].
    pub async fn send(self) -> Result<Accepted, Error> {
        self.names.check_limits(&CANCEL_SYNC_IAM_USER)?;
        self.cluster.send_cancel(&self.names).await
    }

    /// Sends the request, waits until the service has finished, and finds out what is gone.
    ///
    /// # Errors
    /// As [`SyncRequest::wait`].
    pub async fn wait(self) -> Result<CancelOutcome, Error> {
        self.names.check_limits(&CANCEL_SYNC_IAM_USER)?;
        self.watch.tell(&Progress::Reading);
        let before = self.cluster.synchronized().await?;
        let started = self.cluster.client.shared.time.monotonic();
        self.watch.tell(&Progress::Sending);
        let accepted = self.cluster.send_cancel(&self.names).await?;
        self.watch.tell(&Progress::Accepted(accepted.clone()));
        let goal = Goal::Absent(&self.names);
        let end = self.watch.follow(&self.cluster, goal).await.map_err(Error::after_acceptance)?;
        let seen = end.seen(&before, started);
        Ok(CancelOutcome::sort(&self.names, vec![accepted], &seen))
    }

    /// Signs the request and shows it instead of sending it.
    ///
    /// # Errors
    /// As any call: see [`ErrorKind`].
    pub async fn preview(self) -> Result<RequestPreview, Error> {
        self.names.check_limits(&CANCEL_SYNC_IAM_USER)?;
        let (attempt, client) = self.cluster.generated(Attempt::preview(&self.cluster.client.shared));
        let call = self.cluster.cancel_call(&client, &self.names).send();
        kept_back(&attempt, call).await
    }
}
