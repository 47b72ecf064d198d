//! `cargo xtask`: the workspace's own commands.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Commands that maintain this workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure what calls cost and how fleets keep to their limits; fail when a number does not hold.
    Bench {
        #[command(flatten)]
        options: xtask::bench::Options,
    },
    /// Open the explorer and the published reference in a browser: what they do, whom they ask, how they look, what they weigh.
    Browser {
        #[command(flatten)]
        options: xtask::browser::Options,
    },
    /// Write the client and the contract's facts from openapi/*.yaml.
    Codegen {
        /// Change nothing; fail when a committed file is not what the documents generate.
        #[arg(long)]
        check: bool,
    },
    /// Have the official SDKs, and ours, witness that the emulator answers as documented.
    Conformance {
        /// Only these witnesses: rust, python, go, java, node, sample-LANGUAGE, readme, schemathesis, spectral, redocly, oasdiff.
        #[arg(long, value_name = "NAMES", value_delimiter = ',')]
        only: Vec<String>,
        /// Fail when one of them cannot be had here.
        #[arg(long)]
        require_all: bool,
    },
    /// Write what is published in docs/api from openapi/*.yaml and the command line.
    Docs {
        /// Change nothing; fail when a published file is not what is generated, or is missing or stray.
        #[arg(long)]
        check: bool,
    },
    /// Say what a change of the documents does to those who built on them; fail when it breaks something.
    ///
    /// What is meant to break is acknowledged, with a reason, in openapi/diff/acknowledged.yaml.
    Diff {
        /// A released version or a revision of git; the last released version unless given.
        base: Option<String>,
    },
    /// Freeze the documents as they are under docs/api/vX.Y.Z, and go on with the next version.
    Release {
        /// X.Y.Z, later than the last one.
        version: String,
        /// Day for the changelog, as YYYY-MM-DD; today, in UTC, unless given.
        #[arg(long)]
        day: Option<String>,
    },
    /// Check the documents against the workspace's rules.
    Lint {
        /// List the rules instead.
        #[arg(long)]
        list: bool,
    },
    /// Soak the emulator and fleets: load, fuzz, kills, starts; fail when they lose, leak, hang or panic.
    Soak {
        #[command(flatten)]
        extent: xtask::soak::Extent,
    },
    /// Run every test of the workspace.
    Test {
        /// Passed on to `cargo test`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    let root = workspace_root();
    let mut out = std::io::stdout().lock();
    let result = match Cli::parse().command {
        Command::Bench { options } if options.sizes => {
            xtask::bench::sizes(&root, &mut out).map_err(|error| error.to_string())
        }
        Command::Bench { options } => match xtask::bench::run(&root, &options, &mut out) {
            Ok(true) => Ok(()),
            Ok(false) => Err("a number does not hold".to_owned()),
            Err(error) => Err(error.to_string()),
        },
        Command::Browser { options } => match xtask::browser::run(&root, &options) {
            Ok(true) => Ok(()),
            Ok(false) => Err("not all is as it should be in a browser".to_owned()),
            Err(error) => Err(error.to_string()),
        },
        Command::Codegen { check } => {
            xtask::codegen::run(&root, check, &mut out).map_err(|error| error.to_string())
        }
        Command::Conformance { only, require_all } => {
            let options = xtask::conformance::Options { only, require_all };
            match xtask::conformance::run(&root, &options, &mut out) {
                Ok(true) => Ok(()),
                Ok(false) => Err("a witness disagrees, or cannot be heard".to_owned()),
                Err(error) => Err(error.to_string()),
            }
        }
        Command::Docs { check } => {
            xtask::docs::run(&root, check, &mut out).map_err(|error| error.to_string())
        }
        Command::Diff { base } => match xtask::diff::run(&root, base.as_deref(), &mut out) {
            Ok(true) => Ok(()),
            Ok(false) => Err(format!("what breaks is acknowledged in {}", xtask::diff::ACKNOWLEDGED)),
            Err(error) => Err(error.to_string()),
        },
        Command::Release { version, day } => release(&root, &version, day, &mut out),
        Command::Lint { list: true } => xtask::lint::list(&mut out).map_err(|error| error.to_string()),
        Command::Lint { list: false } => match xtask::lint::run(&root, &mut out) {
            Ok(true) => Ok(()),
            Ok(false) => Err("the documents break rules; `cargo xtask lint --list` explains each".to_owned()),
            Err(error) => Err(error.to_string()),
        },
        Command::Soak { extent } => match xtask::soak::run(&root, &extent) {
            Ok(true) => Ok(()),
            Ok(false) => Err("a part did not pass".to_owned()),
            Err(error) => Err(error.to_string()),
        },
        Command::Test { arguments } => xtask::test::run(&root, &arguments).map_err(|error| error.to_string()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // A closed stderr leaves nobody to tell.
            let _ = writeln!(std::io::stderr(), "error: {message}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "what day it is when nobody says another one")]
fn release(root: &Path, version: &str, day: Option<String>, out: &mut dyn Write) -> Result<(), String> {
    let day = day.unwrap_or_else(|| jiff::Timestamp::now().strftime("%Y-%m-%d").to_string());
    let program = xtask::docs::describe(root).map_err(|error| error.to_string())?;
    xtask::release::run(root, version, &day, &program, out).map_err(|error| error.to_string())
}

fn workspace_root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_path_buf()
}
