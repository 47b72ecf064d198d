//! The HTTP client of an endpoint: TLS, proxies, and who is trusted.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use mrs_iam_sync_client::Http;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};

/// Certificates that are trusted besides the machine's own roots.
#[derive(Debug, Clone, Default)]
pub(crate) struct ExtraRoots(Vec<CertificateDer<'static>>);

impl ExtraRoots {
    /// Reads a PEM file.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let shown = path.display();
        let bad = |what: String| {
            Error::new(ErrorKind::InvalidInput, format!("the CA file {shown} {what}")).with_hint(
                "a CA file holds one or more certificates in PEM form, -----BEGIN CERTIFICATE----- first",
            )
        };
        let pem = std::fs::read(path).map_err(|error| bad("cannot be read".to_owned()).with_source(error))?;
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        match certificates {
            Ok(certificates) if !certificates.is_empty() => Ok(Self(certificates)),
            Ok(_) => Err(bad("holds no certificate".to_owned())),
            Err(error) => Err(bad(format!("is not usable: {error}"))),
        }
    }
}

/// Builds the HTTP client of an endpoint.
pub(crate) fn http_client(endpoint: &Endpoint, roots: &ExtraRoots) -> Result<Http, Error> {
    let mut builder = reqwest::Client::builder().tls_backend_preconfigured(tls(endpoint, roots)?);
    if endpoint.is_near() {
        // Whatever the machine takes the name for: plain http is trusted because it stays here.
        let here = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
        let here: Vec<SocketAddr> = here.into_iter().map(|address| SocketAddr::new(address, 0)).collect();
        builder = builder.no_proxy().resolve_to_addrs("localhost", &here);
    }
    if let Some(limit) = endpoint.connect_limit() {
        builder = builder.connect_timeout(limit);
    }
    Http::build(builder).map_err(|error| {
        Error::new(ErrorKind::Connection, "the HTTP client cannot be set up").with_source(error.without_url())
    })
}

/// TLS with the machine's own roots. They are loaded for https only: that takes longer than a whole call.
fn tls(endpoint: &Endpoint, roots: &ExtraRoots) -> Result<rustls::ClientConfig, Error> {
    let failed =
        |error: rustls::Error| Error::new(ErrorKind::Connection, "TLS cannot be set up").with_source(error);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    if !endpoint.is_https() {
        return Ok(builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth());
    }
    let verifier = verifier(roots, provider).map_err(failed)?;
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}

/// The platform's verifier: "dangerous" is only that rustls cannot know it to be one.
fn verifier(
    roots: &ExtraRoots,
    provider: Arc<rustls::crypto::CryptoProvider>,
) -> Result<rustls_platform_verifier::Verifier, rustls::Error> {
    match roots.0.as_slice() {
        [] => rustls_platform_verifier::Verifier::new(provider),
        roots => rustls_platform_verifier::Verifier::new_with_extra_roots(roots.iter().cloned(), provider),
    }
}
