//! `docs/benchmarks.md`: the numbers of one run, with the machine that they are of.

use std::io::Write;
use std::process::Command;

/// From the workspace's root.
pub(super) const PATH: &str = "docs/benchmarks.md";

/// Writes through, and keeps what was written.
pub(super) struct Kept<'a, W> {
    out: &'a mut W,
    kept: Vec<u8>,
}

impl<'a, W> Kept<'a, W> {
    pub(super) fn new(out: &'a mut W) -> Self {
        Self { out, kept: Vec::new() }
    }

    pub(super) fn into_text(self) -> String {
        String::from_utf8_lossy(&self.kept).into_owned()
    }
}

impl<W: Write> Write for Kept<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.kept.extend_from_slice(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// The page, as of today and for this machine.
#[expect(clippy::disallowed_methods, reason = "the day on which it was measured")]
pub(super) fn page(numbers: &str) -> String {
    laid_out(numbers, &jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(), &Machine::this())
}

fn laid_out(numbers: &str, day: &str, machine: &Machine) -> String {
    let Machine { cpu, cpus, memory, system, rustc } = machine;
    format!(
        "# Numbers\n\n\
         Written by `cargo xtask bench --write`, all in one run; ratios are what counts. CONTRIBUTING.md says how each \
         is measured (\"Numbers\"). What does not hold is there as MISSED.\n\n\
         | | |\n|---|---|\n| day | {day} |\n| CPU | {cpu}, {cpus} |\n| memory | {memory} |\n| system | {system} |\n\
         | compiler | {rustc} |\n\n```text\n{}\n```\n",
        numbers.trim()
    )
}

struct Machine {
    cpu: String,
    cpus: String,
    memory: String,
    system: String,
    rustc: String,
}

impl Machine {
    fn this() -> Self {
        let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
        let unknown = || "not known".to_owned();
        let cpus = std::thread::available_parallelism().map_or(0, usize::from);
        let kib: Option<f64> = value(&read("/proc/meminfo"), "MemTotal:")
            .and_then(|memory| memory.strip_suffix(" kB")?.parse().ok());
        let release = value(&read("/etc/os-release"), "PRETTY_NAME=");
        let release = release.map(|name| name.trim_matches('"').to_owned());
        let rustc = Command::new("rustc").arg("--version").output().ok();
        Self {
            cpu: value(&read("/proc/cpuinfo"), "model name")
                .map_or_else(unknown, |name| name.trim_start_matches([':', '\t', ' ']).to_owned()),
            cpus: if cpus == 1 { "1 CPU".to_owned() } else { format!("{cpus} CPUs") },
            memory: kib.map_or_else(unknown, |kib| format!("{:.0} GiB", kib / 1024.0 / 1024.0)),
            system: release.unwrap_or_else(|| std::env::consts::OS.to_owned()),
            rustc: rustc
                .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
                .filter(|version| !version.is_empty())
                .unwrap_or_else(unknown),
        }
    }
}

/// What follows a name in a file of lines.
fn value(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_tells_the_machine_the_day_and_what_was_printed() {
        let mut out = Vec::new();
        let mut kept = Kept::new(&mut out);
        writeln!(kept, "\n1. A call\n  ours 1.00").unwrap();
        let text = kept.into_text();
        assert_eq!(out, text.as_bytes());
        let machine = Machine {
            cpu: "A CPU".into(),
            cpus: "2 CPUs".into(),
            memory: "8 GiB".into(),
            system: "Linux".into(),
            rustc: "rustc 1.90.0".into(),
        };
        let page = laid_out(&text, "2026-01-02", &machine);
        assert!(page.contains("| day | 2026-01-02 |\n| CPU | A CPU, 2 CPUs |\n| memory | 8 GiB |"), "{page}");
        assert!(
            page.ends_with("| compiler | rustc 1.90.0 |\n\n```text\n1. A call\n  ours 1.00\n```\n"),
            "{page}"
        );
    }

    #[test]
    fn values_are_found_in_what_linux_tells() {
        assert_eq!(value("processor\t: 0\nmodel name\t: A CPU\n", "model name"), Some(": A CPU".to_owned()));
        assert_eq!(value("MemTotal:       16 kB\n", "MemTotal:"), Some("16 kB".to_owned()));
        assert_eq!(value("", "MemTotal:"), None);
    }
}
