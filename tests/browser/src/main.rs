//! What `cargo xtask browser` runs: the explorer on its emulator and the published reference, in a real browser.
//!
//! Each check has a browser and an explorer of its own, and passes only when the browser has asked nobody but this
//! explorer (or the files of the reference), no policy was broken, and the console is empty.

mod course;
mod explorer;
mod findings;
mod page;
mod process;
mod reference;
mod typing;
mod watch;
mod weight;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::findings::Accepted;
use crate::page::{Look, Outcome, Page, file};
use crate::process::{Driver, Explorer};
use crate::watch::Allowed;
use crate::weight::{Weighed, weigh};

/// For a whole check. One that hangs is ended, and its browser with it.
const DEADLINE: Duration = Duration::from_secs(180);

/// Opens explorer and reference in a browser.
#[derive(Debug, Parser)]
struct Cli {
    /// The command line, whose `explorer` is opened
    #[arg(long)]
    program: PathBuf,
    #[arg(long)]
    chromium: PathBuf,
    #[arg(long)]
    chromedriver: PathBuf,
    /// axe-core's script; without it nothing is looked at for accessibility
    #[arg(long)]
    axe: Option<PathBuf>,
    /// Folder of the published reference
    #[arg(long)]
    docs: PathBuf,
    /// Findings of axe-core that are accepted
    #[arg(long)]
    accepted: PathBuf,
    /// Folder for pictures
    #[arg(long)]
    pictures: PathBuf,
    /// Run only the checks whose names have these words
    #[arg(long)]
    only: Vec<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Cli::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // A closed stderr leaves nobody to tell.
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A thing to look at.
#[derive(Debug, Clone, Copy)]
enum Check {
    Watch,
    Arrival,
    WrongId,
    Running,
    Samples,
    Signature,
    Question,
    Links,
    Dark,
    Keyboard,
    Pasting,
    Table,
    Quotes,
    TypedId,
    LongLink,
    WrongLink,
    OlderService,
    /// Whether there are credentials, where nobody answers.
    Fate(bool),
    Focus,
    NoSample,
    Back,
    ExplorerLooks(Look),
    ReferenceLooks(&'static str, Look),
    Weight,
}

impl Check {
    fn all() -> Vec<Self> {
        let mut all = vec![
            Self::Watch,
            Self::Arrival,
            Self::WrongId,
            Self::Running,
            Self::Samples,
            Self::Signature,
            Self::Question,
            Self::Links,
            Self::Dark,
            Self::Keyboard,
            Self::Pasting,
            Self::Table,
            Self::Quotes,
            Self::TypedId,
            Self::LongLink,
            Self::WrongLink,
            Self::OlderService,
            Self::Fate(false),
            Self::Fate(true),
            Self::Focus,
            Self::NoSample,
            Self::Back,
        ];
        all.extend(Look::ALL.map(Self::ExplorerLooks));
        for page in [reference::PLAIN, reference::RICH] {
            all.extend(Look::ALL.map(|look| Self::ReferenceLooks(page, look)));
        }
        all.push(Self::Weight);
        all
    }

    fn name(self) -> String {
        let name = match self {
            Self::Watch => "what must not be is seen",
            Self::Arrival => "user1 is synchronized, arrives, and is removed again",
            Self::WrongId => "a wrong id is explained",
            Self::Running => "a running synchronization is explained",
            Self::Samples => "samples of each language are shown and copied",
            Self::Signature => "the signature is shown, and no secret",
            Self::Question => "a write asks first",
            Self::Links => "a link opens what it was copied from",
            Self::Dark => "it is dark when the system is, or as chosen",
            Self::Keyboard => "a synchronization by keyboard alone",
            Self::Pasting => "pasted names go where the caret is",
            Self::Table => "a table is taken at once, and what is wrong with it told",
            Self::Quotes => "quotes are told to be part of a name",
            Self::TypedId => "an id is looked up once it is typed",
            Self::LongLink => "a link says what it leaves out",
            Self::WrongLink => "names of a link are checked like typed ones",
            Self::OlderService => "names are looked for where nobody tells whether it runs",
            Self::Fate(false) => "what was not sent is called so",
            Self::Fate(true) => "what may have been sent is said to have no answer",
            Self::Focus => "the focus stays where something was pressed",
            Self::NoSample => "no sample is copied where there is none",
            Self::Back => "back and forth between operations",
            Self::ExplorerLooks(look) => return format!("explorer, {}", look.name()),
            Self::ReferenceLooks(page, look) => return format!("{page}, {}", look.name()),
            Self::Weight => "weights",
        };
        name.to_owned()
    }
}

/// What all checks need.
struct Ground<'a> {
    cli: &'a Cli,
    driver: Driver,
    axe: Option<String>,
    docs: PathBuf,
    accepted: Vec<Accepted>,
}

/// What the checks have come to.
#[derive(Default)]
struct Sum {
    passed: usize,
    failed: usize,
    requests: usize,
    /// Accepted findings that were found, by number.
    used: Vec<usize>,
}

/// Whether everything passed.
async fn run(cli: &Cli) -> Result<bool, String> {
    let read = |file: &PathBuf| {
        std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
    };
    let failed = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    std::fs::create_dir_all(&cli.pictures).map_err(|error| failed(&cli.pictures, error))?;
    let ground = Ground {
        cli,
        driver: Driver::start(&cli.chromedriver).await?,
        axe: cli.axe.as_ref().map(read).transpose()?,
        docs: std::path::absolute(&cli.docs).map_err(|error| failed(&cli.docs, error))?,
        accepted: findings::accepted(&cli.accepted)?,
    };
    let mut checks = Check::all();
    checks.retain(|check| {
        cli.only.is_empty() || cli.only.iter().any(|words| check.name().contains(words.as_str()))
    });
    if checks.is_empty() {
        return Err(format!("--only: no check is called so; there are: {}", names()));
    }
    let mut sum = Sum::default();
    for check in &checks {
        // Ctrl-C ends browser and explorer before this program.
        let outcome = tokio::select! {
            outcome = checked(&ground, *check, &mut sum) => outcome,
            _ = tokio::signal::ctrl_c() => return Err("interrupted".to_owned()),
        };
        match outcome {
            Ok(figures) => {
                sum.passed += 1;
                say(&format!("PASS  {}{}", check.name(), indented(&figures)))?;
            }
            Err(complaints) => {
                sum.failed += 1;
                say(&format!("FAIL  {}{}", check.name(), indented(&complaints)))?;
            }
        }
    }
    conclude(&ground, &mut sum, checks.len() == Check::all().len())
}

/// What is told in the end.
fn conclude(ground: &Ground<'_>, sum: &mut Sum, whole: bool) -> Result<bool, String> {
    say(&format!("\n{} requests, all to the explorer or to files of the reference", sum.requests))?;
    let mut used = std::mem::take(&mut sum.used);
    used.sort_unstable();
    used.dedup();
    if ground.axe.is_none() {
        say("axe-core: SKIPPED, it is not installed")?;
    } else if whole && sum.failed == 0 {
        for line in findings::stale(&ground.accepted, &used) {
            sum.failed += 1;
            say(&format!("FAIL  {line}"))?;
        }
    }
    for it in used.iter().filter_map(|&number| ground.accepted.get(number)) {
        say(&format!("accepted: {it}"))?;
    }
    say(&format!("pictures are in {}", ground.cli.pictures.display()))?;
    say(&format!("\n{} passed, {} failed", sum.passed, sum.failed))?;
    Ok(sum.failed == 0)
}

fn names() -> String {
    Check::all().into_iter().map(Check::name).collect::<Vec<_>>().join("; ")
}

fn say(text: &str) -> Result<(), String> {
    writeln!(std::io::stdout(), "{text}").map_err(|error| format!("cannot write: {error}"))
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("\n      {line}")).collect()
}

/// Runs one check, and then looks at what the browser did meanwhile.
async fn checked(ground: &Ground<'_>, check: Check, sum: &mut Sum) -> Outcome<String> {
    let cli = ground.cli;
    let explorer = match check {
        Check::OlderService => Explorer::on_an_older_service(&cli.program).await?,
        Check::Fate(credentials) => Explorer::on_nothing(&cli.program, credentials).await?,
        _ => Explorer::start(&cli.program).await?,
    };
    let page = Page::open(&ground.driver.url, &cli.chromium, &cli.pictures, ground.axe.as_deref()).await?;
    let outcome = match tokio::time::timeout(DEADLINE, looked(ground, check, &page, &explorer, sum)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(format!("not done within {} s", DEADLINE.as_secs())),
    };
    if outcome.is_err() {
        // To be looked at; whether it can be taken or not changes nothing.
        let _ = page.picture(&format!("failed-{}", check.name().replace([' ', ',', '.'], "-"))).await;
    }
    let seen = page.close().await?;
    sum.requests += seen.requests.len();
    let complaints = seen.complaints(&allowed(ground, check, &explorer));
    match outcome {
        Ok(figures) if complaints.is_empty() => Ok(figures),
        Ok(_) => Err(complaints.join("\n")),
        Err(why) => Err([vec![why], complaints].concat().join("\n")),
    }
}

fn allowed(ground: &Ground<'_>, check: Check, explorer: &Explorer) -> Allowed {
    match check {
        Check::ReferenceLooks(..) => Allowed::Folder(ground.docs.clone()),
        _ => Allowed::Origin(explorer.entrance.clone()),
    }
}

async fn looked(
    ground: &Ground<'_>,
    check: Check,
    page: &Page,
    explorer: &Explorer,
    sum: &mut Sum,
) -> Outcome<String> {
    let entrance = &explorer.entrance;
    match check {
        Check::ReferenceLooks(name, look) => {
            let used =
                reference::fits_and_can_be_read(page, &ground.docs, name, look, &ground.accepted).await?;
            sum.used.extend(used);
            return Ok(String::new());
        }
        Check::Weight => return weights(ground, page, entrance, sum).await,
        // No cluster is chosen there.
        Check::Fate(credentials) => {
            course::tells_what_became_of_it(page, entrance, credentials).await?;
            return Ok(String::new());
        }
        Check::ExplorerLooks(look) => page.look(look).await?,
        _ => {}
    }
    explorer::open(page, entrance).await?;
    match check {
        Check::Watch => explorer::would_be_seen(page, entrance).await,
        Check::Arrival => explorer::sees_user1_arrive(page).await,
        Check::WrongId => explorer::explains_a_wrong_id(page).await,
        Check::Running => explorer::explains_a_running_synchronization(page).await,
        Check::Samples => explorer::copies_samples_of_each_language(page).await,
        Check::Signature => explorer::shows_the_signature_and_no_secret(page, entrance).await,
        Check::Question => explorer::asks_before_it_writes(page).await,
        Check::Links => explorer::opens_links(page, entrance).await,
        Check::Dark => explorer::is_dark_at_night(page).await,
        Check::Keyboard => explorer::needs_no_mouse(page).await,
        Check::Pasting => typing::pastes_where_the_caret_is(page).await,
        Check::Table => typing::takes_large_tables_at_once(page).await,
        Check::Quotes => typing::says_what_is_part_of_a_name(page).await,
        Check::TypedId => typing::looks_an_id_up_once_it_is_typed(page).await,
        Check::LongLink => typing::tells_what_a_link_leaves_out(page).await,
        Check::WrongLink => typing::checks_names_of_links(page).await,
        Check::OlderService => course::looks_for_names_where_nobody_tells(page).await,
        Check::Focus => course::keeps_the_focus(page).await,
        Check::NoSample => course::copies_no_sample_where_there_is_none(page).await,
        Check::Back => course::goes_back_and_forth(page).await,
        Check::ExplorerLooks(look) => explorer::fits_and_can_be_read(page, look).await,
        Check::Fate(_) | Check::ReferenceLooks(..) | Check::Weight => Ok(()),
    }?;
    Ok(String::new())
}

/// Weighs each page. Weights are bounded; times are told.
async fn weights(ground: &Ground<'_>, page: &Page, entrance: &url::Url, sum: &mut Sum) -> Outcome<String> {
    let (rich, files) = file(&ground.docs.join(reference::RICH))?;
    let (plain, _) = file(&ground.docs.join(reference::PLAIN))?;
    let pages = [
        Weighed {
            name: "explorer",
            address: entrance,
            allowed: Allowed::Origin(entrance.clone()),
            operation: "UpdateSyncIamUser",
            limit: 125_000,
        },
        Weighed {
            name: reference::RICH,
            address: &rich,
            allowed: files.clone(),
            operation: "Synchronize IAM users and user groups",
            limit: 5_400_000,
        },
        Weighed {
            name: reference::PLAIN,
            address: &plain,
            allowed: files,
            operation: "UpdateSyncIamUser",
            limit: 260_000,
        },
    ];
    let (mut figures, mut complaints) = (Vec::new(), Vec::new());
    for weighed in &pages {
        let weight = weigh(page, weighed).await?;
        sum.requests += weight.requests;
        let compressed = weight.compressed.map(|bytes| format!(", {} compressed", kilobytes(bytes)));
        let (median, slowest) = weight.shown;
        figures.push(format!(
            "{}: {} in {} requests{}; first operation after {} ms (slowest {} ms)",
            weighed.name,
            kilobytes(weight.bytes),
            weight.requests,
            compressed.unwrap_or_default(),
            median.as_millis(),
            slowest.as_millis(),
        ));
        if weight.bytes > weighed.limit || weight.bytes == 0 {
            complaints.push(format!("{} may weigh {}", weighed.name, kilobytes(weighed.limit)));
        }
    }
    if complaints.is_empty() {
        Ok(figures.join("\n"))
    } else {
        Err([figures, complaints].concat().join("\n"))
    }
}

fn kilobytes(bytes: u64) -> String {
    format!("{:.1} kB", bytes as f64 / 1000.0)
}
