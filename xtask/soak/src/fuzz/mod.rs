//! Fuzz: requests that nobody should send, and whether the emulator goes on as if nothing were.

mod cases;
mod json;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::ProgressBar;
use sdk_hmac_sha256::Credentials;

use self::cases::{Case, Generator, Kind};
use crate::clock::signing_date;
use crate::load::mib;
use crate::process::{Emulator, Setup};
use crate::wire::{self, Answer, Connection, Kept};
use crate::world::{ACCESS_KEY, SECRET_KEY, WRONG_ACCESS_KEY, WRONG_SECRET_KEY};

type Result<T> = std::result::Result<T, String>;

/// Within that each request is answered, or its connection ended.
const DEADLINE: Duration = Duration::from_secs(5);
/// Within that a request under an injected fault is answered, or left.
const UNDER_FAULT: Duration = Duration::from_millis(100);
/// After so many requests an emulator goes back to how it began.
const RESET_EVERY: u64 = 500;
/// No more than that are told of each emulator.
const MOST_FAILURES: usize = 10;
/// Bytes of a failing request that are printed; `--only` prints them all.
const MOST_SHOWN: usize = 600;
/// What memory of each emulator may grow by after the first tenth, in MiB.
const MOST_GROWTH_MIB: f64 = 32.0;
/// Fewer requests say nothing about memory.
const LEAST_FOR_MEMORY: u64 = 10_000;
/// Of the requests that are signed rightly so many percent have to get beyond the signature.
const LEAST_BEYOND: u64 = 90;

/// What is run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) seed: u64,
    pub(crate) requests: u64,
    pub(crate) emulators: u64,
}

/// One emulator with the requests that it gets.
struct Worker<'a> {
    setup: &'a Setup,
    name: String,
    emulator: Emulator,
    kept: Kept,
    generator: Generator,
    outcome: Outcome,
}

/// What came of requests.
#[derive(Default)]
struct Outcome {
    /// Answers by sort and hundreds of their status; 0 for none.
    answers: BTreeMap<(Kind, u16), u64>,
    /// Of requests with a right signature.
    signed: u64,
    refused: u64,
    /// Faults, snapshots and times that were taken.
    taken: u64,
    failures: Vec<String>,
    /// In KiB, after the first tenth and at the end.
    memory: Option<(u64, u64)>,
}

/// Sends all of them. Figures and failures.
pub(crate) fn run(setup: &Setup, extent: Extent, bar: &ProgressBar) -> Result<(String, Vec<String>)> {
    bar.set_length(extent.requests);
    let done = AtomicU64::new(0);
    let outcomes: Vec<Result<Outcome>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..extent.emulators)
            .map(|number| {
                let done = &done;
                scope.spawn(move || {
                    let mut worker = Worker::start(setup, extent.seed, format!("fuzz-{number}"))?;
                    worker.all(extent, number, done, bar)?;
                    Ok(worker.outcome)
                })
            })
            .collect();
        let ended = |worker: std::thread::ScopedJoinHandle<'_, _>| {
            worker.join().unwrap_or_else(|_| Err("the driver itself panicked".to_owned()))
        };
        workers.into_iter().map(ended).collect()
    });
    let mut failures = Vec::new();
    let mut whole = Outcome::default();
    let mut memory = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(outcome) => {
                memory.extend(outcome.memory);
                whole.add(outcome);
            }
            Err(error) => failures.push(error),
        }
    }
    failures.append(&mut whole.failures);
    if whole.signed > 1000 && (whole.signed - whole.refused) * 100 < whole.signed * LEAST_BEYOND {
        failures.push(format!("less than {LEAST_BEYOND} % of the signed requests get beyond the signature"));
    }
    let mut figures = format!(
        "{} requests, seed {}, {} emulators with assertions; {} of {} signed ones beyond the signature, {} faults, \
         snapshots and times taken\n",
        extent.requests,
        extent.seed,
        extent.emulators,
        whole.signed - whole.refused,
        whole.signed,
        whole.taken
    );
    figures.push_str(&whole.shown());
    for (first, last) in memory {
        let growth = mib(last) - mib(first);
        // Writing to a String does not fail.
        let _ = write!(
            figures,
            "\nmemory {:.1} MiB after the first tenth, {:.1} at the end",
            mib(first),
            mib(last)
        );
        if extent.requests < LEAST_FOR_MEMORY {
            figures.push_str(" (not judged: too few)");
        } else if growth > MOST_GROWTH_MIB {
            failures.push(format!("memory grew by {growth:.1} MiB, more than {MOST_GROWTH_MIB} MiB"));
        }
    }
    Ok((figures, failures))
}

/// Sends one request alone and says what is sent and what comes.
pub(crate) fn only(setup: &Setup, seed: u64, number: u64) -> Result<String> {
    let mut worker = Worker::start(setup, seed, "fuzz-only".to_owned())?;
    let case = worker.generator.case(number, signing_date()?);
    let answer = match worker.send(&case) {
        Ok(answers) => {
            answers.iter().map(|answer| format!("{} {}\n", answer.status, answer.text())).collect()
        }
        Err(what) => format!("FAIL: {what}\n"),
    };
    let fit = worker.emulator.check().err().unwrap_or_default();
    Ok(format!("{:?}, {} bytes: {}\n{answer}{fit}", case.kind, case.bytes.len(), case.bytes.escape_ascii()))
}

impl<'a> Worker<'a> {
    fn start(setup: &'a Setup, seed: u64, name: String) -> Result<Self> {
        let emulator = setup.start(&name)?;
        let failed = |error: sdk_hmac_sha256::KeyError| error.to_string();
        let right = Credentials::new(ACCESS_KEY, SECRET_KEY).map_err(failed)?;
        let wrong = Credentials::new(WRONG_ACCESS_KEY, WRONG_SECRET_KEY).map_err(failed)?;
        let mut kept = Kept::new(emulator.addr, DEADLINE);
        let mut ids = Vec::new();
        for list in ["users", "groups"] {
            let request = wire::signed(&right, signing_date()?, "GET", &format!("/v3/{list}"), &[], b"");
            let answer = kept.exchange(&request.unwrap_or_default())?.json();
            let all = answer[list].as_array().ok_or_else(|| format!("no {list}: {answer}"))?;
            ids.extend(all.iter().filter_map(|one| one["id"].as_str()).map(str::to_owned));
        }
        let snapshot = kept.exchange(&wire::get("/_emulator/snapshot"))?.json();
        let generator = Generator { seed, right, wrong, ids, snapshot };
        Ok(Self { setup, name, emulator, kept, generator, outcome: Outcome::default() })
    }

    /// Every so manieth request, beginning with `first`.
    fn all(&mut self, extent: Extent, first: u64, done: &AtomicU64, bar: &ProgressBar) -> Result<()> {
        let (mut count, mut tenth) = (0, None);
        for number in (first..extent.requests).step_by(usize::try_from(extent.emulators).unwrap_or(1)) {
            let case = self.generator.case(number, signing_date()?);
            let sent = self.send(&case).map(|answers| self.outcome.count(case.kind, &answers));
            let fit = self.emulator.check();
            // A panic says more than a connection that has ended by it.
            let wrong: Vec<_> = [sent, fit].into_iter().filter_map(Result::err).collect();
            if !wrong.is_empty() {
                self.fail(extent.seed, number, &case, &wrong.join("; "))?;
                if self.outcome.failures.len() >= MOST_FAILURES {
                    return Ok(());
                }
            }
            count += 1;
            if count % RESET_EVERY == 0
                && let Err(what) = self.reset()
            {
                self.fail(extent.seed, number, &case, &format!("after it, {what}"))?;
            }
            if number >= extent.requests / 10 && tenth.is_none() {
                tenth = self.emulator.memory();
            }
            let all = done.fetch_add(1, Ordering::Relaxed);
            if all.is_multiple_of(500) {
                bar.set_position(all);
            }
        }
        self.reset()?;
        self.outcome.memory = tenth.zip(self.emulator.memory()).map(|(first, last)| (first.now, last.now));
        Ok(())
    }

    /// Sends a request. Its answers, or what is wrong with them.
    fn send(&mut self, case: &Case) -> Result<Vec<Answer>> {
        let answers = if case.kind.is_framed() {
            vec![self.kept.exchange(&case.bytes)?]
        } else {
            Connection::open(self.emulator.addr, DEADLINE)?.pour(&case.bytes)?
        };
        if let Some(fault) = answers.iter().find_map(Answer::fault) {
            return Err(fault);
        }
        let was_taken = case.kind == Kind::Own
            && case.bytes.starts_with(b"POST ")
            && answers.first().is_some_and(|answer| answer.status == 200);
        if was_taken {
            self.outcome.taken += 1;
            self.probe(case.bytes.starts_with(b"POST /_emulator/faults"))?;
            self.reset()?;
        }
        Ok(answers)
    }

    /// All operations, in a world that was changed.
    fn probe(&mut self, under_fault: bool) -> Result<()> {
        let mut requests = self.generator.right_ones(signing_date()?);
        requests.extend(
            ["manager", "snapshot", "faults", "clock"].map(|own| wire::get(&format!("/_emulator/{own}"))),
        );
        for request in requests {
            let within = if under_fault { UNDER_FAULT } else { DEADLINE };
            let answer = wire::once(self.emulator.addr, &request, within);
            if under_fault {
                continue;
            }
            let told = |what: &str| format!("after it was taken, {what}, for {}", request.escape_ascii());
            if let Some(fault) = answer.map_err(|what| told(&what))?.fault() {
                return Err(told(&fault));
            }
        }
        Ok(())
    }

    fn reset(&mut self) -> Result<()> {
        let answer = self.kept.exchange(&wire::post("/_emulator/reset", b""))?;
        if answer.status == 200 { Ok(()) } else { Err(format!("reset: {} {}", answer.status, answer.text())) }
    }

    /// Keeps a failure, and goes on with another emulator.
    fn fail(&mut self, seed: u64, number: u64, case: &Case, what: &str) -> Result<()> {
        let shown = case.bytes.get(..MOST_SHOWN).unwrap_or(&case.bytes).escape_ascii();
        self.outcome.failures.push(format!(
            "--seed {seed} --only {number} ({:?}): {what}; {} bytes: {shown}",
            case.kind,
            case.bytes.len()
        ));
        self.emulator = self.setup.start(&self.name)?;
        self.kept = Kept::new(self.emulator.addr, DEADLINE);
        Ok(())
    }
}

impl Outcome {
    fn count(&mut self, kind: Kind, answers: &[Answer]) {
        let status = answers.iter().find(|answer| answer.status >= 200).map_or(0, |answer| answer.status);
        *self.answers.entry((kind, status / 100)).or_default() += 1;
        if kind.is_signed() {
            self.signed += 1;
            self.refused += u64::from(status == 401);
        }
    }

    fn add(&mut self, other: Self) {
        for (key, count) in other.answers {
            *self.answers.entry(key).or_default() += count;
        }
        self.signed += other.signed;
        self.refused += other.refused;
        self.taken += other.taken;
        self.failures.extend(other.failures);
    }

    /// Answers by sort of request.
    fn shown(&self) -> String {
        let mut kinds = BTreeMap::<Kind, Vec<String>>::new();
        for ((kind, hundreds), count) in &self.answers {
            let status = if *hundreds == 0 { "none".to_owned() } else { format!("{hundreds}xx") };
            kinds.entry(*kind).or_default().push(format!("{status} {count}"));
        }
        let lines: Vec<_> =
            kinds.iter().map(|(kind, counts)| format!("{kind:?}: {}", counts.join(", "))).collect();
        lines.join("; ")
    }
}
