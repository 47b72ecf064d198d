//! `plan`.

use std::fs::File;
use std::io::{self, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use futures_util::StreamExt as _;
use mrs_iam_sync_fleet::{ClusterKey, ClusterPlan, Failure, Fleet, PlanOptions, Planned, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::args::{Globals, Plan};
use crate::commands::fleet::{self, Accounts, Verdicts};
use crate::error::{CliError, Result};
use crate::exit::Exit;
use crate::output::{Format, Output};
use crate::text;

/// The only version of plans so far.
const VERSION: u32 = 1;

/// Far more than a plan of a hundred thousand clusters. A device may have no end.
const MOST_BYTES: u64 = 1 << 30;

/// What would have to be done: the output of `plan`, and the file of `plan --out`.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[schemars(title = "plan")]
pub(crate) struct PlanDocument {
    /// Version of this format: 1.
    version: u32,
    /// Present, and true, when nothing real was read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) emulated: bool,
    /// What the plan may do besides what the file says.
    options: PlanOptions,
    /// The clusters, in the order of the file.
    pub(crate) clusters: Vec<ClusterPlan>,
    /// Clusters that could not be looked at.
    #[serde(default)]
    failed: Vec<NotPlanned>,
    /// Tags that no cluster has.
    #[serde(default)]
    without_cluster: Vec<ClusterKey>,
    /// All of it counted.
    totals: Totals,
}

/// A cluster that could not be looked at.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub(crate) struct NotPlanned {
    #[serde(flatten)]
    cluster: ClusterKey,
    /// Why.
    error: Failure,
}

/// A plan, counted.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Totals {
    /// Clusters with something to do.
    pub(crate) change: usize,
    /// Clusters that are in line with IAM.
    pub(crate) in_line: usize,
    /// Clusters where nobody is known to be missing, and roles are stale or may be, or where it is in doubt who belongs.
    pub(crate) stale_or_unknown: usize,
    /// Clusters with more removals than are allowed.
    pub(crate) refused: usize,
    /// Clusters that could not be looked at.
    pub(crate) failed: usize,
    /// Names to be synchronized.
    pub(crate) add: usize,
    /// Names to be synchronized again.
    pub(crate) resync: usize,
    /// Names to be removed.
    pub(crate) remove: usize,
}

impl Totals {
    fn count(&mut self, plan: &ClusterPlan) {
        match plan.verdict {
            Verdict::Change => self.change += 1,
            Verdict::InLine => self.in_line += 1,
            Verdict::Refused => self.refused += 1,
            _ => self.stale_or_unknown += 1,
        }
        if plan.changes() {
            self.add += plan.add.len();
            self.resync += plan.resync.len();
            self.remove += plan.remove.len();
        }
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let Self { change, in_line, stale_or_unknown, refused, failed, add, resync, remove } = self;
        let all = change + in_line + stale_or_unknown + refused + failed;
        let mut text = format!(
            "Plan: {change} of {} to change: {add} to add, {resync} to synchronize again, {remove} to remove.",
            text::count(all, "cluster")
        );
        for (number, what) in [
            (*stale_or_unknown, "with roles that may be stale, or in doubt"),
            (*refused, "refused for too many removals"),
            (*failed, "could not be looked at"),
        ] {
            if number > 0 {
                text.push_str(&format!(" {number} {what}."));
            }
        }
        text
    }
}

impl PlanDocument {
    /// Everything that was planned, or could not be.
    pub(crate) fn planned(self) -> Vec<Planned> {
        let plans = self.clusters.into_iter().map(|plan| Planned::Plan(Box::new(plan)));
        let failed =
            self.failed.into_iter().map(|failed| Planned::Failed(failed.cluster, Box::new(failed.error)));
        plans.chain(failed).chain(self.without_cluster.into_iter().map(Planned::NoCluster)).collect()
    }
}

impl Plan {
    /// Whether there is something to do is an exit code of its own with `--detailed-exitcode`.
    pub(crate) async fn run(self, globals: &Globals, output: Output, fleet: Fleet) -> Result<Exit> {
        let accounts = Accounts::new(&self.fleet, globals, output, fleet.targets().into_iter()).await?;
        let options = PlanOptions::from(&self.options);
        let run = accounts.run(&self.fleet, globals, options)?;
        let sink = match &self.out {
            Some(path) => Some(Sink::create(path)?),
            None => None,
        };
        // Before anything is written, since it may end here.
        let jobs = run.find(&fleet).await?.keep(|cluster| self.fleet.has(cluster));
        let mut shown = Shown::new(output, sink, options, accounts.emulated())?;
        let mut plans = std::pin::pin!(run.plan(jobs));
        while let Some(planned) = plans.next().await {
            shown.one(&planned)?;
        }
        let (totals, verdicts) = shown.end()?;
        if let Some(path) = &self.out {
            output.note(&format!(
                "Kept in {0}: carry it out with `mrs-iam-sync apply --plan {0}`.",
                path.display()
            ));
        }
        verdicts.end("no plan, or one that is refused or in doubt", "each is told above")?;
        // The code of a usage error in any other case.
        Ok(if self.detailed_exitcode && totals.change > 0 { Exit::Usage } else { Exit::Done })
    }
}

/// Shows plans as they come, and keeps none of them.
pub(crate) struct Shown {
    output: Output,
    sink: Option<Sink>,
    totals: Totals,
    verdicts: Verdicts,
    failed: Vec<NotPlanned>,
    without_cluster: Vec<ClusterKey>,
    first: bool,
    /// Whether it is shown to be asked about, and no result.
    asks: bool,
}

impl Shown {
    /// To be asked about: for people, and not the command's result.
    pub(crate) fn for_a_question(output: Output, options: PlanOptions, emulated: bool) -> Result<Self> {
        let output = Output { format: Format::Table, ..output };
        Ok(Self { asks: true, ..Self::new(output, None, options, emulated)? })
    }

    pub(crate) fn new(
        output: Output,
        sink: Option<Sink>,
        options: PlanOptions,
        emulated: bool,
    ) -> Result<Self> {
        let mut shown = Self {
            output,
            sink,
            totals: Totals::default(),
            verdicts: Verdicts::default(),
            failed: Vec::new(),
            without_cluster: Vec::new(),
            first: true,
            asks: false,
        };
        let options = json(&options)?;
        let emulated = if emulated { "  \"emulated\": true,\n" } else { "" };
        shown.write(&format!(
            "{{\n  \"version\": {VERSION},\n{emulated}  \"options\": {options},\n  \"clusters\": ["
        ))?;
        Ok(shown)
    }

    pub(crate) fn one(&mut self, planned: &Planned) -> Result<()> {
        match planned {
            Planned::Plan(plan) => {
                self.totals.count(plan);
                match plan.verdict {
                    Verdict::Refused => self.verdicts.bad(Exit::Usage),
                    // Nobody can say that there is nothing to do.
                    _ if plan.doubt.is_some() => self.verdicts.bad(Exit::Partly),
                    _ => self.verdicts.good += 1,
                }
                let comma = if std::mem::take(&mut self.first) { "" } else { "," };
                let one = json(plan)?;
                self.write(&format!("{comma}\n    {one}"))?;
                self.text(|| fleet::plan_text(plan))
            }
            Planned::Failed(cluster, failure) => {
                self.totals.failed += 1;
                self.verdicts.bad(fleet::exit_of(failure));
                self.text(|| fleet::failure_text(cluster, failure))?;
                self.failed.push(NotPlanned { cluster: cluster.clone(), error: (**failure).clone() });
                Ok(())
            }
            Planned::NoCluster(cluster) => {
                self.text(|| format!("  {}: no cluster has them\n", text::line(&fleet::title(cluster))))?;
                self.without_cluster.push(cluster.clone());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn end(mut self) -> Result<(Totals, Verdicts)> {
        let (failed, without) = (json(&self.failed)?, json(&self.without_cluster)?);
        let totals = json(&self.totals)?;
        let end = if self.first { "" } else { "\n  " };
        self.write(&format!(
            "{end}],\n  \"failed\": {failed},\n  \"without_cluster\": {without},\n  \"totals\": {totals}\n}}\n"
        ))?;
        let totals = self.totals;
        self.text(|| format!("{}\n", totals.text()))?;
        if let Some(sink) = self.sink {
            sink.finish()?;
        }
        Ok((totals, self.verdicts))
    }

    /// JSON, to stdout and to the file where they are wanted.
    fn write(&mut self, part: &str) -> Result<()> {
        let part = text::json(part);
        if let Some(sink) = &mut self.sink {
            sink.write(&part)?;
        }
        match self.output.format {
            Format::Json => self.output.data(part.as_bytes()),
            Format::Table => Ok(()),
        }
    }

    fn text(&self, text: impl FnOnce() -> String) -> Result<()> {
        match self.output.format {
            Format::Json => {}
            Format::Table if self.asks => text().lines().for_each(|line| self.output.say(line)),
            Format::Table => self.output.data(text().as_bytes())?,
        }
        Ok(())
    }
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| CliError::io("the plan cannot be written as JSON", &error))
}

/// A file that takes its name when it is whole. What is no file, a pipe or a device, is written as it comes.
pub(crate) struct Sink {
    path: PathBuf,
    /// What becomes the file, and which file that is.
    part: Option<(PathBuf, PathBuf)>,
    file: BufWriter<File>,
}

impl Sink {
    fn create(path: &Path) -> Result<Self> {
        let sink = |part: Option<(PathBuf, PathBuf)>, file| Self {
            path: path.to_owned(),
            part,
            file: BufWriter::new(file),
        };
        let known = std::fs::metadata(path).ok();
        if known.as_ref().is_some_and(std::fs::Metadata::is_dir) {
            return Err(unwritten(path, &io::Error::from(io::ErrorKind::IsADirectory)));
        }
        if known.as_ref().is_some_and(|known| !known.is_file()) {
            let file = File::options().write(true).open(path).map_err(|error| unwritten(path, &error))?;
            return Ok(sink(None, file));
        }
        // What a link leads to is written, not the link.
        let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let mut part = whole.clone().into_os_string();
        part.push(format!(".{}.part", std::process::id()));
        let part = PathBuf::from(part);
        // A run that was killed may have left it.
        let file = File::create(&part).map_err(|error| unwritten(path, &error))?;
        Ok(sink(Some((part, whole)), file))
    }

    fn write(&mut self, text: &str) -> Result<()> {
        self.file.write_all(text.as_bytes()).map_err(|error| unwritten(&self.path, &error))
    }

    fn finish(mut self) -> Result<()> {
        self.file.flush().map_err(|error| unwritten(&self.path, &error))?;
        match self.part.take() {
            Some((part, whole)) => std::fs::rename(&part, whole).map_err(|error| {
                let _ = std::fs::remove_file(&part);
                unwritten(&self.path, &error)
            }),
            None => Ok(()),
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // Not whole: it gets no name.
        if let Some((part, _)) = &self.part {
            let _ = std::fs::remove_file(part);
        }
    }
}

fn unwritten(path: &Path, error: &io::Error) -> CliError {
    CliError::usage(format!("the plan cannot be written to {}", path.display())).with_cause(error)
}

/// Reads a plan that was kept.
pub(crate) fn read(path: &Path) -> Result<PlanDocument> {
    let title = path.display();
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MOST_BYTES).read_to_string(&mut text));
    read.map_err(|error| {
        CliError::usage(format!("the plan {title} cannot be read"))
            .with_cause(&error)
            .with_hint("make one with `mrs-iam-sync plan -f fleet.yaml --out plan.json`")
    })?;
    let plan: PlanDocument = serde_json::from_str(&text).map_err(|error| {
        CliError::usage(format!("{title} is no plan"))
            .with_cause(&error)
            .with_hint("give a file that `plan --out` has written")
    })?;
    let mut known = std::collections::HashSet::new();
    for ClusterPlan { cluster, .. } in &plan.clusters {
        if !known.insert((&cluster.target, &cluster.cluster_id)) {
            return Err(CliError::usage(format!("{title} has the cluster {} twice", cluster.title()))
                .with_hint("make a new plan: somebody has changed this one"));
        }
    }
    if plan.version != VERSION {
        return Err(CliError::usage(format!(
            "{title} is a plan of version {}, which is not known",
            plan.version
        ))
        .with_hint("make a new plan with this program"));
    }
    Ok(plan)
}
