//! `cargo xtask bench`: what calls cost, how fast a process answers and how fleets keep to their limits, against what
//! they are compared with, side by side in one run.
//!
//! Everything measured is a process of its own that talks to a server on loopback. Rounds take turns (A, B, C,
//! A, B, C, …), so that what slows the machine down slows all of them down.

mod fleet;
mod official;
mod page;
pub(crate) mod programs;
mod statistics;

use std::io::Write;
use std::path::Path;
use std::process::Command;

pub use statistics::{Bounds, Summary, Verdict};

use official::Official;
use programs::{OneCpu, Server, command, lifetime, numbers};

const PROJECT: &str = "0123456789abcdef0123456789abcdef";
const CLUSTER: &str = "2b460e01-3351-4170-b0a7-57b9dd5ffef3";

/// Why nothing could be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchError {
    /// A program could not be built, started or understood.
    #[error("{0}")]
    Failed(String),
    /// The results could not be written.
    #[error("cannot write the results: {0}")]
    Write(#[from] std::io::Error),
}

/// What to measure, and what to do with it.
#[derive(Debug, Default, clap::Args)]
pub struct Options {
    /// Only a little, without the official SDKs, which shows that it works and not how fast anything is.
    #[arg(long)]
    pub quick: bool,
    /// These parts only: calls, signing, starts, fleet.
    #[arg(long, value_name = "PARTS", value_delimiter = ',', value_parser = PARTS)]
    pub only: Vec<String>,
    /// Write the numbers to docs/benchmarks.md, too, with this machine and today's date.
    #[arg(long, conflicts_with_all = ["quick", "only"])]
    pub write: bool,
    /// Instead, how large the released program is with and without its optional parts. Builds it four times.
    #[arg(long, conflicts_with_all = ["quick", "only", "write"])]
    pub sizes: bool,
}

const PARTS: [&str; 4] = ["calls", "signing", "starts", "fleet"];

impl Options {
    fn wants(&self, part: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|wanted| wanted == part)
    }
}

/// How much is measured.
struct Extent {
    rounds: usize,
    /// Calls of each process in a round: in Rust, in Go and Java, in Python and Node.
    calls: [u32; 3],
    signatures: u32,
    starts: usize,
    fleets: fleet::Extent,
}

/// Many short rounds: what disturbs one of them is less likely to be gone in the next turn.
const FULL: Extent = Extent {
    rounds: 50,
    calls: [2_000, 500, 100],
    signatures: 100_000,
    starts: 40,
    fleets: fleet::Extent { clusters: &[10, 100, 1_000, 10_000], shared: 300, speed: 30 },
};
const QUICK: Extent = Extent {
    rounds: 3,
    calls: [500, 0, 0],
    signatures: 5_000,
    starts: 5,
    fleets: fleet::Extent { clusters: &[10, 100], shared: 60, speed: 60 },
};

/// Something that is measured once in each round.
struct Measured {
    name: String,
    /// What came of it, or why it is left out.
    samples: Result<Vec<f64>, String>,
}

/// Measures and prints; whether every number holds. With `quick` every number holds.
///
/// # Errors
/// When something that is needed cannot be built or run, or a fleet is not as it should be.
pub fn run(root: &Path, options: &Options, out: &mut impl Write) -> Result<bool, BenchError> {
    let quick = options.quick;
    let extent = if quick { QUICK } else { FULL };
    // One after the other: built together, each would get the features that the other wants of a dependency.
    let cli = programs::built(root, "mrs-iam-sync-cli", "release")?;
    let calls = programs::built(root, "bench-calls", "release")?;
    let fleets = programs::built(root, "bench-fleet", "release")?;
    let folder = calls.ancestors().nth(2).unwrap_or(root).join("bench");
    std::fs::create_dir_all(&folder)?;
    let official = Official::prepare(root, &folder, quick || !options.wants("calls"));
    let mut out = page::Kept::new(out);
    let mut report = Report { out: &mut out, held: true };
    if quick {
        writeln!(report.out, "quick: a few rounds, to show that it works; the numbers mean little")?;
    }
    if options.wants("calls") || options.wants("signing") || options.wants("starts") {
        let one_cpu = OneCpu::keep();
        let server = Server::start(&calls, &folder)?;
        writeln!(
            report.out,
            "medians, with quartiles in parentheses; ratios of each round; {}",
            match one_cpu {
                Some(_) => "rows 1 to 3 on one CPU, the server's",
                None => "on any CPU (no taskset), so that waking one counts as a call's time",
            }
        )?;
        if options.wants("calls") {
            call_costs(&mut report, &extent, &calls, &official, &server)?;
        }
        if options.wants("signing") {
            signing(&mut report, &extent, &calls)?;
        }
        drop(one_cpu);
        if options.wants("starts") {
            starts(&mut report, &extent, &cli, &official, &server)?;
        }
    }
    if options.wants("fleet") {
        fleet::Bench { cli: &cli, program: &fleets, folder: &folder }.run(&mut report, &extent.fleets)?;
    }
    let held = report.held;
    if options.write {
        std::fs::write(root.join(page::PATH), page::page(&out.into_text()))?;
    }
    Ok(quick || held)
}

/// The features that leave something out, and what is in then.
const FEATURES: [(&str, &[&str]); 4] = [
    ("neither emulator nor explorer", &["--no-default-features"]),
    ("emulator", &["--no-default-features", "--features", "emulator"]),
    ("explorer", &["--no-default-features", "--features", "explorer"]),
    // Last, so that it is what is left in the folder of programs.
    ("both, as it is released", &[]),
];

/// Builds the released command line with and without its optional parts, and prints how large it is.
///
/// # Errors
/// When it cannot be built.
pub fn sizes(root: &Path, out: &mut impl Write) -> Result<(), BenchError> {
    writeln!(out, "size of mrs-iam-sync, released and stripped")?;
    let mut least = None;
    for (parts, features) in FEATURES {
        let program = crate::process::built_with(root, "mrs-iam-sync-cli", "release", features)
            .map_err(BenchError::Failed)?;
        let size = std::fs::metadata(program)?.len();
        let more = size.saturating_sub(*least.get_or_insert(size));
        let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        writeln!(out, "  {parts:<32}{:>8.2} MiB  + {:.2}", mebibytes(size), mebibytes(more))?;
    }
    Ok(())
}

/// The first two rows: CPU time of a call.
fn call_costs<W: Write>(
    report: &mut Report<'_, W>,
    extent: &Extent,
    program: &Path,
    official: &Official,
    server: &Server,
) -> Result<(), BenchError> {
    let way = |name: &str| {
        let mut ours = command(program);
        ours.args(["call", name]);
        Ok(ours)
    };
    let [ours, compiled, interpreted] = extent.calls;
    let mut commands = [
        ("HTTP alone, by reqwest", way("http"), ours),
        ("raw unsigned reqwest: HTTP and JSON", way("raw"), ours),
        ("that, signed by hand", way("signed"), ours),
        ("the generated client, signed by hand", way("generated"), ours),
        ("the SDK", way("sdk"), ours),
        ("the SDK with its rate limit", way("limited"), ours),
        ("official Go SDK", official.go(), compiled),
        ("official Java SDK", official.java(), compiled),
        ("official Python SDK", official.python(), interpreted),
        ("official Node SDK's core", official.node(), interpreted),
    ];
    for (name, command, calls) in &mut commands {
        if let Ok(command) = command {
            // What is compiled on the way has more to warm up.
            let warm_up = if name.contains("Java") { *calls } else { calls.div_ceil(10) };
            command.args([&server.http, PROJECT, CLUSTER]).args([warm_up.to_string(), calls.to_string()]);
        }
    }
    let names = commands.each_ref().map(|(name, _, _)| *name);
    let commands = commands.map(|(_, command, _)| command);
    let measured = in_turns(extent.rounds, names, commands, |command| {
        let numbers = numbers(command)?;
        let cost = numbers.get("cpu_ns_per_call").copied();
        cost.map(|cost| cost / 1000.0).ok_or_else(|| BenchError::Failed("a call without a cost".to_owned()))
    })?;
    let [http, raw, signed, generated, sdk, limited, go, java, python, node] = &measured;

    report.title(&format!(
        "1. A signed call: client CPU in us, {} rounds of {ours} calls on a connection that is kept",
        extent.rounds
    ))?;
    for variant in [raw, sdk] {
        report.sample(variant)?;
    }
    report.ratio("the SDK / raw", sdk, raw, Some(Bounds::AtMost { hold: 1.4, aim: 1.25 }))?;
    writeln!(report.out, "  where it goes:")?;
    report.sample(http)?;
    report.step("+ writing and reading JSON", raw, http)?;
    report.step("+ signing", signed, raw)?;
    report.step("+ generated builder, hooks, the answer kept", generated, signed)?;
    report.step("+ names checked, credentials, deadlines, spans", sdk, generated)?;
    writeln!(
        report.out,
        "  not in the ratio, as more than 60 calls a minute are above it (so the clock runs faster):"
    )?;
    report.step("+ the rate limit", limited, sdk)?;

    report.title(&format!(
        "2. The same against the official SDKs: client CPU in us, {compiled} calls of Go and Java (after as many of \
         Java to warm up) and {interpreted} of Python and Node in each of the same rounds"
    ))?;
    let interpreted = Bounds::AtLeast { hold: 20.0, aim: 30.0 };
    for (official, bounds) in [
        (go, Some(Bounds::AtLeast { hold: 3.0, aim: 4.0 })),
        (java, None),
        (python, Some(interpreted)),
        (node, Some(interpreted)),
    ] {
        report.sample(official)?;
        report.ratio(&format!("{} / ours", official.name), official, sdk, bounds)?;
    }
    writeln!(report.out, "  Node's core signs and sends; npm has no package of the service")?;
    Ok(())
}

/// The third row: signing the documented example.
fn signing<W: Write>(report: &mut Report<'_, W>, extent: &Extent, program: &Path) -> Result<(), BenchError> {
    let (mut bare, mut whole) = (Vec::new(), Vec::new());
    for _ in 0..extent.rounds {
        let numbers = numbers(command(program).args(["signer", &extent.signatures.to_string()]))?;
        let number = |name: &str| numbers.get(name).copied().unwrap_or(f64::NAN);
        bare.push(number("bare_ns"));
        whole.push(number("sign_ns"));
    }
    let bare = Measured { name: "its bare hashes, key set up before".to_owned(), samples: Ok(bare) };
    let whole = Measured { name: "signing".to_owned(), samples: Ok(whole) };
    report.title(&format!(
        "3. Signing the documented example: CPU in ns, {} rounds of {}",
        extent.rounds, extent.signatures
    ))?;
    report.sample(&bare)?;
    report.sample(&whole)?;
    report.ratio("signing / hashes", &whole, &bare, Some(Bounds::AtMost { hold: 2.0, aim: 1.5 }))
}

/// The fourth row: whole processes, from start to end with one call in between.
fn starts<W: Write>(
    report: &mut Report<'_, W>,
    extent: &Extent,
    cli: &Path,
    official: &Official,
    server: &Server,
) -> Result<(), BenchError> {
    let ours = |endpoint: &str| {
        let mut list = command(cli);
        list.args(["list", "--cluster", CLUSTER, "--project-id", PROJECT, "--endpoint", endpoint]);
        list.arg("--ca-file").arg(&server.ca_file);
        list
    };
    let once = |command: Result<Command, String>| {
        command.map(|mut command| {
            command.args([&server.http, PROJECT, CLUSTER, "1", "0"]);
            command
        })
    };
    let commands = [
        ("a process that does nothing: true", Ok(command("true"))),
        ("mrs-iam-sync list, http", Ok(ours(&server.http))),
        ("mrs-iam-sync list, https", Ok(ours(&server.https))),
        ("official Go SDK, http", once(official.go())),
        ("official Python SDK, http", once(official.python())),
    ];
    let names = commands.each_ref().map(|(name, _)| *name);
    let measured = in_turns(extent.starts, names, commands.map(|(_, command)| command), |command| {
        lifetime(command).map(|time| time.as_secs_f64() * 1000.0)
    })?;
    report.title(&format!("4. Start to first answer: whole processes in ms, {} rounds", extent.starts))?;
    for variant in &measured {
        report.sample(variant)?;
    }
    let [_, http, https, _, _] = &measured;
    report.limit(http, Bounds::AtMost { hold: 10.0, aim: 5.0 })?;
    report.limit(https, Bounds::AtMost { hold: 25.0, aim: 12.0 })
}

/// Measures each command once a round; the first round warms up and does not count.
fn in_turns<const N: usize>(
    rounds: usize,
    names: [&str; N],
    mut commands: [Result<Command, String>; N],
    measure: impl Fn(&mut Command) -> Result<f64, BenchError>,
) -> Result<[Measured; N], BenchError> {
    let mut samples =
        commands.each_ref().map(|command| command.as_ref().map(|_| Vec::new()).map_err(Clone::clone));
    for round in 0..=rounds {
        for (command, samples) in commands.iter_mut().zip(&mut samples) {
            if let (Ok(command), Ok(samples)) = (command, samples) {
                let number = measure(command)?;
                if round > 0 {
                    samples.push(number);
                }
            }
        }
    }
    let mut named = names.into_iter();
    Ok(samples.map(|samples| Measured { name: named.next().unwrap_or_default().to_owned(), samples }))
}

/// The results as text, and whether all of them hold.
struct Report<'a, W> {
    out: &'a mut W,
    held: bool,
}

impl<W: Write> Report<'_, W> {
    fn title(&mut self, title: &str) -> Result<(), BenchError> {
        Ok(writeln!(self.out, "\n{title}")?)
    }

    /// Median and quartiles, or why there are none.
    fn sample(&mut self, measured: &Measured) -> Result<(), BenchError> {
        let summary = measured.samples.as_ref().map(|samples| Summary::of(samples));
        match summary {
            Ok(Some(Summary { lower, median, upper })) => {
                writeln!(self.out, "  {:<48}{median:>10.2}  ({lower:.2} .. {upper:.2})", measured.name)?;
            }
            Ok(None) => writeln!(self.out, "  {}: SKIPPED, no rounds", measured.name)?,
            Err(why) => writeln!(self.out, "  {}: SKIPPED, {why}", measured.name)?,
        }
        Ok(())
    }

    /// What is more in one than in another.
    fn step(&mut self, name: &str, more: &Measured, less: &Measured) -> Result<(), BenchError> {
        let differences = |(more, less): (&Vec<f64>, &Vec<f64>)| {
            more.iter().zip(less).map(|(more, less)| more - less).collect()
        };
        let samples = more.samples.as_ref().ok().zip(less.samples.as_ref().ok()).map(differences);
        let samples = samples.ok_or_else(|| "one of the two is".to_owned());
        self.sample(&Measured { name: format!("  {name}"), samples })
    }

    fn ratio(
        &mut self,
        name: &str,
        above: &Measured,
        below: &Measured,
        bounds: Option<Bounds>,
    ) -> Result<(), BenchError> {
        let (Ok(above), Ok(below)) = (&above.samples, &below.samples) else { return Ok(()) };
        match Summary::of_ratios(above, below) {
            Some(ratios) => self.verdict(name, ratios, bounds),
            None => Ok(()),
        }
    }

    fn limit(&mut self, measured: &Measured, bounds: Bounds) -> Result<(), BenchError> {
        match measured.samples.as_ref().map(|samples| Summary::of(samples)) {
            Ok(Some(summary)) => self.verdict(&measured.name, summary, Some(bounds)),
            _ => Ok(()),
        }
    }

    /// Without bounds it is told and not judged.
    fn verdict(&mut self, name: &str, summary: Summary, bounds: Option<Bounds>) -> Result<(), BenchError> {
        let Summary { lower, median, upper } = summary;
        write!(self.out, "  {name:<48}{median:>10.2}  ({lower:.2} .. {upper:.2})")?;
        if let Some(bounds) = bounds {
            let verdict = bounds.judge(median);
            self.held &= verdict != Verdict::Missed;
            write!(self.out, "  {bounds}: {verdict}")?;
        }
        Ok(writeln!(self.out)?)
    }

    fn note(&mut self, text: &str) -> Result<(), BenchError> {
        Ok(writeln!(self.out, "  {text}")?)
    }

    /// A line, and whether what it is held to holds.
    fn judged(&mut self, text: &str, holds: &[(String, bool)]) -> Result<(), BenchError> {
        write!(self.out, "{text}")?;
        for (number, (what, held)) in holds.iter().enumerate() {
            self.held &= held;
            let verdict = if *held { Verdict::Held } else { Verdict::Missed };
            write!(self.out, "{} {what}: {verdict}", if number == 0 { "  hold" } else { "," })?;
        }
        Ok(writeln!(self.out)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(name: &str, samples: Result<&[f64], &str>) -> Measured {
        Measured { name: name.to_owned(), samples: samples.map(<[f64]>::to_vec).map_err(str::to_owned) }
    }

    fn printed(write: impl FnOnce(&mut Report<'_, Vec<u8>>)) -> (String, bool) {
        let mut out = Vec::new();
        let mut report = Report { out: &mut out, held: true };
        write(&mut report);
        let held = report.held;
        (String::from_utf8(out).unwrap(), held)
    }

    #[test]
    fn what_is_skipped_says_why_and_is_not_judged() {
        let python = measured("Python", Err("python3 does not start"));
        let ours = measured("ours", Ok(&[1.0]));
        let (text, held) = printed(|report| {
            report.sample(&python).unwrap();
            report
                .ratio("Python / ours", &python, &ours, Some(Bounds::AtLeast { hold: 20.0, aim: 30.0 }))
                .unwrap();
        });
        assert_eq!(text, "  Python: SKIPPED, python3 does not start\n");
        assert!(held);
    }

    #[test]
    fn one_miss_is_enough() {
        let (raw, sdk) = (measured("raw", Ok(&[1.0, 2.0])), measured("sdk", Ok(&[1.5, 3.0])));
        let (text, held) = printed(|report| {
            report.ratio("sdk / raw", &sdk, &raw, Some(Bounds::AtMost { hold: 1.4, aim: 1.25 })).unwrap();
            report.limit(&raw, Bounds::AtMost { hold: 10.0, aim: 5.0 }).unwrap();
        });
        assert!(text.contains("1.50  (1.50 .. 1.50)  hold <= 1.4, aim <= 1.25: MISSED\n"), "{text}");
        assert!(text.ends_with("hold <= 10, aim <= 5: aim\n"), "{text}");
        assert!(!held);
    }

    #[test]
    fn a_line_is_missed_when_one_of_its_holds_is() {
        let (text, held) = printed(|report| {
            report.judged("  apply 1.01 x", &[]).unwrap();
            report
                .judged("  apply 1.04 x 70 MiB", &[("<= 1.05 x".into(), true), ("<= 64 MiB".into(), false)])
                .unwrap();
        });
        assert_eq!(text, "  apply 1.01 x\n  apply 1.04 x 70 MiB  hold <= 1.05 x: held, <= 64 MiB: MISSED\n");
        assert!(!held);
    }

    #[test]
    fn the_first_round_does_not_count_and_skipped_commands_do_not_run() {
        let runs = std::cell::Cell::new(0.0);
        let commands = [Ok(Command::new("x")), Err("quick".to_owned())];
        let [x, y] = in_turns(2, ["x", "y"], commands, |_| {
            runs.set(runs.get() + 1.0);
            Ok(runs.get())
        })
        .unwrap();
        assert_eq!((x.name.as_str(), x.samples), ("x", Ok(vec![2.0, 3.0])));
        assert_eq!((y.name.as_str(), y.samples), ("y", Err("quick".to_owned())));
    }
}
