//! From what is written in a file to who belongs on which cluster.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use mrs_iam_sync::{NameLists, Names, check_cluster_id, check_project_id};

use crate::error::{FileError, Source};
use crate::file::{self, Absent, Cluster, Defaults, FleetFile, Set, Text};
use crate::fleet::{Entry, Fleet, Pick, Target, Wish};
use crate::names_file::{MOST_BYTES, parse_names};
use crate::plan::{ADMIN, as_compared, folded};

/// Reads a file that is not too large.
pub(crate) fn contents(path: &Path) -> std::io::Result<Vec<u8>> {
    if path.is_dir() {
        return Err(std::io::Error::new(std::io::ErrorKind::IsADirectory, "it is a directory"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, "it is larger than 16 MiB"));
    }
    Ok(bytes)
}

/// Names of one place in the file: of a set, or of a cluster.
struct Lists<'a> {
    users: &'a [Text],
    groups: &'a [Text],
    users_from: &'a [Text],
    groups_from: &'a [Text],
    from_iam: &'a [Text],
}

impl<'a> From<&'a Set> for Lists<'a> {
    fn from(set: &'a Set) -> Self {
        let Set { users, groups, users_from, groups_from, from_iam } = set;
        Self { users, groups, users_from, groups_from, from_iam }
    }
}

impl<'a> From<&'a Cluster> for Lists<'a> {
    fn from(cluster: &'a Cluster) -> Self {
        let Cluster { users, groups, users_from, groups_from, from_iam, .. } = cluster;
        Self { users, groups, users_from, groups_from, from_iam }
    }
}

/// A name is of a user or of a group.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    User,
    Group,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
        }
    }
}

pub(crate) struct Reading<'a> {
    source: Source<'a>,
    directory: &'a Path,
    defaults: &'a Defaults,
    sets: BTreeMap<&'a str, Wish>,
    /// One value for all entries of a target: there may be thousands.
    targets: HashMap<Target, Arc<Target>>,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(source: Source<'a>, directory: &'a Path, defaults: &'a Defaults) -> Self {
        Self { source, directory, defaults, sets: BTreeMap::new(), targets: HashMap::new() }
    }

    pub(crate) fn fleet(mut self, file: &'a FleetFile) -> Result<Fleet, FileError> {
        if file.version.value != file::VERSION {
            return Err(self
                .source
                .error(file.version.referenced, 1, format!("version {} is not known", file.version.value))
                .hint(format!("this program reads version {}", file::VERSION)));
        }
        for (name, set) in &file.sets {
            let wish = self.lists(&Lists::from(&set.value))?;
            if wish == Wish::default() {
                return Err(self.source.error(
                    set.referenced,
                    1,
                    format!("the set `{name}` has no name in it"),
                ));
            }
            self.sets.insert(name, wish);
        }
        if file.clusters.value.is_empty() {
            return Err(self
                .source
                .error(file.clusters.referenced, 1, "no cluster is listed")
                .hint("list at least one, by id, name or tags"));
        }
        let mut entries: Vec<Entry> = Vec::with_capacity(file.clusters.value.len());
        let mut by_id: HashMap<(Arc<Target>, String), usize> = HashMap::new();
        let mut wishes: HashMap<Vec<String>, Arc<Wish>> = HashMap::new();
        for cluster in &file.clusters.value {
            let at = cluster.referenced;
            let line = usize::try_from(at.line()).unwrap_or(usize::MAX);
            let cluster = &cluster.value;
            let pick = self.pick(cluster, at)?;
            let target = self.target(cluster)?;
            let wish = self.wish(cluster, at, &mut wishes)?;
            if let Pick::Id(id) = &pick
                && let Some(first) = by_id.insert((target.clone(), id.to_ascii_lowercase()), entries.len())
            {
                let (first, id) = (&entries[first], cluster.id.as_ref());
                let same = if *first.wish == *wish { "as here" } else { "with other wishes" };
                let message = format!("the cluster is listed twice: on line {} {same}", first.line);
                return Err(self
                    .source
                    .error(
                        id.map_or(at, |id| id.referenced),
                        id.map_or(1, |id| id.value.chars().count()),
                        message,
                    )
                    .hint("write it once, with all that is to be on it"));
            }
            entries.push(Entry { target, pick, wish, line });
        }
        Ok(Fleet { file: self.source.file.into(), entries })
    }

    fn pick(&self, cluster: &Cluster, at: serde_saphyr::Location) -> Result<Pick, FileError> {
        match (&cluster.id, &cluster.name, &cluster.tags) {
            (Some(id), None, None) => {
                check_cluster_id(&id.value).map_err(|error| self.refused(id, &error))?;
                Ok(Pick::Id(id.value.clone()))
            }
            (None, Some(name), None) if name.value.is_empty() => Err(self.at(name, "the name is empty")),
            (None, Some(name), None) => Ok(Pick::Name(name.value.clone())),
            (None, None, Some(tags)) if tags.is_empty() => {
                Err(self.source.error(at, 1, "no tag is given").hint("write `tags: { key: value }`"))
            }
            (None, None, Some(tags)) => {
                for (key, value) in tags {
                    if key.is_empty() || [key, &value.value].iter().any(|text| text.contains([',', '*'])) {
                        return Err(self.at(value, format!("the tag {key:?} = {:?} cannot be asked for", value.value)).hint(
                            "a key is not empty, and neither key nor value has a comma or an asterisk in it",
                        ));
                    }
                }
                Ok(Pick::Tags(tags.iter().map(|(key, value)| (key.clone(), value.value.clone())).collect()))
            }
            (None, None, None) => Err(self
                .source
                .error(at, 1, "which cluster is meant is not said")
                .hint("give one of `id`, `name` and `tags`")),
            _ => Err(self
                .source
                .error(at, 1, "the cluster is given in two ways")
                .hint("give one of `id`, `name` and `tags`")),
        }
    }

    fn target(&mut self, cluster: &Cluster) -> Result<Arc<Target>, FileError> {
        let of = |own: &Option<Text>, default: &Option<Text>| {
            own.as_ref().or(default.as_ref()).map(|text| text.value.clone())
        };
        // A region of its own means that region's endpoint, whatever the default one is.
        let endpoint = match (&cluster.endpoint, &cluster.region) {
            (None, Some(_)) => None,
            (own, _) => of(own, &self.defaults.endpoint),
        };
        // A project belongs to a region and an account.
        let elsewhere = cluster.profile.is_some() || cluster.region.is_some() || cluster.endpoint.is_some();
        let project = if elsewhere { &None } else { &self.defaults.project_id };
        if let Some(project) = cluster.project_id.as_ref().or(project.as_ref()) {
            check_project_id(&project.value).map_err(|error| self.refused(project, &error))?;
        }
        let target = Target {
            profile: of(&cluster.profile, &self.defaults.profile),
            region: of(&cluster.region, &self.defaults.region),
            project_id: of(&cluster.project_id, project),
            endpoint,
            iam_endpoint: of(&cluster.iam_endpoint, &self.defaults.iam_endpoint),
        };
        Ok(match self.targets.get(&target) {
            Some(known) => known.clone(),
            None => {
                let made = Arc::new(target.clone());
                self.targets.insert(target, made.clone());
                made
            }
        })
    }

    fn wish(
        &self,
        cluster: &Cluster,
        at: serde_saphyr::Location,
        known: &mut HashMap<Vec<String>, Arc<Wish>>,
    ) -> Result<Arc<Wish>, FileError> {
        // Thousands of clusters with the same sets and nothing of their own share one wish.
        let plain = cluster.users.is_empty()
            && cluster.groups.is_empty()
            && cluster.users_from.is_empty()
            && cluster.groups_from.is_empty()
            && cluster.from_iam.is_empty()
            && cluster.all.is_none()
            && cluster.absent.users.is_empty()
            && cluster.absent.groups.is_empty()
            && !cluster.exclusive
            && cluster.resync.is_none()
            && cluster.caller.is_none();
        let key: Vec<String> = cluster.sets.iter().map(|set| set.value.clone()).collect();
        if plain && let Some(wish) = known.get(&key) {
            return Ok(wish.clone());
        }
        let mut wish = self.lists(&Lists::from(cluster))?;
        let mut seen = HashMap::new();
        for set in &cluster.sets {
            if let Some(first) = seen.insert(set.value.as_str(), set.referenced.line()) {
                return Err(
                    self.at(set, format!("the set `{}` is listed twice, first on line {first}", set.value))
                );
            }
            let Some(found) = self.sets.get(set.value.as_str()) else {
                let names: Vec<&str> = self.sets.keys().copied().collect();
                let error = self.at(set, format!("there is no set `{}`", set.value));
                return Err(match (file::nearest(&set.value, &names), names.as_slice()) {
                    (Some(near), _) => error.hint(format!("did you mean `{near}`?")),
                    (None, []) => error.hint("define it under `sets`"),
                    (None, names) => error.hint(format!("there are {}", names.join(", "))),
                });
            };
            wish.users.extend(found.users.iter().cloned());
            wish.groups.extend(found.groups.iter().cloned());
            wish.from_iam.extend(found.from_iam.iter().cloned());
        }
        wish.resync = cluster.resync.or(self.defaults.resync).unwrap_or_default();
        wish.exclusive = cluster.exclusive;
        wish.caller =
            cluster.caller.as_ref().or(self.defaults.caller.as_ref()).map(|text| text.value.clone());
        wish.absent = self.absent(&cluster.absent, &wish)?;
        let named = !wish.users.is_empty() || !wish.groups.is_empty() || !wish.from_iam.is_empty();
        if let Some(all) = cluster.all.as_ref().filter(|all| all.value) {
            wish.all = true;
            if named {
                return Err(self
                    .source
                    .error(all.referenced, 4, "`all: true` stands beside names")
                    .hint("everyone is meant already: leave the names out, or `all`"));
            }
            if !wish.absent.is_empty() {
                return Err(self.source.error(all.referenced, 4, "`all: true` stands beside `absent`").hint(
                    "to synchronize all brings back who is removed: name who belongs on the cluster instead",
                ));
            }
        } else if !named && wish.absent.is_empty() {
            return Err(self
                .source
                .error(at, 1, "nobody is named")
                .hint("give `users`, `groups`, `sets`, `from_iam`, `all: true` or `absent`"));
        }
        let wish = Arc::new(wish);
        if plain {
            known.insert(key, wish.clone());
        }
        Ok(wish)
    }

    fn lists(&self, lists: &Lists<'_>) -> Result<Wish, FileError> {
        let mut wish = Wish::default();
        self.names(lists.users, Kind::User, &mut wish.users)?;
        self.names(lists.groups, Kind::Group, &mut wish.groups)?;
        self.names(lists.from_iam, Kind::Group, &mut wish.from_iam)?;
        self.files(lists.users_from, Kind::User, &mut wish.users)?;
        self.files(lists.groups_from, Kind::Group, &mut wish.groups)?;
        Ok(wish)
    }

    fn absent(&self, absent: &Absent, wish: &Wish) -> Result<NameLists, FileError> {
        let mut lists = NameLists::default();
        for (kind, named, wanted, list) in [
            (Kind::User, &absent.users, &wish.users, &mut lists.users),
            (Kind::Group, &absent.groups, &wish.groups, &mut lists.groups),
        ] {
            let mut names = BTreeSet::new();
            self.names(named, kind, &mut names)?;
            let wanted: HashMap<String, &str> = match named.as_slice() {
                [] => HashMap::new(),
                _ => as_compared(wanted),
            };
            for text in named {
                let name = folded(&text.value);
                if let Some(other) = wanted.get(&name) {
                    let mut message =
                        format!("the {} `{}` is to be both there and absent", kind.word(), text.value);
                    if *other != text.value {
                        message += &format!(": Manager does not tell it from `{other}`");
                    }
                    return Err(self.at(text, message).hint("take it out of one of the two, or of the set"));
                }
                if kind == Kind::User && name == ADMIN {
                    return Err(
                        self.at(text, format!("`{}` is Manager's own user and is never removed", text.value))
                    );
                }
                if kind == Kind::User && wish.caller.as_deref().map(folded) == Some(name) {
                    return Err(self.at(text, format!("`{}` is the caller and is never removed", text.value)));
                }
            }
            list.extend(names.iter().map(|name| name.to_string()));
        }
        Ok(lists)
    }

    fn names(&self, named: &[Text], kind: Kind, into: &mut BTreeSet<Arc<str>>) -> Result<(), FileError> {
        let mut lines = HashMap::new();
        for text in named {
            if let Some(first) = lines.insert(text.value.as_str(), text.referenced.line()) {
                let message =
                    format!("the {} `{}` is listed twice, first on line {first}", kind.word(), text.value);
                return Err(self.at(text, message).hint("take one of them out"));
            }
            check(kind, &text.value).map_err(|error| self.refused(text, &error))?;
            into.insert(text.value.as_str().into());
        }
        Ok(())
    }

    /// Names from files. A name may be there twice: such files are written by other programs.
    fn files(&self, files: &[Text], kind: Kind, into: &mut BTreeSet<Arc<str>>) -> Result<(), FileError> {
        for file in files {
            let path = self.directory.join(&file.value);
            let title = path.display().to_string();
            let bytes = contents(&path).map_err(|error| {
                self.at(file, format!("the names file {title} cannot be read: {error}"))
                    .hint("it is looked for beside the fleet file")
            })?;
            let names = parse_names(&bytes).map_err(|error| {
                self.at(file, format!("the names file {title} {error}")).hint(error.hint())
            })?;
            for name in names {
                check(kind, &name.name).map_err(|error| {
                    let message = format!("line {} of {title}: {error}", name.line);
                    let made = self.at(file, message);
                    match error.hint() {
                        Some(hint) => made.hint(hint),
                        None => made,
                    }
                })?;
                into.insert(name.name.into());
            }
        }
        Ok(())
    }

    fn at(&self, text: &Text, message: impl Into<String>) -> FileError {
        self.source.error(text.referenced, text.value.chars().count(), message)
    }

    /// What the SDK says of a value.
    fn refused(&self, text: &Text, error: &mrs_iam_sync::Error) -> FileError {
        let made = self.at(text, error.to_string());
        match error.hint() {
            Some(hint) => made.hint(hint),
            None => made,
        }
    }
}

fn check(kind: Kind, name: &str) -> Result<(), mrs_iam_sync::Error> {
    let builder = Names::builder();
    match kind {
        Kind::User => builder.user(name).build(),
        Kind::Group => builder.group(name).build(),
    }
    .map(drop)
}
