//! Load: the SDK sends the five operations, and knows what each answer has to be.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::ProgressBar;
use mrs_iam_sync::{Client, Cluster, Credentials, Names, Synchronized};

use crate::clock::Watch;
use crate::process::{Emulator, Memory, Setup};
use crate::wire;
use crate::world::{self, ACCESS_KEY, PROJECT, SECRET_KEY};

/// Requests of one round of a client.
const ROUND: u64 = 10;
/// By then the emulator's log of requests is full (10,000), which is all that it may go on collecting.
const LOG_IS_FULL: u64 = 12_000;
/// What memory may grow by after the first tenth, or after the log was full, in MiB: 17 bytes a request of a million.
pub(crate) const MOST_GROWTH_MIB: f64 = 16.0;
/// Users of one synchronization.
const USERS: usize = 3;

type Result<T> = std::result::Result<T, String>;

/// What is measured on the way.
struct Course<'a> {
    emulator: &'a Emulator,
    requests: u64,
    done: AtomicU64,
    bar: &'a ProgressBar,
}

/// Sends so many requests by so many clients at once. Figures and failures.
pub(crate) fn run(
    setup: &Setup,
    requests: u64,
    clients: usize,
    bar: &ProgressBar,
) -> Result<(String, Vec<String>)> {
    let mut setup = setup.clone();
    setup.arguments.extend(["--sync-polls", "1"].map(str::to_owned));
    let mut emulator = setup.start("load")?;
    let requests = (requests / ROUND).max(1) * ROUND;
    bar.set_length(requests);
    let course = Course { emulator: &emulator, requests, done: AtomicU64::new(0), bar };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("the runtime cannot be started: {error}"))?;
    let watch = Watch::start();
    let marks = runtime.block_on(all(&course, clients))?;
    let seconds = watch.elapsed().as_secs_f64();
    let mut failures = Vec::new();
    emulator.check().and_then(|()| counted(&emulator, requests)).unwrap_or_else(|what| failures.push(what));
    let rate = requests as f64 / seconds;
    let growth = growth(&marks).map_or_else(
        || format!("growth not judged (no /proc, or not more than {LOG_IS_FULL} requests)"),
        |growth| {
            if growth > MOST_GROWTH_MIB {
                failures.push(format!("memory grew by {growth:.1} MiB, more than {MOST_GROWTH_MIB} MiB"));
            }
            format!("{growth:+.1} MiB since the first tenth with a full log (at most {MOST_GROWTH_MIB:+})")
        },
    );
    let figures = format!(
        "{requests} requests in {seconds:.1} s, {rate:.0}/s\nmemory at 1 %, 10 %, 100 %: {}\n{growth}",
        marks.shown()
    );
    Ok((figures, failures))
}

/// The emulator's own count, so that no request was sent twice or answered by anybody else.
fn counted(emulator: &Emulator, requests: u64) -> Result<()> {
    let answer = wire::once(emulator.addr, &wire::get("/_emulator/requests"), Duration::from_secs(60))?;
    let latest = answer.json()["requests"].as_array().and_then(|all| all.last()?["number"].as_u64());
    match latest {
        Some(number) if number == requests => Ok(()),
        number => Err(format!("the emulator counts {number:?} requests instead of {requests}")),
    }
}

/// Memory at places of the course.
#[derive(Default)]
struct Marks {
    one: Option<Memory>,
    ten: Option<Memory>,
    /// After the first tenth, with a full log.
    full: Option<Memory>,
    end: Option<Memory>,
}

impl Marks {
    fn shown(&self) -> String {
        let shown = |memory: Option<Memory>| {
            memory.map_or_else(|| "not measured".to_owned(), |memory| format!("{:.1}", mib(memory.now)))
        };
        let peak =
            self.end.map_or_else(String::new, |end| format!(" MiB resident, peak {:.1} MiB", mib(end.peak)));
        format!("{}, {}, {}{peak}", shown(self.one), shown(self.ten), shown(self.end))
    }
}

fn growth(marks: &Marks) -> Option<f64> {
    Some(mib(marks.end?.now) - mib(marks.full?.now))
}

pub(crate) fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

async fn all(course: &Course<'_>, clients: usize) -> Result<Marks> {
    let failed = |error: mrs_iam_sync::Error| format!("no client: {error}");
    let client = Client::builder()
        .endpoint(&course.emulator.url)
        .project_id(PROJECT)
        .credentials(Credentials::access_key(ACCESS_KEY, SECRET_KEY).map_err(failed)?)
        .without_rate_limits()
        // A failure that another attempt hides is one.
        .with_max_attempts(1)
        .build()
        .map_err(failed)?;
    let rounds = Arc::new(AtomicU64::new(0));
    let mut running = tokio::task::JoinSet::<Result<()>>::new();
    let (told, mut answered) = tokio::sync::mpsc::channel::<()>(1024);
    for number in 0..clients {
        let cluster = client.cluster(&world::cluster(number)).map_err(failed)?;
        let (rounds, told, last) = (rounds.clone(), told.clone(), course.requests / ROUND);
        running.spawn(async move {
            loop {
                let round = rounds.fetch_add(1, Ordering::Relaxed);
                if round >= last {
                    return Ok(());
                }
                let first = usize::try_from(round).unwrap_or_default();
                one_round(&cluster, first, &told)
                    .await
                    .map_err(|error| format!("round {round} of client {number}: {error}"))?;
            }
        });
    }
    drop(told);
    let mut marks = Marks::default();
    while answered.recv().await.is_some() {
        course.passed(&mut marks);
    }
    while let Some(ended) = running.join_next().await {
        ended.map_err(|error| format!("a client has ended: {error}"))??;
    }
    Ok(marks)
}

impl Course<'_> {
    fn passed(&self, marks: &mut Marks) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let tenth = self.requests / 10;
        for (place, mark) in [
            (self.requests / 100, &mut marks.one),
            (tenth, &mut marks.ten),
            (tenth.max(LOG_IS_FULL), &mut marks.full),
            (self.requests, &mut marks.end),
        ] {
            if place == done {
                *mark = self.emulator.memory();
            }
        }
        if done.is_multiple_of(500) {
            self.bar.set_position(done);
        }
    }
}

/// A synchronization and its removal, each followed to its end: ten requests, each answer compared.
async fn one_round(cluster: &Cluster, first: usize, told: &tokio::sync::mpsc::Sender<()>) -> Result<()> {
    let users: Vec<_> = (first..first + USERS).map(world::user).collect();
    let groups: BTreeSet<_> = (first..first + USERS).map(world::group_of).collect();
    let groups: Vec<_> = groups.into_iter().collect();
    let step = async |name: &str, outcome: std::result::Result<bool, mrs_iam_sync::Error>| {
        let _ = told.send(()).await;
        match outcome {
            Ok(true) => Ok(()),
            Ok(false) => Err(format!("{name}: not the answer that was due")),
            Err(error) => Err(format!("{name}: {error}")),
        }
    };
    let only = |accepted: Vec<mrs_iam_sync::Accepted>| matches!(accepted.as_slice(), [one] if one.state == "synchronizing" && one.attempts == 1);
    let same = |there: Synchronized, users: &[String], groups: &[String]| {
        let sorted = |names: Option<Vec<String>>| {
            names.map(|mut names| {
                names.sort_unstable();
                names
            })
        };
        let mut wanted = users.to_vec();
        wanted.sort_unstable();
        sorted(there.users) == Some(wanted) && sorted(there.groups).as_deref() == Some(groups)
    };
    let names = |with: &[String]| Names::builder().users(users.iter()).groups(with.iter()).build();

    let sync = names(&[]).map_err(|error| error.to_string())?;
    step("UpdateSyncIamUser", cluster.sync(sync).send().await.map(only)).await?;
    step("ListSyncStatus while it runs", cluster.is_synchronizing().await).await?;
    step("ListSyncStatus after it", cluster.is_synchronizing().await.map(|running| !running)).await?;
    let there = cluster.synchronized().await.map(|there| same(there, &users, &groups));
    step("ShowSyncIamUser", there).await?;
    step("ListSyncRequirements", cluster.is_synchronous().await).await?;
    let cancel = names(&groups).map_err(|error| error.to_string())?;
    step("CancelSyncIamUser", cluster.cancel(cancel).send().await.map(only)).await?;
    let running = cluster.is_synchronous().await.map(|in_line| !in_line);
    step("ListSyncRequirements while it runs", running).await?;
    step("ListSyncStatus while it runs", cluster.is_synchronizing().await).await?;
    step("ListSyncStatus after it", cluster.is_synchronizing().await.map(|running| !running)).await?;
    let there = cluster.synchronized().await.map(|there| same(there, &[], &[]));
    step("ShowSyncIamUser of nobody", there).await
}
