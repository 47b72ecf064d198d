//! Command line that synchronizes IAM users and groups to the Manager of a Huawei Cloud MRS cluster.

mod args;
mod commands;
mod context;
#[cfg(feature = "emulator")]
mod emulated;
mod error;
mod exit;
mod help;
mod interrupt;
mod logging;
mod names_file;
mod output;
mod progress;
mod results;
mod settings;
mod text;

use std::ffi::OsString;
use std::future::Future;
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;

use crate::args::{Auth, Cli, Command, Globals};
use crate::error::{CliError, Result};
use crate::exit::Exit;
use crate::interrupt::Progressing;
use crate::output::{Format, Output};
use crate::settings::{environment, variable};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let exit = match Cli::try_parse_from(&arguments) {
        Ok(cli) => run(cli),
        Err(error) => not_parsed(&error, &arguments),
    };
    exit.into()
}

fn run(cli: Cli) -> Exit {
    let detailed = matches!(&cli.command, Command::Plan(flags) if flags.detailed_exitcode);
    let (output, result) = match settings::output(&cli.globals) {
        Ok(output) => {
            logging::start(output);
            (output, dispatch(cli.command, &cli.globals, output))
        }
        Err(error) => (plain(cli.globals.output.unwrap_or_default()), Err(error)),
    };
    match result {
        Ok(exit) => exit,
        Err(error) => {
            output.error(&error);
            // 2 says that there is something to do, then.
            if detailed { Exit::Failed } else { error.exit }
        }
    }
}

/// What can be checked, read or asked without the service comes first, and without a runtime.
fn dispatch(command: Command, globals: &Globals, output: Output) -> Result<Exit> {
    let stage = Progressing::default();
    let done = match command {
        Command::Plan(flags) => {
            let fleet = flags.fleet.read()?;
            return runtime()?.block_on(interrupt::guard(&stage, flags.run(globals, output, fleet)));
        }
        Command::Apply(flags) => {
            let order = flags.order()?;
            return runtime()?.block_on(flags.run(globals, output, order));
        }
        Command::Sync(flags) => {
            context::cluster_ref(&flags.target)?;
            let selection = flags.select(output)?;
            guarded(&stage, flags.run(globals, output, selection, &stage))
        }
        Command::Cancel(flags) => {
            context::cluster_ref(&flags.target)?;
            let names = flags.select(output)?;
            guarded(&stage, flags.run(globals, output, names, &stage))
        }
        Command::List(target) => guarded(&stage, commands::list::run(&target, globals, output)),
        Command::Status(target) => guarded(&stage, commands::status::run(&target, globals, output)),
        Command::Clusters(service) => guarded(&stage, commands::clusters::run(&service, globals, output)),
        Command::Projects(flags) => guarded(&stage, commands::projects::run(&flags, globals, output)),
        Command::Api(flags) => {
            let request = flags.request()?;
            guarded(&stage, flags.run(globals, output, request, &stage))
        }
        Command::Auth(Auth::Status) => commands::auth::status(globals, output),
        #[cfg(feature = "emulator")]
        Command::Emulator(flags) => runtime()?.block_on(commands::emulator::run(flags, output)),
        #[cfg(feature = "explorer")]
        Command::Explorer(flags) => runtime()?.block_on(commands::explorer::run(flags, globals, output)),
        Command::Reference => commands::reference::run(output),
        Command::Schema(flags) => commands::schema::run(flags.name, output),
        Command::Completion(flags) => commands::completion::run(flags.shell, output),
        Command::Man(flags) => commands::man::run(&flags, output),
    };
    done.map(|()| Exit::Done)
}

fn guarded(stage: &Progressing, work: impl Future<Output = Result<()>>) -> Result<()> {
    runtime()?.block_on(interrupt::guard(stage, work))
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::io("the runtime cannot be started", &error))
}

/// Help, version, or a command line that is wrong.
fn not_parsed(error: &clap::Error, arguments: &[OsString]) -> Exit {
    let output = plain(args::format_of_broken(arguments, environment(variable::OUTPUT).as_deref()));
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A reader that is gone is no failure.
            let _ = error.print();
            return Exit::Done;
        }
        _ if output.format == Format::Table => {
            let _ = error.print();
        }
        kind => {
            let text = error.to_string();
            let mut parts = text.split("\n\n");
            let message = match kind {
                ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "no command is given",
                _ => parts.next().unwrap_or_default().trim().trim_start_matches("error: "),
            };
            let error = CliError::usage(message.split_whitespace().collect::<Vec<_>>().join(" "));
            output.error(&error.with_hint("mrs-iam-sync --help shows how it is used"));
        }
    }
    // 2 says that there is something to do, where this is asked for.
    let detailed = arguments.iter().any(|argument| argument == "--detailed-exitcode");
    if detailed { Exit::Failed } else { Exit::Usage }
}

fn plain(format: Format) -> Output {
    Output { format, quiet: false, verbose: 0 }
}
