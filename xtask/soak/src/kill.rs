//! Kills: clients write while the emulator dies at any moment, and what it has acknowledged is there when it is back.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fastrand::Rng;
use indicatif::ProgressBar;
use sdk_hmac_sha256::Credentials;
use serde_json::{Value, json};

use crate::clock::{Watch, signing_date};
use crate::process::{Emulator, Setup};
use crate::wire::{self, Answer, Kept};
use crate::world::{self, ACCESS_KEY, PROJECT, SECRET_KEY};

type Result<T> = std::result::Result<T, String>;

/// Clients that synchronize, each its own cluster, and clients that log in.
const SYNCING: usize = 6;
const LOGGING_IN: usize = 2;
/// Names of one synchronization, so that half of it would show.
const NAMES: usize = 12;
/// Fewer than the emulator knows before it forgets the oldest.
const MOST_TOKENS: usize = 9_000;
/// Tokens of earlier rounds that are tried again in each.
const TRIED_AGAIN: usize = 20;
/// How long a synchronization takes: some run at each kill.
const SYNC_DURATION: Duration = Duration::from_millis(10);
/// Characters of a state that are told.
const MOST_SHOWN: usize = 250;
const DEADLINE: Duration = Duration::from_secs(5);

/// Who is on a cluster's Manager.
type Names = (BTreeSet<String>, BTreeSet<String>);

/// What has to be there.
#[derive(Default)]
struct Ledger {
    clusters: BTreeMap<usize, Names>,
    tokens: Vec<String>,
    /// Virtual time, in seconds.
    ahead: u64,
}

/// What one client has done until the kill.
struct Done<T> {
    acknowledged: u64,
    /// What is so, and what may be so as well: the effect of a write without an answer.
    now: T,
    open: Option<T>,
    /// What is wrong with an answer.
    failure: Option<String>,
}

/// Counts for the table.
#[derive(Default)]
struct Counts {
    acknowledged: u64,
    in_flight: u64,
    found: u64,
    compared: u64,
    slowest: Duration,
}

/// Kills so often. Figures and failures.
pub(crate) fn run(
    setup: &Setup,
    seed: u64,
    kills: u64,
    state: &Path,
    bar: &ProgressBar,
) -> Result<(String, Vec<String>)> {
    bar.set_length(kills);
    let mut setup = setup.clone();
    let duration = format!("{}ms", SYNC_DURATION.as_millis());
    setup.arguments.extend(["--sync-duration", &duration, "--virtual-time"].map(str::to_owned));
    setup.arguments.extend(["--state".to_owned(), state.display().to_string()]);
    let credentials = Credentials::new(ACCESS_KEY, SECRET_KEY).map_err(|error| error.to_string())?;
    let mut rng = Rng::with_seed(seed);
    let (mut ledger, mut counts, mut failures) = (Ledger::default(), Counts::default(), Vec::new());
    for number in 0..kills {
        if number % 10 == 9 {
            killed_while_starting(&setup, &mut rng)?;
        }
        let emulator = setup.start("kill")?;
        let before_kill = Duration::from_micros(rng.u64(2_000..250_000));
        let round = round(&emulator, &credentials, &ledger, &mut rng, before_kill);
        drop(emulator);
        let watch = Watch::start();
        let mut emulator = setup.start("kill")?;
        emulator.healthy(DEADLINE)?;
        counts.slowest = counts.slowest.max(watch.elapsed());
        let mut checking = Checking { addr: emulator.addr, credentials: &credentials, counts: &mut counts };
        let wrong = checking.compare(round, &mut ledger, &mut rng)?;
        failures.extend(wrong.into_iter().map(|what| format!("kill {number} of seed {seed}: {what}")));
        emulator.check()?;
        bar.inc(1);
        if failures.len() >= 10 {
            break;
        }
    }
    let emulator = setup.start("kill")?;
    let mut kept = Kept::new(emulator.addr, DEADLINE);
    let lost = lost_tokens(&mut kept, ledger.tokens.iter())?;
    if lost > 0 {
        failures.push(format!("at the end {lost} of {} tokens are not accepted", ledger.tokens.len()));
    }
    let Counts { acknowledged, in_flight, found, compared, slowest } = counts;
    if acknowledged < kills {
        failures.push(format!("only {acknowledged} writes were acknowledged between {kills} kills"));
    }
    let figures = format!(
        "{kills} kills, seed {seed}; {acknowledged} writes acknowledged, all found unless told below; \
         {in_flight} in flight, of which {found} found whole and the others not at all\n\
         {compared} comparisons; {} tokens accepted at the end; back after at most {:.1} ms",
        ledger.tokens.len(),
        slowest.as_secs_f64() * 1000.0
    );
    Ok((figures, failures))
}

/// What it has begun to write at its start must not matter either.
fn killed_while_starting(setup: &Setup, rng: &mut Rng) -> Result<()> {
    let moment = Duration::from_micros(rng.u64(0..20_000));
    std::thread::scope(|scope| {
        let killer = scope.spawn(move || {
            std::thread::sleep(moment);
            crate::process::kill_running();
        });
        // Killed before it could say where it listens, or not: both are fine.
        drop(setup.start("kill"));
        killer.join().map_err(|_| "the driver itself panicked".to_owned())
    })
}

/// What all clients have done in one life of the emulator.
struct Round {
    clusters: Vec<(usize, Done<Names>)>,
    tokens: Vec<Done<Vec<String>>>,
    ahead: Done<u64>,
}

/// Lets all clients write until the emulator is killed.
fn round(
    emulator: &Emulator,
    credentials: &Credentials,
    ledger: &Ledger,
    rng: &mut Rng,
    before_kill: Duration,
) -> Round {
    let (addr, killed) = (emulator.addr, &AtomicBool::new(false));
    let room = MOST_TOKENS.saturating_sub(ledger.tokens.len()) / LOGGING_IN;
    std::thread::scope(|scope| {
        let syncing: Vec<_> = (0..SYNCING)
            .map(|number| {
                let now = ledger.clusters.get(&number).cloned().unwrap_or_default();
                let rng = rng.fork();
                (number, scope.spawn(move || synchronize(addr, credentials, number, now, rng, killed)))
            })
            .collect();
        let logging_in: Vec<_> = (0..LOGGING_IN)
            .map(|_| {
                let rng = rng.fork();
                scope.spawn(move || log_in(addr, room, rng, killed))
            })
            .collect();
        let ahead = ledger.ahead;
        let advancing = scope.spawn(move || advance(addr, ahead, killed));
        std::thread::sleep(before_kill);
        killed.store(true, Ordering::SeqCst);
        emulator.kill();
        let clusters = syncing.into_iter().map(|(number, client)| (number, joined(client)));
        Round {
            clusters: clusters.collect(),
            tokens: logging_in.into_iter().map(joined).collect(),
            ahead: joined(advancing),
        }
    })
}

fn joined<T: Default>(client: std::thread::ScopedJoinHandle<'_, Done<T>>) -> Done<T> {
    client.join().unwrap_or_else(|_| Done {
        acknowledged: 0,
        now: T::default(),
        open: None,
        failure: Some("a client panicked".to_owned()),
    })
}

impl<T: Clone> Done<T> {
    fn new(now: T) -> Self {
        Self { acknowledged: 0, now, open: None, failure: None }
    }

    /// Makes one write, which makes things `then`. Whether to go on.
    fn write(
        &mut self,
        kept: &mut Kept,
        request: &[u8],
        killed: &AtomicBool,
        expected: u16,
        then: T,
    ) -> Option<Answer> {
        self.open = Some(then.clone());
        match kept.exchange(request) {
            Ok(answer) if answer.status == expected => {
                (self.now, self.open) = (then, None);
                self.acknowledged += 1;
                Some(answer)
            }
            Ok(answer) => {
                self.open = None;
                self.failure = Some(format!("a write is answered {} {}", answer.status, answer.text()));
                None
            }
            // Whether it was done is open; why there is no answer must not be.
            Err(_) if killed.load(Ordering::SeqCst) => None,
            Err(what) => {
                self.failure = Some(format!("before the kill: {what}"));
                None
            }
        }
    }
}

fn synchronize(
    addr: SocketAddr,
    credentials: &Credentials,
    number: usize,
    now: Names,
    mut rng: Rng,
    killed: &AtomicBool,
) -> Done<Names> {
    let (mut done, mut kept) = (Done::new(now), Kept::new(addr, DEADLINE));
    loop {
        let first = rng.usize(..world::USERS);
        let users: BTreeSet<_> = (first..first + NAMES).map(world::user).collect();
        let groups: BTreeSet<_> = (first..first + NAMES).map(world::group_of).collect();
        let (mut there, leave) = (done.now.clone(), rng.u8(..3) == 0);
        let (method, body) = if leave {
            there.0.retain(|name| !users.contains(name));
            ("DELETE", json!({ "user_names": users }))
        } else {
            there.0.extend(users.iter().cloned());
            there.1.extend(groups);
            ("POST", json!({ "is_all_sync": false, "user_names": users }))
        };
        let request = signed(credentials, method, &path(number, "iam-sync-user"), &body.to_string());
        if done.write(&mut kept, &request, killed, 202, there).is_none() {
            return done;
        }
        // No other one is taken while it runs.
        match ended(&mut kept, credentials, number) {
            Ok(()) => {}
            Err(_) if killed.load(Ordering::SeqCst) => return done,
            Err(what) => {
                done.failure = Some(what);
                return done;
            }
        }
    }
}

/// Waits until no synchronization runs.
fn ended(kept: &mut Kept, credentials: &Credentials, number: usize) -> Result<()> {
    let watch = Watch::start();
    loop {
        let answer = kept.exchange(&signed(credentials, "GET", &path(number, "iam-sync"), ""))?;
        match answer.json()["is_synchronizing"] {
            Value::Bool(false) => return Ok(()),
            Value::Bool(true) if watch.elapsed() < DEADLINE => std::thread::sleep(Duration::from_millis(2)),
            _ => return Err(format!("it does not end: {} {}", answer.status, answer.text())),
        }
    }
}

/// The tokens of one life are known by what the answers say: one whose answer is lost is nobody's.
fn log_in(addr: SocketAddr, most: usize, mut rng: Rng, killed: &AtomicBool) -> Done<Vec<String>> {
    let (mut done, mut kept, mut tokens) = (Done::new(Vec::new()), Kept::new(addr, DEADLINE), Vec::new());
    while tokens.len() < most {
        let user = world::user(rng.usize(..world::USERS));
        let body = json!({ "auth": {
            "identity": { "methods": ["password"], "password": { "user": {
                "name": user, "password": world::PASSWORD, "domain": { "name": world::DOMAIN },
            } } },
            "scope": { "project": { "id": PROJECT } },
        } });
        let request = wire::post("/v3/auth/tokens", body.to_string().as_bytes());
        let Some(answer) = done.write(&mut kept, &request, killed, 201, Vec::new()) else { break };
        match answer.token {
            Some(token) => tokens.push(token),
            None => done.failure = Some("an answer without a token".to_owned()),
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    done.now = tokens;
    done
}

fn advance(addr: SocketAddr, ahead: u64, killed: &AtomicBool) -> Done<u64> {
    let (mut done, mut kept) = (Done::new(ahead), Kept::new(addr, DEADLINE));
    let request = wire::post("/_emulator/clock", br#"{"advance_seconds":1}"#);
    loop {
        let then = done.now + 1;
        if done.write(&mut kept, &request, killed, 200, then).is_none() {
            return done;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Looks whether everything is there.
struct Checking<'a> {
    addr: SocketAddr,
    credentials: &'a Credentials,
    counts: &'a mut Counts,
}

impl Checking<'_> {
    /// Takes over what was done, and what of the open writes is found. What is wrong.
    fn compare(&mut self, round: Round, ledger: &mut Ledger, rng: &mut Rng) -> Result<Vec<String>> {
        let (mut kept, mut wrong) = (Kept::new(self.addr, DEADLINE), Vec::new());
        for (number, done) in round.clusters {
            ended(&mut kept, self.credentials, number)?;
            let answer =
                kept.exchange(&signed(self.credentials, "GET", &path(number, "iam-sync-user"), ""))?.json();
            let names = |field: &str| -> Option<BTreeSet<String>> {
                answer[field].as_array()?.iter().map(|name| Some(name.as_str()?.to_owned())).collect()
            };
            let there =
                names("user_names").zip(names("group_names")).ok_or_else(|| format!("no names: {answer}"))?;
            let there = self.one(done, there, &format!("cluster {number}"), &mut wrong);
            ledger.clusters.insert(number, there);
        }
        let mut new = Vec::new();
        for done in round.tokens {
            self.counts.acknowledged += done.acknowledged;
            self.counts.in_flight += u64::from(done.open.is_some());
            wrong.extend(done.failure);
            new.extend(done.now);
        }
        let again: Vec<_> = (0..TRIED_AGAIN)
            .filter_map(|_| ledger.tokens.get(rng.usize(..ledger.tokens.len().max(1))))
            .collect();
        self.counts.compared += (new.len() + again.len()) as u64;
        let lost = lost_tokens(&mut kept, new.iter().chain(again))?;
        if lost > 0 {
            wrong.push(format!("{lost} tokens that were issued are not accepted"));
        }
        ledger.tokens.extend(new);
        let clock = kept.exchange(&wire::get("/_emulator/clock"))?.json();
        let ahead = clock["ahead_seconds"].as_f64().ok_or_else(|| format!("no time: {clock}"))?;
        ledger.ahead = self.one(round.ahead, ahead as u64, "virtual time", &mut wrong);
        Ok(wrong)
    }

    /// Compares one thing; it is what is believed from now on.
    fn one<T: PartialEq + std::fmt::Debug>(
        &mut self,
        done: Done<T>,
        there: T,
        name: &str,
        wrong: &mut Vec<String>,
    ) -> T {
        self.counts.acknowledged += done.acknowledged;
        self.counts.in_flight += u64::from(done.open.is_some());
        self.counts.compared += 1;
        wrong.extend(done.failure.map(|what| format!("{name}: {what}")));
        if done.open.as_ref() == Some(&there) {
            self.counts.found += 1;
        } else if done.now != there {
            let (there, now) = (shown(&there), shown(&done.now));
            wrong.push(format!("{name}: {there} instead of {now}, or of {} in flight", shown(&done.open)));
        }
        there
    }
}

/// The beginning of a state.
fn shown(what: &impl std::fmt::Debug) -> String {
    format!("{what:?}").chars().take(MOST_SHOWN).collect()
}

/// How many of them are not accepted.
fn lost_tokens<'a>(kept: &mut Kept, tokens: impl Iterator<Item = &'a String>) -> Result<usize> {
    let mut lost = 0;
    for token in tokens {
        let request = format!("GET /v3/projects HTTP/1.1\r\nhost: soak\r\nx-auth-token: {token}\r\n\r\n");
        lost += usize::from(kept.exchange(request.as_bytes())?.status != 200);
    }
    Ok(lost)
}

fn path(number: usize, last: &str) -> String {
    format!("/v2/{PROJECT}/clusters/{}/{last}", world::cluster(number))
}

fn signed(credentials: &Credentials, method: &str, path: &str, body: &str) -> Vec<u8> {
    let headers: &[(&str, &[u8])] =
        if body.is_empty() { &[] } else { &[("content-type", b"application/json")] };
    let date = signing_date().ok();
    let request =
        date.and_then(|date| wire::signed(credentials, date, method, path, headers, body.as_bytes()));
    // Refused, and told then.
    request.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(now: u64, open: Option<u64>, there: u64) -> (u64, usize) {
        let credentials = Credentials::new(ACCESS_KEY, SECRET_KEY).unwrap();
        let (mut counts, mut wrong) = (Counts::default(), Vec::new());
        let addr = ([127, 0, 0, 1], 0).into();
        let mut checking = Checking { addr, credentials: &credentials, counts: &mut counts };
        let done = Done { acknowledged: 1, now, open, failure: None };
        assert_eq!(checking.one(done, there, "it", &mut wrong), there);
        (counts.found, wrong.len())
    }

    #[test]
    fn what_was_acknowledged_must_be_there_and_what_was_open_may_be() {
        assert_eq!(compared(5, None, 5), (0, 0));
        assert_eq!(compared(5, Some(6), 5), (0, 0));
        assert_eq!(compared(5, Some(6), 6), (1, 0));
        assert_eq!(compared(5, Some(6), 4), (0, 1), "lost");
        assert_eq!(compared(5, None, 6), (0, 1), "out of nothing");
    }
}
