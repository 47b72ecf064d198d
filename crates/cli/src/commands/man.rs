//! `man`.

use clap::CommandFactory as _;
use clap_mangen::Man;

use crate::args::{Cli, Man as Flags};
use crate::error::{CliError, Result};
use crate::output::Output;

pub(crate) fn run(flags: &Flags, output: Output) -> Result<()> {
    let failed = |error| CliError::io("the manual cannot be written", &error);
    match &flags.directory {
        Some(directory) => clap_mangen::generate_to(Cli::command(), directory).map_err(failed),
        None => {
            let mut page = Vec::new();
            Man::new(Cli::command()).render(&mut page).map_err(failed)?;
            output.data(&page)
        }
    }
}
