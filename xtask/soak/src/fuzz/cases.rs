//! What is sent: each request follows from the seed and its number alone, but for the date that it is signed with.

use fastrand::Rng;
use mrs_iam_sync_contract::{DOCUMENTS, Operation};
use sdk_hmac_sha256::{Credentials, SigningDate};
use serde_json::{Value, json};

use super::json::{mutated, wrong_text};
use crate::wire;
use crate::world::{self, PROJECT};

/// Parts of paths and queries.
const SEGMENTS: &[&str] = &[
    "",
    ".",
    "..",
    "%2e%2e",
    "%2F",
    "%00",
    "%FF",
    "%",
    "%4",
    "%zz",
    "%C3%A4",
    "%ed%a0%80",
    "%25",
    ";a=b",
    "~",
    "*",
    "a%20b",
    "+",
    "@",
    ":",
    "!$&'()",
    "{project_id}",
    "_emulator",
    "iam-sync",
    "0",
    "-1",
    "null",
    "true",
    "%E2%80%AE",
];
const HEADERS: &[(&str, &[u8])] = &[
    ("content-type", b"application/json"),
    ("content-type", b"application/json;charset=utf-8"),
    ("content-type", b"application/json; charset=latin1"),
    ("content-type", b"text/plain"),
    ("content-type", b""),
    ("x-project-id", b"0123456789abcdef0123456789abcdef"),
    ("x-project-id", b"another"),
    ("x-language", b"en-us"),
    ("accept", b"*/*, text/html;q=0"),
    ("accept-encoding", b"gzip, br"),
    ("x-sdk-content-sha256", b"UNSIGNED-PAYLOAD"),
    ("x-sdk-content-sha256", b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("cookie", b"a=b; c"),
    ("x-long", &[b'a'; 9000]),
    ("x-odd", b"a\tb  c"),
    ("if-none-match", b"*"),
    ("range", b"bytes=0-0"),
    ("x-security-token", b"another"),
];
const METHODS: &[&str] = &[
    "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PRI", "get", "G", "",
    "GE T", "\0", "POST\t", "M-SEARCH",
];
const VERSIONS: &[&str] = &[
    "HTTP/1.1",
    "HTTP/1.0",
    "HTTP/0.9",
    "HTTP/1.2",
    "HTTP/2.0",
    "HTTP/3",
    "http/1.1",
    "HTTP/1.1 ",
    "HTTPS/1.1",
    "",
    "HTTP/11",
];
const ENDS: &[&str] = &["\r\n", "\r\n", "\r\n", "\n", "\r", "\r\r\n", "\r\n\r\n", "\0\r\n"];
/// Lengths that two readers could understand differently.
const LENGTHS: &[&str] = &[
    "0",
    "1",
    "5",
    "-1",
    "+5",
    "0x5",
    "5 5",
    "5, 5",
    "5,6",
    "",
    " 5",
    "5\t",
    "00005",
    "18446744073709551616",
    "99999999999",
    "5.0",
    "a",
];
const CODINGS: &[&str] = &[
    "chunked",
    "Chunked",
    " chunked",
    "chunked ",
    "chunked, identity",
    "identity, chunked",
    "gzip, chunked",
    "xchunked",
    "chunked, chunked",
    "\x0bchunked",
    "chunked;a=b",
    "",
    "identity",
    "\"chunked\"",
];
const SIZES: &[&str] = &[
    "0",
    "1",
    "5",
    "5;a=b",
    "5;a=\"\r\n\"",
    "05",
    "5 ",
    " 5",
    "-1",
    "+5",
    "0x5",
    "FFFFFFFFFFFFFFFF",
    "10000000000000000",
    "5g",
    "",
    "00000000000000000000000000000000005",
    "7fffffff",
];
const RAW_HEADERS: &[&str] = &[
    "no colon",
    ": no name",
    "name : value",
    " folded: value",
    "a:b\r\n c",
    "Host: other",
    "Host:",
    "Host: a\r\nHost: b",
    "x\0y: z",
    "x: y\0z",
    "x: \x7f",
    "\u{e4}: x",
    "x: \u{e4}",
    "Connection: close",
    "Connection: upgrade",
    "Connection: keep-alive, close",
    "Upgrade: h2c",
    "Upgrade: websocket",
    "Expect: 100-continue",
    "Expect: other",
    "Content-Length: 5",
    "Transfer-Encoding: chunked",
    "X-Auth-Token: none",
    "Authorization: Basic eA==",
    "Content-Encoding: gzip",
    "Trailer: x",
    "TE: trailers",
    "a\tb: c",
    "a\n b: c",
    "Date: never",
    "Max-Forwards: 0",
];

/// A request to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Case {
    /// What sort it is, for the count of answers.
    pub(crate) kind: Kind,
    pub(crate) bytes: Vec<u8>,
}

/// Sorts of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Signed, with a body that is nearly right.
    SignedBody,
    /// Signed, with odd paths, queries, methods.
    SignedTarget,
    /// Signed, with odd headers.
    SignedHeaders,
    /// A login.
    Login,
    /// Wrong credentials.
    Credentials,
    /// Below `/_emulator/`.
    Own,
    /// Request lines.
    Line,
    /// Headers as bytes.
    Headers,
    /// Chunks.
    Chunks,
    /// Two lengths, or more.
    Smuggling,
    /// The beginning of a request.
    Truncated,
    /// Anything.
    Bytes,
}

impl Kind {
    /// Whether it is well-formed HTTP, which has to be answered.
    pub(crate) fn is_framed(self) -> bool {
        self <= Self::Own
    }

    /// Whether its signature holds.
    pub(crate) fn is_signed(self) -> bool {
        self <= Self::SignedHeaders
    }

    /// By its share of a hundred.
    fn chosen(rng: &mut Rng) -> Self {
        let shares = [
            (Self::SignedBody, 30),
            (Self::SignedTarget, 14),
            (Self::SignedHeaders, 5),
            (Self::Login, 10),
            (Self::Credentials, 6),
            (Self::Own, 9),
            (Self::Line, 4),
            (Self::Headers, 5),
            (Self::Chunks, 5),
            (Self::Smuggling, 5),
            (Self::Truncated, 2),
        ];
        let mut place = rng.u8(..100);
        for (kind, share) in shares {
            if place < share {
                return kind;
            }
            place -= share;
        }
        Self::Bytes
    }
}

/// What requests are made of.
pub(crate) struct Generator {
    pub(crate) seed: u64,
    pub(crate) right: Credentials,
    pub(crate) wrong: Credentials,
    /// Ids of users and groups.
    pub(crate) ids: Vec<String>,
    /// A snapshot of the world.
    pub(crate) snapshot: Value,
}

impl Generator {
    /// The request of a number.
    pub(crate) fn case(&self, number: u64, date: SigningDate) -> Case {
        // Neighbours must not be alike.
        let mut rng = Rng::with_seed(self.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let kind = Kind::chosen(&mut rng);
        let mut making = Making { generator: self, rng: &mut rng, date };
        let bytes = match kind {
            Kind::SignedBody => making.signed_body(),
            Kind::SignedTarget => making.signed_target(),
            Kind::SignedHeaders => making.signed_headers(),
            Kind::Login => making.login(),
            Kind::Credentials => making.credentials(),
            Kind::Own => making.own(),
            Kind::Line => making.line(),
            Kind::Headers => making.headers(),
            Kind::Chunks => making.chunks(),
            Kind::Smuggling => making.smuggling(),
            Kind::Truncated => making.truncated(),
            Kind::Bytes => making.bytes(),
        };
        Case { kind, bytes }
    }

    /// A request that is right, of each operation once.
    pub(crate) fn right_ones(&self, date: SigningDate) -> Vec<Vec<u8>> {
        let mut rng = Rng::with_seed(self.seed);
        let mut making = Making { generator: self, rng: &mut rng, date };
        operations()
            .map(|operation| {
                let (target, body) = (making.target(operation), making.body(operation));
                let body = body.map(|body| body.to_string()).unwrap_or_default();
                making.signed(operation.method.as_str(), &target, &[JSON], body.as_bytes())
            })
            .collect()
    }
}

const JSON: (&str, &[u8]) = ("content-type", b"application/json");

fn operations() -> impl Iterator<Item = &'static Operation> {
    DOCUMENTS.iter().flat_map(|document| document.operations)
}

struct Making<'a> {
    generator: &'a Generator,
    rng: &'a mut Rng,
    date: SigningDate,
}

impl Making<'_> {
    fn one<T: Copy>(&mut self, list: &[T]) -> Option<T> {
        list.get(self.rng.usize(..list.len().max(1))).copied()
    }

    fn text<'a>(&mut self, list: &[&'a str]) -> &'a str {
        self.one(list).unwrap_or_default()
    }

    fn chance(&mut self, percent: u8) -> bool {
        self.rng.u8(..100) < percent
    }

    fn operation(&mut self) -> &'static Operation {
        let all: Vec<_> = operations().collect();
        let chosen = self.rng.usize(..all.len());
        all.get(chosen).copied().unwrap_or(&mrs_iam_sync_contract::iam_sync_user::LIST_SYNC_STATUS)
    }

    /// A path that is right.
    fn target(&mut self, operation: &Operation) -> String {
        let ids = &self.generator.ids;
        let id = ids.get(self.rng.usize(..ids.len().max(1))).map_or("none", String::as_str);
        let cluster = world::cluster(self.rng.usize(..world::CLUSTERS));
        let values: Vec<_> = operation
            .path_parameters
            .iter()
            .map(|parameter| match parameter.name {
                "project_id" => (parameter.name, PROJECT),
                "cluster_id" => (parameter.name, cluster.as_str()),
                name => (name, id),
            })
            .collect();
        operation.path_with(&values)
    }

    fn names(&mut self) -> (Vec<String>, Vec<String>) {
        let first = self.rng.usize(..world::USERS);
        let users = (0..self.rng.usize(..4)).map(|place| world::user(first + place)).collect();
        let groups = (0..self.rng.usize(..2)).map(|place| world::group_of(first + place)).collect();
        (users, groups)
    }

    /// A body that is right, where the operation has one.
    fn body(&mut self, operation: &Operation) -> Option<Value> {
        let (users, groups) = self.names();
        Some(match operation.request?.schema {
            "UpdateSyncRequest" if users.is_empty() => json!({ "is_all_sync": true }),
            "UpdateSyncRequest" => {
                json!({ "is_all_sync": false, "user_names": users, "group_names": groups })
            }
            "CancelSyncRequest" => json!({ "user_names": users, "group_names": groups }),
            _ => json!({ "auth": {
                "identity": { "methods": ["password"], "password": { "user": {
                    "name": world::user(self.rng.usize(..world::USERS)),
                    "password": world::PASSWORD,
                    "domain": { "name": world::DOMAIN },
                } } },
                "scope": if self.rng.bool() {
                    json!({ "project": { "id": PROJECT } })
                } else {
                    json!({ "domain": { "name": world::DOMAIN } })
                },
            } }),
        })
    }

    /// Signed with the key that stays good; without a signature where there can be none.
    fn signed(&mut self, method: &str, target: &str, headers: &[(&str, &[u8])], body: &[u8]) -> Vec<u8> {
        wire::signed(&self.generator.right, self.date, method, target, headers, body)
            .unwrap_or_else(|| wire::post(target, body))
    }

    fn signed_body(&mut self) -> Vec<u8> {
        let writes: Vec<_> =
            operations().filter(|known| known.authenticated && known.request.is_some()).collect();
        let Some(operation) = self.one(&writes) else { return Vec::new() };
        let (target, base) = (self.target(operation), self.body(operation).unwrap_or_default());
        let body = mutated(self.rng, &base);
        self.signed(operation.method.as_str(), &target, &[JSON], &body)
    }

    fn signed_target(&mut self) -> Vec<u8> {
        let operation = self.operation();
        let mut target = self.target(operation);
        if self.chance(50) {
            self.odd_path(&mut target);
        }
        if self.chance(60) {
            let known: Vec<_> = operation.query_parameters.iter().map(|known| known.name).collect();
            self.odd_query(&mut target, &known);
        }
        let methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
        let method = if self.chance(10) { self.text(&methods) } else { operation.method.as_str() };
        let body = self.body(operation).map(|body| body.to_string()).unwrap_or_default();
        let headers = if body.is_empty() { &[][..] } else { &[JSON] };
        self.signed(method, &target, headers, body.as_bytes())
    }

    fn odd_path(&mut self, target: &mut String) {
        let mut segments: Vec<String> = target.split('/').map(str::to_owned).collect();
        let place = self.rng.usize(1..segments.len().max(2));
        let odd = match self.rng.u16(..200) {
            0 => "a".repeat(self.rng.usize(..40_000)),
            1..=20 => "b".repeat(self.rng.usize(60..70)),
            _ => self.text(SEGMENTS).to_owned(),
        };
        match self.rng.u8(..4) {
            0 => segments.insert(place.min(segments.len()), odd),
            1 if segments.len() > 2 => drop(segments.remove(place.min(segments.len() - 1))),
            2 => {
                if let Some(segment) = segments.get_mut(place) {
                    segment.push_str(&odd);
                }
            }
            _ => {
                if let Some(segment) = segments.get_mut(place) {
                    *segment = odd;
                }
            }
        }
        *target = segments.join("/");
    }

    fn odd_query(&mut self, target: &mut String, known: &[&str]) {
        const NAMES: &[&str] = &[
            "pageSize",
            "currentPage",
            "clusterState",
            "name",
            "page",
            "per_page",
            "enabled",
            "domain_id",
            "parent_id",
            "nocatalog",
        ];
        let values = ["1", "0", "10", "1000", "2147483648", "-1", "1e3", "running", "user01", "true", "a=b"];
        for number in 0..self.rng.usize(..5) {
            target.push(if number == 0 { '?' } else { '&' });
            let name = match self.rng.u8(..4) {
                0 => self.text(SEGMENTS),
                1 => self.text(NAMES),
                _ => self.one(known).unwrap_or("name"),
            };
            target.push_str(name);
            if self.chance(90) {
                target.push('=');
            }
            let value = if self.chance(60) { self.text(&values) } else { self.text(SEGMENTS) };
            target.push_str(value);
        }
    }

    fn signed_headers(&mut self) -> Vec<u8> {
        let operation = self.operation();
        let (target, body) = (self.target(operation), self.body(operation));
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let mut headers = Vec::new();
        for _ in 0..self.rng.usize(1..6) {
            headers.extend(self.one(HEADERS).filter(|(name, _)| {
                // A second one is not signed in the order in which it comes, and may lock the key.
                headers.iter().all(|(known, _): &(&str, &[u8])| known != name)
            }));
        }
        self.signed(operation.method.as_str(), &target, &headers, body.as_bytes())
    }

    fn login(&mut self) -> Vec<u8> {
        let login = operations().find(|operation| !operation.authenticated);
        let base = login.and_then(|operation| self.body(operation)).unwrap_or_default();
        let body = mutated(self.rng, &base);
        wire::post(login.map_or("/v3/auth/tokens", |operation| operation.path), &body)
    }

    fn credentials(&mut self) -> Vec<u8> {
        let operation = self.operation();
        let target = self.target(operation);
        let right =
            wire::signed(&self.generator.wrong, self.date, "GET", &target, &[], b"").unwrap_or_default();
        let text = String::from_utf8_lossy(&right).into_owned();
        let changed = match self.rng.u8(..8) {
            0 => text.replace("SDK-HMAC-SHA256", "AWS4-HMAC-SHA256"),
            1 => text.replace("SignedHeaders=", "SignedHeaders=;x-none;"),
            2 => text.replace("Signature=", "Signature=00"),
            3 => text.replace("Access=SOAK", "Access=NONE"),
            4 => text.replace("\r\nx-sdk-date: 2", "\r\nx-sdk-date: 9"),
            5 => text.replace("\r\nauthorization: ", "\r\nx-auth-token: "),
            6 => text.replace("\r\nx-sdk-date: ", "\r\nx-sdk-date: a\r\nx-sdk-date: "),
            _ => {
                let start = text.find("\r\nauthorization: ").map_or(0, |found| found + 17);
                let end =
                    text.get(start..).and_then(|rest| rest.find("\r\n")).map_or(start, |found| start + found);
                let mut value = right.get(start..end).unwrap_or_default().to_vec();
                wrong_text(self.rng, &mut value);
                // Still one line, so that it is a header.
                value.retain(|byte| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f));
                return [right.get(..start), Some(&value), right.get(end..)]
                    .map(Option::unwrap_or_default)
                    .concat();
            }
        };
        changed.into_bytes()
    }

    fn own(&mut self) -> Vec<u8> {
        let kinds = [
            "status",
            "html",
            "drip",
            "reset-before",
            "reset-within",
            "stall",
            "truncate",
            "content-type",
            "partial-sync",
            "none",
        ];
        match self.rng.u8(..20) {
            0..=7 => {
                let ids: Vec<_> = operations().map(|operation| operation.id).collect();
                let base = match self.text(&kinds) {
                    "drip" => json!({ "kind": "drip", "every_ms": self.rng.u8(..3) }),
                    "status" => json!({
                        "kind": "status", "status": self.rng.u16(190..610), "error_code": "APIGW.0308",
                        "retry_after": self.rng.u64(..),
                    }),
                    "html" => json!({ "kind": "html", "status": self.rng.u16(190..610) }),
                    kind => json!({ "kind": kind, "operation": self.text(&ids), "count": self.rng.u32(..3) }),
                };
                wire::post("/_emulator/faults", &mutated(self.rng, &base))
            }
            8..=11 => {
                let snapshot = &self.generator.snapshot;
                // Of the whole one, hardly any change would be at the top.
                let mut base = snapshot.clone();
                if self.chance(60) {
                    if let Some(clusters) = base["clusters"].as_object_mut() {
                        clusters.retain(|id, _| id.ends_with("-1"));
                    }
                    for (field, place) in [("users", "/iam/users"), ("passwords", "/iam/passwords")] {
                        if let Some(all) = base.pointer_mut(place).and_then(Value::as_object_mut) {
                            let few = if field == "users" { 3 } else { 1 };
                            let kept: Vec<_> = all.keys().take(few).cloned().collect();
                            all.retain(|name, _| kept.contains(name));
                        }
                    }
                    if self.chance(60) {
                        for cluster in
                            base["clusters"].as_object_mut().into_iter().flat_map(|all| all.values_mut())
                        {
                            cluster["running"] = self.running();
                        }
                    }
                }
                wire::post("/_emulator/restore", &mutated(self.rng, &base))
            }
            12..=15 => {
                let seconds = self.one(&[0.0, 1e-9, 1.5, 90.0, 86_400.0, 1e12, 1.8e19, 2e19, -1.0, 1e308]);
                wire::post("/_emulator/clock", &mutated(self.rng, &json!({ "advance_seconds": seconds })))
            }
            16 => wire::post("/_emulator/reset", b"anything"),
            _ => {
                let paths = [
                    "health",
                    "requests",
                    "manager",
                    "faults",
                    "snapshot",
                    "clock",
                    "reset",
                    "",
                    "../v3/users",
                    "%68ealth",
                ];
                let path = format!("/_emulator/{}", self.text(&paths));
                if self.chance(80) { wire::get(&path) } else { wire::post(&path, b"{}") }
            }
        }
    }

    /// A synchronization that a snapshot could say is running.
    fn running(&mut self) -> Value {
        let ends = match self.rng.u8(..4) {
            0 => json!({ "at": null }),
            1 => {
                json!({ "at": { "secs_since_epoch": self.rng.u64(..), "nanos_since_epoch": self.rng.u32(..) } })
            }
            _ => json!({ "after-polls": self.rng.u32(..3) }),
        };
        let effect = match self.rng.bool() {
            true => json!({ "leave": { "users": ["user00"], "groups": ["none"] } }),
            false => json!({ "arrive": {
                "users": [{ "name": "user00", "groups": ["none"], "policies": ["none"] }], "groups": [["group0", []]],
            } }),
        };
        json!({ "ends": ends, "effect": effect })
    }

    /// A request that is right, as text.
    fn right(&mut self) -> Vec<u8> {
        let operation = self.operation();
        let (target, body) = (self.target(operation), self.body(operation));
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        self.signed(operation.method.as_str(), &target, &[JSON], body.as_bytes())
    }

    fn line(&mut self) -> Vec<u8> {
        let right = self.right();
        let operation = self.operation();
        let path = self.target(operation);
        let target = match self.rng.u16(..100) {
            0..=9 => format!("http://other{path}"),
            10..=19 => "*".to_owned(),
            20..=24 => "other:80".to_owned(),
            25..=34 => format!("{path} {path}"),
            35..=44 => format!("{path}\u{fffd}\u{1}"),
            45 => format!("{path}?{}", "a".repeat(self.rng.usize(..200_000))),
            46..=55 => format!("{path}#fragment?a"),
            56..=65 => format!("/{}", self.text(SEGMENTS)),
            66..=70 => format!("http://[::1{path}"),
            _ => path,
        };
        let (method, version, end) = (self.text(METHODS), self.text(VERSIONS), self.text(ENDS));
        let rest = right.iter().position(|byte| *byte == b'\n').and_then(|end| right.get(end + 1..));
        let start = if self.chance(10) { "\r\n\r\n" } else { "" };
        [format!("{start}{method} {target} {version}{end}").as_bytes(), rest.unwrap_or_default()].concat()
    }

    fn headers(&mut self) -> Vec<u8> {
        let mut added = Vec::new();
        for _ in 0..self.rng.usize(1..5) {
            added.extend_from_slice(self.text(RAW_HEADERS).as_bytes());
            added.extend_from_slice(self.text(ENDS).as_bytes());
        }
        match self.rng.u8(..50) {
            0 => added.extend(format!("x-big: {}\r\n", "a".repeat(self.rng.usize(..600_000))).bytes()),
            1..=3 => {
                for number in 0..self.rng.usize(90..300) {
                    added.extend(format!("x-{number}: {number}\r\n").bytes());
                }
            }
            4..=6 => {
                added.extend(format!("x-big: {}\r\n", "a".repeat(self.rng.usize(30_000..34_000))).bytes())
            }
            7..=9 => {
                added.extend([b"x-bytes: " as &[u8], &[self.rng.u8(..), self.rng.u8(..)], b"\r\n"].concat())
            }
            _ => {}
        }
        let mut right = self.right();
        if self.chance(20) {
            // Without one of its own, Host for example.
            let lines: Vec<_> = right.split_inclusive(|byte| *byte == b'\n').collect();
            let gone = self.rng.usize(1..lines.len().max(2));
            right = lines
                .iter()
                .enumerate()
                .filter(|(place, _)| *place != gone)
                .flat_map(|(_, line)| *line)
                .copied()
                .collect();
        }
        let place = right.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        right.splice(place..place, added);
        right
    }

    fn chunks(&mut self) -> Vec<u8> {
        let mut bytes = format!(
            "POST {} HTTP/1.1\r\nhost: soak\r\ncontent-type: application/json\r\ntransfer-encoding: {}\r\n\r\n",
            if self.chance(70) { "/v3/auth/tokens" } else { "/_emulator/clock" },
            if self.chance(80) { "chunked" } else { self.text(CODINGS) },
        )
        .into_bytes();
        for _ in 0..self.rng.usize(..6) {
            let (size, end, after) = (self.text(SIZES), self.text(ENDS), self.text(ENDS));
            let right = self.chance(70);
            bytes.extend_from_slice(if right { "5\r\n" } else { size }.as_bytes());
            bytes.extend_from_slice(if right { "" } else { end }.as_bytes());
            bytes.extend_from_slice(b"{\"a\":");
            bytes.extend_from_slice(if right { "\r\n" } else { after }.as_bytes());
        }
        if self.chance(70) {
            bytes.extend_from_slice(b"0\r\n");
        }
        for _ in 0..if self.chance(20) { self.rng.usize(..200) } else { 0 } {
            bytes.extend_from_slice(self.text(RAW_HEADERS).as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(self.text(ENDS).as_bytes());
        bytes
    }

    fn smuggling(&mut self) -> Vec<u8> {
        let inner = self.right();
        let mut bytes = b"POST /v3/auth/tokens HTTP/1.1\r\nhost: soak\r\n".to_vec();
        for _ in 0..self.rng.usize(1..4) {
            let header = match self.rng.u8(..3) {
                0 => format!("Content-Length: {}\r\n", self.text(LENGTHS)),
                1 => format!("Transfer-Encoding: {}\r\n", self.text(CODINGS)),
                _ => format!("Content-Length: {}\r\n", self.rng.usize(..=inner.len())),
            };
            bytes.extend_from_slice(header.as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        if self.rng.bool() {
            bytes.extend_from_slice(b"0\r\n\r\n");
        }
        bytes.extend_from_slice(&inner);
        bytes
    }

    fn truncated(&mut self) -> Vec<u8> {
        let mut right = self.right();
        right.truncate(self.rng.usize(..=right.len()));
        right
    }

    fn bytes(&mut self) -> Vec<u8> {
        match self.rng.u8(..5) {
            0 => (0..self.rng.usize(..400)).map(|_| self.rng.u8(..)).collect(),
            1 => b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".repeat(self.rng.usize(1..40)),
            2 => b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00".to_vec(),
            _ => {
                let mut right = self.right();
                wrong_text(self.rng, &mut right);
                right
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn generator(seed: u64) -> Generator {
        Generator {
            seed,
            right: Credentials::new(world::ACCESS_KEY, world::SECRET_KEY).unwrap(),
            wrong: Credentials::new(world::WRONG_ACCESS_KEY, world::WRONG_SECRET_KEY).unwrap(),
            ids: vec!["0".repeat(32)],
            snapshot: json!({ "format": 1, "iam": { "users": { "user01": [] } }, "clusters": {} }),
        }
    }

    #[test]
    fn requests_follow_from_seed_and_number() {
        let date: SigningDate = "20260102T030405Z".parse().unwrap();
        let (one, again, other) = (generator(1), generator(1), generator(2));
        let mut same = 0;
        for number in (0..2000).rev() {
            assert_eq!(one.case(number, date), again.case(number, date), "{number}");
            same += usize::from(one.case(number, date) == other.case(number, date));
        }
        assert!(same < 20, "{same} of 2000 are the same for another seed");
    }

    #[test]
    fn every_sort_comes_up_and_is_what_it_says() {
        let date: SigningDate = "20260102T030405Z".parse().unwrap();
        let mut kinds = BTreeMap::<_, u32>::new();
        for number in 0..20_000 {
            let Case { kind, bytes } = generator(3).case(number, date);
            *kinds.entry(kind).or_default() += 1;
            if !kind.is_framed() {
                continue;
            }
            let mut headers = [httparse::EMPTY_HEADER; 64];
            let mut request = httparse::Request::new(&mut headers);
            let parsed = request.parse(&bytes);
            let Ok(httparse::Status::Complete(start)) = parsed else {
                panic!("{number}, {kind:?}: {parsed:?}: {}", bytes.escape_ascii());
            };
            let value = |name: &str| {
                request.headers.iter().find(|header| header.name == name).map(|found| found.value)
            };
            let length = value("content-length").map_or("0".into(), String::from_utf8_lossy);
            assert_eq!(length, (bytes.len() - start).to_string(), "{number}, {kind:?}");
            assert!(
                !kind.is_signed() || value("authorization").is_some(),
                "{number}: {}",
                bytes.escape_ascii()
            );
        }
        assert_eq!(kinds.len(), 12);
        assert!(kinds.values().all(|count| *count > 100), "{kinds:?}");
    }

    #[test]
    fn signatures_hold() {
        let date: SigningDate = "20260102T030405Z".parse().unwrap();
        let requests = generator(4).right_ones(date);
        assert_eq!(requests.len(), operations().count());
        assert!(
            requests
                .iter()
                .all(|request| String::from_utf8_lossy(request).contains("SDK-HMAC-SHA256 Access="))
        );
    }
}
