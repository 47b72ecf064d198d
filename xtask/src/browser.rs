//! `cargo xtask browser`: explorer and published reference in a real browser.
//!
//! What drives it is a program of its own (`tests/browser`), so that plain tests need no browser. Chromium and
//! chromedriver have to be there; axe-core is fetched.

use std::path::{Path, PathBuf};

use crate::conformance::installation::{Unprepared, npm, tool};
use crate::process;

/// Names that Chromium has on one system or another. Chrome is one, too.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const DRIVER: &str = "chromedriver";
/// Where pictures and axe-core go, below the folder that is built in.
const FOLDER: &str = "browser";

/// What is asked for.
#[derive(Debug, Default, clap::Args)]
pub struct Options {
    /// Run only the checks whose names have these words. May be given several times.
    #[arg(long, value_name = "WORDS")]
    pub only: Vec<String>,
    /// Fail when axe-core cannot be had here.
    #[arg(long)]
    pub require_all: bool,
}

/// Why nothing could be looked at.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BrowserError(String);

/// Builds and runs everything; whether all of it passed. The driver prints.
///
/// # Errors
/// When something cannot be built or started, or is not installed.
pub fn run(root: &Path, options: &Options) -> Result<bool, BrowserError> {
    let browser = browser(&|program| tool(program, "--version")).map_err(BrowserError)?;
    // One after the other: built together, each would get the features that the other wants of a dependency.
    let program = process::built(root, "mrs-iam-sync-cli", "dev").map_err(BrowserError)?;
    let driver = process::built(root, "browser", "dev").map_err(BrowserError)?;
    let folder = program.ancestors().nth(2).unwrap_or(root).join(FOLDER);
    let axe = match axe(root, &folder) {
        Ok(axe) => Some(axe),
        Err(Unprepared::Absent(_)) if !options.require_all => None,
        Err(Unprepared::Absent(why) | Unprepared::Broken(why)) => {
            return Err(BrowserError(format!("axe-core: {why}")));
        }
    };
    let mut command = process::unset(driver);
    command.arg("--program").arg(program).args(["--chromedriver", DRIVER]);
    command.arg("--chromium").arg(place(browser));
    command.arg("--docs").arg(root.join(crate::docs::FOLDER));
    command.arg("--accepted").arg(root.join("tests/browser/accepted.yaml"));
    command.arg("--pictures").arg(folder.join("pictures"));
    if let Some(axe) = axe {
        command.arg("--axe").arg(axe);
    }
    for words in &options.only {
        command.arg("--only").arg(words);
    }
    let status =
        command.status().map_err(|error| BrowserError(format!("the driver does not start: {error}")))?;
    Ok(status.success())
}

/// The browser that chromedriver can drive: one of the same version.
fn browser(version: &dyn Fn(&str) -> Result<String, Unprepared>) -> Result<&'static str, String> {
    let absent = "install both, on Debian by `apt-get install chromium chromium-driver`";
    let driver = version(DRIVER).map_err(|error| format!("{}; {absent}", why(error)))?;
    let mut others = Vec::new();
    for browser in BROWSERS {
        match version(browser) {
            Ok(found) if major(&found).is_some() && major(&found) == major(&driver) => return Ok(browser),
            Ok(found) => others.push(found),
            Err(_) => {}
        }
    }
    match others.is_empty() {
        true => Err(format!("no browser is installed as {}; {absent}", BROWSERS.join(", "))),
        false => Err(format!("{} cannot be driven by {driver}; {absent}", others.join(", "))),
    }
}

/// Where a program is: chromedriver does not look for one by its name.
fn place(program: &str) -> PathBuf {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&folders).map(|folder| folder.join(program));
    places.find(|place| place.is_file()).unwrap_or_else(|| PathBuf::from(program))
}

/// The first number of a version, which a driver and its browser have in common.
fn major(text: &str) -> Option<&str> {
    let version =
        text.split_whitespace().find(|word| word.starts_with(|char: char| char.is_ascii_digit()))?;
    version.split('.').next()
}

fn why(error: Unprepared) -> String {
    match error {
        Unprepared::Absent(why) | Unprepared::Broken(why) => why,
    }
}

/// axe-core's script, installed in the version that is pinned.
fn axe(root: &Path, folder: &Path) -> Result<PathBuf, Unprepared> {
    std::fs::create_dir_all(folder)
        .map_err(|error| Unprepared::Broken(format!("{} cannot be made: {error}", folder.display())))?;
    npm(&root.join("tests/browser"), folder, &[])?;
    Ok(folder.join("node_modules/axe-core/axe.min.js"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(installed: &[(&str, &str)]) -> Result<&'static str, String> {
        let version = |program: &str| {
            let known = installed.iter().find(|(name, _)| *name == program);
            known.map(|(_, version)| (*version).to_owned()).ok_or(Unprepared::Absent(format!("no {program}")))
        };
        browser(&version)
    }

    #[test]
    fn driver_and_browser_have_the_same_version() {
        let driver = ("chromedriver", "ChromeDriver 156.0.8078.114 (ea19f9737303a76e07)");
        let older = ("chromium", "Chromium 150.0.1 built on Debian GNU/Linux 12");
        let chrome = ("google-chrome", "Google Chrome 156.0.8078.79");
        assert_eq!(found(&[driver, older, chrome]), Ok("google-chrome"));
        let refused = found(&[driver, older]).unwrap_err();
        assert!(
            refused.contains(
                "Chromium 150.0.1 built on Debian GNU/Linux 12 cannot be driven by ChromeDriver 156"
            ),
            "{refused}"
        );
        let refused = found(&[chrome]).unwrap_err();
        assert!(refused.starts_with("no chromedriver; install both"), "{refused}");
        let refused = found(&[driver]).unwrap_err();
        assert!(refused.starts_with("no browser is installed as chromium, "), "{refused}");
    }
}
