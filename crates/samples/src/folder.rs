//! A sample with all that it needs to run.

use crate::error::SampleError;
use crate::language::Language;
use crate::render::{context, fill, main_template};
use crate::values::Values;

/// A file of a sample's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct File {
    /// Where it is in the folder, with `/` between directories.
    pub path: &'static str,
    /// Its text.
    pub contents: String,
    /// Whether it is a program.
    pub executable: bool,
}

/// The files of a folder that runs: the source, a manifest with pinned versions, an example of the file with
/// credentials, and `run.sh`, which its `README.md` explains.
///
/// # Errors
/// As [`render`](crate::render).
pub fn folder(language: Language, operation_id: &str, values: &Values) -> Result<Vec<File>, SampleError> {
    let values = context(language, operation_id, values)?;
    let file = |path, contents| File { path, contents, executable: false };
    let made = |path, template| Ok::<_, SampleError>(file(path, fill(template, &values)?));
    let mut files = vec![made("README.md", "common/README.md")?, made(".gitignore", "common/gitignore")?];
    if language != Language::KooCli {
        // KooCLI has credentials in its profiles.
        files.push(made(".env.example", "common/env")?);
    }
    files.extend(manifests(language).iter().map(|(path, text)| file(path, (*text).to_owned())));
    let scripts = language.main_file().ends_with(".sh");
    files.push(File { executable: scripts, ..made(language.main_file(), main_template(language))? });
    files.push(File { executable: true, ..made("run.sh", "common/run.sh")? });
    Ok(files)
}

/// What a language needs besides the source.
fn manifests(language: Language) -> &'static [(&'static str, &'static str)] {
    match language {
        Language::Curl | Language::Cli | Language::KooCli => &[],
        Language::Rust => &[("Cargo.toml", include_str!("../templates/rust/Cargo.toml.txt"))],
        Language::Python => &[("requirements.txt", include_str!("../templates/python/requirements.txt"))],
        Language::Go => &[
            ("go.mod", include_str!("../templates/go/go.mod.txt")),
            ("go.sum", include_str!("../templates/go/go.sum.txt")),
        ],
        Language::Java => &[("pom.xml", include_str!("../templates/java/pom.xml"))],
        Language::Node => &[("package.json", include_str!("../templates/node/package.json"))],
    }
}
