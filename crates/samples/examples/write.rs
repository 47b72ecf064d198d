//! Writes the folder of a sample, for whoever wants to run it.
//!
//! `cargo run -p mrs-iam-sync-samples --example write -- FOLDER python UpdateSyncIamUser '{"user_names": ["user1"]}'`
//!
//! The values are a JSON object with fields of `Values`; what it leaves out is that of the documented example, but for
//! names: those are just the ones that are given. Without an object everything is that of the example. `run.sh` in
//! the folder runs the sample.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::fs;
use std::path::Path;

use mrs_iam_sync_samples::{Language, Values, folder};
use serde_json::{Map, Value};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (directory, language, operation_id, values) = match arguments.as_slice() {
        [directory, language, operation_id] => (directory, language, operation_id, None),
        [directory, language, operation_id, values] => (directory, language, operation_id, Some(values)),
        _ => return Err("wants FOLDER LANGUAGE OPERATION [VALUES]".into()),
    };
    let language = Language::from_slug(language).ok_or_else(|| {
        format!(
            "there is no language {language:?}; there are {}",
            Language::ALL.map(Language::slug).join(", ")
        )
    })?;
    let example = Values::example(operation_id).unwrap_or_default();
    let values = match values {
        None => example,
        Some(given) => {
            let given: Map<String, Value> = serde_json::from_str(given)?;
            let ids = Values::new(example.region, example.project_id, example.cluster_id);
            let mut all = serde_json::to_value(ids)?;
            for (field, value) in given {
                all[field] = value;
            }
            serde_json::from_value(all)?
        }
    };
    for file in folder(language, operation_id, &values)? {
        let path = Path::new(directory).join(file.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, file.contents)?;
        #[cfg(unix)]
        if file.executable {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        }
        println!("{}", path.display());
    }
    Ok(())
}
