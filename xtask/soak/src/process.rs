//! Emulators as processes of their own: started, watched, killed.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use crate::wire;

/// Above this, what an emulator has said is thrown away.
const MOST_SAID: u64 = 16 * 1024 * 1024;

/// Bytes of a line that are told.
const MOST_SHOWN: usize = 300;

/// All that run, clients too, so that Ctrl-C can end them; none once no more are to be started.
static RUNNING: Mutex<Option<Vec<Weak<Mutex<Child>>>>> = Mutex::new(Some(Vec::new()));

/// Ends every emulator and lets none start any more, for a program that is about to end itself.
pub(crate) fn kill_all() {
    for child in locked(&RUNNING).take().iter().flatten().filter_map(Weak::upgrade) {
        end(&child);
    }
}

/// Ends every emulator.
pub(crate) fn kill_running() {
    for child in locked(&RUNNING).iter().flatten().filter_map(Weak::upgrade) {
        end(&child);
    }
}

/// Has it ended with all others.
pub(crate) fn register(child: &Arc<Mutex<Child>>) -> Result<(), String> {
    match &mut *locked(&RUNNING) {
        Some(running) => {
            running.retain(|known| known.strong_count() > 0);
            running.push(Arc::downgrade(child));
            Ok(())
        }
        None => {
            end(child);
            Err("interrupted".to_owned())
        }
    }
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn end(child: &Mutex<Child>) {
    let mut child = locked(child);
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

/// Takes out of a command's environment what sets this workspace's programs, or sends their requests elsewhere.
pub(crate) fn without_settings(command: &mut Command) {
    for (variable, _) in std::env::vars_os() {
        let shown = variable.to_string_lossy().to_ascii_uppercase();
        let ours = ["MRS_IAM_SYNC_", "HUAWEICLOUD_", "HW_"].iter().any(|prefix| shown.starts_with(prefix));
        if ours || shown.ends_with("_PROXY") {
            command.env_remove(&variable);
        }
    }
}

/// How an emulator is started.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// For what it says on stderr.
    pub(crate) folder: PathBuf,
}

/// A running emulator. It is killed when this is dropped.
pub(crate) struct Emulator {
    child: Arc<Mutex<Child>>,
    pid: u32,
    pub(crate) url: String,
    pub(crate) addr: SocketAddr,
    /// What it says on stderr: a file, as that has everything by the time a connection breaks.
    said: File,
    seen: u64,
}

impl Setup {
    /// Starts one and returns when it has said where it listens.
    pub(crate) fn start(&self, name: &str) -> Result<Emulator, String> {
        let failed = |what: &str, error: &dyn std::fmt::Display| format!("the emulator {what}: {error}");
        let file = self.folder.join(format!("{name}.stderr"));
        // Appending, so that the file can be emptied under it.
        let open = || std::fs::OpenOptions::new().create(true).append(true).read(true).open(&file);
        let said = open().map_err(|error| failed("has nowhere to write", &error))?;
        said.set_len(0).map_err(|error| failed("has nowhere to write", &error))?;
        let mut command = Command::new(&self.program);
        command.arg("emulator").args(["--listen", "127.0.0.1:0", "--quota", "off"]).args(&self.arguments);
        without_settings(&mut command);
        let theirs = said.try_clone().map_err(|error| failed("has nowhere to write", &error))?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(theirs);
        let mut child = command.spawn().map_err(|error| failed("does not start", &error))?;
        let (pid, stdout) = (child.id(), child.stdout.take());
        let child = Arc::new(Mutex::new(child));
        register(&child)?;
        let mut emulator =
            Emulator { child, pid, url: String::new(), addr: ([127, 0, 0, 1], 0).into(), said, seen: 0 };
        let mut line = String::new();
        let read = stdout.map(|stdout| BufReader::new(stdout).read_line(&mut line));
        let url = line.trim();
        let addr = url.strip_prefix("http://").and_then(|addr| addr.parse().ok());
        match (read, addr) {
            (Some(Ok(_)), Some(addr)) => {
                (emulator.url, emulator.addr) = (url.to_owned(), addr);
                Ok(emulator)
            }
            _ => Err(format!("the emulator gives no URL; it says: {}", emulator.all_said().trim())),
        }
    }
}

impl Emulator {
    /// Whether the process is there.
    pub(crate) fn lives(&self) -> bool {
        matches!(locked(&self.child).try_wait(), Ok(None))
    }

    /// As with `kill -9`; returns when it is gone.
    pub(crate) fn kill(&self) {
        end(&self.child);
    }

    /// Whether there was a panic since this was asked last, with what was said about it.
    pub(crate) fn panicked(&mut self) -> Option<String> {
        let length = self.said.metadata().ok()?.len();
        if length <= self.seen {
            return None;
        }
        let mut new = Vec::new();
        self.said.seek(SeekFrom::Start(self.seen)).ok()?;
        (&self.said).take(length - self.seen).read_to_end(&mut new).ok()?;
        self.seen = length;
        if length > MOST_SAID && self.said.set_len(0).is_ok() {
            self.seen = 0;
        }
        let new = String::from_utf8_lossy(&new);
        let panic = new.lines().skip_while(|line| !line.contains("panicked")).take(4).collect::<Vec<_>>();
        (!panic.is_empty()).then(|| panic.join(" | "))
    }

    /// Memory in use; `None` where nothing tells.
    pub(crate) fn memory(&self) -> Option<Memory> {
        Memory::of(Path::new(&format!("/proc/{}/status", self.pid)))
    }

    /// What keeps this emulator from being fit: it is gone, or has panicked.
    pub(crate) fn check(&mut self) -> Result<(), String> {
        if let Some(panic) = self.panicked() {
            return Err(format!("it panicked: {panic}"));
        }
        if !self.lives() {
            let said = self.all_said();
            let last = said.trim().lines().last().unwrap_or_default();
            return Err(format!("it has ended; at last it said: {}", last.get(..MOST_SHOWN).unwrap_or(last)));
        }
        Ok(())
    }

    /// Asks it for its health.
    pub(crate) fn healthy(&self, within: Duration) -> Result<(), String> {
        let answer = wire::once(self.addr, &wire::get("/_emulator/health"), within)?;
        if answer.status == 200 && answer.json()["status"] == "ok" {
            Ok(())
        } else {
            Err(format!("its health is {} {}", answer.status, answer.text()))
        }
    }

    fn all_said(&mut self) -> String {
        let mut all = Vec::new();
        let _ = self.said.seek(SeekFrom::Start(0));
        let _ = (&self.said).take(MOST_SAID).read_to_end(&mut all);
        String::from_utf8_lossy(&all).into_owned()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Memory of a process in KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Memory {
    /// Resident now.
    pub(crate) now: u64,
    /// The most that ever was.
    pub(crate) peak: u64,
}

impl Memory {
    fn of(file: &Path) -> Option<Self> {
        Self::read(&std::fs::read_to_string(file).ok()?)
    }

    fn read(status: &str) -> Option<Self> {
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().strip_suffix(" kB")?.parse().ok()
        };
        Some(Self { now: number("VmRSS:")?, peak: number("VmHWM:")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_as_linux_tells_it() {
        let status = "Name:\tx\nVmHWM:\t   12345 kB\nVmRSS:\t    9876 kB\nThreads:\t1\n";
        assert_eq!(Memory::read(status), Some(Memory { now: 9876, peak: 12345 }));
        assert_eq!(Memory::read("Name:\tx\n"), None);
    }
}
