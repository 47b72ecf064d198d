//! The command line as its users meet it: exit code, stdout and stderr of the real binary.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "cli/support.rs"]
#[macro_use]
mod support;

#[path = "cli/bad_answers.rs"]
mod bad_answers;
#[path = "cli/bad_input.rs"]
mod bad_input;
#[path = "cli/credentials.rs"]
mod credentials;
#[path = "cli/deploy.rs"]
mod deploy;
#[path = "cli/discovery.rs"]
mod discovery;
#[path = "cli/emulated.rs"]
mod emulated;
#[path = "cli/emulator_state.rs"]
mod emulator_state;
#[path = "cli/explorer.rs"]
mod explorer;
#[path = "cli/fleet.rs"]
mod fleet;
#[path = "cli/help.rs"]
mod help;
#[path = "cli/interrupts.rs"]
mod interrupts;
#[path = "cli/operations.rs"]
mod operations;
#[path = "cli/proxies.rs"]
mod proxies;
#[path = "cli/reference.rs"]
mod reference;
#[path = "cli/schemas.rs"]
mod schemas;
#[path = "cli/settings.rs"]
mod settings;
#[path = "cli/waits.rs"]
mod waits;
