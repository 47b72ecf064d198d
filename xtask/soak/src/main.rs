//! What `cargo xtask soak` runs: the emulator as a process of its own, under load, fuzzed and killed, and how long it
//! takes to start; and `apply` with faults in its way and killed.

mod clock;
mod fleet;
mod fuzz;
mod kill;
mod large;
mod load;
mod process;
mod report;
mod starts;
mod wire;
mod world;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

use crate::fuzz::Extent;
use crate::process::Setup;
use crate::report::Row;

/// Requests of each part of the whole.
const REQUESTS: u64 = 1_000_000;
/// Kills of the whole.
const KILLS: u64 = 100;
/// Kills of `apply` of the whole, and however little that is.
const FLEET_KILLS: u64 = 50;
const LEAST_FLEET_KILLS: u64 = 5;
/// Clients at once.
const CLIENTS: usize = world::CLUSTERS;

/// Soaks the emulator.
#[derive(Debug, Parser)]
struct Cli {
    /// The command line, as it is released
    #[arg(long)]
    released: PathBuf,
    /// The command line with assertions
    #[arg(long)]
    asserting: PathBuf,
    /// How much of the whole, above 0 and up to 1
    #[arg(long, default_value_t = 1.0)]
    share: f64,
    /// What the fuzz and the moments of kills follow from
    #[arg(long)]
    seed: Option<u64>,
    /// Send this request of the fuzz alone, and show it
    #[arg(long, requires = "seed")]
    only: Option<u64>,
    /// Run these parts only: starts, large, load, fuzz, kill, fleet
    #[arg(long = "part")]
    parts: Vec<String>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome =
        tempfile::tempdir().map_err(|error| format!("no temporary directory: {error}")).and_then(|folder| {
            end_on_signal(folder.path())?;
            run(&cli, folder.path())
        });
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // A closed stderr leaves nobody to tell.
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything passed.
fn run(cli: &Cli, folder: &Path) -> Result<bool, String> {
    if !(cli.share > 0.0 && cli.share <= 1.0) {
        return Err("--share: above 0 and up to 1 is expected".to_owned());
    }
    let seed = cli.seed.unwrap_or_else(|| fastrand::u64(..1_000_000_000));
    let seed_file = world::write_seed(folder)?;
    let setup = |program: &Path, more: &[&str]| {
        let mut arguments = vec!["--seed".to_owned(), seed_file.display().to_string()];
        arguments.extend(more.iter().map(|&argument| argument.to_owned()));
        Setup { program: program.to_owned(), arguments, folder: folder.to_owned() }
    };
    let plain = setup(&cli.released, &[]);
    let fuzzed = setup(&cli.asserting, &["--sync-duration", "0s", "--virtual-time", "--explain-auth"]);
    let mut out = std::io::stdout();
    let mut say = |text: &str| writeln!(out, "{text}").map_err(|error| format!("cannot write: {error}"));
    if let Some(number) = cli.only {
        say(&fuzz::only(&fuzzed, seed, number)?)?;
        return Ok(true);
    }
    let of = |whole: u64| ((whole as f64 * cli.share).ceil() as u64).max(1);
    let emulators = std::thread::available_parallelism().map_or(1, |cpus| cpus.get().min(4) as u64);
    let extent = Extent { seed, requests: of(REQUESTS), emulators };
    let wanted = |part: &str| cli.parts.is_empty() || cli.parts.iter().any(|known| known == part);
    say(&format!("soak: {} of the whole, seed {seed}", cli.share))?;

    let mut rows = Vec::new();
    if wanted("starts") {
        rows.push(Row::new("start to first answer", starts::run(&plain)));
    }
    if wanted("large") {
        let clusters = of(large::CLUSTERS);
        rows.push(Row::new("large world", large::run(&plain, clusters, folder)));
    }
    for clients in [1, CLIENTS] {
        if wanted("load") {
            let name = format!("load, {clients} client{}", if clients == 1 { "" } else { "s" });
            let bar = bar(&name);
            rows.push(Row::new(name, load::run(&plain, extent.requests, clients, &bar)));
            bar.finish_and_clear();
        }
    }
    if wanted("fuzz") {
        let bar = bar("fuzz");
        rows.push(Row::new("fuzz", fuzz::run(&fuzzed, extent, &bar)));
        bar.finish_and_clear();
    }
    if wanted("kill") {
        let bar = bar("kill");
        rows.push(Row::new("kill -9", kill::run(&plain, seed, of(KILLS), &folder.join("state"), &bar)));
        bar.finish_and_clear();
    }
    if wanted("fleet") {
        let bar = bar("fleet");
        let kills = of(FLEET_KILLS).max(LEAST_FLEET_KILLS);
        rows.push(Row::new("fleet", fleet::run(&plain, seed, kills, folder, &bar)));
        bar.finish_and_clear();
    }
    say(&report::table(&rows))?;
    Ok(rows.iter().all(|row| row.failures.is_empty()))
}

/// Moves on a terminal only.
fn bar(name: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:<20} {wide_bar} {pos}/{len} {per_sec} {eta}");
    let bar = ProgressBar::new(1).with_message(name.to_owned());
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// On Ctrl-C and SIGTERM the emulators and the directory go before this program does.
fn end_on_signal(folder: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("signals cannot be watched: {error}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let folder = folder.to_owned();
    std::thread::spawn(move || {
        runtime.block_on(signal());
        process::kill_all();
        let _ = std::fs::remove_dir_all(folder);
        std::process::exit(130);
    });
    Ok(())
}

async fn signal() {
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = terminate.recv() => return,
            Ok(()) = tokio::signal::ctrl_c() => return,
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
