//! Signing and verifying, next to the hashes that neither can do without.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use hmac::{Hmac, KeyInit, Mac};
use sdk_hmac_sha256::{Credentials, MAX_SKEW, SignableRequest, SigningDate, sign, verify};
use sha2::{Digest, Sha256};

const SECRET: &str = "SKSECRET0000000000000000000000000000000";
const EXAMPLE: &str = r#"{"is_all_sync":false,"group_names":["groups1"],"user_names":["user1","user2"]}"#;

fn bodies() -> [(&'static str, Vec<u8>); 3] {
    let filled = |length| EXAMPLE.bytes().cycle().take(length).collect();
    [("78 B", EXAMPLE.into()), ("13 kB", filled(13_000)), ("1.3 MB", filled(1_300_000))]
}

/// Digest of the body, digest of the canonical request, HMAC of the string to sign.
fn bare_hashes(body: &[u8], canonical_request: &str, string_to_sign: &str) -> ([u8; 32], [u8; 32], [u8; 32]) {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(string_to_sign.as_bytes());
    let digest = |bytes: &[u8]| Sha256::digest(bytes).into();
    (digest(body), digest(canonical_request.as_bytes()), mac.finalize().into_bytes().into())
}

fn benches(criterion: &mut Criterion) {
    let credentials = Credentials::new("AKEXAMPLE00000000000", SECRET).expect("usable keys");
    let date: SigningDate = "20260102T030405Z".parse().expect("a date");
    let path =
        "/v2/0123456789abcdef0123456789abcdef/clusters/2b460e01-3351-4170-b0a7-57b9dd5ffef3/iam-sync-user";
    let headers: [(&str, &[u8]); 3] = [
        ("content-type", b"application/json;charset=UTF-8"),
        ("host", b"mrs.cn-north-4.myhuaweicloud.com"),
        ("x-project-id", b"0123456789abcdef0123456789abcdef"),
    ];
    let mut group = criterion.benchmark_group("sign");
    for (size, body) in bodies() {
        let request = SignableRequest::new("POST", path).with_headers(&headers).with_body(&body);
        let signed = sign(&request, &credentials, date).expect("a signable request");
        let canonical_request = signed.canonical_request().as_str();
        let string_to_sign = signed.string_to_sign().as_str();
        group.bench_function(BenchmarkId::new("bare hashes", size), |bencher| {
            bencher.iter(|| {
                bare_hashes(black_box(&body), black_box(canonical_request), black_box(string_to_sign))
            });
        });
        group.bench_function(BenchmarkId::new("sign", size), |bencher| {
            bencher.iter(|| sign(black_box(&request), &credentials, black_box(date)));
        });

        let mut received = headers.to_vec();
        received.extend(signed.headers().map(|(name, value)| (name, value.as_bytes())));
        let request = SignableRequest::new("POST", path).with_headers(&received).with_body(&body);
        group.bench_function(BenchmarkId::new("verify", size), |bencher| {
            let key = |_: &str| Some(credentials.secret_key().clone());
            bencher.iter(|| verify(black_box(&request), black_box(date), MAX_SKEW, key));
        });
    }
    group.finish();
}

criterion_group!(signing, benches);
criterion_main!(signing);
