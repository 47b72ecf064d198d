//! Virtual time, and an emulator that shares it.
//!
//! Time is the runtime's, and stands still (`start_paused`): when nobody has anything to do it jumps to the next
//! timer. Client and servers are tasks of one thread, so that bytes on loopback never wait for it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use mrs_iam_sync::{Client, ClientBuilder, Cluster, Credentials, Sleep, Time};
use mrs_iam_sync_emulator::{Clock, Emulator, EmulatorBuilder, SAMPLE_ACCESS_KEY, SAMPLE_SECRET_KEY};
use tokio::time::Instant;

use crate::{CLUSTER_ID, PROJECT_ID};

/// The runtime's time, with the day it shows and a list of the rests that the SDK took.
pub struct VirtualTime {
    began: Instant,
    slept: Mutex<Vec<Duration>>,
}

impl std::fmt::Debug for VirtualTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VirtualTime")
    }
}

impl VirtualTime {
    /// Time that begins now.
    #[expect(
        clippy::disallowed_methods,
        reason = "the runtime's time stands still and is no clock of the machine"
    )]
    pub fn new() -> Arc<Self> {
        Arc::new(Self { began: Instant::now(), slept: Mutex::default() })
    }

    /// The rests so far, in seconds.
    pub fn slept(&self) -> Vec<f64> {
        self.slept.lock().expect("no panic before").iter().map(Duration::as_secs_f64).collect()
    }

    /// The rests so far, added up.
    pub fn total(&self) -> Duration {
        self.slept.lock().expect("no panic before").iter().sum()
    }

    /// Since the test began, to the millisecond.
    pub fn passed(&self) -> Duration {
        Duration::from_millis(self.began.elapsed().as_millis() as u64)
    }
}

impl Clock for VirtualTime {
    fn now(&self) -> SystemTime {
        // 2026-01-02T03:04:05Z
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_323_045) + self.began.elapsed()
    }
}

impl Time for VirtualTime {
    fn now(&self) -> SystemTime {
        Clock::now(self)
    }

    fn monotonic(&self) -> Duration {
        self.began.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Sleep<'_> {
        self.slept.lock().expect("no panic before").push(duration);
        Box::pin(tokio::time::sleep(duration))
    }

    fn chance(&self) -> f64 {
        // The whole of each rest.
        1.0
    }
}

/// The access key that emulators know.
pub fn sample_credentials() -> Credentials {
    Credentials::access_key(SAMPLE_ACCESS_KEY, SAMPLE_SECRET_KEY).expect("usable credentials")
}

/// A client of a server on loopback.
pub fn client(base_url: &str, time: &Arc<VirtualTime>) -> Client {
    builder(base_url, time).build().expect("a client")
}

/// The same, for what else is to be set.
pub fn builder(base_url: &str, time: &Arc<VirtualTime>) -> ClientBuilder {
    Client::builder()
        .endpoint(base_url)
        .project_id(PROJECT_ID)
        .credentials(sample_credentials())
        .with_time(time.clone())
}

/// The sample cluster of a server on loopback.
pub fn cluster_at(base_url: &str, time: &Arc<VirtualTime>) -> Cluster {
    client(base_url, time).cluster(CLUSTER_ID).expect("a cluster")
}

/// An emulator on the same time, and the sample cluster in it.
pub async fn emulated(
    configure: impl FnOnce(EmulatorBuilder) -> EmulatorBuilder,
) -> (Emulator, Cluster, Arc<VirtualTime>) {
    let time = VirtualTime::new();
    let builder = configure(Emulator::builder().clock(time.clone()));
    let emulator = builder.start().await.expect("an emulator");
    let cluster = cluster_at(&emulator.base_url(), &time);
    (emulator, cluster, time)
}

/// Methods and operations that an emulator received.
pub fn operations(emulator: &Emulator) -> Vec<&'static str> {
    emulator.requests().iter().map(|request| request.operation.unwrap_or("?")).collect()
}
