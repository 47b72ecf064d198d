//! What `plan` and `apply` have in common: the fleet, its accounts, and how clusters are told.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

use mrs_iam_sync::{ClientBuilder, Error, NameLists, RateLimits};
use mrs_iam_sync_fleet::{
    ClusterKey, ClusterPlan, Connect, Failure, Fleet, HeldBack, PlanOptions, Run, Target, Verdict,
};
use sha2::{Digest as _, Sha256};

use crate::args::{self, FleetOptions, Globals, Shard};
use crate::context;
use crate::error::{CliError, Result};
use crate::exit::Exit;
use crate::output::Output;
use crate::{settings, text};

/// Names of one list that are shown; the JSON has all.
const SHOWN: usize = 50;

impl args::Fleet {
    /// Reads the fleet; sends nothing.
    pub(crate) fn read(&self) -> Result<Fleet> {
        let fleet = match &self.file {
            Some(path) => Fleet::read(path)?,
            None if !self.from_iam.is_empty() => Fleet::from_iam(&self.from_iam, &self.clusters)?,
            None => {
                return Err(CliError::usage("which clusters are meant is not said").with_hint(
                    "give a fleet file with -f, or --from-iam with --cluster; examples/fleet.yaml is one to begin with",
                ));
            }
        };
        Ok(match self.shard {
            // Only a share of the quota lets an account be split.
            Some(shard) if self.quota_share.is_none() => fleet.with_accounts(|account| shard.has(account)),
            _ => fleet,
        })
    }

    /// Whether a cluster falls to this program.
    pub(crate) fn has(&self, cluster: &ClusterKey) -> bool {
        match (self.shard, self.quota_share, &cluster.cluster_id) {
            (Some(shard), Some(_), Some(id)) => shard.has(id),
            (Some(shard), None, _) => shard.has(cluster.target.account()),
            _ => true,
        }
    }
}

impl Shard {
    /// Whether a name falls to it: the same on each machine and with each version.
    fn has(self, name: &str) -> bool {
        let hash = Sha256::digest(name.as_bytes());
        let number = hash.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        number % u64::from(self.of) == u64::from(self.part)
    }
}

impl From<&FleetOptions> for PlanOptions {
    fn from(flags: &FleetOptions) -> Self {
        Self::default().prune(flags.prune).resync(flags.resync).max_removals(flags.max_removals)
    }
}

/// The clients of all targets, as flags, variables, files and the fleet say.
#[derive(Clone)]
pub(crate) struct Accounts(Arc<Ready>);

struct Ready {
    accounts: HashMap<Target, Account>,
    emulated: bool,
    #[cfg(feature = "emulator")]
    _emulator: Option<mrs_iam_sync_emulator::Emulator>,
}

/// How a target is reached.
#[derive(Clone)]
struct Account {
    /// What tells it from others: an access key that several profiles have is one account.
    name: String,
    builder: ClientBuilder,
    /// The IAM user that the credentials belong to, where they tell.
    user: Option<String>,
}

impl Accounts {
    /// Of these targets. What is wrong with any of them is said before anything is sent.
    pub(crate) async fn new<'a>(
        flags: &args::Fleet,
        globals: &Globals,
        output: Output,
        targets: impl Iterator<Item = &'a Target>,
    ) -> Result<Self> {
        let concurrency = usize::from(flags.concurrency);
        #[cfg(feature = "emulator")]
        if flags.service.emulated {
            let (emulator, builder) = crate::emulated::start(globals).await?;
            output.say(crate::emulated::NOTICE);
            let builder = builder.with_max_connections(concurrency);
            let targets: Vec<&Target> = targets.collect();
            if targets.iter().any(|target| **target != Target::default()) {
                output.note("note: profiles, regions, projects and endpoints of the file are not used with --emulated.");
            }
            let account = Account { name: "emulated".to_owned(), builder, user: None };
            let accounts = targets.into_iter().map(|target| (target.clone(), account.clone())).collect();
            return Ok(Self(Arc::new(Ready { accounts, emulated: true, _emulator: Some(emulator) })));
        }
        let _ = output;
        let targets: Vec<&Target> = targets.collect();
        let without = targets.iter().filter(|target| target.project_id.is_none());
        let regions: BTreeSet<&str> = without.filter_map(|target| target.region.as_deref()).collect();
        if regions.len() > 1 && settings::Address::new(globals)?.project_id.is_some() {
            let regions: Vec<&str> = regions.into_iter().take(5).collect();
            let message = format!("one project is given for several regions: {}", regions.join(", "));
            return Err(CliError::usage(message).with_hint(
                "a project belongs to a region: without --project-id and its variables each is looked up by its region's name; or give `project_id` in the file",
            ));
        }
        let mut limits: HashMap<String, RateLimits> = HashMap::new();
        let mut accounts = HashMap::new();
        for target in targets {
            let at = |error: CliError| error.at(&format!("account {}", target.account()));
            let globals = of_target(globals, target).map_err(at)?;
            let prepared = context::prepared(&globals).map_err(at)?;
            let name = prepared.access_key.unwrap_or_else(|| target.account().to_owned());
            let mut builder = prepared.builder;
            if !settings::is_unlimited(&globals) {
                let shared = limits.entry(name.clone()).or_insert_with(|| match flags.quota_share {
                    Some(parts) => RateLimits::with_share(1.0 / f64::from(parts)),
                    None => RateLimits::new(),
                });
                builder = builder.with_rate_limits(shared.clone());
            }
            let builder = builder.with_max_connections(concurrency);
            accounts.insert(target.clone(), Account { name, builder, user: prepared.user });
        }
        Ok(Self(Arc::new(Ready {
            accounts,
            emulated: false,
            #[cfg(feature = "emulator")]
            _emulator: None,
        })))
    }

    /// Whether this program is the service.
    pub(crate) fn emulated(&self) -> bool {
        self.0.emulated
    }

    /// A run of their clusters.
    pub(crate) fn run(&self, flags: &args::Fleet, globals: &Globals, options: PlanOptions) -> Result<Run> {
        Ok(Run::new(self.clone())
            .with_options(options)
            .with_concurrency(usize::from(flags.concurrency))
            .with_wait_timeout(settings::wait_timeout(globals)?))
    }
}

impl Connect for Accounts {
    fn builder(&self, target: &Target) -> Result<ClientBuilder, Error> {
        self.0.accounts.get(target).map(|account| account.builder.clone()).ok_or_else(|| {
            Error::no_credentials(format!("nothing is known of the account {}", target.account()), None)
        })
    }

    fn account(&self, target: &Target) -> String {
        self.0
            .accounts
            .get(target)
            .map_or_else(|| target.account().to_owned(), |account| account.name.clone())
    }

    fn caller(&self, target: &Target) -> Option<String> {
        self.0.accounts.get(target).and_then(|account| account.user.clone())
    }
}

/// The flags as they are for a target. What the file says wins over variables; flags are not to contradict it, as
/// either would go unseen.
///
/// # Errors
/// When they do, or when requests would go elsewhere than a variable says.
fn of_target(globals: &Globals, target: &Target) -> Result<Globals> {
    let mut globals = globals.clone();
    for (flag, given, value) in [
        ("--profile", &mut globals.profile, &target.profile),
        ("--project-id", &mut globals.project_id, &target.project_id),
        ("--iam-endpoint", &mut globals.iam_endpoint, &target.iam_endpoint),
        ("--region", &mut globals.region, &target.region),
        ("--endpoint", &mut globals.endpoint, &target.endpoint),
    ] {
        let Some(value) = value else { continue };
        let alike = |given: &String| given.trim_end_matches('/') == value.trim_end_matches('/');
        if let Some(given) = given.as_ref().filter(|given| !alike(given)) {
            return Err(CliError::usage(format!("{flag} is {given}, and the file says {value}"))
                .with_hint("leave one of the two out"));
        }
        *given = Some(value.clone());
    }
    let variable = settings::variable::ENDPOINT;
    if let (Some(region), None, Some(endpoint)) =
        (&target.region, &globals.endpoint, settings::environment(variable))
    {
        return Err(CliError::usage(format!(
            "{variable} is {endpoint}, and the file says the region {region}, which has an endpoint of its own"
        ))
        .with_hint(format!("give --endpoint {endpoint} to send all of it there, or unset {variable}")));
    }
    Ok(globals)
}

/// A cluster's plan, for people.
pub(crate) fn plan_text(plan: &ClusterPlan) -> String {
    let title = text::line(&title(&plan.cluster));
    let (there, others) = (plan.unchanged.len(), plan.unlisted.len());
    let mut rest = vec![format!("{} as they are", text::count(there, "name"))];
    if !plan.brought_along.is_empty() {
        rest.push(format!("{} came along with users", text::count(plan.brought_along.len(), "group")));
    }
    if others > 0 {
        rest.push(format!("{others} not listed"));
    }
    let rest = rest.join(", ");
    let mut text = match plan.verdict {
        Verdict::InLine => return held(plan, format!("= {title}: in line with IAM; {rest}\n")),
        Verdict::Stale => {
            // Somebody else's roles, where nobody of the file is there.
            let what = match plan.unchanged.is_empty() {
                true => {
                    "the service reports that it is not in line with IAM, and nobody who is listed is there"
                }
                false => "the service reports that it is not in line with IAM, and `resync` says never",
            };
            return held(plan, format!("? {title}: {what}; {rest}\n"));
        }
        Verdict::Unknown => {
            let what = match (&plan.doubt, plan.in_line_with_iam) {
                (Some(_), _) => "who belongs on it is not known",
                (None, None) => "the service cannot tell whether roles are up to date",
                (None, Some(_)) => "the service did not tell everything",
            };
            return held(plan, format!("? {title}: {what}; {rest}\n"));
        }
        Verdict::Refused => {
            let needed = plan.needs_max_removals.unwrap_or_default();
            format!(
                "! {title}: {needed} removals, more than are allowed (--max-removals {needed} allows them)\n"
            )
        }
        _ => format!("~ {title}\n"),
    };
    if plan.all {
        let _ = writeln!(text, "    + everyone in IAM is synchronized");
    }
    for (sign, why, names) in
        [("+", "", &plan.add), ("~", "  (again)", &plan.resync), ("-", "  (removed)", &plan.remove)]
    {
        names_text(&mut text, sign, why, names);
    }
    if !plan.resync.is_empty() && plan.in_line_with_iam == Some(false) {
        let _ = writeln!(
            text,
            "      the service reports that the cluster is not in line with IAM: roles may be stale"
        );
    }
    let _ = writeln!(text, "      {rest}");
    held(plan, text)
}

/// With who is not removed, and why.
fn held(plan: &ClusterPlan, mut text: String) -> String {
    if let Some(doubt) = &plan.doubt {
        let _ = writeln!(text, "    ! {}", text::line(doubt));
    }
    held_text(&mut text, &plan.held_back);
    text
}

/// Names, a line each.
pub(crate) fn names_text(text: &mut String, sign: &str, why: &str, names: &NameLists) {
    for (kind, list) in [("user", &names.users), ("group", &names.groups)] {
        for name in list.iter().take(SHOWN) {
            let _ = writeln!(text, "    {sign} {kind:<5} {}{why}", text::line(name));
        }
        if let Some(more) = list.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            let _ = writeln!(
                text,
                "    {sign} and {}; -o json has all",
                text::count(more, &format!("more {kind}"))
            );
        }
    }
}

/// Who is not removed, and why.
pub(crate) fn held_text(text: &mut String, held: &[HeldBack]) {
    for held in held.iter().take(SHOWN) {
        let (name, why) = (text::line(&held.name), text::line(&held.why));
        let _ = writeln!(text, "    ! {:<5} {name}  stays: {why}", held.kind);
    }
    if let Some(more) = held.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let _ = writeln!(text, "    ! and {more} more stay; -o json has all");
    }
}

/// A cluster that could not be looked at, or failed, for people.
pub(crate) fn failure_text(cluster: &ClusterKey, failure: &Failure) -> String {
    let id = failure.request_id.as_ref().map(|id| format!(" (request id {id})")).unwrap_or_default();
    let mut shown = format!("! {}\n", text::line(&format!("{}: {}{id}", title(cluster), failure.message)));
    if let Some(hint) = &failure.hint {
        let _ = writeln!(shown, "      hint: {}", text::line(hint));
    }
    shown
}

/// What people call a cluster, with its account and region where the file says them.
pub(crate) fn title(cluster: &ClusterKey) -> String {
    let Target { profile, region, .. } = &*cluster.target;
    let place: Vec<&str> = [profile, region].into_iter().flatten().map(String::as_str).collect();
    match place.as_slice() {
        [] => cluster.title(),
        place => format!("{} in {}", cluster.title(), place.join("/")),
    }
}

/// The exit code of a run in which not all went well: what all failed with, where nothing went well, and else that
/// part of it failed.
#[derive(Debug, Default)]
pub(crate) struct Verdicts {
    pub(crate) good: usize,
    bad: usize,
    exits: BTreeSet<u8>,
    last: Option<Exit>,
}

impl Verdicts {
    pub(crate) fn bad(&mut self, exit: Exit) {
        self.bad += 1;
        self.exits.insert(exit.code());
        self.last = Some(exit);
    }

    /// The error, unless all went well.
    pub(crate) fn end(&self, what: &str, hint: &str) -> Result<()> {
        let Some(last) = self.last else {
            return Ok(());
        };
        let exit = if self.good == 0 && self.exits.len() == 1 { last } else { Exit::Partly };
        let all = self.good + self.bad;
        let message = format!("{} of {}: {what}", self.bad, text::count(all, "cluster"));
        Err(CliError::new(exit, "partly", message).with_hint(hint))
    }
}

/// The exit code that a failure on a single cluster stands for.
pub(crate) fn exit_of(failure: &Failure) -> Exit {
    match failure.kind.as_str() {
        "invalid_input" | "too_many_removals" => Exit::Usage,
        "credentials" | "authentication" | "permission" => Exit::Denied,
        "sync_running" | "throttled" | "unavailable" | "connection" | "timeout" => Exit::Unavailable,
        _ => Exit::Failed,
    }
}
