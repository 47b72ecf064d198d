//! State in a directory, kept across restarts.
//!
//! What an answer says has been committed before it goes out, so that it survives the end of the process at any
//! time. Passwords and tokens are there as digests only, keys not at all.

use std::fs::File;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::time::Duration;

use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize};

use crate::auth::Issued;
use crate::sync::Cluster;
use crate::world::{Clusters, Iam, World};

/// Counts up with each change that an older emulator would misread.
const FORMAT: u64 = 1;
const FILE: &str = "emulator.redb";

/// What there is one of, by its name.
const SINGLE: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("single");
/// By their ids.
const CLUSTERS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("clusters");
/// By their digests.
const TOKENS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("tokens");

type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Error>;

/// The directory's database; one emulator at a time has it.
pub(crate) struct Store {
    database: Database,
}

/// What was kept.
pub(crate) struct Kept {
    pub(crate) world: World,
    pub(crate) tokens: Vec<Issued>,
    pub(crate) ahead: Duration,
}

/// What has changed.
pub(crate) enum Change<'a> {
    /// One cluster.
    Cluster(&'a Cluster),
    /// A token was issued, and others forgotten for it.
    Token { issued: &'a Issued, forgotten: &'a [[u8; 32]] },
    /// How far virtual time is ahead.
    Ahead(Duration),
    /// The world; no token is good any more, unless they are to stay.
    World { world: &'a World, keep_tokens: bool },
}

#[derive(Serialize, Deserialize)]
struct Head {
    format: u64,
    /// How often an emulator was started with it.
    starts: u64,
}

impl Store {
    /// Opens the database of a directory, which is made where there is none. Answers it with what was kept, and with
    /// the number of this start, from 0 on.
    pub(crate) fn open(directory: &Path) -> Result<(Self, Option<Kept>, u64)> {
        std::fs::create_dir_all(directory)?;
        let mut options = std::fs::OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(directory.join(FILE))?;
        // The database takes some damages for faults of its own.
        std::panic::catch_unwind(AssertUnwindSafe(|| Self::read(file)))
            .unwrap_or_else(|_| Err(format!("{FILE} is damaged").into()))
    }

    fn read(file: File) -> Result<(Self, Option<Kept>, u64)> {
        let store = Self { database: Database::builder().create_file(file)? };
        let (kept, starts) = match store.head()? {
            None => (None, 0),
            Some(Head { format: FORMAT, starts }) => (Some(store.kept()?), starts),
            Some(Head { format, .. }) => {
                return Err(format!("{FILE} has format {format}; this version reads {FORMAT} only").into());
            }
        };
        Ok((store, kept, starts))
    }

    /// Writes that it was started; with the world where nothing was kept.
    pub(crate) fn begin(&self, starts: u64, world: Option<&World>) -> Result<()> {
        self.write(|transaction| {
            put(transaction, "head", &Head { format: FORMAT, starts: starts + 1 })?;
            match world {
                Some(world) => change(transaction, &Change::World { world, keep_tokens: false }),
                None => Ok(()),
            }
        })
    }

    /// Returns once a change is on the disk.
    pub(crate) fn commit(&self, changes: &[Change<'_>]) -> Result<()> {
        self.write(|transaction| changes.iter().try_for_each(|one| change(transaction, one)))
    }

    fn write(&self, work: impl FnOnce(&WriteTransaction) -> Result<()>) -> Result<()> {
        let transaction = self.database.begin_write()?;
        work(&transaction)?;
        transaction.commit()?;
        Ok(())
    }

    fn head(&self) -> Result<Option<Head>> {
        match self.database.begin_read()?.open_table(SINGLE) {
            Ok(table) => {
                Ok(table.get("head")?.map(|head| serde_json::from_slice(head.value())).transpose()?)
            }
            Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn kept(&self) -> Result<Kept> {
        let read = self.database.begin_read()?;
        let single = read.open_table(SINGLE)?;
        let iam = single.get("iam")?.ok_or("no world")?;
        let iam: Iam = serde_json::from_slice(iam.value())?;
        let ahead = single.get("ahead")?.map(|ahead| serde_json::from_slice(ahead.value())).transpose()?;
        let mut clusters = Clusters::new();
        for row in read.open_table(CLUSTERS)?.iter()? {
            let (id, cluster) = row?;
            clusters.insert(id.value().to_owned(), serde_json::from_slice(cluster.value())?);
        }
        let mut tokens = Vec::new();
        for row in read.open_table(TOKENS)?.iter()? {
            tokens.push(serde_json::from_slice::<Issued>(row?.1.value())?);
        }
        Ok(Kept { world: World::from_parts(iam, clusters)?, tokens, ahead: ahead.unwrap_or_default() })
    }
}

fn change(transaction: &WriteTransaction, change: &Change<'_>) -> Result<()> {
    match change {
        Change::Cluster(cluster) => {
            let row = serde_json::to_vec(cluster)?;
            transaction.open_table(CLUSTERS)?.insert(cluster.id(), row.as_slice())?;
        }
        Change::Token { issued, forgotten } => {
            let mut tokens = transaction.open_table(TOKENS)?;
            tokens.insert(issued.digest().as_slice(), serde_json::to_vec(issued)?.as_slice())?;
            for digest in *forgotten {
                tokens.remove(digest.as_slice())?;
            }
        }
        Change::Ahead(ahead) => put(transaction, "ahead", ahead)?,
        Change::World { world, keep_tokens } => {
            let (iam, clusters) = world.parts();
            put(transaction, "iam", iam)?;
            transaction.delete_table(CLUSTERS)?;
            let mut rows = transaction.open_table(CLUSTERS)?;
            for (id, cluster) in clusters {
                rows.insert(id.as_str(), serde_json::to_vec(cluster)?.as_slice())?;
            }
            if !keep_tokens {
                transaction.delete_table(TOKENS)?;
            }
            transaction.open_table(TOKENS)?;
        }
    }
    Ok(())
}

fn put(transaction: &WriteTransaction, name: &str, value: &impl Serialize) -> Result<()> {
    transaction.open_table(SINGLE)?.insert(name, serde_json::to_vec(value)?.as_slice())?;
    Ok(())
}
