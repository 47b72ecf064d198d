//! Fleets: `apply` while one answer in twenty is a fault and the process dies at any moment, run again until all is as
//! the file says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use indicatif::ProgressBar;
use serde_json::{Value, json};

use crate::clock::Watch;
use crate::process::{self, Emulator, Setup};
use crate::wire::{self, Kept};
use crate::world::{self, ACCESS_KEY, PROJECT, SECRET_KEY};

type Result<T> = std::result::Result<T, String>;

/// Share of the answers that are faults.
const FAULTS: f64 = 0.05;
/// Requests of one world that faults are laid out for; fewer are made.
const REQUESTS: u64 = 6_000;
/// Kills of one world, one run after the other, before its file is carried out to the end.
const KILLS_IN_A_ROW: u64 = 5;
/// When a run is killed, at the latest: with what the runs before it have left to do, it takes about as long.
const LATEST_KILL: Duration = Duration::from_secs(3);
/// Runs of one world that may end by themselves with something left to do: a fault may use up all attempts of a call.
const MOST_RUNS: u32 = 20;
/// How long a synchronization takes: some run at each kill.
const SYNC_DURATION: Duration = Duration::from_millis(400);
/// After a kill the last request may still be on its way; in good time before what it begins has ended.
const ARRIVAL: Duration = Duration::from_millis(50);
/// A run that takes longer hangs.
const DEADLINE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(5);
/// Users that belong on each cluster.
const USERS: usize = 3;
/// Writes that each cluster needs: one that brings its users, one that removes who is there before.
const NEEDED: u64 = 2;

/// What comes instead of an answer, in JSON. No stall, as every client waits half a minute for it.
const KINDS: [&str; 8] = [
    r#"{"kind":"status","status":500,"error_code":"12000004"}"#,
    r#"{"kind":"status","status":503,"error_code":"APIGW.0106"}"#,
    r#"{"kind":"html","status":502}"#,
    r#"{"kind":"reset-before"}"#,
    r#"{"kind":"reset-within"}"#,
    r#"{"kind":"truncate"}"#,
    r#"{"kind":"content-type"}"#,
    r#"{"kind":"wrong-type"}"#,
];
/// An answer as it should be, in single bytes: stands in the line of faults for a request that has none.
const SOUND: &str = "drip";

/// Counts for the table.
#[derive(Default)]
struct Counts {
    worlds: u64,
    kills: u64,
    runs: u64,
    requests: u64,
    faults: u64,
    writes: u64,
    faulted_writes: u64,
    interrupted: u64,
    most: u64,
}

/// Kills so often. Figures and failures.
pub(crate) fn run(
    setup: &Setup,
    seed: u64,
    kills: u64,
    folder: &Path,
    bar: &ProgressBar,
) -> Result<(String, Vec<String>)> {
    bar.set_length(kills);
    let mut setup = setup.clone();
    let duration = format!("{}ms", SYNC_DURATION.as_millis());
    setup.arguments.extend(["--sync-duration".to_owned(), duration]);
    let mut rng = Rng::with_seed(seed);
    let (mut counts, mut failures) = (Counts::default(), Vec::new());
    while counts.kills < kills && failures.is_empty() {
        let most = KILLS_IN_A_ROW.min(kills - counts.kills);
        let mut world = World::start(&setup, folder)?;
        let wrong = world.converge(&mut rng, most, &mut counts, bar)?;
        failures
            .extend(wrong.into_iter().map(|what| format!("world {} of seed {seed}: {what}", counts.worlds)));
        counts.worlds += 1;
    }
    let Counts { worlds, kills, runs, requests, faults, writes, faulted_writes, interrupted, most } = counts;
    let needed = worlds * world::CLUSTERS as u64 * NEEDED;
    let figures = format!(
        "{kills} kills in {runs} runs, seed {seed}; {worlds} times {} clusters as the file says unless told below\n\
         {faults} of {requests} answers were faults; {writes} writes carried out where {needed} were needed: \
         {faulted_writes} had a fault, {interrupted} were running at a kill\n\
         at most {most} writes to one cluster, {NEEDED} needed",
        world::CLUSTERS
    );
    Ok((figures, failures))
}

/// One emulator, and the file that its clusters are to follow.
struct World {
    program: PathBuf,
    emulator: Emulator,
    kept: Kept,
    folder: PathBuf,
    file: PathBuf,
    /// Requests before it counted.
    before: u64,
    /// Kills that a cluster's synchronization was running at.
    interrupted: BTreeMap<String, u64>,
}

fn wanted(cluster: usize) -> Vec<String> {
    (cluster..cluster + USERS).map(world::user).collect()
}

/// Who is on each cluster before, and not to stay.
fn leaver(cluster: usize) -> String {
    world::user(cluster + USERS)
}

fn file(entry: impl Fn(usize) -> String) -> String {
    let mut text = "version: 1\nclusters:\n".to_owned();
    for number in 0..world::CLUSTERS {
        // Writing to a String does not fail.
        let _ = writeln!(text, "- id: {}\n  {}", world::cluster(number), entry(number));
    }
    text
}

impl World {
    /// Starts it, with somebody on each cluster who is to leave.
    fn start(setup: &Setup, folder: &Path) -> Result<Self> {
        let emulator = setup.start("fleet")?;
        let kept = Kept::new(emulator.addr, DEADLINE);
        let write = |name: &str, text: String| {
            let path = folder.join(name);
            let written = std::fs::write(&path, text);
            written.map(|()| path).map_err(|error| format!("no fleet file: {error}"))
        };
        let before = write("before.yaml", file(|cluster| format!("users: [{}]", leaver(cluster))))?;
        let file = write(
            "fleet.yaml",
            file(|cluster| {
                let users = wanted(cluster).join(", ");
                format!("users: [{users}]\n  absent: {{ users: [{}] }}", leaver(cluster))
            }),
        )?;
        let mut world = Self {
            program: setup.program.clone(),
            emulator,
            kept,
            folder: folder.to_owned(),
            file: before,
            before: 0,
            interrupted: BTreeMap::new(),
        };
        match world.apply()?.ended_within(DEADLINE)? {
            Some(0) => {}
            code => return Err(format!("the first fleet ends with {code:?}: {}", world.said())),
        }
        world.file = file;
        world.before = world.requests()?.len() as u64;
        Ok(world)
    }

    /// Kills at most so often, then runs until all is done. What is wrong.
    fn converge(
        &mut self,
        rng: &mut Rng,
        most_kills: u64,
        counts: &mut Counts,
        bar: &ProgressBar,
    ) -> Result<Vec<String>> {
        self.lay_out_faults(rng)?;
        let (mut kills, mut ended) = (0, 0);
        loop {
            counts.runs += 1;
            let run = self.apply()?;
            let moment = LATEST_KILL.mul_f64(rng.f64());
            let within = if kills < most_kills { moment } else { DEADLINE };
            match run.ended_within(within)? {
                Some(0) => break,
                Some(code) if self.said().contains("panicked") || !(1..=5).contains(&code) || code == 2 => {
                    return Ok(vec![format!("a run ends with {code}: {}", self.said())]);
                }
                Some(code) => {
                    ended += 1;
                    if ended > MOST_RUNS {
                        return Ok(vec![format!("{ended} runs did not do it: {code}, {}", self.said())]);
                    }
                }
                None if kills == most_kills => {
                    return Ok(vec![format!("a run takes more than {DEADLINE:?}")]);
                }
                None => {
                    drop(run);
                    (kills, counts.kills) = (kills + 1, counts.kills + 1);
                    bar.inc(1);
                    std::thread::sleep(ARRIVAL);
                    for cluster in self.running()? {
                        *self.interrupted.entry(cluster).or_default() += 1;
                        counts.interrupted += 1;
                    }
                }
            }
        }
        self.emulator.check()?;
        let mut wrong = self.unlike()?;
        wrong.extend(self.written_too_often(counts)?);
        Ok(wrong)
    }

    /// Every so many requests something goes wrong, by chance: the emulator has its faults in a line.
    fn lay_out_faults(&mut self, rng: &mut Rng) -> Result<()> {
        let mut laid_out = 0;
        while laid_out < REQUESTS {
            // How many heads a coin shows in a row that shows tails one time in twenty.
            let sound = (1.0 - rng.f64()).ln() / (1.0 - FAULTS).ln();
            let sound = sound.floor() as u64;
            if sound > 0 {
                self.inject(&json!({ "kind": SOUND, "every_ms": 0, "count": sound }).to_string())?;
            }
            self.inject(rng.choice(KINDS).unwrap_or(KINDS[0]))?;
            laid_out += sound + 1;
        }
        Ok(())
    }

    fn inject(&mut self, fault: &str) -> Result<()> {
        let answer = self.kept.exchange(&wire::post("/_emulator/faults", fault.as_bytes()))?;
        match answer.status {
            200 => Ok(()),
            status => Err(format!("a fault is not taken: {status} {}", answer.text())),
        }
    }

    fn apply(&self) -> Result<Run> {
        let failed = |error: std::io::Error| format!("apply does not start: {error}");
        let mut command = Command::new(&self.program);
        process::without_settings(&mut command);
        command.args(["apply", "--yes", "--output", "json", "--max-removals", "1", "--file"]).arg(&self.file);
        command.args(["--endpoint", &self.emulator.url, "--project-id", PROJECT]);
        command.env("HUAWEICLOUD_SDK_AK", ACCESS_KEY).env("HUAWEICLOUD_SDK_SK", SECRET_KEY);
        let said = std::fs::File::create(self.folder.join("apply.stderr")).map_err(failed)?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said);
        let child = Arc::new(Mutex::new(command.spawn().map_err(failed)?));
        process::register(&child)?;
        Ok(Run(child))
    }

    /// What the latest run has said, its end.
    fn said(&self) -> String {
        let said = std::fs::read(self.folder.join("apply.stderr")).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        said.trim().lines().rev().take(3).collect::<Vec<_>>().join(" | ")
    }

    /// Clusters on which a synchronization or a removal is running.
    fn running(&mut self) -> Result<Vec<String>> {
        let managers = self.managers()?;
        let running = managers.iter().filter(|manager| manager["is_synchronizing"] == true);
        Ok(running.filter_map(|manager| Some(manager["cluster_id"].as_str()?.to_owned())).collect())
    }

    fn managers(&mut self) -> Result<Vec<Value>> {
        let mut answer = self.kept.exchange(&wire::get("/_emulator/manager"))?.json();
        match answer["clusters"].take() {
            Value::Array(clusters) => Ok(clusters),
            _ => Err("the emulator does not tell who is on Manager".to_owned()),
        }
    }

    fn requests(&mut self) -> Result<Vec<Value>> {
        let mut answer = self.kept.exchange(&wire::get("/_emulator/requests"))?.json();
        match answer["requests"].take() {
            Value::Array(requests) => Ok(requests),
            _ => Err("the emulator does not tell its requests".to_owned()),
        }
    }

    /// Clusters that are not as the file says.
    fn unlike(&mut self) -> Result<Vec<String>> {
        let managers = self.managers()?;
        let mut wrong = Vec::new();
        for number in 0..world::CLUSTERS {
            let id = world::cluster(number);
            let manager = managers.iter().find(|manager| manager["cluster_id"] == id.as_str());
            let names = |field: &str| -> BTreeSet<String> {
                let list = manager.and_then(|manager| manager[field].as_array());
                list.into_iter().flatten().filter_map(|name| Some(name.as_str()?.to_owned())).collect()
            };
            let users: BTreeSet<_> = wanted(number).into_iter().collect();
            // Groups come along with their users, and stay when those leave.
            let groups: BTreeSet<_> = (number..=number + USERS).map(world::group_of).collect();
            if (names("user_names"), names("group_names")) != (users, groups) {
                wrong.push(format!("{id} is not as the file says: {}", manager.unwrap_or(&Value::Null)));
            }
        }
        Ok(wrong)
    }

    /// Clusters that were written more often than can be explained.
    ///
    /// Each cluster needs its writes. Beyond that, one more is explained by
    ///
    /// - a write that was carried out and whose answer was a fault: nobody can know that it was, and a second
    ///   synchronization is harmless while a lost one is not;
    /// - a kill at which the cluster's synchronization was running: the next run may look while it runs and send after
    ///   it has ended.
    ///
    /// A kill before or after that explains nothing: what is done shows, and what was not sent is not done. Writes that
    /// were refused (a synchronization is running) change nothing and are not counted, nor are those that a fault kept
    /// from the service.
    fn written_too_often(&mut self, counts: &mut Counts) -> Result<Vec<String>> {
        let requests = self.requests()?;
        if requests.first().is_some_and(|first| first["number"].as_u64() != Some(1)) {
            return Err("more requests than the emulator keeps".to_owned());
        }
        let mut writes: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for request in requests.iter().filter(|request| request["number"].as_u64() > Some(self.before)) {
            counts.requests += 1;
            let faulted = request["fault"].as_str().is_some_and(|kind| kind != SOUND);
            counts.faults += u64::from(faulted);
            let is_write =
                ["UpdateSyncIamUser", "CancelSyncIamUser"].iter().any(|id| request["operation"] == *id);
            if !is_write || request["status"] != 202 {
                continue;
            }
            let path = request["path"].as_str().unwrap_or_default();
            let cluster = path.split('/').nth(4).unwrap_or_default();
            let (all, with_fault) = writes.entry(cluster.to_owned()).or_default();
            (*all, *with_fault) = (*all + 1, *with_fault + u64::from(faulted));
        }
        let mut wrong = Vec::new();
        for (cluster, (all, with_fault)) in writes {
            let kills = self.interrupted.get(&cluster).copied().unwrap_or_default();
            counts.writes += all;
            counts.faulted_writes += with_fault;
            counts.most = counts.most.max(all);
            if all > NEEDED + with_fault + kills {
                wrong.push(format!(
                    "{cluster} was written {all} times: {NEEDED} are needed, {with_fault} had a fault, {kills} were \
                     running at a kill"
                ));
            }
        }
        Ok(wrong)
    }
}

/// A process of `apply`. It is killed when this is dropped.
struct Run(Arc<Mutex<Child>>);

impl Run {
    /// Its exit code when it has ended by then. A signal's is -1.
    fn ended_within(&self, time: Duration) -> Result<Option<i32>> {
        let watch = Watch::start();
        loop {
            let ended = process::locked(&self.0).try_wait().map_err(|error| format!("apply: {error}"))?;
            match ended {
                Some(status) => return Ok(Some(status.code().unwrap_or(-1))),
                None if watch.elapsed() >= time => return Ok(None),
                None => std::thread::sleep(LOOK.min(time.saturating_sub(watch.elapsed()))),
            }
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        process::end(&self.0);
    }
}
