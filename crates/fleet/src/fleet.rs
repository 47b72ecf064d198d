//! A fleet file, checked: what can be found wrong without the service is wrong here.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use mrs_iam_sync::{NameLists, Names};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{FileError, Source};
use crate::file::{self, FleetFile, Resync};
use crate::reading::{Reading, contents};

/// Where the clusters of an entry are, and by whose credentials they are reached. What is `None` the program says
/// that uses the file: its flags, variables and profile files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Target {
    /// Profile. Stands for the account: its quota is shared by all targets of the profile.
    pub profile: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Id of the project.
    pub project_id: Option<String>,
    /// Endpoint of MRS.
    pub endpoint: Option<String>,
    /// Endpoint of IAM.
    pub iam_endpoint: Option<String>,
}

impl Target {
    /// What the account is called: the profile, or `default`.
    pub fn account(&self) -> &str {
        self.profile.as_deref().unwrap_or("default")
    }
}

/// Which clusters are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pick {
    Id(String),
    Name(String),
    Tags(Vec<(String, String)>),
}

/// Who belongs on a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) all: bool,
    pub(crate) users: BTreeSet<Arc<str>>,
    pub(crate) groups: BTreeSet<Arc<str>>,
    /// IAM groups whose members are meant.
    pub(crate) from_iam: BTreeSet<Arc<str>>,
    pub(crate) absent: NameLists,
    pub(crate) exclusive: bool,
    pub(crate) resync: Resync,
    pub(crate) caller: Option<String>,
}

/// An entry of the file.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) target: Arc<Target>,
    pub(crate) pick: Pick,
    pub(crate) wish: Arc<Wish>,
    /// The line that it begins on.
    pub(crate) line: usize,
}

/// Which users and groups belong on the Managers of which clusters. Each name and id in it obeys the API's rules.
#[derive(Debug, Clone)]
pub struct Fleet {
    /// The file as it was given, for messages.
    pub(crate) file: Arc<str>,
    pub(crate) entries: Vec<Entry>,
}

impl Fleet {
    /// Reads a fleet file, and the names files that it names, from beside it.
    ///
    /// # Errors
    /// [`FileError`], with the place.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let file = path.display().to_string();
        let bytes = contents(path).map_err(|error| {
            FileError::new(&file, format!("the file cannot be read: {error}"))
                .hint("give the path of a fleet file; it is relative to the current directory")
        })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let offset = error.utf8_error().valid_up_to();
            FileError::new(&file, format!("the file is not UTF-8: byte offset {offset}"))
                .hint("save it as UTF-8")
        })?;
        Self::parse(&file, &text, path.parent().unwrap_or(Path::new("")))
    }

    /// Reads the text of a fleet file. `file` is what messages call it; names files are looked for in `directory`.
    ///
    /// # Errors
    /// [`FileError`], with the place.
    pub fn parse(file: &str, text: &str, directory: &Path) -> Result<Self, FileError> {
        let source = Source { file, text };
        let read = file::parse(source)?;
        Reading::new(source, directory, &read.defaults).fleet(&read)
    }

    /// Everyone in these IAM groups on these clusters, each an id or a name as [`ClusterRef`] takes it.
    ///
    /// # Errors
    /// When nothing is given, or an id or name breaks a rule.
    ///
    /// [`ClusterRef`]: mrs_iam_sync::ClusterRef
    pub fn from_iam(groups: &[String], clusters: &[String]) -> Result<Self, mrs_iam_sync::Error> {
        use mrs_iam_sync::ClusterRef;

        Names::builder().groups(groups).build()?;
        let wish =
            Wish { from_iam: groups.iter().map(|name| name.as_str().into()).collect(), ..Wish::default() };
        let (wish, target) = (Arc::new(wish), Arc::new(Target::default()));
        let mut entries: Vec<Entry> = Vec::new();
        for given in clusters {
            let pick = match ClusterRef::parse(given)? {
                ClusterRef::Id(id) => Pick::Id(id),
                ClusterRef::Name(name) => Pick::Name(name),
                _ => continue,
            };
            if !entries.iter().any(|entry| entry.pick == pick) {
                entries.push(Entry { target: target.clone(), pick, wish: wish.clone(), line: 0 });
            }
        }
        Ok(Self { file: "--from-iam".into(), entries })
    }

    /// The JSON Schema (2020-12) of fleet files.
    pub fn json_schema() -> Value {
        schemars::generate::SchemaSettings::draft2020_12()
            .into_generator()
            .into_root_schema_for::<FleetFile>()
            .to_value()
    }

    /// Where its clusters are; each once.
    pub fn targets(&self) -> BTreeSet<&Target> {
        self.entries.iter().map(|entry| &*entry.target).collect()
    }

    /// Keeps the entries of those accounts ([`Target::account`]) for which `keep` says so.
    #[must_use]
    pub fn with_accounts(mut self, keep: impl Fn(&str) -> bool) -> Self {
        self.entries.retain(|entry| keep(entry.target.account()));
        self
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
