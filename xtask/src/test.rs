//! `cargo xtask test`: every test of the workspace, the way CI runs them.

use std::path::Path;
use std::process::Command;

/// Why the tests did not pass.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TestError {
    /// Cargo could not be started.
    #[error("cannot start cargo: {0}")]
    Start(std::io::Error),
    /// A test failed, or did not compile; the runner has said which.
    #[error("the tests failed")]
    Failed,
}

/// Runs `cargo test` over the whole workspace; `arguments` are passed on.
///
/// # Errors
/// When cargo cannot be started or a test fails.
pub fn run(root: &Path, arguments: &[String]) -> Result<(), TestError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["test", "--workspace", "--locked"])
        .args(arguments)
        .current_dir(root)
        // A snapshot that differs is a failure, not a file for later.
        .env("INSTA_UPDATE", "no")
        .status()
        .map_err(TestError::Start)?;
    if status.success() { Ok(()) } else { Err(TestError::Failed) }
}
