//! `cargo xtask soak`: the emulator as a process of its own, under load, fuzzed and killed, and fleets whose process is.
//!
//! What drives it is a program too (`xtask/soak`), which is built here together with the emulator: once as it is
//! released, and once fast with all assertions, among them the one that holds each answer to the documents.

use std::path::Path;
use std::process::Command;

use crate::bench::{BenchError, programs};

/// How much is run.
#[derive(Debug, clap::Args)]
pub struct Extent {
    /// How much of the whole (a million requests of each sort, 100 kills, 50 of `apply`), above 0 and up to 1.
    #[arg(long, default_value_t = 1.0)]
    pub share: f64,
    /// What the fuzz and the moments of kills follow from; another one each time unless given.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Send this one request of the fuzz and show what comes, instead of all that.
    #[arg(long, requires = "seed")]
    pub only: Option<u64>,
    /// Run this part only: starts, large, load, fuzz, kill or fleet. May be given several times.
    #[arg(long = "part", value_parser = ["starts", "large", "load", "fuzz", "kill", "fleet"])]
    pub parts: Vec<String>,
}

/// Why nothing could be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SoakError {
    /// A program could not be built.
    #[error(transparent)]
    Build(#[from] BenchError),
    /// The driver could not be started.
    #[error("the driver does not start: {0}")]
    Start(std::io::Error),
}

/// Builds and runs everything; whether all of it passed. The driver prints.
///
/// # Errors
/// When something cannot be built or started.
pub fn run(root: &Path, extent: &Extent) -> Result<bool, SoakError> {
    // One after the other: built together, each would get the features that the other wants of a dependency.
    let released = programs::built(root, "mrs-iam-sync-cli", "release")?;
    let asserting = programs::built(root, "mrs-iam-sync-cli", "soak")?;
    let driver = programs::built(root, "soak", "release")?;
    let mut command = Command::new(driver);
    command.arg("--released").arg(released).arg("--asserting").arg(asserting);
    command.args(arguments(extent));
    Ok(command.status().map_err(SoakError::Start)?.success())
}

fn arguments(extent: &Extent) -> Vec<String> {
    let numbers = [("--seed", extent.seed), ("--only", extent.only)];
    let numbers = numbers.into_iter().filter_map(|(name, number)| Some((name, number?.to_string())));
    let parts = extent.parts.iter().map(|part| ("--part", part.clone()));
    let share = [("--share", extent.share.to_string())];
    share.into_iter().chain(numbers).chain(parts).flat_map(|(name, value)| [name.to_owned(), value]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_passed_on() {
        let all =
            Extent { share: 0.05, seed: Some(7), only: Some(3), parts: vec!["kill".into(), "fuzz".into()] };
        assert_eq!(arguments(&all).join(" "), "--share 0.05 --seed 7 --only 3 --part kill --part fuzz");
        let none = Extent { share: 1.0, seed: None, only: None, parts: Vec::new() };
        assert_eq!(arguments(&none), ["--share", "1"]);
    }
}
