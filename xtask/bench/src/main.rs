//! What `cargo xtask bench` runs as processes of their own, so that a client's CPU time holds nothing of a server.
//! Results are lines of a name and a number, in nanoseconds.

mod calls;
mod server;
mod signer;

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::calls::{Load, Way};

#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer every request; print the URLs for http and https, stop when stdin ends
    Server {
        /// Where to write the certificate that https is served with
        ca_file: PathBuf,
    },
    /// Make calls and print what one of them costs this process
    Call {
        /// How they are made
        #[arg(value_enum)]
        way: Way,
        #[command(flatten)]
        load: Load,
    },
    /// Make all calls at once on one client; print how many were answered, and the most memory that it took
    Burst {
        #[command(flatten)]
        load: Load,
    },
    /// Print what signing the documented example costs, and its bare hashes
    Signer {
        /// How often
        times: u32,
    },
}

/// The most memory that this process has held, in KiB; Linux alone tells.
fn peak() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no peak of memory is told")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut out = std::io::stdout().lock();
    match Cli::parse().command {
        Command::Server { ca_file } => runtime.block_on(server::run(&ca_file, &mut out))?,
        Command::Call { way, load } => {
            writeln!(out, "cpu_ns_per_call {}", runtime.block_on(calls::run(way, &load))?)?;
        }
        Command::Burst { load } => {
            writeln!(out, "answered {}", runtime.block_on(calls::burst(&load))?)?;
            writeln!(out, "peak_kib {}", peak()?)?;
        }
        Command::Signer { times } => {
            for (name, nanoseconds) in signer::run(times)? {
                writeln!(out, "{name} {nanoseconds}")?;
            }
        }
    }
    Ok(())
}
