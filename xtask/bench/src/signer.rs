//! Signing the documented example, next to the hashes that it cannot do without.

use std::error::Error;
use std::hint::black_box;

use cpu_time::ProcessTime;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sdk_hmac_sha256::{Credentials, SignableRequest, SigningDate, sign};
use sha2::{Digest as _, Sha256};

const SECRET: &str = "SKSECRET0000000000000000000000000000000";
const BODY: &str = r#"{"is_all_sync":false,"group_names":["groups1"],"user_names":["user1","user2"]}"#;

/// Nanoseconds of each, the median of a hundred turns that take turns.
pub(crate) fn run(times: u32) -> Result<[(&'static str, u128); 2], Box<dyn Error>> {
    let credentials = Credentials::new("AKEXAMPLE00000000000", SECRET)?;
    let date: SigningDate = "20260102T030405Z".parse()?;
    let path =
        "/v2/0123456789abcdef0123456789abcdef/clusters/2b460e01-3351-4170-b0a7-57b9dd5ffef3/iam-sync-user";
    let headers: [(&str, &[u8]); 3] = [
        ("content-type", b"application/json;charset=UTF-8"),
        ("host", b"mrs.cn-north-4.myhuaweicloud.com"),
        ("x-project-id", b"0123456789abcdef0123456789abcdef"),
    ];
    let request = SignableRequest::new("POST", path).with_headers(&headers).with_body(BODY.as_bytes());
    let signed = sign(&request, &credentials, date)?;
    let canonical_request = signed.canonical_request().as_str();
    let string_to_sign = signed.string_to_sign().as_str();
    // Set up once, as the signer's is: a key is hashed when it is taken over, not with each request.
    let key = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?;
    let bare_hashes = || {
        let mut mac = key.clone();
        mac.update(black_box(string_to_sign).as_bytes());
        black_box((
            Sha256::digest(black_box(BODY)),
            Sha256::digest(black_box(canonical_request)),
            mac.finalize(),
        ));
    };
    let signing = || drop(black_box(sign(black_box(&request), &credentials, black_box(date))));

    let (mut bare, mut whole) = (Vec::new(), Vec::new());
    for _ in 0..100 {
        bare.push(turn(times.div_ceil(100), &bare_hashes));
        whole.push(turn(times.div_ceil(100), &signing));
    }
    Ok([("bare_ns", median(bare)), ("sign_ns", median(whole))])
}

fn turn(times: u32, work: &impl Fn()) -> u128 {
    let start = ProcessTime::now();
    for _ in 0..times {
        work();
    }
    start.elapsed().as_nanos() / u128::from(times)
}

fn median(mut numbers: Vec<u128>) -> u128 {
    numbers.sort_unstable();
    numbers[numbers.len() / 2]
}
