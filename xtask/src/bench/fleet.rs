//! The rows about fleets: whole processes that plan and apply, against what the service's latency or its quota allows.
//!
//! One run is a row, not many rounds: it takes from seconds to minutes and thousands of calls, so that chance has
//! little to say.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::programs::{self, Service, Watched, command};
use super::{BenchError, Report};

/// How long each answer takes, in milliseconds.
const LATENCY_MS: u32 = 50;
/// Clusters at once, and connections: the command line's default.
const CONCURRENCY: u32 = 64;
/// Looks that say that a synchronization still runs: the least by which a client need not wait for the settle time.
const POLLS: u32 = 1;
/// Seconds that a synchronization takes where the quota is the limit.
const SYNC_SECONDS: u32 = 10;
/// What the API documents a minute.
const WRITES_A_MINUTE: u32 = 60;
const READS_A_MINUTE: u32 = 1000;
/// What somebody else uses of that.
const OTHERS_A_MINUTE: u32 = 30;
/// Above this many clusters time runs twice as fast where the quota is the limit: 10,000 take nearly three hours.
const MANY: u32 = 1000;
/// What a plan or an apply may take of its limit, where the limit is long enough for that to mean something.
const MOST: f64 = 1.05;
/// The same, where somebody else uses the quota, too.
const MOST_SHARED: f64 = 1.2;
/// What an apply may take of memory, and how much more with ten times the clusters.
const MOST_MIB: f64 = 64.0;
const MOST_GROWTH: f64 = 1.1;

/// What is measured.
pub(super) struct Extent {
    pub(super) clusters: &'static [u32],
    /// Clusters of the fleet that has half of the quota.
    pub(super) shared: u32,
    /// How much faster than the machine's time runs where the quota is the limit.
    pub(super) speed: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Plan,
    Apply,
}

impl What {
    const BOTH: [Self; 2] = [Self::Plan, Self::Apply];

    const fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Apply => "apply",
        }
    }

    /// Calls that a cluster cannot do without: who is there and whether that is in line with IAM; the write, the looks
    /// until the service is idle, and the same two again.
    const fn calls(self) -> u32 {
        match self {
            Self::Plan => 2,
            Self::Apply => 2 + 1 + POLLS + 1 + 2,
        }
    }

    /// Seconds that a latency in seconds makes necessary.
    fn by_latency(self, clusters: u32, latency: f64) -> f64 {
        f64::from(self.calls()) * latency * f64::from(clusters) / f64::from(CONCURRENCY)
    }

    /// Seconds that the quota makes necessary: a minute for each minute's worth before the last one.
    fn by_quota(self, clusters: u32) -> f64 {
        let a_minute = match self {
            Self::Plan => READS_A_MINUTE,
            Self::Apply => WRITES_A_MINUTE,
        };
        f64::from(clusters.saturating_sub(1) / a_minute) * 60.0
    }
}

/// One row.
struct Row {
    what: &'static str,
    clusters: u32,
    seconds: f64,
    limit: f64,
    peak_mib: Option<f64>,
}

impl Row {
    fn ratio(&self) -> f64 {
        self.seconds / self.limit
    }

    fn text(&self) -> String {
        let peak = self.peak_mib.map_or_else(|| "not told".to_owned(), |mib| format!("{mib:.1} MiB"));
        format!(
            "  {:<8}{:>7} clusters {:>9.2} s of {:>8.2} s: {:>5.3} x {:>12}",
            self.what,
            self.clusters,
            self.seconds,
            self.limit,
            self.ratio(),
            peak
        )
    }
}

/// What fleets are measured with.
pub(super) struct Bench<'a> {
    /// The command line.
    pub(super) cli: &'a Path,
    /// `bench-fleet`.
    pub(super) program: &'a Path,
    /// For fleet files.
    pub(super) folder: &'a Path,
}

impl Bench<'_> {
    pub(super) fn run<W: Write>(
        &self,
        report: &mut Report<'_, W>,
        extent: &Extent,
    ) -> Result<(), BenchError> {
        report.title(&format!(
            "5. Fleets by latency: the command line, {LATENCY_MS} ms an answer, {CONCURRENCY} at once, no quota; \
             wall time from start to end"
        ))?;
        report.note(&format!(
            "the limit is calls x latency x clusters / {CONCURRENCY} ({} calls of a plan, {} of an apply; the latency is \
             what a bare socket sees), or one cluster alone where that takes longer",
            What::Plan.calls(),
            What::Apply.calls()
        ))?;
        self.by_latency(report, extent)?;
        report.title(&format!(
            "6. Fleets by quota: {WRITES_A_MINUTE} writes and {READS_A_MINUTE} reads a minute, a synchronization \
             takes {SYNC_SECONDS} s; time runs {} times as fast ({} times where more than {MANY} are applied), for client and \
             service alike",
            extent.speed,
            2 * extent.speed
        ))?;
        report.note(
            "the limit is a minute for each minute's worth of requests but the last, or one cluster alone; no request \
             was refused",
        )?;
        self.by_quota(report, extent)?;
        report.title(&format!(
            "7. Fleets by half of the quota: as before, and somebody else makes {OTHERS_A_MINUTE} writes a minute, \
             one after the other; neither knows of the other"
        ))?;
        self.shared(report, extent)
    }

    fn by_latency<W: Write>(&self, report: &mut Report<'_, W>, extent: &Extent) -> Result<(), BenchError> {
        for what in What::BOTH {
            let (alone, _) = self.latency_run(what, 1)?;
            let mut fewer: Option<f64> = None;
            for &clusters in extent.clusters {
                let (Watched { seconds, peak_mib, .. }, latency) = self.latency_run(what, clusters)?;
                let limit = what.by_latency(clusters, latency).max(alone.seconds);
                let row = Row { what: what.name(), clusters, seconds, limit, peak_mib };
                // Of fewer the last ones' way takes a good part of the time, with nobody behind them.
                let mut holds = Vec::new();
                if clusters > MANY {
                    holds.push((format!("<= {MOST} x"), row.ratio() <= MOST));
                    holds.extend(peak_mib.map(|peak| (format!("<= {MOST_MIB} MiB"), peak <= MOST_MIB)));
                    // A plan keeps so little that what shows is the file, while it is read.
                    if let (What::Apply, Some(peak), Some(before)) = (what, peak_mib, fewer) {
                        let growth = peak / before;
                        let text = format!("{growth:.3} of the memory for {MANY} <= {MOST_GROWTH}");
                        holds.push((text, growth <= MOST_GROWTH));
                    }
                }
                report.judged(&format!("{} {:>6.1} ms", row.text(), latency * 1000.0), &holds)?;
                fewer = peak_mib;
            }
        }
        Ok(())
    }

    /// A whole process of the command line, and the latency in seconds that a bare socket sees: a timer is late by up to
    /// a millisecond, and loopback takes its time.
    fn latency_run(&self, what: What, clusters: u32) -> Result<(Watched, f64), BenchError> {
        let file = self.file("fleet.yaml", 0, clusters)?;
        let (latency, polls) = (LATENCY_MS.to_string(), POLLS.to_string());
        let mut server = command(self.program);
        server.args(["server", &clusters.to_string(), "--no-quota"]);
        server.args(["--latency-ms", &latency, "--sync-polls", &polls]);
        let service = Service::start(server)?;
        let mut client = command(self.cli);
        client.args([what.name(), "--file"]).arg(&file);
        client.args(["--endpoint", &service.url, "--project-id", super::PROJECT]);
        client.args(["--no-rate-limit", "--concurrency", &CONCURRENCY.to_string(), "--output", "json"]);
        if what == What::Apply {
            client.arg("--yes");
        }
        let mut probe = command(self.program);
        probe.args(["probe", service.url.trim_start_matches("http://")]);
        let latency = number(&programs::numbers(&mut probe)?, "latency_us") / 1_000_000.0;
        let watched = programs::watched(client)?;
        let seen = service.end()?;
        expect(&seen, "requests", f64::from(what.calls()) * f64::from(clusters))?;
        arrived(what, clusters, &seen)?;
        Ok((watched, latency))
    }

    fn by_quota<W: Write>(&self, report: &mut Report<'_, W>, extent: &Extent) -> Result<(), BenchError> {
        for what in What::BOTH {
            let alone = self.quota_run(what, 1, extent.speed)?.seconds;
            for &clusters in extent.clusters {
                let speed =
                    if what == What::Apply && clusters > MANY { 2 * extent.speed } else { extent.speed };
                let Watched { seconds, peak_mib, .. } = self.quota_run(what, clusters, speed)?;
                let limit = what.by_quota(clusters).max(alone);
                let row = Row { what: what.name(), clusters, seconds, limit, peak_mib };
                let mut holds = Vec::new();
                // A minute or nothing is no measure.
                if what == What::Apply && clusters >= MANY {
                    holds.push((format!("<= {MOST} x"), row.ratio() <= MOST));
                }
                report.judged(&row.text(), &holds)?;
            }
        }
        Ok(())
    }

    fn quota_run(&self, what: What, clusters: u32, speed: u32) -> Result<Watched, BenchError> {
        let file = self.file("fleet.yaml", 0, clusters)?;
        let time = Time { speed, from: programs::since_1970() };
        let service = self.with_quota(clusters, &time)?;
        let watched = programs::watched(self.client(what, &file, &service.url, &time))?;
        let seen = service.end()?;
        expect(&seen, "throttled", 0.0)?;
        arrived(what, clusters, &seen)?;
        expect(&watched.numbers, "good", f64::from(clusters))?;
        Ok(in_its_time(watched))
    }

    fn shared<W: Write>(&self, report: &mut Report<'_, W>, extent: &Extent) -> Result<(), BenchError> {
        // The other one has more than enough to do, so that the fleet never has the quota for itself.
        let (clusters, others) = (extent.shared, extent.shared * 3 / 2);
        let file = self.file("fleet.yaml", 0, clusters)?;
        let time = Time { speed: extent.speed, from: programs::since_1970() };
        let service = self.with_quota(clusters + others, &time)?;
        let fleet = self.client(What::Apply, &file, &service.url, &time);
        let mut other = command(self.program);
        other.args(["others", &clusters.to_string(), &others.to_string(), &service.url]);
        other.arg(OTHERS_A_MINUTE.to_string());
        let other = time.given_to(other);
        let both = std::thread::scope(|scope| {
            let both = [fleet, other].map(|program| scope.spawn(move || programs::watched(program)));
            both.map(|run| {
                run.join().unwrap_or_else(|_| Err(BenchError::Failed("a thread panicked".to_owned())))
            })
        });
        let [fleet, other] = both;
        let (fleet, other) = (fleet?, other?);
        let seen = service.end()?;
        arrived(What::Apply, clusters + others, &seen)?;
        expect(&fleet.numbers, "good", f64::from(clusters))?;
        expect(&other.numbers, "good", f64::from(others))?;
        let Watched { seconds, peak_mib, .. } = in_its_time(fleet);
        let limit = f64::from((clusters - 1) / (WRITES_A_MINUTE - OTHERS_A_MINUTE)) * 60.0;
        let fleet = Row { what: What::Apply.name(), clusters, seconds, limit, peak_mib };
        let Watched { seconds, peak_mib, .. } = in_its_time(other);
        let limit = f64::from(others) / f64::from(OTHERS_A_MINUTE) * 60.0;
        let other = Row { what: "other", clusters: others, seconds, limit, peak_mib };
        for row in [fleet, other] {
            let holds = row.ratio() <= MOST_SHARED;
            report.judged(&row.text(), &[(format!("<= {MOST_SHARED} x"), holds)])?;
        }
        report.note(&format!(
            "each cluster is as it should be, written once; of {} requests {} were refused for the quota, and sent again",
            number(&seen, "requests"),
            number(&seen, "throttled")
        ))
    }

    fn with_quota(&self, clusters: u32, time: &Time) -> Result<Service, BenchError> {
        let mut server = command(self.program);
        server.args(["server", &clusters.to_string(), "--sync-seconds", &SYNC_SECONDS.to_string()]);
        Service::start(time.given_to(server))
    }

    fn client(&self, what: What, file: &Path, url: &str, time: &Time) -> Command {
        let mut client = command(self.program);
        client.args(["run", what.name()]).arg(file).arg(url);
        time.given_to(client)
    }

    fn file(&self, name: &str, first: u32, clusters: u32) -> Result<PathBuf, BenchError> {
        let file = self.folder.join(name);
        let mut write = command(self.program);
        write.arg("file").arg(&file).args([first.to_string(), clusters.to_string()]);
        programs::output(&mut write).map(|_| file)
    }
}

/// A fast run that has left something undone is none.
fn arrived(what: What, clusters: u32, seen: &programs::Numbers) -> Result<(), BenchError> {
    let expected = if what == What::Apply { f64::from(clusters) } else { 0.0 };
    for name in ["writes", "right"] {
        expect(seen, name, expected)?;
    }
    Ok(())
}

/// The time of a client and its service.
struct Time {
    speed: u32,
    from: u64,
}

impl Time {
    fn given_to(&self, mut command: Command) -> Command {
        command.args(["--speed", &self.speed.to_string(), "--from", &self.from.to_string()]);
        command
    }
}

/// With the seconds that the program has counted by its own time.
fn in_its_time(watched: Watched) -> Watched {
    Watched { seconds: number(&watched.numbers, "seconds"), ..watched }
}

fn number(numbers: &programs::Numbers, name: &str) -> f64 {
    numbers.get(name).copied().unwrap_or(f64::NAN)
}

fn expect(numbers: &programs::Numbers, name: &str, expected: f64) -> Result<(), BenchError> {
    match number(numbers, name) {
        found if found == expected => Ok(()),
        found => Err(BenchError::Failed(format!("a fleet: {name} is {found} instead of {expected}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_those_of_the_design() {
        assert_eq!(What::Apply.by_quota(60), 0.0);
        assert_eq!(What::Apply.by_quota(61), 60.0);
        assert_eq!(What::Apply.by_quota(1000), 16.0 * 60.0);
        assert_eq!(What::Plan.by_quota(1001), 60.0);
        assert_eq!(What::Apply.by_latency(10_000, 0.05), 7.0 * 0.05 * 10_000.0 / 64.0);
    }
}
