//! `emulator`.

use std::path::Path;

use mrs_iam_sync_emulator::{Emulator, Quota, SAMPLE_ACCESS_KEY, SAMPLE_SECRET_KEY, Seed};

use crate::args;
use crate::emulated::not_started;
use crate::error::{CliError, Result};
use crate::interrupt;
use crate::output::Output;

/// They would win over what is exported, or contradict it.
const CONTRADICTING: [&str; 7] = [
    "MRS_IAM_SYNC_PROFILE",
    "MRS_IAM_SYNC_TOKEN",
    "MRS_IAM_SYNC_PROJECT_ID",
    "MRS_IAM_SYNC_CA_FILE",
    "HUAWEICLOUD_SDK_SECURITY_TOKEN",
    "HUAWEICLOUD_SDK_IDP_ID",
    "HUAWEICLOUD_SDK_ID_TOKEN_FILE",
];

/// The region that the official SDKs reach it as.
const REGION: &str = "cn-north-4";

pub(crate) async fn run(flags: args::Emulator, output: Output) -> Result<()> {
    if flags.differences {
        return output.data(mrs_iam_sync_emulator::differences().as_bytes());
    }
    // Watched before the URL is out: whoever reads it may send a signal at once.
    let stop = interrupt::signals().map_err(|error| CliError::io("signals cannot be watched", &error))?;
    let remote = !flags.listen.ip().to_canonical().is_loopback();
    let mut builder = Emulator::builder()
        .listen(flags.listen)
        .allow_remote(flags.allow_remote)
        .tls(flags.tls)
        .seed(flags.seed_number)
        .token_lifetime(flags.token_lifetime)
        .explain_auth(flags.explain_auth)
        .virtual_time(flags.virtual_time)
        .quota(match flags.quota {
            args::Quota::Off => Quota::Off,
            args::Quota::Sliding => Quota::Sliding,
            args::Quota::Fixed => Quota::Fixed,
        });
    builder = match flags.sync_polls {
        Some(count) => builder.sync_polls(count),
        None => builder.sync_duration(flags.sync_duration),
    };
    if flags.without_status_operations {
        builder = builder.without_status_operations();
    }
    let mut key = flags.ak.zip(flags.sk).map(|(ak, sk)| (ak, sk.0, None));
    if let Some((ak, sk, _)) = &key {
        builder = builder.access_key(ak, sk);
    }
    if let Some(file) = &flags.seed {
        let seed = seed(file)?;
        let first = seed.first_key();
        key = key.or(first.map(|(ak, sk, token)| (ak.to_owned(), sk.to_owned(), token.map(str::to_owned))));
        builder = builder.from_seed(seed);
    }
    if let Some(directory) = &flags.state {
        builder = builder.state(directory);
    }
    let emulator = builder.start().await.map_err(not_started)?;
    let sample = || (SAMPLE_ACCESS_KEY.to_owned(), SAMPLE_SECRET_KEY.to_owned(), None);
    let key = key.unwrap_or_else(sample);
    // In place before the URL is out.
    let ca_file = match (&flags.tls_cert_out, emulator.certificate_pem()) {
        (Some(file), Some(pem)) => Some(written(file, pem)?),
        _ => None,
    };
    let url = emulator.base_url();
    let mut text = format!("{url}\n");
    if flags.env {
        text.push_str(&exports(&emulator, key, ca_file));
    }
    output.data(text.as_bytes())?;
    if remote {
        output.say("warning: others can reach it, and change it below /_emulator/ without credentials.");
    }
    output.say(match flags.state {
        None => "This is an emulator, not the real service; it keeps nothing when it stops (Ctrl-C).",
        Some(_) => "This is an emulator, not the real service; its state is kept when it stops (Ctrl-C).",
    });
    stop.await;
    emulator.shutdown().await;
    Ok(())
}

fn seed(file: &Path) -> Result<Seed> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| CliError::usage(format!("{}: {error}", file.display())))?;
    Seed::from_yaml(&text)
        .map_err(|error| CliError::usage(format!("{}: {error}", file.display())))
        .map_err(|error| error.with_hint("mrs-iam-sync schema seed prints what may be in it"))
}

/// What a shell has to do so that this program and the official SDKs use it.
fn exports(emulator: &Emulator, key: (String, String, Option<String>), ca_file: Option<String>) -> String {
    let (ak, sk, security_token) = key;
    let (url, world) = (emulator.base_url(), emulator.world());
    // That of the region whose endpoint is told, where there is one: an SDK asks for this region's clusters.
    let named = world.projects().find(|(_, name)| *name == REGION).or_else(|| world.projects().next());
    let project = named.map(|(id, _)| ("HUAWEICLOUD_SDK_PROJECT_ID", id.to_owned()));
    let ca_file = ca_file.map(|file| ("MRS_IAM_SYNC_CA_FILE", file));
    let variables = [("HUAWEICLOUD_SDK_AK", ak), ("HUAWEICLOUD_SDK_SK", sk)]
        .into_iter()
        .chain(security_token.map(|token| ("HUAWEICLOUD_SDK_SECURITY_TOKEN", token)))
        .chain(project)
        .chain([
            ("HUAWEICLOUD_SDK_DOMAIN_ID", world.domain_id()),
            ("HUAWEICLOUD_SDK_IAM_ENDPOINT", url.clone()),
            ("HUAWEICLOUD_SDK_REGION_MRS_CN_NORTH_4", url.clone()),
            ("MRS_IAM_SYNC_IAM_ENDPOINT", url.clone()),
        ])
        .chain(ca_file)
        // The last one: scripts wait for it.
        .chain([("MRS_IAM_SYNC_ENDPOINT", url)]);
    let mut text = format!("unset {}\n", CONTRADICTING.join(" "));
    for (name, value) in variables {
        text.push_str(&format!("export {name}={}\n", quoted(&value)));
    }
    text
}

/// Writes the certificate. Answers the file's full name, as whoever reads it may be in another directory.
fn written(file: &Path, pem: &str) -> Result<String> {
    let failed = |error: &std::io::Error| {
        CliError::io(format!("cannot write the certificate to {}", file.display()), error)
    };
    let full = std::path::absolute(file).map_err(|error| failed(&error))?;
    std::fs::write(&full, pem).map_err(|error| failed(&error))?;
    match full.into_os_string().into_string() {
        Ok(name) => Ok(name),
        Err(_) => Err(CliError::usage("--tls-cert-out: the name of the file is not UTF-8")),
    }
}

/// A word that no shell reads anything into.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_is_written_under_a_name_that_holds_everywhere() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("emulator.pem");
        let name = written(&file, "certificate").unwrap();
        assert!(Path::new(&name).is_absolute());
        assert_eq!(std::fs::read_to_string(name).unwrap(), "certificate");
        assert!(written(&folder.path().join("none/emulator.pem"), "certificate").is_err());
    }

    #[test]
    fn a_shell_reads_nothing_into_it() {
        assert_eq!(quoted("a'b $c"), r"'a'\''b $c'");
    }
}
