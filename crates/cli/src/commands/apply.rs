//! `apply`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};
use std::time::Duration;

use futures_util::StreamExt as _;
use mrs_iam_sync::{MachineTime, NameLists, Time as _};
use mrs_iam_sync_fleet::{ClusterReport, Fleet, Jobs, Memory, PlanOptions, Planned, Run, Status, Stop};
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::{Apply, Globals};
use crate::commands::fleet::{self, Accounts, Verdicts};
use crate::commands::metrics::{Metrics, Server};
use crate::commands::plan::{self, Shown};
use crate::commands::write;
use crate::error::{CliError, Result};
use crate::exit::Exit;
use crate::interrupt;
use crate::output::{Format, Output};
use crate::progress::Bars;
use crate::text;

/// The service locks an access key for so long after five refused signatures in a row. Rounds refused for it are
/// no closer together, so that they never make five of them.
const LOCK: Duration = Duration::from_secs(5 * 60);

/// A line of `apply -o json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "apply")]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ApplyLine<'a> {
    /// What became of one cluster; one for each, as they come.
    Cluster {
        /// Present, and true, when nothing real was changed.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        emulated: bool,
        #[serde(flatten)]
        report: &'a ClusterReport,
    },
    /// What became of all; the last line, with `--every` the last of each round.
    Summary {
        /// Present, and true, when nothing real was changed.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        emulated: bool,
        #[serde(flatten)]
        summary: &'a Summary,
    },
}

/// What became of all clusters.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub(crate) struct Summary {
    /// Clusters by their status.
    clusters: BTreeMap<&'static str, usize>,
    /// Writes that the service accepted.
    writes: u64,
    /// Names that arrived.
    added: u64,
    /// Names that were synchronized again.
    resynced: u64,
    /// Names that were removed.
    removed: u64,
    /// From the beginning to the end, in seconds.
    seconds: f64,
    /// Whether a signal ended it before all clusters were done.
    interrupted: bool,
}

impl Summary {
    fn count(&mut self, report: &ClusterReport) {
        *self.clusters.entry(report.status.as_str()).or_default() += 1;
        self.writes += u64::from(report.writes);
        let length = |names: &NameLists| u64::try_from(names.len()).unwrap_or(u64::MAX);
        self.added += length(&report.added);
        self.resynced += length(&report.resynced);
        self.removed += length(&report.removed);
    }

    /// Clusters with a status for which `of` says so.
    pub(crate) fn clusters(&self, of: impl Fn(Status) -> bool) -> usize {
        Status::ALL.into_iter().filter(|status| of(*status)).map(|status| self.of(status)).sum()
    }

    pub(crate) fn of(&self, status: Status) -> usize {
        self.clusters.get(status.as_str()).copied().unwrap_or_default()
    }

    pub(crate) fn writes(&self) -> u64 {
        self.writes
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.seconds
    }

    fn text(&self) -> String {
        let all = self.clusters(|_| true);
        let mut text = format!("{}: ", text::count(all, "cluster"));
        let states: Vec<String> = Status::ALL
            .into_iter()
            .filter(|status| self.of(*status) > 0)
            .map(|status| format!("{} {}", self.of(status), status.as_str().replace('_', " ")))
            .collect();
        text.push_str(&if states.is_empty() { "none".to_owned() } else { states.join(", ") });
        let _ = write!(
            text,
            "; {} added, {} synchronized again, {} removed with {} in {:.1} s.",
            self.added,
            self.resynced,
            self.removed,
            text::count(usize::try_from(self.writes).unwrap_or(usize::MAX), "write"),
            self.seconds
        );
        text
    }
}

/// What is to be carried out.
pub(crate) enum Order {
    /// Whatever turns out to be needed.
    Fleet(Fleet),
    /// Just this, which somebody has seen.
    Planned(Vec<Planned>),
}

impl Apply {
    /// Reads files, sends nothing.
    pub(crate) fn order(&self) -> Result<Order> {
        if let Some(path) = &self.plan {
            let plan = plan::read(path)?;
            #[cfg(feature = "emulator")]
            let emulated = self.fleet.service.emulated;
            #[cfg(not(feature = "emulator"))]
            let emulated = false;
            if plan.emulated != emulated {
                let message = match plan.emulated {
                    true => "the plan was made on an emulated service, and this is not to be one",
                    false => "the plan was made on the service, and this is to be an emulated one",
                };
                return Err(CliError::usage(message).with_hint("make the plan and apply it on the same one"));
            }
            return Ok(Order::Planned(plan.planned()));
        }
        let fleet = self.fleet.read()?;
        let can_ask = io::stdin().is_terminal() && io::stderr().is_terminal();
        if !self.yes && !can_ask {
            return Err(CliError::usage("without a terminal nobody can be asked whether to go on")
                .with_hint("--yes goes on without asking; `plan` shows what would be done, and `apply --plan` does it"));
        }
        Ok(Order::Fleet(fleet))
    }

    pub(crate) async fn run(self, globals: &Globals, output: Output, order: Order) -> Result<Exit> {
        let mut signals = Signals::new()?;
        let stage = signals.first();
        let all = async {
            let accounts = match &order {
                Order::Fleet(fleet) => {
                    Accounts::new(&self.fleet, globals, output, fleet.targets().into_iter()).await?
                }
                Order::Planned(planned) => {
                    let targets = planned.iter().map(|planned| &*planned.cluster().target);
                    Accounts::new(&self.fleet, globals, output, targets).await?
                }
            };
            let order = match order {
                // What is agreed to is what is done, whatever happens meanwhile.
                Order::Fleet(fleet) if !self.yes => {
                    Order::Planned(self.ask(globals, output, &accounts, &fleet).await?)
                }
                order => order,
            };
            Ok::<_, CliError>((accounts, order))
        };
        let (accounts, order) = tokio::select! {
            ready = all => ready?,
            exit = stage => return Err(CliError::new(exit, "interrupted", "interrupted; nothing was changed")),
        };
        match self.every {
            Some(every) => self.watch(every, globals, output, &accounts, &order, signals).await,
            None => {
                let mut round = Round::new(output, accounts.emulated());
                let run = accounts.run(&self.fleet, globals, self.plan_options())?;
                let has = |cluster: &_| self.fleet.has(cluster);
                let summary = round.run(run, &order, &mut signals, has).await?;
                round.end(&summary, signals.came())
            }
        }
    }

    fn plan_options(&self) -> PlanOptions {
        PlanOptions::from(&self.options)
    }

    /// Shows what would be done, asks, and returns it.
    async fn ask(
        &self,
        globals: &Globals,
        output: Output,
        accounts: &Accounts,
        fleet: &Fleet,
    ) -> Result<Vec<Planned>> {
        let run = accounts.run(&self.fleet, globals, self.plan_options())?;
        // What is asked about is for people; the result comes later.
        let mut shown = Shown::for_a_question(output, self.plan_options(), accounts.emulated())?;
        let jobs = run.find(fleet).await?.keep(|cluster| self.fleet.has(cluster));
        let mut seen = Vec::with_capacity(jobs.len());
        {
            let mut plans = std::pin::pin!(run.plan(jobs));
            while let Some(planned) = plans.next().await {
                shown.one(&planned)?;
                seen.push(planned);
            }
        }
        let (totals, _) = shown.end()?;
        if totals.change > 0 {
            output.say(&format!("Change {}?", text::count(totals.change, "cluster")));
            write::agreed(output).await?;
        }
        Ok(seen)
    }

    /// Again and again, until a signal comes.
    async fn watch(
        &self,
        every: Duration,
        globals: &Globals,
        output: Output,
        accounts: &Accounts,
        order: &Order,
        mut signals: Signals,
    ) -> Result<Exit> {
        let metrics = Metrics::default();
        let _server = match self.metrics {
            Some(address) => Some(Server::start(address, metrics.clone(), output).await?),
            None => None,
        };
        let memory = Memory::default();
        for number in 1_u64.. {
            let began = MachineTime.monotonic();
            let run = accounts.run(&self.fleet, globals, self.plan_options())?.with_memory(memory.clone());
            let mut round = Round::new(output, accounts.emulated());
            let result = round.run(run, order, &mut signals, |cluster| self.fleet.has(cluster)).await;
            metrics.round(result.as_ref().ok());
            // A tenth more or less, so that many that were started together do not stay in step.
            let mut rest = every.mul_f64(0.9 + 0.2 * fastrand::f64()).saturating_sub(since(began));
            if round.refused {
                rest = rest.max(LOCK);
            }
            if signals.came().is_some() {
                return result.and_then(|summary| round.end(&summary, signals.came()));
            }
            let health = match &result {
                Ok(summary) => summary.text(),
                Err(error) => format!("failed: {}", error.message()),
            };
            if !output.quiet {
                output.say(&format!("round {number}: {health} Next in {:.0} s.", rest.as_secs_f64()));
            }
            match result {
                Ok(_) => {}
                // What is wrong from the start is not mended by waiting; what was right may be again.
                Err(error) if number == 1 && error.exit == Exit::Usage => return Err(error),
                Err(error) => output.error(&error),
            }
            tokio::select! {
                () = tokio::time::sleep(rest) => {}
                exit = signals.first() => {
                    return Err(CliError::new(exit, "interrupted", "interrupted between two rounds"));
                }
            }
        }
        Ok(Exit::Done)
    }
}

fn since(began: Duration) -> Duration {
    MachineTime.monotonic().saturating_sub(began)
}

/// SIGINT and SIGTERM: the first asks to stop, the second stops.
pub(crate) struct Signals {
    next: std::pin::Pin<Box<dyn Future<Output = Exit>>>,
    came: Option<Exit>,
}

impl Signals {
    fn new() -> Result<Self> {
        Ok(Self { next: Box::pin(watched()?), came: None })
    }

    /// The next one; may be dropped and called again without losing any.
    async fn first(&mut self) -> Exit {
        let exit = self.next.as_mut().await;
        self.came.get_or_insert(exit);
        // Those that come from now on; watching cannot fail where it worked before.
        if let Ok(next) = watched() {
            self.next = Box::pin(next);
        }
        exit
    }

    fn came(&self) -> Option<Exit> {
        self.came
    }
}

fn watched() -> Result<impl Future<Output = Exit>> {
    interrupt::signals().map_err(|error| CliError::io("signals cannot be watched", &error))
}

/// One pass over all clusters.
struct Round {
    output: Output,
    emulated: bool,
    verdicts: Verdicts,
    /// Whether credentials were refused.
    refused: bool,
}

impl Round {
    fn new(output: Output, emulated: bool) -> Self {
        Self { output, emulated, verdicts: Verdicts::default(), refused: false }
    }

    async fn run(
        &mut self,
        run: Run,
        order: &Order,
        signals: &mut Signals,
        has: impl Fn(&mrs_iam_sync_fleet::ClusterKey) -> bool,
    ) -> Result<Summary> {
        let (began, stop) = (MachineTime.monotonic(), Stop::new());
        let bars = Bars::new(self.output);
        let run = run.with_stop(stop.clone()).on_event(bars.listener());
        let jobs = match order {
            Order::Fleet(fleet) => {
                tokio::select! {
                    jobs = run.find(fleet) => jobs?,
                    _ = signals.first() => Jobs::from_iter([]),
                }
            }
            Order::Planned(planned) => planned.iter().cloned().collect(),
        };
        let jobs = jobs.keep(has);
        bars.all(jobs.len());
        let (mut summary, mut unwritten) = (Summary::default(), None);
        let mut reports = std::pin::pin!(run.apply(jobs));
        let asked = signals.came().is_some();
        loop {
            tokio::select! {
                report = reports.next() => match report {
                    Some(report) => {
                        summary.count(&report);
                        self.refused |= report.error.as_ref().is_some_and(|error| error.kind == "authentication");
                        match exit_of(&report) {
                            Some(exit) => self.verdicts.bad(exit),
                            None => self.verdicts.good += 1,
                        }
                        if let Err(error) = bars.one(|| self.show(&report)) {
                            // Nobody would know what became of the others.
                            stop.request();
                            unwritten.get_or_insert(error);
                        }
                    }
                    None => break,
                },
                exit = signals.first() => {
                    if stop.is_requested() || asked {
                        let running = bars.running();
                        drop(bars);
                        return Err(cut_off(exit, &running));
                    }
                    stop.request();
                    bars.say(
                        "stopping: what has been sent is followed to its end, nothing more is sent; \
                         a second signal stops at once",
                    );
                }
            }
        }
        drop(bars);
        if let Some(error) = unwritten {
            return Err(error);
        }
        summary.interrupted = signals.came().is_some();
        summary.seconds = (since(began).as_secs_f64() * 1000.0).round() / 1000.0;
        match self.output.format {
            Format::Json => self.line(&ApplyLine::Summary { emulated: self.emulated, summary: &summary })?,
            Format::Table => self.output.data(format!("{}\n", summary.text()).as_bytes())?,
        }
        Ok(summary)
    }

    fn show(&self, report: &ClusterReport) -> Result<()> {
        match self.output.format {
            Format::Json => self.line(&ApplyLine::Cluster { emulated: self.emulated, report }),
            Format::Table => self.output.data(report_text(report).as_bytes()),
        }
    }

    fn line(&self, line: &ApplyLine<'_>) -> Result<()> {
        let text = serde_json::to_string(line)
            .map_err(|error| CliError::io("the result cannot be written as JSON", &error))?;
        self.output.data(format!("{}\n", text::json(&text)).as_bytes())
    }

    /// The exit code that the summary stands for.
    fn end(&self, summary: &Summary, signal: Option<Exit>) -> Result<Exit> {
        if let Some(exit) = signal {
            let open = summary.of(Status::NotStarted);
            let message = match (open, summary.writes) {
                (0, 0) => "interrupted; nothing was changed".to_owned(),
                (0, _) => "interrupted; each cluster is told above".to_owned(),
                _ => format!("interrupted; {} left as they were", text::count(open, "cluster")),
            };
            return Err(CliError::new(exit, "interrupted", message)
                .with_hint("run it again: it goes on where it was"));
        }
        self.verdicts.end("not as the file says", "each is told above; run it again when that is mended")?;
        Ok(Exit::Done)
    }
}

/// The exit code that a cluster's report stands for, unless it is good.
fn exit_of(report: &ClusterReport) -> Option<Exit> {
    match (report.status, &report.error) {
        (status, _) if status.is_good() => None,
        (Status::Partly, _) => Some(Exit::Partly),
        (Status::Unfinished, _) => Some(Exit::Unfinished),
        (_, Some(failure)) => Some(fleet::exit_of(failure)),
        _ => Some(Exit::Failed),
    }
}

/// Stopped while synchronizations ran.
fn cut_off(exit: Exit, running: &[String]) -> CliError {
    let error = CliError::new(
        exit,
        "interrupted",
        format!(
            "interrupted; {} being synchronized, which goes on there",
            text::count(running.len(), "cluster")
        ),
    );
    let first: Vec<&str> = running.iter().take(5).map(String::as_str).collect();
    let hint = match first.as_slice() {
        [] => "run it again: it goes on where it was".to_owned(),
        first => format!("run it again: it goes on where it was. Among them: {}", first.join(", ")),
    };
    error.with_hint(hint)
}

/// What became of a cluster, for people; nothing when nothing was to be done.
fn report_text(report: &ClusterReport) -> String {
    let title = text::line(&fleet::title(&report.cluster));
    let mut out = String::new();
    match (report.status, &report.error) {
        _ if report.rests => {
            let _ = writeln!(out, "? {title}: nothing was sent, as the same was sent before to no avail");
        }
        (Status::Unchanged, _) if report.in_line_with_iam == Some(false) => {
            let _ = writeln!(
                out,
                "? {title}: nothing was sent, although the service reports that it is not in line with IAM"
            );
        }
        (Status::Unchanged, _) if report.held_back.is_empty() => return out,
        (Status::Unchanged, _) => {
            let _ = writeln!(out, "= {title}");
        }
        (Status::NoCluster, _) => return format!("  {title}: no cluster has them\n"),
        // What is wrong with them is told once, at the cluster that showed it.
        (Status::NotStarted, Some(_)) => {
            return format!("! {title}: not started: the credentials of its account cannot be used\n");
        }
        (_, Some(failure)) => out.push_str(&fleet::failure_text(&report.cluster, failure)),
        (Status::NotStarted, None) => {
            let _ = writeln!(out, "! {title}: stopped before its turn");
        }
        (Status::Unfinished, None) => {
            let _ = writeln!(out, "! {title}: accepted, but not finished after {:.1} s", report.seconds);
        }
        (status, None) => {
            let sign = if status == Status::Applied { "~" } else { "!" };
            let _ = writeln!(out, "{sign} {title}: {} in {:.1} s", status.as_str(), report.seconds);
        }
    }
    if report.all {
        let _ = writeln!(out, "    + everyone in IAM was synchronized");
    }
    for (sign, why, names) in [
        ("+", "", &report.added),
        ("~", "  (again)", &report.resynced),
        ("-", "  (removed)", &report.removed),
        ("!", "  is not there", &report.missing),
        ("!", "  is still there", &report.left),
    ] {
        fleet::names_text(&mut out, sign, why, names);
    }
    if !report.brought_along.is_empty() {
        let _ = writeln!(out, "      {} came along", text::count(report.brought_along.len(), "group"));
    }
    if let Some(doubt) = &report.doubt {
        let _ = writeln!(out, "    ! {}", text::line(doubt));
    }
    fleet::held_text(&mut out, &report.held_back);
    if report.status == Status::Applied && report.in_line_with_iam == Some(false) {
        let _ = writeln!(
            out,
            "      the service still reports that it is not in line with IAM: others on it may be stale"
        );
    }
    out
}
