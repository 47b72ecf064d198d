//! The SDKs that take the scenario's steps: what is installed for each, and how its driver is started.

use std::path::Path;
use std::process::Command;

use super::installation::{Unprepared, installed, npm, once, places, script, tool, venv};
use super::{Ground, Row, Witness, driver};
use crate::process;

/// An SDK with the driver that calls it.
pub(super) struct Sdk {
    name: &'static str,
    prepare: fn(&Ground) -> Result<Command, Unprepared>,
}

/// Ours first: when it fails, others need not be asked why.
pub(super) static SDKS: [Sdk; 5] = [
    Sdk { name: "rust", prepare: rust },
    Sdk { name: "python", prepare: python },
    Sdk { name: "go", prepare: go },
    Sdk { name: "java", prepare: java },
    Sdk { name: "node", prepare: node },
];

impl Witness for &'static Sdk {
    fn name(&self) -> &'static str {
        self.name
    }

    fn testify(&self, ground: &Ground) -> Row {
        match (self.prepare)(ground) {
            Ok(command) => driver::testify(self.name, ground, command),
            Err(unprepared) => unprepared.row(self.name),
        }
    }
}

fn rust(ground: &Ground) -> Result<Command, Unprepared> {
    let program = process::built(&ground.root, "conformance-driver", "dev").map_err(Unprepared::Broken)?;
    let version = tool("rustc", "--version")?;
    let mut command = process::unset(program);
    let version = version.split(' ').nth(1).unwrap_or_default();
    command.env("CONFORMANCE_LANGUAGE", format!("Rust {version}"));
    Ok(command)
}

fn python(ground: &Ground) -> Result<Command, Unprepared> {
    let (sources, folder) = places(ground, "python")?;
    let (bin, _) = venv(&sources, &folder)?;
    let mut command = process::unset(bin.join("python"));
    command.arg(sources.join("driver.py")).env("PYTHONUTF8", "1");
    Ok(command)
}

fn go(ground: &Ground) -> Result<Command, Unprepared> {
    let (sources, folder) = places(ground, "go")?;
    tool("go", "version")?;
    let program = folder.join(format!("driver{}", std::env::consts::EXE_SUFFIX));
    // Modules stay in Go's own cache, which go.sum checks, and Go knows best what is to be built again.
    let mut build = Command::new("go");
    build.args(["build", "-mod=readonly", "-o"]).arg(&program).arg(".").current_dir(sources);
    installed(&mut build, &folder)?;
    Ok(process::unset(program))
}

fn java(ground: &Ground) -> Result<Command, Unprepared> {
    let (sources, folder) = places(ground, "java")?;
    let version = tool("javac", "-version")?;
    let maven = script("mvn");
    tool(maven, "--version")?;
    let output = folder.join("target");
    let code = ["Driver", "StatusCalls"].map(|class| sources.join(format!("src/main/java/{class}.java")));
    let pom = sources.join("pom.xml");
    once(&folder, &version, &[&pom, &code[0], &code[1]], || {
        let property = |name: &str, value: &Path| format!("-D{name}={}", value.display());
        let mut build = Command::new(maven);
        build.args(["--batch-mode", "--quiet", "--file"]).arg(&pom);
        build.arg(property("maven.repo.local", &folder.join("repository")));
        build.arg(property("conformance.output", &output));
        build.arg("compile");
        installed(&mut build, &folder)
    })?;
    let jars = std::fs::read_to_string(output.join("classpath")).map_err(Unprepared::files)?;
    let all = [output.join("classes")].into_iter().chain(std::env::split_paths(jars.trim()));
    let all = std::env::join_paths(all).map_err(|error| Unprepared::Broken(error.to_string()))?;
    let mut command = process::unset("java");
    // Java does not ask HOME where the home is.
    command.arg(format!("-Duser.home={}", ground.folder.join("home").display()));
    command.arg("-cp").arg(all).arg("Driver");
    Ok(command)
}

fn node(ground: &Ground) -> Result<Command, Unprepared> {
    let (sources, folder) = places(ground, "node")?;
    npm(&sources, &folder, &["driver.js"])?;
    let mut command = process::unset("node");
    command.arg(folder.join("driver.js"));
    Ok(command)
}
