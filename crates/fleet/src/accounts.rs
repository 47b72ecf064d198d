//! The accounts that a fleet belongs to: their clients, what IAM says, and the end at the first refused signature.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use mrs_iam_sync::{Client, ClientBuilder, Cluster, ClusterSummary, Error, ErrorKind, Iam, Synchronized};
use tokio::sync::{OnceCell, Semaphore};

use crate::fleet::Target;
use crate::plan::{ClusterKey, Members, folded};

/// Requests at once while nobody knows whether the credentials are good, and one of them ended without telling. Five
/// refusals in a row lock an access key.
const MOST_TRIALS: usize = 3;

/// Makes clients for targets: where profiles, variables and flags are known.
pub trait Connect: Send + Sync {
    /// A client for a target, not connected yet. Clients of one account ([`Connect::account`]) share
    /// [`RateLimits`](mrs_iam_sync::RateLimits): the service counts by account.
    ///
    /// # Errors
    /// When the target lacks something, credentials for example.
    fn builder(&self, target: &Target) -> Result<ClientBuilder, Error>;

    /// What the target's account is called: [`Target::account`], unless it is known that two names are the same one. Its
    /// clusters go on together, and stop together when its credentials are refused.
    fn account(&self, target: &Target) -> String {
        target.account().to_owned()
    }

    /// The IAM user that the target's credentials belong to, where that is known.
    fn caller(&self, target: &Target) -> Option<String> {
        let _ = target;
        None
    }
}

/// All accounts of a run. What IAM and the lists of clusters say is read once.
pub(crate) struct Accounts {
    connect: Box<dyn Connect>,
    accounts: Mutex<HashMap<String, Arc<Account>>>,
    lanes: Mutex<HashMap<Arc<Target>, Arc<Lane>>>,
}

impl Accounts {
    pub(crate) fn new(connect: Box<dyn Connect>) -> Self {
        Self { connect, accounts: Mutex::default(), lanes: Mutex::default() }
    }

    /// What the account of a target is called.
    pub(crate) fn name(&self, target: &Target) -> String {
        self.connect.account(target)
    }

    pub(crate) fn lane(&self, target: &Arc<Target>) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get(target) {
            return lane.clone();
        }
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let account = accounts.entry(self.name(target)).or_default().clone();
        let lane = Arc::new(Lane {
            builder: self.connect.builder(target),
            caller: self.connect.caller(target),
            account,
            client: OnceCell::new(),
            lacks_status: AtomicBool::new(false),
            clusters: OnceCell::new(),
        });
        lanes.insert(target.clone(), lane.clone());
        lane
    }
}

/// What all targets of an account share.
pub(crate) struct Account {
    /// Why nothing more is sent with its credentials.
    closed: Mutex<Option<Error>>,
    /// Whether a cluster has been told that it is the one that they were refused for.
    told: AtomicBool,
    /// Whether an answer has shown that the credentials are good.
    tried: AtomicBool,
    /// Until then one request at a time, or [`MOST_TRIALS`].
    trial: Semaphore,
    widened: AtomicBool,
    groups: OnceCell<Result<HashMap<String, String>, Error>>,
    members: Mutex<HashMap<String, Arc<OnceCell<GroupMembers>>>>,
    everyone: OnceCell<Result<Arc<Everyone>, Error>>,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            closed: Mutex::default(),
            told: AtomicBool::default(),
            tried: AtomicBool::default(),
            trial: Semaphore::new(1),
            widened: AtomicBool::default(),
            groups: OnceCell::new(),
            members: Mutex::default(),
            everyone: OnceCell::new(),
        }
    }
}

type GroupMembers = Result<Arc<Vec<Member>>, Error>;

/// A user in a group.
#[derive(Debug)]
struct Member {
    name: String,
    enabled: bool,
}

/// Who there is in IAM.
#[derive(Debug, Default)]
pub(crate) struct Everyone {
    pub(crate) users: BTreeSet<Arc<str>>,
    pub(crate) groups: BTreeSet<Arc<str>>,
}

impl Account {
    /// Does something with the account's credentials: alone as long as nobody knows whether they are good, not at all
    /// once they were refused. What merely may send something does not prove them good.
    fn with<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
        proves: bool,
    ) -> impl Future<Output = Result<T, Error>> {
        // On the heap, so that it is not moved from one future into the next, each as large as all of them.
        let work = Box::pin(work);
        async move {
            let mut trial = None;
            if !self.tried.load(Ordering::Relaxed) {
                let turn = self.trial.acquire().await.ok();
                // Those before may have shown it meanwhile: then nobody need wait for anybody.
                trial = turn.filter(|_| !self.tried.load(Ordering::Relaxed));
            }
            if let Some(error) = self.refusal() {
                return Err(error);
            }
            let result = work.await;
            match &result {
                Err(error) if matches!(error.kind(), ErrorKind::Authentication | ErrorKind::Credentials) => {
                    let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
                    closed.get_or_insert_with(|| error.clone());
                }
                // No answer, or one of a load balancer, proves nothing.
                Err(error) if error.status().is_none() || error.is_transient() => self.widen(),
                _ if proves => self.tried.store(true, Ordering::Relaxed),
                _ => {}
            }
            drop(trial);
            result
        }
    }

    /// Lets more than one try the credentials: what keeps the first from telling may keep each for long.
    fn widen(&self) {
        if !self.widened.swap(true, Ordering::Relaxed) {
            self.trial.add_permits(MOST_TRIALS - 1);
        }
    }

    /// The error with which the credentials were refused, if they were.
    pub(crate) fn refusal(&self) -> Option<Error> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Account {
    /// Whether an error is only what another cluster was refused with: for this one nothing was sent.
    pub(crate) fn is_told(&self, error: &Error) -> bool {
        matches!(error.kind(), ErrorKind::Authentication | ErrorKind::Credentials)
            && self.told.swap(true, Ordering::Relaxed)
    }
}

/// The way to the clusters of a target.
pub(crate) struct Lane {
    builder: Result<ClientBuilder, Error>,
    pub(crate) caller: Option<String>,
    pub(crate) account: Arc<Account>,
    client: OnceCell<Result<Client, Error>>,
    /// Whether the service has answered that it does not have the status operations.
    lacks_status: AtomicBool,
    clusters: OnceCell<Result<Arc<Vec<ClusterSummary>>, Error>>,
}

impl Lane {
    pub(crate) async fn client(&self) -> Result<Client, Error> {
        let connect = async {
            let builder = self.builder.clone()?;
            // May send nothing at all, which then proves nothing.
            self.account.with(builder.connect(), false).await
        };
        self.client.get_or_init(|| connect).await.clone()
    }

    /// Does something with the target's credentials; see [`Account::with`].
    pub(crate) fn with<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
    ) -> impl Future<Output = Result<T, Error>> {
        self.account.with(work, true)
    }

    /// Whether a cluster is in line with IAM, as the service reports it; `None` when it does not have the operation.
    pub(crate) async fn in_line(&self, cluster: &Cluster) -> Result<Option<bool>, Error> {
        if self.lacks_status.load(Ordering::Relaxed) {
            return Ok(None);
        }
        match cluster.is_synchronous().await {
            Ok(in_line) => Ok(Some(in_line)),
            Err(error) if error.is_unknown_operation() => {
                self.lacks_status.store(true, Ordering::Relaxed);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// A cluster, who is on its Manager, and whether it is in line with IAM.
    pub(crate) async fn read(
        &self,
        key: &ClusterKey,
    ) -> Result<(Cluster, Synchronized, Option<bool>), Error> {
        let client = self.client().await?;
        let cluster = client.cluster(key.cluster_id.as_deref().unwrap_or_default())?;
        let (present, in_line) = futures_util::future::try_join(
            self.with(cluster.synchronized()),
            self.with(self.in_line(&cluster)),
        )
        .await?;
        Ok((cluster, present, in_line))
    }

    /// The existing clusters of the project.
    pub(crate) async fn clusters(&self) -> Result<Arc<Vec<ClusterSummary>>, Error> {
        let read = async {
            let client = self.client().await?;
            self.with(client.clusters()).await.map(Arc::new)
        };
        self.clusters.get_or_init(|| read).await.clone()
    }

    async fn iam(&self) -> Result<Iam, Error> {
        self.client().await?.iam()
    }

    /// Everyone in IAM; users that are disabled do not count.
    pub(crate) async fn everyone(&self) -> Result<Arc<Everyone>, Error> {
        let read = async {
            let iam = self.iam().await?;
            let (users, groups) = (self.with(iam.users()).await?, self.with(iam.groups()).await?);
            let users = users.into_iter().filter(|user| user.enabled != Some(false));
            Ok(Arc::new(Everyone {
                users: users.map(|user| user.name.into()).collect(),
                groups: groups.into_iter().map(|group| group.name.into()).collect(),
            }))
        };
        self.account.everyone.get_or_init(|| read).await.clone()
    }

    /// Users in a group of IAM, disabled ones left out; an error when there is no such group.
    pub(crate) async fn users_of(&self, group: &str) -> Result<Option<Vec<Arc<str>>>, Error> {
        let Some(members) = self.members(group).await? else {
            return Ok(None);
        };
        Ok(Some(
            members
                .iter()
                .filter(|member| member.enabled)
                .map(|member| member.name.as_str().into())
                .collect(),
        ))
    }

    /// Everyone in a group that Manager has, for the question who would lose it. Which of those groups of IAM that
    /// differ in case only it came from, Manager does not tell: members of each count.
    pub(crate) async fn members_of(&self, group: &str) -> Members {
        let read = async {
            let groups = self.groups().await?;
            if groups.is_empty() {
                // There always are some: as likely a fault as the truth.
                return Ok(Members::Unreadable("IAM came back without groups".to_owned()));
            }
            let mut found = None;
            for name in groups.keys().filter(|name| folded(name) == folded(group)) {
                let members = self.members(name).await?;
                let names =
                    members.iter().flat_map(|members| members.iter()).map(|member| member.name.clone());
                found.get_or_insert_with(BTreeSet::new).extend(names);
            }
            Ok::<_, Error>(found.map_or(Members::Gone, |found| Members::Known(Arc::new(found))))
        };
        read.await.unwrap_or_else(|error| Members::Unreadable(error.to_string()))
    }

    /// The groups of IAM: their ids, by their names.
    async fn groups(&self) -> Result<&HashMap<String, String>, Error> {
        let groups = async {
            let iam = self.iam().await?;
            let groups = self.with(iam.groups()).await?;
            Ok(groups.into_iter().map(|group| (group.name, group.id)).collect())
        };
        self.account.groups.get_or_init(|| groups).await.as_ref().map_err(Error::clone)
    }

    /// `None` when IAM has no such group.
    async fn members(&self, group: &str) -> Result<Option<Arc<Vec<Member>>>, Error> {
        let Some(id) = self.groups().await?.get(group) else {
            return Ok(None);
        };
        let cell = {
            let mut members = self.account.members.lock().unwrap_or_else(PoisonError::into_inner);
            members.entry(group.to_owned()).or_default().clone()
        };
        let read = async {
            let iam = self.iam().await?;
            let users = self.with(iam.members_of(id)).await?;
            let member = |user: mrs_iam_sync::IamUser| Member {
                enabled: user.enabled != Some(false),
                name: user.name,
            };
            Ok(Arc::new(users.into_iter().map(member).collect()))
        };
        cell.get_or_init(|| read).await.clone().map(Some)
    }
}
