//! Programs that commands build and run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A command without any setting of this workspace's programs or the official SDKs, and without proxies: nothing that
/// could send its requests elsewhere.
pub(crate) fn unset(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    for (name, _) in std::env::vars_os() {
        let shown = name.to_string_lossy().to_ascii_uppercase();
        let ours = ["MRS_IAM_SYNC_", "HUAWEICLOUD_", "HW_"].iter().any(|prefix| shown.starts_with(prefix));
        if ours || shown.ends_with("_PROXY") {
            command.env_remove(&name);
        }
    }
    command
}

/// Builds a package with a profile, `release` for example, and returns its program. The error says in one text what went wrong.
pub(crate) fn built(root: &Path, package: &str, profile: &str) -> Result<PathBuf, String> {
    built_with(root, package, profile, &[])
}

/// Does so with more arguments for cargo: features, for example.
pub(crate) fn built_with(
    root: &Path,
    package: &str,
    profile: &str,
    more: &[&str],
) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--locked", "--message-format=json-render-diagnostics"]);
    build
        .args(["--profile", profile, "--package", package])
        .args(more)
        .current_dir(root)
        .stderr(Stdio::inherit());
    // `cargo xtask` describes xtask to it in these; build scripts look at them and would run again.
    for (name, _) in std::env::vars_os() {
        let shown = name.to_string_lossy();
        if shown.starts_with("CARGO_PKG_") || shown.starts_with("CARGO_MANIFEST_") {
            build.env_remove(&name);
        }
    }
    let messages = output(&mut build)?;
    let program = messages.lines().rev().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message.get("executable")?.as_str()?))
    });
    program.ok_or_else(|| format!("cargo built no program of {package}"))
}

/// Runs a command to its end and returns what it prints. The error says in one text what went wrong.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{program} does not start: {error}"))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{program} failed ({}): {}", output.status, stderr.trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
