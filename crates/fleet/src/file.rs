//! `fleet.yaml` as it is written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_saphyr::{MergeKeyPolicy, Spanned};

use crate::error::{FileError, Source};

/// The only version of the file so far.
pub(crate) const VERSION: u32 = 1;

/// Values in a file, lists and mappings included.
const MOST_NODES: usize = 2_000_000;

pub(crate) type Text = Spanned<String>;

/// Which users and groups belong on the Managers of which clusters.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "fleet")]
pub(crate) struct FleetFile {
    /// Version of this format: 1.
    #[schemars(with = "u32", range(min = 1, max = 1))]
    pub(crate) version: Spanned<u32>,
    /// What holds for each cluster that does not say otherwise.
    #[serde(default)]
    pub(crate) defaults: Defaults,
    /// Sets of names, for use by several clusters.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Set>")]
    pub(crate) sets: BTreeMap<String, Spanned<Set>>,
    /// The clusters.
    #[schemars(with = "Vec<Cluster>", length(min = 1))]
    pub(crate) clusters: Spanned<Vec<Spanned<Cluster>>>,
}

/// What holds for each cluster that does not say otherwise.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Defaults {
    /// Profile whose credentials are used, as for `--profile`; stands for an account and its quota.
    #[schemars(with = "Option<String>")]
    pub(crate) profile: Option<Text>,
    /// Region, cn-north-4 for example.
    #[schemars(with = "Option<String>")]
    pub(crate) region: Option<Text>,
    /// Id of the project; looked up by the region's name unless given.
    #[schemars(with = "Option<String>")]
    pub(crate) project_id: Option<Text>,
    /// Endpoint of MRS, instead of a region's.
    #[schemars(with = "Option<String>")]
    pub(crate) endpoint: Option<Text>,
    /// Endpoint of IAM, instead of a region's.
    #[schemars(with = "Option<String>")]
    pub(crate) iam_endpoint: Option<Text>,
    /// The IAM user that the credentials belong to. It is never removed; without it `--prune` removes no user, as
    /// nothing else tells who is calling.
    #[schemars(with = "Option<String>")]
    pub(crate) caller: Option<Text>,
    /// When names that are on Manager already are synchronized again.
    pub(crate) resync: Option<Resync>,
}

/// Names that belong together.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Set {
    /// Users.
    #[schemars(with = "Vec<String>")]
    pub(crate) users: Vec<Text>,
    /// User groups.
    #[schemars(with = "Vec<String>")]
    pub(crate) groups: Vec<Text>,
    /// Files with users, one name a line, relative to this file.
    #[schemars(with = "Vec<String>")]
    pub(crate) users_from: Vec<Text>,
    /// Files with user groups, one name a line, relative to this file.
    #[schemars(with = "Vec<String>")]
    pub(crate) groups_from: Vec<Text>,
    /// IAM user groups whose members are meant, all that IAM has at the time but those under `absent` and those that are
    /// disabled. The groups come along with them.
    #[schemars(with = "Vec<String>")]
    pub(crate) from_iam: Vec<Text>,
}

/// A cluster, or all with certain tags, and who belongs on its Manager.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("oneOf" = [{ "required": ["id"] }, { "required": ["name"] }, { "required": ["tags"] }]))]
pub(crate) struct Cluster {
    /// Its id.
    #[schemars(with = "Option<String>")]
    pub(crate) id: Option<Text>,
    /// Its exact name, of an existing cluster.
    #[schemars(with = "Option<String>")]
    pub(crate) name: Option<Text>,
    /// Tags: all existing clusters that have all of them.
    #[schemars(with = "BTreeMap<String, String>")]
    pub(crate) tags: Option<BTreeMap<String, Text>>,

    /// Profile, instead of the default one.
    #[schemars(with = "Option<String>")]
    pub(crate) profile: Option<Text>,
    /// Region, instead of the default one.
    #[schemars(with = "Option<String>")]
    pub(crate) region: Option<Text>,
    /// Id of the project, instead of the default one.
    #[schemars(with = "Option<String>")]
    pub(crate) project_id: Option<Text>,
    /// Endpoint of MRS, instead of the default one.
    #[schemars(with = "Option<String>")]
    pub(crate) endpoint: Option<Text>,
    /// Endpoint of IAM, instead of the default one.
    #[schemars(with = "Option<String>")]
    pub(crate) iam_endpoint: Option<Text>,
    /// The IAM user that the credentials belong to, instead of the default one.
    #[schemars(with = "Option<String>")]
    pub(crate) caller: Option<Text>,

    /// Names of sets.
    #[schemars(with = "Vec<String>")]
    pub(crate) sets: Vec<Text>,
    /// Users.
    #[schemars(with = "Vec<String>")]
    pub(crate) users: Vec<Text>,
    /// User groups.
    #[schemars(with = "Vec<String>")]
    pub(crate) groups: Vec<Text>,
    /// Files with users, one name a line, relative to this file.
    #[schemars(with = "Vec<String>")]
    pub(crate) users_from: Vec<Text>,
    /// Files with user groups, one name a line, relative to this file.
    #[schemars(with = "Vec<String>")]
    pub(crate) groups_from: Vec<Text>,
    /// IAM user groups whose members are meant.
    #[schemars(with = "Vec<String>")]
    pub(crate) from_iam: Vec<Text>,
    /// All users and groups of IAM, instead of names.
    #[schemars(with = "bool")]
    pub(crate) all: Option<Spanned<bool>>,
    /// Who is to be removed when found on Manager.
    pub(crate) absent: Absent,
    /// Whether nobody else belongs on it: with `--prune` who is not listed is removed.
    pub(crate) exclusive: bool,
    /// When names that are on Manager already are synchronized again.
    pub(crate) resync: Option<Resync>,
}

/// Who is to be removed when found on Manager.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Absent {
    /// Users.
    #[schemars(with = "Vec<String>")]
    pub(crate) users: Vec<Text>,
    /// User groups. One that a user who stays is in is left alone.
    #[schemars(with = "Vec<String>")]
    pub(crate) groups: Vec<Text>,
}

/// When names that are on Manager already are synchronized again: presence does not prove that their roles are up to
/// date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Resync {
    /// When the service reports that the cluster is not in line with IAM.
    #[default]
    WhenReported,
    /// Each time.
    Always,
    /// Never.
    Never,
}

/// Reads it strictly.
pub(crate) fn parse(source: Source<'_>) -> Result<FleetFile, FileError> {
    let nothing = source
        .text
        .lines()
        .map(|line| line.trim_start_matches('\u{feff}').trim())
        .all(|line| line.is_empty() || line.starts_with('#') || line == "---");
    if nothing {
        return Err(FileError::new(source.file, "the file is empty")
            .hint("begin with `version: 1` and `clusters:`; `mrs-iam-sync schema fleet` prints what can stand in it"));
    }
    let options = serde_saphyr::options! {
        // Names are text, as in YAML 1.2: a user may be called `no` or `007`.
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        merge_keys: MergeKeyPolicy::Error,
        with_snippet: false,
        // A hundred thousand clusters, and more names than any of them takes. What aliases repeat has a limit of its
        // own.
        budget: serde_saphyr::budget! { max_nodes: MOST_NODES, max_events: 4 * MOST_NODES, max_aliases: MOST_NODES },
    };
    serde_saphyr::from_str_with_options(source.text, options).map_err(|error| of_yaml(source, &error))
}

fn of_yaml(source: Source<'_>, error: &serde_saphyr::Error) -> FileError {
    let at = error.location().unwrap_or(serde_saphyr::Location::UNKNOWN);
    let inner = error.without_snippet();
    if let serde_saphyr::Error::SerdeUnknownField { field, expected, .. } = inner {
        let made = source.error(at, field.chars().count(), format!("there is no key `{field}` here"));
        return match nearest(field, expected) {
            Some(near) => made.hint(format!("did you mean `{near}`?")),
            None => made.hint(format!("there are {}", expected.join(", "))),
        };
    }
    let mut message = inner.to_string();
    // The place stands in front already, and the advice is for programs that call the reader.
    for tail in [" at line ", ", set DuplicateKeyPolicy", "; use from_str_multiple"] {
        message.truncate(message.find(tail).unwrap_or(message.len()));
    }
    match PLAINLY.iter().find(|(said, ..)| message.starts_with(said)) {
        Some((_, plainly, hint)) if plainly.contains("a tab") => {
            source.error_at(source.tab(at), 1, *plainly).hint(*hint)
        }
        Some((_, plainly, hint)) => source.error(at, 1, *plainly).hint(*hint),
        None => source.error(at, 1, message),
    }
}

/// What the reader says in the words of its own trade, in ours, and what to do.
const PLAINLY: [(&str, &str, &str); 10] = [
    ("expected sequence start", "a list is wanted here", "write `[one, two]`, or a line with `- ` for each"),
    ("expected mapping start", "keys with values are wanted here", "write `key: value`"),
    ("expected string scalar", "text is wanted here", "put it in quotes if it is to be taken as it stands"),
    (
        "cannot deserialize null",
        "nothing stands here, where text is wanted",
        "put it in quotes if it is a name",
    ),
    ("invalid boolean", "neither true nor false", "write `true` or `false`"),
    ("invalid u32", "a whole number is wanted here", "write `1` for example"),
    (
        "YAML merge keys",
        "merge keys (`<<`) are not read here",
        "name what several clusters share under `sets`, or under `defaults`",
    ),
    (
        "budget breached",
        "there is more in the file than is read",
        "put long lists of names into files (`users_from`), name them once under `sets`, or write several fleet files",
    ),
    (
        "alias replay limit",
        "aliases repeat more than is read",
        "name what several clusters share under `sets`",
    ),
    ("while scanning a plain scalar, found a tab", "a tab stands here", "indent with spaces"),
];

/// The one that differs least, if it is little.
pub(crate) fn nearest<'a, S: AsRef<str>>(given: &str, known: &'a [S]) -> Option<&'a str> {
    let (lower, length) = (given.to_lowercase(), given.chars().count());
    known
        .iter()
        .map(AsRef::as_ref)
        .map(|name| (strsim::damerau_levenshtein(&lower, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= 1 + name.chars().count().max(length) / 3)
        .min()
        .map(|(_, name)| name)
}
