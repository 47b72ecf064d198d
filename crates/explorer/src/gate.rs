//! Who may ask. The explorer signs with somebody's key: whatever else this machine's browser or programs send is refused.

use std::net::SocketAddr;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, HeaderMap, HeaderName, LOCATION, ORIGIN, SET_COOKIE};
use axum::http::{HeaderValue, Method, Request, Response, StatusCode};
use ring::rand::{SecureRandom as _, SystemRandom};
use subtle::ConstantTimeEq as _;

use crate::refusal::Refusal;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Set on each answer, whatever it is.
const HEADERS: [(&str, &str); 8] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cache-control", "no-store"),
    ("x-frame-options", "DENY"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
];

/// Sets what each answer has.
pub(crate) fn guarded(mut response: Response<Body>) -> Response<Body> {
    for (name, value) in HEADERS {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// The address, and the two secrets of this start.
pub(crate) struct Gate {
    addr: SocketAddr,
    /// In the address to begin at.
    token: String,
    /// In the cookie: another one, so that the address alone never shows it.
    session: String,
}

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It is answered.
    Pass,
    /// It came with the token: it gets the cookie.
    Enter,
}

impl Gate {
    pub(crate) fn new(addr: SocketAddr) -> Result<Self, ring::error::Unspecified> {
        Ok(Self { addr, token: random()?, session: random()? })
    }

    /// The address to begin at.
    pub(crate) fn entrance(&self) -> String {
        format!("http://{}/?token={}", self.addr, self.token)
    }

    /// Cookies do not know ports: each explorer has one of its own name.
    fn cookie_name(&self) -> String {
        format!("mrs_iam_sync_explorer_{}", self.addr.port())
    }

    /// Looks at everything but the body.
    pub(crate) fn check(&self, request: &Request<Body>) -> Result<Verdict, Refusal> {
        let (uri, headers) = (request.uri(), request.headers());
        let host = self.host(request)?;
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        let opens = reads && uri.path() == "/";
        same_site(headers, opens)?;
        let origin = origin(headers, host)?;
        if opens && let Some(query) = uri.query() {
            let given = query.split('&').find_map(|part| part.strip_prefix("token="));
            return match given {
                Some(given) if same(given, &self.token) => Ok(Verdict::Enter),
                _ => Err(Refusal::token(true)),
            };
        }
        if !self.knows(headers) {
            return Err(Refusal::token(false));
        }
        if !reads {
            if !origin {
                return Err(Refusal::foreign(
                    "a request that is not a GET must say where it comes from (Origin)",
                ));
            }
            is_json(headers)?;
        }
        Ok(Verdict::Pass)
    }

    /// The one host that the request names, if it is this one. Else a name that somebody else controls might lead here
    /// (DNS rebinding).
    fn host<'a>(&self, request: &'a Request<Body>) -> Result<&'a str, Refusal> {
        let mut hosts = request.headers().get_all(HOST).iter();
        let host = hosts.next().and_then(|host| host.to_str().ok()).unwrap_or_default();
        let mut own = vec![self.addr.to_string(), format!("localhost:{}", self.addr.port())];
        // Browsers leave the port of the scheme out.
        own.extend(own.clone().iter().filter_map(|own| own.strip_suffix(":80")).map(str::to_owned));
        let only = hosts.next().is_none() && request.uri().authority().is_none();
        match only && own.iter().any(|own| own == host) {
            true => Ok(host),
            false => Err(Refusal::misdirected(&own[0])),
        }
    }

    /// Whether a cookie has the session.
    fn knows(&self, headers: &HeaderMap) -> bool {
        let name = self.cookie_name();
        headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .any(|(given, value)| given == name && same(value, &self.session))
    }

    /// To the page, without the token in the address.
    pub(crate) fn enter(&self) -> Response<Body> {
        let cookie = format!("{}={}; Path=/; HttpOnly; SameSite=Strict", self.cookie_name(), self.session);
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SEE_OTHER;
        let headers = response.headers_mut();
        headers.insert(LOCATION, HeaderValue::from_static("/"));
        if let Ok(mut cookie) = HeaderValue::from_str(&cookie) {
            cookie.set_sensitive(true);
            headers.insert(SET_COOKIE, cookie);
        }
        response
    }
}

/// 256 bits, as hexadecimal digits.
fn random() -> Result<String, ring::error::Unspecified> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes)?;
    Ok(hex::encode(bytes))
}

/// Compares in constant time, but for the length.
fn same(given: &str, own: &str) -> bool {
    given.as_bytes().ct_eq(own.as_bytes()).into()
}

/// What the browser says of the page that made it send the request. Who types the address has no page.
fn same_site(headers: &HeaderMap, opens: bool) -> Result<(), Refusal> {
    for site in headers.get_all(SEC_FETCH_SITE) {
        match site.as_bytes() {
            b"same-origin" => {}
            b"none" if opens => {}
            _ if opens => return Err(Refusal::followed()),
            _ => return Err(Refusal::foreign("the browser says that another page sends this request")),
        }
    }
    Ok(())
}

/// Whether the origin is there. It has to be this one then.
fn origin(headers: &HeaderMap, host: &str) -> Result<bool, Refusal> {
    let own = format!("http://{host}");
    let mut there = false;
    for origin in headers.get_all(ORIGIN) {
        if origin.as_bytes() != own.as_bytes() {
            return Err(Refusal::foreign("another page sends this request (Origin)"));
        }
        there = true;
    }
    Ok(there)
}

/// A form of another page can send three content types without asking first; this is none of them.
fn is_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = given.split(';').next().unwrap_or_default().trim();
    match media.eq_ignore_ascii_case("application/json") {
        true => Ok(()),
        false => Err(Refusal::not_json()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> Gate {
        Gate::new(SocketAddr::from(([127, 0, 0, 1], 4321))).unwrap()
    }

    fn status(gate: &Gate, method: &str, uri: &str, headers: &[(&str, &str)]) -> Result<&'static str, u16> {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        match gate.check(&request.body(Body::empty()).unwrap()) {
            Ok(Verdict::Pass) => Ok("pass"),
            Ok(Verdict::Enter) => Ok("enter"),
            Err(refusal) => Err(refusal.status.as_u16()),
        }
    }

    #[test]
    fn the_token_opens_and_the_cookie_keeps_open() {
        let gate = gate();
        let host = ("host", "127.0.0.1:4321");
        let entrance = format!("/?token={}", gate.token);
        assert_eq!(status(&gate, "GET", &entrance, &[host]), Ok("enter"));
        assert_eq!(status(&gate, "GET", &entrance, &[host, ("sec-fetch-site", "none")]), Ok("enter"));
        assert_eq!(status(&gate, "GET", "/?token=", &[host]), Err(403));
        assert_eq!(status(&gate, "GET", &format!("/?token={}", gate.session), &[host]), Err(403));
        assert_eq!(status(&gate, "GET", "/", &[host]), Err(403));
        let cookie = format!("a=b; mrs_iam_sync_explorer_4321={}", gate.session);
        let cookie = ("cookie", cookie.as_str());
        assert_eq!(status(&gate, "GET", "/", &[host, cookie]), Ok("pass"));
        assert_eq!(status(&gate, "GET", "/", &[("host", "localhost:4321"), cookie]), Ok("pass"));
        let token = format!("mrs_iam_sync_explorer_4321={}", gate.token);
        assert_eq!(
            status(&gate, "GET", "/", &[host, ("cookie", &token)]),
            Err(403),
            "the token is no cookie"
        );
    }

    #[test]
    fn the_usual_port_may_be_left_out() {
        let gate = Gate::new(SocketAddr::from(([127, 0, 0, 1], 80))).unwrap();
        let cookie = format!("mrs_iam_sync_explorer_80={}", gate.session);
        for host in ["127.0.0.1", "127.0.0.1:80", "localhost", "localhost:80"] {
            let origin = format!("http://{host}");
            let headers = [
                ("host", host),
                ("cookie", &cookie),
                ("origin", &origin),
                ("content-type", "application/json"),
            ];
            assert_eq!(status(&gate, "POST", "/api/send", &headers), Ok("pass"), "{host}");
        }
        assert_eq!(status(&gate, "GET", "/", &[("host", "127.0.0.2"), ("cookie", &cookie)]), Err(421));
    }

    #[test]
    fn others_are_refused_whatever_they_know() {
        let gate = gate();
        let cookie = format!("mrs_iam_sync_explorer_4321={}", gate.session);
        let (host, cookie) = (("host", "127.0.0.1:4321"), ("cookie", cookie.as_str()));
        let json = ("content-type", "application/json");
        let own = ("origin", "http://127.0.0.1:4321");
        let all = [host, cookie, json, own];
        assert_eq!(status(&gate, "POST", "/api/send", &all), Ok("pass"));
        for name in
            ["127.0.0.1", "127.0.0.1:80", "evil.example:4321", "LOCALHOST:4321", "127.0.0.1:4321.", ""]
        {
            assert_eq!(status(&gate, "GET", "/", &[("host", name), cookie]), Err(421), "{name}");
        }
        assert_eq!(status(&gate, "GET", "/", &[cookie]), Err(421), "no host");
        assert_eq!(status(&gate, "GET", "/", &[host, host, cookie]), Err(421), "two hosts");
        assert_eq!(
            status(&gate, "GET", "http://127.0.0.1:4321/", &[host, cookie]),
            Err(421),
            "as to a proxy"
        );
        for site in ["cross-site", "same-site", "none", ""] {
            let headers = [host, cookie, json, own, ("sec-fetch-site", site)];
            assert_eq!(status(&gate, "POST", "/api/send", &headers), Err(403), "{site}");
        }
        for origin in ["http://localhost:4321", "https://127.0.0.1:4321", "null", "http://127.0.0.1:4322"] {
            let headers = [host, cookie, json, ("origin", origin)];
            assert_eq!(status(&gate, "POST", "/api/send", &headers), Err(403), "{origin}");
        }
        assert_eq!(status(&gate, "POST", "/api/send", &[host, cookie, json]), Err(403), "no origin");
        for media in ["text/plain", "application/x-www-form-urlencoded", ""] {
            let headers = [host, cookie, own, ("content-type", media)];
            assert_eq!(status(&gate, "POST", "/api/send", &headers), Err(415), "{media}");
        }
    }
}
