//! `completion`.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::args::Cli;
use crate::error::Result;
use crate::output::Output;

pub(crate) fn run(shell: Shell, output: Output) -> Result<()> {
    // Into memory first: the generator panics when it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "mrs-iam-sync", &mut script);
    output.data(&script)
}
