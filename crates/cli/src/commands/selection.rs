//! Names from flags and files.

use std::path::Path;

use mrs_iam_sync::{Names, NamesBuilder};

use crate::args::Selection;
use crate::error::{CliError, Result};
use crate::names_file;
use crate::output::Output;
use crate::text;

impl Selection {
    /// Whether there is nothing to take names from.
    pub(crate) fn is_empty(&self) -> bool {
        self.users.is_empty()
            && self.groups.is_empty()
            && self.users_from.is_none()
            && self.groups_from.is_none()
    }

    /// The names; reads the files. Says on stderr what was merged.
    pub(crate) fn names(&self, output: Output) -> Result<Names> {
        let from_stdin = |path: &Option<_>| path.as_deref().is_some_and(names_file::is_stdin);
        if from_stdin(&self.users_from) && from_stdin(&self.groups_from) {
            return Err(CliError::usage("--users-from and --groups-from cannot both read stdin")
                .with_hint("give a file for one of them"));
        }
        let mut builder = Names::builder().users(&self.users).groups(&self.groups);
        if let Some(path) = &self.users_from {
            builder = builder.users(file(path, output, NamesBuilder::user)?);
        }
        if let Some(path) = &self.groups_from {
            builder = builder.groups(file(path, output, NamesBuilder::group)?);
        }
        let names = builder.build()?;
        if let [first, ..] = names.merged() {
            let count = text::count(names.merged().len(), "name");
            output.note(&format!("note: {count} given more than once, sent once ({first:?} for example)"));
        }
        Ok(names)
    }
}

/// The names of a file, each checked, so that a mistake is found by its line.
fn file(path: &Path, output: Output, add: fn(NamesBuilder, String) -> NamesBuilder) -> Result<Vec<String>> {
    let title = names_file::title(path);
    let lines = names_file::read(path)?;
    if let Some(remark) = names_file::remarks(&title, &lines) {
        output.note(&remark);
    }
    for line in &lines {
        add(Names::builder(), line.name.clone())
            .build()
            .map_err(|error| CliError::from(error).at(&format!("{title}, line {}", line.line)))?;
    }
    Ok(lines.into_iter().map(|line| line.name).collect())
}
