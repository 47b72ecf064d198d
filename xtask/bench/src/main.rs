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
    /// Print what signing the documented example costs, and its bare hashes
    Signer {
        /// How often
        times: u32,
    },
}

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut out = std::io::stdout().lock();
    match Cli::parse().command {
        Command::Server { ca_file } => runtime.block_on(server::run(&ca_file, &mut out))?,
        Command::Call { way, load } => {
            writeln!(out, "cpu_ns_per_call {}", runtime.block_on(calls::run(way, &load))?)?;
        }
        Command::Signer { times } => {
            for (name, nanoseconds) in signer::run(times)? {
                writeln!(out, "{name} {nanoseconds}")?;
            }
        }
    }
    Ok(())
}
