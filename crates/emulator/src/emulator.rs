//! The emulator as a value: how it is configured, started, looked into and stopped.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use mrs_iam_sync_contract::DOCUMENTS;
use sdk_hmac_sha256::Credentials;
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::auth::{AccessKey, Authenticator, Caller, Key};
use crate::clock::{Clock, MachineClock, Time};
use crate::error::StartError;
use crate::fault::{Fault, Faults};
use crate::gateway::{Gateway, Keeping, State};
use crate::quota::{Quota, Quotas};
use crate::request::{RecordedRequest, Records};
use crate::schemas::Schemas;
use crate::seed::Seed;
use crate::server::serve;
use crate::store::Store;
use crate::sync::Progress;
use crate::tls::Tls;
use crate::world::World;

/// The access key that is accepted when none is configured.
pub const SAMPLE_ACCESS_KEY: &str = "EMULATEDACCESSKEY000";
/// The secret key of [`SAMPLE_ACCESS_KEY`]. It opens nothing but emulators.
pub const SAMPLE_SECRET_KEY: &str = "emulated-secret-key-opens-nothing-real-0";

/// A running emulator.
///
/// It serves on tasks of the tokio runtime it was started in, and stops when it is dropped. Several may run in one
/// process; they share nothing.
pub struct Emulator {
    gateway: Arc<Gateway>,
    addr: SocketAddr,
    certificate_pem: Option<String>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Emulator {
    /// An emulator to configure: loopback, a free port, the sample credentials, the sample world, 2 s.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tls: false,
            keys: Vec::new(),
            tokens: Vec::new(),
            progress: Progress::Takes(Duration::from_secs(2)),
            clock: Arc::new(MachineClock),
            world: World::sample(),
            token_lifetime: Duration::from_secs(24 * 60 * 60),
            status_operations: true,
            quota: Quota::default(),
            retry_after: false,
            faults: Vec::new(),
            seed: 0,
            explain_auth: false,
            allow_remote: false,
            virtual_time: false,
            state: None,
        }
    }

    /// The address it listens on, with the port that was picked.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The endpoint to give to a client, of MRS and IAM alike: `http://127.0.0.1:PORT`, or `https` with [TLS](EmulatorBuilder::tls).
    #[must_use]
    pub fn base_url(&self) -> String {
        self.gateway.base_url.clone()
    }

    /// The certificate that a client has to trust, as PEM; `None` without [TLS](EmulatorBuilder::tls).
    #[must_use]
    pub fn certificate_pem(&self) -> Option<&str> {
        self.certificate_pem.as_deref()
    }

    /// What exists now: IAM, and each cluster with what is on its Manager. A copy.
    #[must_use]
    pub fn world(&self) -> World {
        self.gateway.world()
    }

    /// Changes the world, as an administrator of IAM would.
    ///
    /// Requests wait meanwhile; `change` must not use the emulator itself, it would wait for itself. With
    /// [state](EmulatorBuilder::state) the whole world is kept anew; that this fails shows in the log only.
    pub fn change_world<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        self.gateway.change_world(change).0
    }

    /// Moves [virtual time](EmulatorBuilder::virtual_time) forwards. Returns whether it was moved: not without virtual
    /// time, and not when that cannot be kept.
    pub fn advance(&self, by: Duration) -> bool {
        self.gateway.advance(by).unwrap_or_default()
    }

    /// The requests to the service so far, the oldest first, without their secrets.
    ///
    /// The latest 10,000 at most, and no more than 64 MB of paths, headers and bodies;
    /// [`RecordedRequest::number`] counts on. Requests below `/_emulator/` are not recorded.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.gateway.state().records.iter().cloned().collect()
    }

    /// Injects a fault into the next requests. Of several that fit a request the oldest happens to it.
    pub fn inject(&self, fault: Fault) {
        self.gateway.state().faults.push(fault);
    }

    /// The faults that were injected, in their order, with how often each has happened.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.gateway.state().faults.all().to_vec()
    }

    /// Puts everything back to how it was configured: the world, the recorded requests, faults, locked access
    /// keys, issued tokens, quotas, virtual time, request ids. With [state](EmulatorBuilder::state) that is kept; that
    /// it fails shows in the log only.
    pub fn reset(&self) {
        let _logged = self.gateway.reset();
    }

    /// Stops: takes no new connection, finishes what has begun (for 300 ms at most), frees the port.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        let _ = (&mut self.task).await;
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.task.abort();
        // The tasks may hold the gateway for a while.
        self.gateway.close();
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Emulator").field("addr", &self.addr).finish_non_exhaustive()
    }
}

/// How an emulator is to be; see [`Emulator::builder`].
#[derive(Clone)]
#[must_use]
pub struct EmulatorBuilder {
    listen: SocketAddr,
    tls: bool,
    keys: Vec<AccessKey>,
    tokens: Vec<(SecretString, Caller)>,
    progress: Progress,
    clock: Arc<dyn Clock>,
    world: World,
    token_lifetime: Duration,
    status_operations: bool,
    quota: Quota,
    retry_after: bool,
    faults: Vec<Fault>,
    seed: u64,
    explain_auth: bool,
    allow_remote: bool,
    virtual_time: bool,
    state: Option<PathBuf>,
}

impl EmulatorBuilder {
    /// Where to listen; a loopback address unless others are [allowed](Self::allow_remote), `127.0.0.1:0` by default.
    /// Port 0 picks a free one.
    pub fn listen(mut self, addr: SocketAddr) -> Self {
        self.listen = addr;
        self
    }

    /// Whether to speak HTTPS instead of HTTP, which it does not by default.
    ///
    /// The certificate is self-signed, for `localhost`, `127.0.0.1` and `::1`, and another one at each start; see
    /// [`Emulator::certificate_pem`]. TLS 1.2 and 1.3.
    pub fn tls(mut self, tls: bool) -> Self {
        self.tls = tls;
        self
    }

    /// Accepts a permanent access key (AK) with its secret key (SK). May be called for several.
    ///
    /// Without any key [`SAMPLE_ACCESS_KEY`] is accepted, and with one it is not. Like that one it belongs to the
    /// account itself, which may do everything and is none of the IAM users.
    pub fn access_key(self, access_key: impl Into<String>, secret_key: impl Into<String>) -> Self {
        self.key(access_key.into(), secret_key.into(), None, Caller::Account)
    }

    /// Accepts a permanent access key of an IAM user: what may be done with it depends on the user's policies, and
    /// without the user it is unknown. Else as [`access_key`](Self::access_key).
    pub fn access_key_of(
        self,
        user: impl Into<String>,
        access_key: impl Into<String>,
        secret_key: impl Into<String>,
    ) -> Self {
        self.key(access_key.into(), secret_key.into(), None, Caller::User(user.into()))
    }

    /// Accepts a temporary access key, which is good only together with its security token. Else as
    /// [`access_key`](Self::access_key).
    pub fn temporary_key(
        self,
        access_key: impl Into<String>,
        secret_key: impl Into<String>,
        security_token: impl Into<String>,
    ) -> Self {
        self.key(access_key.into(), secret_key.into(), Some(security_token.into()), Caller::Account)
    }

    fn key(
        mut self,
        access_key: String,
        secret_key: String,
        security_token: Option<String>,
        caller: Caller,
    ) -> Self {
        let security_token = security_token.map(SecretString::from);
        self.keys.push(AccessKey { access_key, secret_key: secret_key.into(), security_token, caller });
        self
    }

    /// Accepts a value of `X-Auth-Token`, at any time. May be called for several; none is accepted by default besides
    /// those that the emulator issues itself, to users with a password. It belongs to the account itself.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.tokens.push((token.into().into(), Caller::Account));
        self
    }

    /// Accepts a value of `X-Auth-Token` as one of an IAM user; as [`access_key_of`](Self::access_key_of).
    pub fn token_of(mut self, user: impl Into<String>, token: impl Into<String>) -> Self {
        self.tokens.push((token.into().into(), Caller::User(user.into())));
        self
    }

    /// How long a token lasts that the emulator issues, 24 h by default.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }

    /// Without the two operations by which a synchronization is followed, as older services lack them.
    pub fn without_status_operations(mut self) -> Self {
        self.status_operations = false;
        self
    }

    /// How long a synchronization and a removal take, 2 s by default. With zero they end at once.
    pub fn sync_duration(mut self, duration: Duration) -> Self {
        self.progress = Progress::Takes(duration);
        self
    }

    /// Lets a synchronization and a removal take so many looks instead of time: that many answers of `ListSyncStatus`
    /// say that it is running, the next one says that it is not. Without the status operations it is answers of
    /// `ShowSyncIamUser` that count. The latest call of this and of [`sync_duration`](Self::sync_duration) holds.
    pub fn sync_polls(mut self, count: u32) -> Self {
        self.progress = Progress::Polls(count);
        self
    }

    /// The clock, the machine's by default.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// What exists, [`World::sample`] by default.
    pub fn world(mut self, world: World) -> Self {
        self.world = world;
        self
    }

    /// What exists and which access keys are accepted, from a [`Seed`]: instead of the world, and besides other keys.
    /// A seed without keys leaves [`SAMPLE_ACCESS_KEY`] accepted where no other is configured.
    pub fn from_seed(mut self, seed: Seed) -> Self {
        let (world, keys) = seed.into_parts();
        self.world = world;
        self.keys.extend(keys);
        self
    }

    /// Keeps the world and the issued tokens in a directory, across restarts: what an answer says has been committed
    /// before it goes out, and survives the end of the process at any time.
    ///
    /// A world that is kept there wins over the configured one, to which [`Emulator::reset`] goes back. Kept too is
    /// how far virtual time is ahead. Not kept are access keys, faults, recorded requests, locks and quotas; of
    /// passwords and tokens only digests are. One emulator at a time may use a directory.
    pub fn state(mut self, directory: impl Into<PathBuf>) -> Self {
        self.state = Some(directory.into());
        self
    }

    /// Whether time can be moved forwards, by [`Emulator::advance`] or `POST /_emulator/clock`; it cannot by default.
    ///
    /// Synchronizations, tokens, locks and quotas go by it. Signatures and the `Date` header go by the clock as it is,
    /// since clients sign by theirs.
    pub fn virtual_time(mut self, is_virtual: bool) -> Self {
        self.virtual_time = is_virtual;
        self
    }

    /// Whether it may listen on other addresses than those of the loopback interface, which it may not by default.
    ///
    /// Whoever reaches it may then do everything below `/_emulator/`, without credentials.
    pub fn allow_remote(mut self, allow: bool) -> Self {
        self.allow_remote = allow;
        self
    }

    /// How requests are counted against the documented number a minute, [`Quota::Sliding`] by default.
    pub fn quota(mut self, quota: Quota) -> Self {
        self.quota = quota;
        self
    }

    /// Whether a request refused for its [`quota`](Self::quota) is told by `Retry-After` when to come again. Not by
    /// default, as it is not documented.
    pub fn retry_after(mut self, retry_after: bool) -> Self {
        self.retry_after = retry_after;
        self
    }

    /// Injects a fault from the start on; see [`Emulator::inject`].
    pub fn inject(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// What request ids follow from, 0 by default: the same number gives the same ids in the same order. With
    /// [state](Self::state) each start has ids of its own.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Whether a refused signature is explained, which it is not by default: the error has a field `_emulator` then,
    /// with the canonical request and the string to sign as the emulator computed them, security tokens masked. They
    /// are logged as a warning too. No secret key and no signature is shown.
    pub fn explain_auth(mut self, explain: bool) -> Self {
        self.explain_auth = explain;
        self
    }

    /// Starts the emulator on the tokio runtime that this is called in, which needs its I/O and time drivers.
    ///
    /// # Errors
    ///
    /// [`StartError`] when the address is not a loopback address or cannot be listened on, a credential or the state
    /// cannot be used, or no certificate can be made.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, or in one without I/O driver.
    pub async fn start(self) -> Result<Emulator, StartError> {
        let listen = self.listen;
        if !self.allow_remote && !listen.ip().to_canonical().is_loopback() {
            return Err(StartError::NotLoopback { addr: listen });
        }
        let schemas = Schemas::compile(DOCUMENTS)?;
        let authenticator = Authenticator::new(
            keys(self.keys)?,
            tokens(self.tokens)?,
            self.token_lifetime,
            self.explain_auth,
        );
        let tls = if self.tls { Some(Tls::generate(listen.ip().to_canonical())?) } else { None };
        let faults = Faults::new(self.faults);
        let failed = |source| StartError::Listen { addr: listen, source };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        let time = Time::new(self.clock, self.virtual_time);
        let mut world = self.world.clone();
        let (mut keeping, mut start) = (Keeping::Nowhere, 0);
        if let Some(directory) = self.state {
            let failed = |source| StartError::State { directory: directory.clone(), source };
            let (opened, kept, starts) = Store::open(&directory).map_err(failed)?;
            opened.begin(starts, kept.is_none().then_some(&world)).map_err(failed)?;
            if let Some(kept) = kept {
                world = kept.world;
                authenticator.restore(kept.tokens);
                time.set_ahead(kept.ahead);
            }
            (keeping, start) = (Keeping::In(opened), starts);
        }
        let gateway = Arc::new(Gateway {
            authenticator,
            quotas: Quotas::new(self.quota, self.retry_after),
            schemas,
            time,
            keeping: Mutex::new(keeping),
            start,
            base_url: format!("{}://{}", if tls.is_some() { "https" } else { "http" }, reachable(addr)),
            status_operations: self.status_operations,
            progress: self.progress,
            seed: self.seed,
            initial: self.world,
            initial_faults: faults.clone(),
            state: Mutex::new(State { world, records: Records::default(), faults }),
            count: AtomicU64::new(0),
        });
        let (stop, stopped) = watch::channel(false);
        let (acceptor, certificate_pem) = match tls {
            Some(tls) => (Some(tls.acceptor), Some(tls.certificate_pem)),
            None => (None, None),
        };
        let task = tokio::spawn(serve(listener, acceptor, gateway.clone(), stopped));
        tracing::debug!(%addr, tls = certificate_pem.is_some(), "emulator started");
        Ok(Emulator { gateway, addr, certificate_pem, stop, task })
    }
}

impl fmt::Debug for EmulatorBuilder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.keys.iter().map(|key| &key.access_key).collect();
        out.debug_struct("EmulatorBuilder")
            .field("listen", &self.listen)
            .field("tls", &self.tls)
            .field("access_keys", &keys)
            .field("tokens", &self.tokens.len())
            .field("progress", &self.progress)
            .field("token_lifetime", &self.token_lifetime)
            .field("status_operations", &self.status_operations)
            .field("quota", &self.quota)
            .field("retry_after", &self.retry_after)
            .field("faults", &self.faults)
            .field("seed", &self.seed)
            .field("explain_auth", &self.explain_auth)
            .field("allow_remote", &self.allow_remote)
            .field("virtual_time", &self.virtual_time)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// The address under which this machine reaches what listens on all of its addresses.
fn reachable(addr: SocketAddr) -> SocketAddr {
    let ip = match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, addr.port())
}

fn keys(mut configured: Vec<AccessKey>) -> Result<BTreeMap<String, Key>, StartError> {
    if configured.is_empty() {
        configured.push(AccessKey {
            access_key: SAMPLE_ACCESS_KEY.to_owned(),
            secret_key: SAMPLE_SECRET_KEY.into(),
            security_token: None,
            caller: Caller::Account,
        });
    }
    let key = |AccessKey { access_key, secret_key, security_token, caller }| {
        let mut credentials = Credentials::new(&access_key, secret_key.expose_secret())?;
        if let Some(token) = &security_token {
            credentials = credentials.with_security_token(token.expose_secret())?;
        }
        Ok((access_key, Key { secret_key: credentials.secret_key().clone(), security_token, caller }))
    };
    configured.into_iter().map(key).collect()
}

fn tokens(configured: Vec<(SecretString, Caller)>) -> Result<Vec<(SecretString, Caller)>, StartError> {
    let usable = |(token, _): &(SecretString, Caller)| {
        let token = token.expose_secret();
        !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if configured.iter().all(usable) { Ok(configured) } else { Err(StartError::Token) }
}
