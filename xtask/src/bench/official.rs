//! The official SDKs: what is installed of each, and the programs that call with them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::programs::command;
use crate::conformance::installation::{Unprepared, installed, npm, once, script, tool, venv};

type Prepared = Result<(PathBuf, Vec<OsString>), String>;

/// Programs that call with the official SDKs, or why there are none. What all take: URL, project, cluster, calls before
/// it counts, calls that count.
pub(super) struct Official {
    python: Prepared,
    go: Prepared,
    java: Prepared,
    node: Prepared,
}

impl Official {
    pub(super) fn prepare(root: &Path, folder: &Path, skip: bool) -> Self {
        let prepared = |name: &str, prepare: fn(&Path, &Path) -> Result<_, Unprepared>| {
            if skip {
                return Err("not asked for".to_owned());
            }
            let folder = folder.join(name);
            std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
            prepare(root, &folder).map_err(|unprepared| match unprepared {
                Unprepared::Absent(why) | Unprepared::Broken(why) => why,
            })
        };
        Self {
            python: prepared("python", python),
            go: prepared("go", go),
            java: prepared("java", java),
            node: prepared("node", node),
        }
    }

    pub(super) fn python(&self) -> Result<Command, String> {
        started(&self.python)
    }

    pub(super) fn go(&self) -> Result<Command, String> {
        started(&self.go)
    }

    pub(super) fn java(&self) -> Result<Command, String> {
        started(&self.java)
    }

    pub(super) fn node(&self) -> Result<Command, String> {
        started(&self.node)
    }
}

fn started(prepared: &Prepared) -> Result<Command, String> {
    let (program, arguments) = prepared.as_ref().map_err(Clone::clone)?;
    let mut command = command(program);
    command.args(arguments);
    Ok(command)
}

/// Sources of the programs.
fn sources(root: &Path, language: &str) -> PathBuf {
    root.join("xtask/bench").join(language)
}

/// What the other witness of that language has installed: versions are pinned there.
fn pinned(root: &Path, language: &str) -> PathBuf {
    root.join("tests/conformance").join(language)
}

fn python(root: &Path, folder: &Path) -> Result<(PathBuf, Vec<OsString>), Unprepared> {
    let (bin, _) = venv(&pinned(root, "python"), folder)?;
    Ok((bin.join("python"), vec![sources(root, "python").join("calls.py").into()]))
}

fn go(root: &Path, folder: &Path) -> Result<(PathBuf, Vec<OsString>), Unprepared> {
    tool("go", "version")?;
    let program = folder.join(format!("calls{}", std::env::consts::EXE_SUFFIX));
    let mut build = Command::new("go");
    build.args(["build", "-mod=readonly", "-o"]).arg(&program).arg(".").current_dir(sources(root, "go"));
    installed(&mut build, folder)?;
    Ok((program, Vec::new()))
}

fn java(root: &Path, folder: &Path) -> Result<(PathBuf, Vec<OsString>), Unprepared> {
    let version = tool("javac", "-version")?;
    let maven = script("mvn");
    tool(maven, "--version")?;
    let sources = sources(root, "java");
    let (pom, code) = (sources.join("pom.xml"), sources.join("src/main/java/Calls.java"));
    let output = folder.join("target");
    once(folder, &version, &[&pom, &code], || {
        let property = |name: &str, value: &Path| format!("-D{name}={}", value.display());
        let mut build = Command::new(maven);
        build.args(["--batch-mode", "--quiet", "--file"]).arg(&pom);
        build.arg(property("maven.repo.local", &folder.join("repository")));
        build.arg(property("bench.output", &output));
        build.arg("compile");
        installed(&mut build, folder)
    })?;
    let jars = std::fs::read_to_string(output.join("classpath")).map_err(Unprepared::files)?;
    let all = [output.join("classes")].into_iter().chain(std::env::split_paths(jars.trim()));
    let all = std::env::join_paths(all).map_err(|error| Unprepared::Broken(error.to_string()))?;
    // Java does not ask HOME where the home is, and the SDK looks for credentials there.
    let home = format!("-Duser.home={}", folder.join("home").display());
    Ok((PathBuf::from("java"), vec![home.into(), "-cp".into(), all, "Calls".into()]))
}

fn node(root: &Path, folder: &Path) -> Result<(PathBuf, Vec<OsString>), Unprepared> {
    npm(&pinned(root, "node"), folder, &[])?;
    // Node looks for packages beside the program.
    std::fs::copy(sources(root, "node").join("calls.js"), folder.join("calls.js"))
        .map_err(Unprepared::files)?;
    Ok((PathBuf::from("node"), vec![folder.join("calls.js").into()]))
}
