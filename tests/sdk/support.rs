//! Virtual time, an emulator that shares it, and a server that follows a script.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use mrs_iam_sync::{Client, Cluster, Credentials, Sleep, Time};
use mrs_iam_sync_emulator::{
    Clock, Emulator, EmulatorBuilder, ManualClock, SAMPLE_ACCESS_KEY, SAMPLE_SECRET_KEY,
};
use workspace_tests::{CLUSTER_ID, PROJECT_ID};

/// Time that passes only when the SDK sleeps; the emulator sees the same.
#[derive(Default)]
pub(crate) struct VirtualTime {
    clock: Arc<ManualClock>,
    slept: Mutex<Vec<Duration>>,
}

impl std::fmt::Debug for VirtualTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VirtualTime")
    }
}

impl VirtualTime {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn clock(&self) -> Arc<ManualClock> {
        self.clock.clone()
    }

    /// The rests so far, in seconds.
    pub(crate) fn slept(&self) -> Vec<f64> {
        self.slept.lock().expect("no panic before").iter().map(Duration::as_secs_f64).collect()
    }

    pub(crate) fn total(&self) -> Duration {
        self.slept.lock().expect("no panic before").iter().sum()
    }
}

impl Time for VirtualTime {
    fn now(&self) -> SystemTime {
        self.clock.now()
    }

    fn monotonic(&self) -> Duration {
        self.clock.now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970")
    }

    fn sleep(&self, duration: Duration) -> Sleep<'_> {
        self.slept.lock().expect("no panic before").push(duration);
        self.clock.advance(duration);
        Box::pin(std::future::ready(()))
    }

    fn chance(&self) -> f64 {
        // The whole of each rest.
        1.0
    }
}

pub(crate) fn sample_credentials() -> Credentials {
    Credentials::access_key(SAMPLE_ACCESS_KEY, SAMPLE_SECRET_KEY).expect("usable credentials")
}

/// A client of a server on loopback.
pub(crate) fn client(base_url: &str, time: &Arc<VirtualTime>) -> Client {
    Client::builder()
        .endpoint(base_url)
        .project_id(PROJECT_ID)
        .credentials(sample_credentials())
        .with_time(time.clone())
        .build()
        .expect("a client")
}

pub(crate) fn cluster_at(base_url: &str, time: &Arc<VirtualTime>) -> Cluster {
    client(base_url, time).cluster(CLUSTER_ID).expect("a cluster")
}

/// An emulator on the same time, and the sample cluster in it.
pub(crate) async fn emulated(
    configure: impl FnOnce(EmulatorBuilder) -> EmulatorBuilder,
) -> (Emulator, Cluster, Arc<VirtualTime>) {
    let time = VirtualTime::new();
    let builder = configure(Emulator::builder().clock(time.clock()));
    let emulator = builder.start().await.expect("an emulator");
    let cluster = cluster_at(&emulator.base_url(), &time);
    (emulator, cluster, time)
}

/// Methods and operations that an emulator received.
pub(crate) fn operations(emulator: &Emulator) -> Vec<&'static str> {
    emulator.requests().iter().map(|request| request.operation.unwrap_or("?")).collect()
}

/// A server on loopback that answers each request with what `answer` says, and remembers the requests.
pub(crate) struct Scripted {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// `answer` is given the head and body of each request, and their number from 0.
    pub(crate) fn new(answer: impl Fn(usize, &str) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let address = listener.local_addr().expect("a bound address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut request = Vec::new();
                let mut buffer = [0; 65536];
                while !workspace_tests::is_whole(&request) {
                    match stream.read(&mut buffer) {
                        Ok(0) | Err(_) => break,
                        Ok(length) => request.extend_from_slice(&buffer[..length]),
                    }
                }
                let request = String::from_utf8_lossy(&request).into_owned();
                let number = {
                    let mut seen = seen.lock().expect("no panic before");
                    seen.push(request.clone());
                    seen.len() - 1
                };
                // A client that has gone is part of some tests.
                let _ = stream.write_all(&answer(number, &request));
            }
        });
        Self { address, requests }
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no panic before").clone()
    }

    /// The request lines, shortened to method and last part of the path.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.requests()
            .iter()
            .map(|request| {
                let mut words = request.split(' ');
                let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                format!("{method} {}", path.rsplit('/').next().unwrap_or_default())
            })
            .collect()
    }
}

/// A whole answer with a JSON body, on a connection that ends with it.
pub(crate) fn json(status: u16, body: &str) -> Vec<u8> {
    answer(status, "content-type: application/json\r\n", body)
}

pub(crate) fn answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Status\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}
