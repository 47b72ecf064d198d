//! `reference`, hidden: what `--help` says of every command, for programs that write documentation.

use std::collections::BTreeMap;

use clap::{Arg, ArgAction, CommandFactory as _};
use schemars::Schema;
use serde::Serialize;

use crate::args::Cli;
use crate::commands::schema;
use crate::error::Result;
use crate::exit::Exit;
use crate::help;
use crate::output::Output;

/// Columns of the help texts, whatever terminal it runs in.
const WIDTH: usize = 100;

#[derive(Debug, Serialize)]
struct Reference {
    name: String,
    version: String,
    /// The program itself first, then each command that `--help` shows, those of a command after it.
    commands: Vec<Entry>,
    exit_codes: Vec<ExitCode>,
    variables: Vec<Variable>,
    /// What `schema NAME` prints, by name.
    schemas: BTreeMap<String, Schema>,
}

#[derive(Debug, Serialize)]
struct Entry {
    /// As it is typed, the program's name included.
    name: String,
    about: String,
    /// Options and arguments of its own, without those that every command takes.
    options: Vec<CommandOption>,
    /// What `--help` prints.
    help: String,
}

#[derive(Debug, Serialize)]
struct CommandOption {
    /// `--output`, or the name of an argument that has no dashes.
    name: String,
    short: Option<String>,
    value: Option<String>,
    help: String,
    default: Option<String>,
    values: Vec<String>,
    required: bool,
    repeatable: bool,
    /// Whether every command takes it.
    global: bool,
}

#[derive(Debug, Serialize)]
struct ExitCode {
    code: u8,
    meaning: &'static str,
}

#[derive(Debug, Serialize)]
struct Variable {
    /// Those that mean the same, or that belong together.
    names: Vec<String>,
    meaning: String,
    /// The option that it stands for.
    option: Option<String>,
}

/// # Errors
/// When stdout cannot be written to.
pub(crate) fn run(output: Output) -> Result<()> {
    output.json(&reference())
}

fn reference() -> Reference {
    let mut program = Cli::command().term_width(WIDTH);
    // Hands the global options down, and the full names.
    program.build();
    let mut commands = Vec::new();
    collect(&mut program, &mut commands);
    let global = program.get_arguments().filter(|option| option.is_global_set());
    let mut variables: Vec<Variable> = global.filter_map(variable).collect();
    variables.extend(help::VARIABLES.iter().map(|(names, meaning)| Variable {
        names: names.split(", ").map(str::to_owned).collect(),
        meaning: (*meaning).to_owned(),
        option: None,
    }));
    let exit_codes = Exit::ALL.iter().map(|exit| ExitCode { code: exit.code(), meaning: exit.meaning() });
    Reference {
        name: program.get_name().to_owned(),
        version: program.get_version().unwrap_or_default().to_owned(),
        commands,
        exit_codes: exit_codes.collect(),
        variables,
        schemas: schema::all().into_iter().collect(),
    }
}

fn collect(command: &mut clap::Command, into: &mut Vec<Entry>) {
    let is_program = into.is_empty();
    let own = command.get_arguments().filter(|option| is_program || !option.is_global_set());
    let options = own.filter(|option| !option.is_hide_set()).map(described).collect();
    into.push(Entry {
        name: command.get_bin_name().unwrap_or_else(|| command.get_name()).to_owned(),
        about: command.get_about().map(ToString::to_string).unwrap_or_default(),
        options,
        help: command.render_long_help().to_string(),
    });
    for inner in command.get_subcommands_mut().filter(|inner| !inner.is_hide_set()) {
        collect(inner, into);
    }
}

fn described(option: &Arg) -> CommandOption {
    let takes_value = option.get_action().takes_values();
    let value = option.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
    let values = if takes_value { option.get_possible_values() } else { Vec::new() };
    let defaults = option.get_default_values().iter().map(|value| value.to_string_lossy());
    CommandOption {
        name: option.get_long().map_or_else(|| option.get_id().to_string(), |long| format!("--{long}")),
        short: option.get_short().map(|short| format!("-{short}")),
        value: value.filter(|_| takes_value),
        help: parts(option).0,
        default: defaults.map(String::from).next().filter(|_| takes_value),
        values: values.iter().map(|value| value.get_name().to_owned()).collect(),
        required: option.is_required_set(),
        repeatable: matches!(option.get_action(), ArgAction::Append | ArgAction::Count),
        global: option.is_global_set(),
    }
}

/// The variables that stand for an option, if there are any.
fn variable(option: &Arg) -> Option<Variable> {
    let (meaning, names) = parts(option);
    let names = names?;
    // What stands behind a `=` says which values there are.
    let bare = |name: &str| name.split('=').next().unwrap_or(name).to_owned();
    Some(Variable {
        names: names.split(", ").map(bare).collect(),
        meaning,
        option: option.get_long().map(|long| format!("--{long}")),
    })
}

/// The help of an option, and what its mark `[env: …]` has.
fn parts(option: &Arg) -> (String, Option<String>) {
    let help = option.get_long_help().or_else(|| option.get_help());
    let help = help.map(ToString::to_string).unwrap_or_default();
    match help.rsplit_once("[env: ").and_then(|(text, mark)| Some((text, mark.strip_suffix(']')?))) {
        Some((text, names)) => (text.trim().to_owned(), Some(names.to_owned())),
        None => (help, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::variable as names;

    #[test]
    fn every_variable_that_is_read_is_listed() {
        let reference = reference();
        let listed: Vec<&str> =
            reference.variables.iter().flat_map(|variable| &variable.names).map(String::as_str).collect();
        let single = [
            names::ENDPOINT,
            names::PROFILE,
            names::METADATA,
            names::OUTPUT,
            names::QUIET,
            names::VERBOSE,
            names::TIMEOUT,
            names::WAIT_TIMEOUT,
            names::MAX_ATTEMPTS,
            names::NO_RATE_LIMIT,
            names::CA_FILE,
        ];
        let several = [names::IAM_ENDPOINT, names::REGION, names::PROJECT_ID].concat();
        for name in single.into_iter().chain(several) {
            assert!(listed.contains(&name), "{name} is not among {listed:?}");
        }
        assert!(listed.iter().all(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_')));
    }

    #[test]
    fn an_option_is_told_apart_from_its_variable() {
        let reference = reference();
        let program = &reference.commands[0];
        let region = program.options.iter().find(|option| option.name == "--region").unwrap();
        assert_eq!(region.help, "Region of the cluster, cn-north-4 for example");
        assert_eq!((region.value.as_deref(), region.global), (Some("REGION"), true));
        let sync = reference.commands.iter().find(|command| command.name == "mrs-iam-sync sync").unwrap();
        assert!(sync.options.iter().any(|option| option.name == "--user" && option.repeatable));
        assert!(sync.options.iter().all(|option| option.name != "--region"));
    }
}
