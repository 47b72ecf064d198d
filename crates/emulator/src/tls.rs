//! TLS with a certificate that is made at each start.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::clock::{Clock, MachineClock};
use crate::error::StartError;

/// Whom the certificate is for: every way to name this machine.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Some verifiers take no certificate for longer than 825 days.
const DAYS: u32 = 365;

/// What makes connections secure. The private key never leaves the process.
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) certificate_pem: String,
}

impl Tls {
    /// For this machine's own names, and the address that it listens on.
    pub(crate) fn generate(listen: IpAddr) -> Result<Self, StartError> {
        generate(listen).map_err(StartError::Tls)
    }
}

fn generate(listen: IpAddr) -> Result<Tls, Box<dyn std::error::Error + Send + Sync>> {
    let named = listen.is_loopback() || listen.is_unspecified();
    let names = NAMES.map(str::to_owned).into_iter().chain((!named).then(|| listen.to_string()));
    let mut params = CertificateParams::new(names.collect::<Vec<_>>())?;
    params.distinguished_name.push(DnType::CommonName, "mrs-iam-sync-emulator");
    // No authority: whoever trusts it trusts nothing but this emulator.
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Clients verify it by the machine's time, whatever the emulator's clock shows.
    let now = MachineClock.now();
    let (from, until) = (day(now - DAY)?, day(now + DAY * DAYS)?);
    params.not_before = rcgen::date_time_ymd(i32::from(from.year()), month(from), from.day().unsigned_abs());
    params.not_after =
        rcgen::date_time_ymd(i32::from(until.year()), month(until), until.day().unsigned_abs());
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der())?)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Tls { acceptor: TlsAcceptor::from(Arc::new(config)), certificate_pem: certificate.pem() })
}

fn day(time: SystemTime) -> Result<Date, jiff::Error> {
    Ok(TimeZone::UTC.to_datetime(Timestamp::try_from(time)?).date())
}

fn month(date: Date) -> u8 {
    date.month().unsigned_abs()
}
