//! The five operations, on one cluster.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use mrs_iam_sync_client::connect;
use mrs_iam_sync_client::iam_sync_user::{Client as Generated, builder, types};
use mrs_iam_sync_contract::Operation;
use mrs_iam_sync_contract::iam_sync_user::{
    CANCEL_SYNC_IAM_USER, LIST_SYNC_REQUIREMENTS, LIST_SYNC_STATUS, SHOW_SYNC_IAM_USER, UPDATE_SYNC_IAM_USER,
};

use crate::attempt::{Attempt, seconds};
use crate::call::{Call, Done, Look};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Parts};
use crate::names::{ClusterId, Names, Selection};
use crate::outcome::{Accepted, CancelOutcome, Completion, NameLists, SyncOutcome, Synchronized};
use crate::preview::RequestPreview;
use crate::retry::Failed;
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

    /// The client that it was made with.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Synchronizes IAM users and groups to Manager (`UpdateSyncIamUser`). The groups of a user come along; the
    /// users of a group do not. Nothing is sent before [`SyncRequest::send`] or [`SyncRequest::wait`].
    pub fn sync(&self, selection: impl Into<Selection>) -> SyncRequest {
        SyncRequest {
            cluster: self.clone(),
            selection: selection.into(),
            if_missing: false,
            before: None,
            watch: Watch::default(),
        }
    }

    /// Removes users and groups from Manager (`CancelSyncIamUser`). Nothing is sent before
    /// [`CancelRequest::send`] or [`CancelRequest::wait`].
    pub fn cancel(&self, names: Names) -> CancelRequest {
        CancelRequest { cluster: self.clone(), names, before: None, watch: Watch::default() }
    }

    /// The users and groups on Manager (`ShowSyncIamUser`).
    ///
    /// # Errors
    /// As any call: see [`ErrorKind`].
    pub async fn synchronized(&self) -> Result<Synchronized, Error> {
        self.read_names(self.call(&SHOW_SYNC_IAM_USER)).await
    }

    /// As [`Cluster::synchronized`], one attempt only, within the time given.
    pub(crate) async fn look_at_names(&self, timeout: Duration) -> Result<Synchronized, Error> {
        self.read_names(self.look(&SHOW_SYNC_IAM_USER, timeout)).await
    }

    async fn read_names(&self, call: Call<'_>) -> Result<Synchronized, Error> {
        let read = |attempt: Arc<Attempt>| async move {
            let client = generated(&attempt);
            let call = client.show_sync_iam_user().project_id(self.project()).cluster_id(self.id.clone());
            let synchronized = Synchronized::of(attempt.finish(call.send().await)?.into_inner());
            if synchronized.users.is_none() && synchronized.groups.is_none() {
                return Err(attempt.unexpected_now("neither user_names nor group_names"));
            }
            Ok(synchronized)
        };
        Ok(call.run(read).await?.value)
    }

    /// Whether a synchronization is running (`ListSyncStatus`).
    ///
    /// # Errors
    /// As any call: see [`ErrorKind`]. Older services do not have the operation.
    pub async fn is_synchronizing(&self) -> Result<bool, Error> {
        self.read_status(self.call(&LIST_SYNC_STATUS)).await
    }

    /// As [`Cluster::is_synchronizing`], one attempt only, within the time given.
    pub(crate) async fn look_at_status(&self, timeout: Duration) -> Result<bool, Error> {
        self.read_status(self.look(&LIST_SYNC_STATUS, timeout)).await
    }

    async fn read_status(&self, call: Call<'_>) -> Result<bool, Error> {
        let read = |attempt: Arc<Attempt>| async move {
            let client = generated(&attempt);
            let call = client.list_sync_status().project_id(self.project()).cluster_id(self.id.clone());
            Ok(attempt.finish(call.send().await)?.into_inner().is_synchronizing)
        };
        Ok(call.run(read).await?.value)
    }

    /// Whether the cluster is in line with IAM (`ListSyncRequirements`); what exactly makes it so is not documented.
    ///
    /// # Errors
    /// As any call: see [`ErrorKind`]. Older services do not have the operation.
    pub async fn is_synchronous(&self) -> Result<bool, Error> {
        let read = |attempt: Arc<Attempt>| async move {
            let client = generated(&attempt);
            let call = client.list_sync_requirements().project_id(self.project()).cluster_id(self.id.clone());
            Ok(attempt.finish(call.send().await)?.into_inner().is_synchronous)
        };
        Ok(self.call(&LIST_SYNC_REQUIREMENTS).run(read).await?.value)
    }

    async fn send_sync(&self, selection: &Selection, manner: Manner<'_>) -> Result<Accepted, Error> {
        let send = |attempt: Arc<Attempt>| async move {
            let client = generated(&attempt);
            Ok(attempt.finish(self.sync_call(&client, selection).send().await)?.into_inner().state)
        };
        self.write(&UPDATE_SYNC_IAM_USER, manner, send).await
    }

    async fn send_cancel(&self, names: &Names, manner: Manner<'_>) -> Result<Accepted, Error> {
        let send = |attempt: Arc<Attempt>| async move {
            let client = generated(&attempt);
            Ok(attempt.finish(self.cancel_call(&client, names).send().await)?.into_inner().state)
        };
        self.write(&CANCEL_SYNC_IAM_USER, manner, send).await
    }

    /// A write; before it is repeated no synchronization may run.
    async fn write<S, F>(
        &self,
        operation: &'static Operation,
        manner: Manner<'_>,
        send: S,
    ) -> Result<Accepted, Error>
    where
        S: Fn(Arc<Attempt>) -> F,
        F: Future<Output = Result<String, Failed>>,
    {
        let looks = |within| -> Look<'_> { Box::pin(async move { self.look_at_status(within).await.ok() }) };
        let leaves = || {
            let may = !manner.watch.is_stopped();
            if may {
                manner.watch.tell(&Progress::Sending);
            }
            may
        };
        let mut call = self.call(operation);
        call.looks = Some(&looks);
        call.leaves = Some(&leaves);
        call.unless_running = manner.unless_running;
        let Done { value: state, request_id, attempts, took } = call.run(send).await?;
        let accepted = Accepted { state, request_id, attempts, seconds: seconds(took) };
        manner.watch.tell(&Progress::Accepted(accepted.clone()));
        Ok(accepted)
    }

    fn call(&self, operation: &'static Operation) -> Call<'_> {
        self.client.call(operation.into(), self.id())
    }

    /// One attempt: whoever looks again and again bears with its failure.
    fn look(&self, operation: &'static Operation, timeout: Duration) -> Call<'_> {
        Call { timeout, max_attempts: 1, hurried: true, ..self.call(operation) }
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

    /// Signs a request and shows it instead of sending it.
    async fn shown<F, T>(&self, call: impl FnOnce(Generated) -> F) -> Result<RequestPreview, Error>
    where
        F: Future<Output = Result<mrs_iam_sync_client::ResponseValue<T>, GeneratedError>>,
    {
        let shared = &self.client.shared;
        let credentials = shared.wallet.get(shared.engine.timeout).await?;
        let project_id = Some(self.client.project_id());
        let attempt = Attempt::new(&shared.service, &shared.engine.time, Some(credentials), project_id, true)
            .only_shown();
        let attempt = Arc::new(attempt);
        let result = call(generated(&attempt)).await;
        match (attempt.take_preview(), attempt.finish(result)) {
            (Some(preview), _) => Ok(preview),
            (None, Err(failed)) => Err(failed.error),
            (None, Ok(_)) => Err(Error::new(ErrorKind::InvalidInput, "the request could not be shown")),
        }
    }
}

/// A generated client for one attempt.
fn generated(attempt: &Arc<Attempt>) -> Generated {
    let service = attempt.service();
    connect(service.endpoint.as_str(), &service.http, attempt.clone())
}

/// A synchronization that is about to be sent.
#[derive(Debug, Clone)]
#[must_use = "nothing is sent before `send` or `wait`"]
pub struct SyncRequest {
    cluster: Cluster,
    selection: Selection,
    if_missing: bool,
    before: Option<Synchronized>,
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

    /// Takes this as what is on Manager now, and does not read it again before the request. A synchronization that runs
    /// already may change it: then the request fails with [`ErrorKind::SyncRunning`] instead of waiting for its end.
    pub fn knowing(mut self, before: Synchronized) -> Self {
        self.before = Some(before);
        self
    }

    /// Is told how [`SyncRequest::wait`] goes on.
    pub fn on_progress(mut self, told: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.watch.listen(told);
        self
    }

    /// Stops once this says so: of names that take several requests no further one is sent
    /// ([`ErrorKind::Stopped`], with [`Error::parts`]), and names that are not there are not waited for when the service
    /// has finished. What was sent is followed to its end. Asked before each request and each look.
    pub fn stop_when(mut self, asked: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.watch.stop_when(asked);
        self
    }

    /// Sends the request and returns when it was accepted; an empty list when nothing had to be sent.
    ///
    /// More names than one request takes are sent in several, one after the other: each but the last is waited for.
    ///
    /// # Errors
    /// As any call: see [`ErrorKind`]. [`Error::parts`] tells which names were done.
    pub async fn send(self) -> Result<Vec<Accepted>, Error> {
        match self.narrowed(self.before.as_ref()).await? {
            Some(selection) => self.send_parts(&selection).await,
            None => Ok(Vec::new()),
        }
    }

    /// Sends the request, waits until the service has finished, and finds out what arrived.
    ///
    /// Names that are not there when it has finished are looked for until the wait's deadline: nothing documents
    /// how soon they can be read. For everything, what is missing is told when IAM can be asked who there is.
    ///
    /// # Errors
    /// As any call: see [`ErrorKind`]; [`Error::is_after_acceptance`] tells whether the request had been accepted,
    /// [`Error::parts`] which names were done where several requests were needed. Missing names and a deadline that
    /// passes are no errors but part of the outcome.
    pub async fn wait(self) -> Result<SyncOutcome, Error> {
        let before = before(&self.cluster, self.before.as_ref(), &self.watch).await?;
        let Some(selection) = self.narrowed(Some(&before)).await? else {
            return Ok(SyncOutcome::nothing_to_do(&self.selection, &before));
        };
        let started = self.cluster.client.shared.engine.time.monotonic();
        let accepted = self.send_parts(&selection).await?;
        let goal = match &self.selection {
            Selection::Named(names) => Goal::Present(names),
            Selection::Everything => Goal::Idle,
        };
        let end = self.watch.follow(&self.cluster, goal).await.map_err(Error::after_acceptance)?;
        let seen = end.seen(&before, started);
        let everyone = match (&self.selection, seen.completion) {
            (Selection::Everything, Completion::Finished) => self.everyone().await,
            _ => None,
        };
        Ok(SyncOutcome::sort(&self.selection, accepted, &seen, everyone.as_ref()))
    }

    /// Everyone in IAM; `None` where IAM cannot be asked.
    async fn everyone(&self) -> Option<NameLists> {
        let iam = self.cluster.client.iam().ok()?;
        let everyone = async {
            let users = iam.users().await?.into_iter().filter(|user| user.enabled != Some(false));
            let groups = iam.groups().await?.into_iter().map(|group| group.name);
            Ok::<_, Error>(NameLists {
                users: users.map(|user| user.name).collect(),
                groups: groups.collect(),
            })
        };
        match everyone.await {
            Ok(everyone) => Some(everyone),
            Err(error) => {
                tracing::debug!(%error, "IAM cannot be read, so that nobody can be missed");
                None
            }
        }
    }

    async fn send_parts(&self, selection: &Selection) -> Result<Vec<Accepted>, Error> {
        let names = match selection {
            Selection::Named(names) => names,
            Selection::Everything => {
                return Ok(vec![self.cluster.send_sync(selection, self.manner()).await?]);
            }
        };
        let send = |part: Names| async move {
            let part = Selection::Named(part);
            self.cluster.send_sync(&part, self.manner()).await
        };
        in_parts(&self.cluster, &self.watch, names, &UPDATE_SYNC_IAM_USER, send).await
    }

    /// Signs the requests and shows them instead of sending them; none when nothing would be sent. Reads what is on
    /// Manager only with [`SyncRequest::if_missing`].
    ///
    /// # Errors
    /// As any call: see [`ErrorKind`].
    pub async fn preview(self) -> Result<Vec<RequestPreview>, Error> {
        let Some(selection) = self.narrowed(self.before.as_ref()).await? else {
            return Ok(Vec::new());
        };
        let parts: Vec<Selection> = match selection.into_owned() {
            Selection::Named(names) => {
                names.parts(&UPDATE_SYNC_IAM_USER).into_iter().map(Selection::Named).collect()
            }
            everything => vec![everything],
        };
        let mut shown = Vec::new();
        for part in &parts {
            let cluster = &self.cluster;
            let call = |client: Generated| async move { cluster.sync_call(&client, part).send().await };
            shown.push(cluster.shown(call).await?);
        }
        Ok(shown)
    }

    fn manner(&self) -> Manner<'_> {
        Manner { watch: &self.watch, unless_running: self.before.is_some() }
    }

    /// What is left to send; `before` is read when it is needed and not given.
    async fn narrowed(&self, before: Option<&Synchronized>) -> Result<Option<Cow<'_, Selection>>, Error> {
        let names = match &self.selection {
            Selection::Named(names) if self.if_missing => names,
            all => return Ok(Some(Cow::Borrowed(all))),
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
        Ok(left.map(Selection::Named).map(Cow::Owned))
    }
}

/// A removal that is about to be sent.
#[derive(Debug, Clone)]
#[must_use = "nothing is sent before `send` or `wait`"]
pub struct CancelRequest {
    cluster: Cluster,
    names: Names,
    before: Option<Synchronized>,
    watch: Watch,
}

impl CancelRequest {
    /// Takes this as what is on Manager now, and does not read it again before the request. A synchronization that runs
    /// already may change it: then the request fails with [`ErrorKind::SyncRunning`] instead of waiting for its end.
    pub fn knowing(mut self, before: Synchronized) -> Self {
        self.before = Some(before);
        self
    }

    /// Is told how [`CancelRequest::wait`] goes on.
    pub fn on_progress(mut self, told: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.watch.listen(told);
        self
    }

    /// As [`SyncRequest::stop_when`].
    pub fn stop_when(mut self, asked: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.watch.stop_when(asked);
        self
    }

    /// Sends the request and returns when it was accepted.
    ///
    /// More names than one request takes are sent in several, one after the other: each but the last is waited for.
    ///
    /// # Errors
    /// As any call: see [`ErrorKind`]. [`Error::parts`] tells which names were done.
    pub async fn send(self) -> Result<Vec<Accepted>, Error> {
        let cluster = &self.cluster;
        let manner = Manner { watch: &self.watch, unless_running: self.before.is_some() };
        let send = |part: Names| async move { cluster.send_cancel(&part, manner).await };
        in_parts(cluster, &self.watch, &self.names, &CANCEL_SYNC_IAM_USER, send).await
    }

    /// Sends the request, waits until the service has finished, and finds out what is gone.
    ///
    /// # Errors
    /// As [`SyncRequest::wait`].
    pub async fn wait(self) -> Result<CancelOutcome, Error> {
        let before = before(&self.cluster, self.before.as_ref(), &self.watch).await?;
        let started = self.cluster.client.shared.engine.time.monotonic();
        let accepted = self.clone().send().await?;
        let goal = Goal::Absent(&self.names);
        let end = self.watch.follow(&self.cluster, goal).await.map_err(Error::after_acceptance)?;
        let seen = end.seen(&before, started);
        Ok(CancelOutcome::sort(&self.names, accepted, &seen))
    }

    /// Signs the requests and shows them instead of sending them.
    ///
    /// # Errors
    /// As any call: see [`ErrorKind`].
    pub async fn preview(self) -> Result<Vec<RequestPreview>, Error> {
        let mut shown = Vec::new();
        for part in &self.names.parts(&CANCEL_SYNC_IAM_USER) {
            let cluster = &self.cluster;
            let call = |client: Generated| async move { cluster.cancel_call(&client, part).send().await };
            shown.push(cluster.shown(call).await?);
        }
        Ok(shown)
    }
}

/// How a write is sent.
#[derive(Clone, Copy)]
struct Manner<'a> {
    watch: &'a Watch,
    /// Whether it fails when a synchronization runs, instead of waiting for its end.
    unless_running: bool,
}

/// What is on Manager before a request: as it is known, or read now.
async fn before<'a>(
    cluster: &Cluster,
    known: Option<&'a Synchronized>,
    watch: &Watch,
) -> Result<Cow<'a, Synchronized>, Error> {
    if let Some(known) = known {
        return Ok(Cow::Borrowed(known));
    }
    watch.tell(&Progress::Reading);
    cluster.synchronized().await.map(Cow::Owned)
}

/// Sends names in as many requests as they need. A request is sent when the synchronization of the one before has
/// ended: one runs on a cluster at a time.
async fn in_parts<S, F>(
    cluster: &Cluster,
    watch: &Watch,
    names: &Names,
    operation: &Operation,
    send: S,
) -> Result<Vec<Accepted>, Error>
where
    S: Fn(Names) -> F,
    F: Future<Output = Result<Accepted, Error>>,
{
    let parts = names.parts(operation);
    let mut accepted: Vec<Accepted> = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let failed = |error: Error| {
            let error = match at > 0 && error.kind() == ErrorKind::Stopped {
                true => error.after_acceptance(),
                false => error,
            };
            match parts.len() {
                1 => error,
                _ => {
                    error.with_parts(Parts { done: together(&parts[..at]), not_done: together(&parts[at..]) })
                }
            }
        };
        if at > 0 {
            match watch.follow(cluster, Goal::Idle).await {
                Ok(end) if end.is_finished() => {}
                Ok(_) => return Err(failed_before(&parts, at, unfinished())),
                Err(error) => return Err(failed_before(&parts, at, error)),
            }
            if watch.is_stopped() {
                return Err(failed(Error::stopped()));
            }
        }
        if parts.len() > 1 {
            let (part, of) = (at + 1, parts.len());
            watch.tell(&Progress::Part { part, of, done: together(&parts[..at]).len() });
        }
        accepted.push(send(part.clone()).await.map_err(failed)?);
    }
    Ok(accepted)
}

/// The wait between two parts did not end well: what became of the one before is not known.
fn failed_before(parts: &[Names], at: usize, error: Error) -> Error {
    let parts = Parts { done: together(&parts[..at - 1]), not_done: together(&parts[at - 1..]) };
    error.after_acceptance().with_parts(parts)
}

fn unfinished() -> Error {
    Error::new(
        ErrorKind::Timeout,
        "the wait deadline passed before the service had finished with a part of the names",
    )
    .with_hint("it goes on: send the names that are not done again later")
}

fn together(parts: &[Names]) -> NameLists {
    let mut all = NameLists::default();
    for part in parts.iter().map(Names::to_lists) {
        all.users.extend(part.users);
        all.groups.extend(part.groups);
    }
    all
}
