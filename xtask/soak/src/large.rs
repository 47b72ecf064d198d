//! A large world: clusters with 10,000 users each are seeded, listed, taken as a snapshot and put back.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use mrs_iam_sync::{Client, Cluster, Credentials};

use crate::clock::Watch;
use crate::load::mib;
use crate::process::{Emulator, Setup};
use crate::wire;
use crate::world::{ACCESS_KEY, PROJECT, SECRET_KEY};

/// Clusters of the whole.
pub(crate) const CLUSTERS: u64 = 100;
const USERS: usize = 10_000;
const GROUPS: usize = 100;
/// Within that the world is taken or put back.
const DEADLINE: Duration = Duration::from_secs(120);

type Result<T> = std::result::Result<T, String>;

/// Figures and failures.
pub(crate) fn run(setup: &Setup, clusters: u64, folder: &Path) -> Result<(String, Vec<String>)> {
    let file = folder.join("large.yaml");
    std::fs::write(&file, seed(clusters)).map_err(|error| format!("the seed cannot be written: {error}"))?;
    let mut large = setup.clone();
    large.arguments = vec!["--seed".to_owned(), file.display().to_string()];
    let watch = Watch::start();
    let emulator = large.start("large")?;
    emulator.healthy(DEADLINE)?;
    let started = watch.elapsed();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("the runtime cannot be started: {error}"))?;
    let mut failures = Vec::new();
    let mut listed = |emulator: &Emulator, clusters| -> Result<Duration> {
        let watch = Watch::start();
        failures.extend(runtime.block_on(all(emulator, clusters))?);
        Ok(watch.elapsed())
    };
    let each = listed(&emulator, clusters)?;
    let memory = emulator.memory().map_or_else(
        || "not measured".to_owned(),
        |memory| format!("{:.0} MiB, peak {:.0} MiB", mib(memory.now), mib(memory.peak)),
    );
    let watch = Watch::start();
    let snapshot = wire::once(emulator.addr, &wire::get("/_emulator/snapshot"), DEADLINE)?;
    let taken = watch.elapsed();
    drop(emulator);
    // Its world is another one, its keys are the same.
    let mut empty = setup.start("large-restored")?;
    let watch = Watch::start();
    let answer = wire::once(empty.addr, &wire::post("/_emulator/restore", &snapshot.body), DEADLINE)?;
    let restored = watch.elapsed();
    if answer.status != 200 {
        failures.push(format!("restore: {} {}", answer.status, answer.text()));
    } else {
        let mut again = Vec::new();
        again.extend(runtime.block_on(all(&empty, clusters))?);
        failures.extend(again.into_iter().map(|what| format!("restored, {what}")));
    }
    empty.check().unwrap_or_else(|what| failures.push(what));
    let seconds = |time: Duration| time.as_secs_f64();
    Ok((
        format!(
            "{clusters} clusters with {USERS} users each: first answer after {:.2} s, all listed in {:.2} s, {memory}\n\
             snapshot of {:.1} MB in {:.2} s, restored in {:.2} s",
            seconds(started),
            seconds(each),
            snapshot.body.len() as f64 / 1e6,
            seconds(taken),
            seconds(restored)
        ),
        failures,
    ))
}

/// Lists every cluster. What is wrong.
async fn all(emulator: &Emulator, clusters: u64) -> Result<Vec<String>> {
    let failed = |error: mrs_iam_sync::Error| format!("no client: {error}");
    let client = Client::builder()
        .endpoint(&emulator.url)
        .project_id(PROJECT)
        .credentials(Credentials::access_key(ACCESS_KEY, SECRET_KEY).map_err(failed)?)
        .without_rate_limits()
        .with_max_attempts(1)
        .build()
        .map_err(failed)?;
    let mut wrong = Vec::new();
    for number in 0..clusters {
        let cluster = client.cluster(&cluster(number)).map_err(failed)?;
        wrong.extend(one(&cluster).await.err().map(|what| format!("cluster {number}: {what}")));
    }
    Ok(wrong)
}

async fn one(cluster: &Cluster) -> Result<()> {
    let there = cluster.synchronized().await.map_err(|error| error.to_string())?;
    let (users, groups) = (there.users.unwrap_or_default(), there.groups.unwrap_or_default());
    let is_right = users.len() == USERS
        && groups.len() == GROUPS
        && users.iter().enumerate().all(|(number, name)| *name == user(number));
    if is_right { Ok(()) } else { Err(format!("{} users and {} groups", users.len(), groups.len())) }
}

fn cluster(number: u64) -> String {
    format!("large-{number:03}")
}

fn user(number: usize) -> String {
    format!("user{number:05}")
}

fn seed(clusters: u64) -> String {
    let mut text = format!(
        "projects: [{{ id: {PROJECT}, name: cn-north-4 }}]\n\
         access_keys: [{{ access_key: {ACCESS_KEY}, secret_key: {SECRET_KEY} }}]\ngroups:\n"
    );
    // Writing to a String does not fail.
    for number in 0..GROUPS {
        let _ = writeln!(text, "- {{ name: group{number:02}, policies: [MRS FullAccess] }}");
    }
    text.push_str("users:\n");
    for number in 0..USERS {
        let _ = writeln!(text, "- {{ name: {}, groups: [group{:02}] }}", user(number), number % GROUPS);
    }
    text.push_str("clusters:\n");
    for number in 0..clusters {
        let id = cluster(number);
        let _ = writeln!(text, "- {{ id: {id}, project: {PROJECT}, synchronized: {{ everything: true }} }}");
    }
    text
}
