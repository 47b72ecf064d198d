//! What `cargo xtask bench` runs for its fleet rows, as processes of their own: a service whose answers take their
//! time, and a client of it. Results are lines of a name and a number.

mod client;
mod clock;
mod server;
mod world;

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a fleet file that has the same people on each of these clusters
    File {
        /// Where to
        path: PathBuf,
        /// Number of the first cluster
        first: usize,
        /// How many
        clusters: usize,
    },
    /// Serve the emulator; print the URL, and what came of it when stdin ends
    Server(server::Options),
    /// Plan or apply a fleet file, and print how long that took and how much memory
    Run(client::Options),
    /// Write at a pace of its own, as somebody else who uses the same quota
    Others(client::Others),
    /// Print how long an answer takes
    Probe {
        /// Host and port
        address: String,
    },
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let numbers = match Cli::parse().command {
        Command::File { path, first, clusters } => {
            std::fs::write(path, world::file(first, clusters))?;
            Vec::new()
        }
        Command::Server(options) => return runtime.block_on(server::run(&options, &mut out)),
        Command::Run(options) => runtime.block_on(client::run(&options))?,
        Command::Others(options) => runtime.block_on(client::others(&options))?,
        Command::Probe { address } => client::probe(&address)?,
    };
    for (name, number) in numbers {
        writeln!(out, "{name} {number}")?;
    }
    Ok(())
}
