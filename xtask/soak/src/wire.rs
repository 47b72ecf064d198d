//! Requests as bytes: what a client of the socket itself sends, and how it reads answers.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use sdk_hmac_sha256::{Credentials, SignableRequest, SigningDate, sign};
use serde_json::Value;

use crate::clock::Watch;

const MOST_HEADERS: usize = 64;
/// Larger answers than that are not expected of anybody.
const MOST_ANSWER: usize = 256 * 1024 * 1024;

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// Of a login.
    pub(crate) token: Option<String>,
    closes: bool,
}

impl Answer {
    /// The body, null where it is no JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body, its beginning.
    pub(crate) fn text(&self) -> String {
        self.body.get(..400).unwrap_or(&self.body).escape_ascii().to_string()
    }

    /// The error code of MRS or the gateway.
    pub(crate) fn error_code(&self) -> Option<String> {
        Some(self.json().get("error_code")?.as_str()?.to_owned())
    }

    /// Why no client should ever get such an answer.
    pub(crate) fn fault(&self) -> Option<String> {
        // Documented: another synchronization is running.
        let conflict = || self.error_code().is_some_and(|code| code == "12000154");
        if self.status >= 500 && !(self.status == 500 && conflict()) {
            return Some(format!("an answer of {}: {}", self.status, self.text()));
        }
        // The HTTP layer's own refusals have no body.
        if !self.body.is_empty() && serde_json::from_slice::<Value>(&self.body).is_err() {
            return Some(format!("an answer of {} that is no JSON: {}", self.status, self.text()));
        }
        None
    }
}

/// A request without body or credentials.
pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: soak\r\n\r\n").into_bytes()
}

/// A request with body and without credentials.
pub(crate) fn post(path: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: soak\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// A request of which everything is well-formed HTTP, signed as it is. `None` where it has no canonical form.
pub(crate) fn signed(
    credentials: &Credentials,
    date: SigningDate,
    method: &str,
    target: &str,
    headers: &[(&str, &[u8])],
    body: &[u8],
) -> Option<Vec<u8>> {
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let headers: Vec<_> = headers.iter().copied().chain([("host", b"soak" as &[u8])]).collect();
    let view = SignableRequest::new(method, path).with_query(query).with_headers(&headers).with_body(body);
    let signed = sign(&view, credentials, date).ok()?;
    let mut request = format!("{method} {target} HTTP/1.1\r\n").into_bytes();
    let added = signed.headers().map(|(name, value)| (name, value.as_bytes()));
    for (name, value) in headers.iter().copied().chain(added) {
        request.extend_from_slice(name.as_bytes());
        request.extend_from_slice(b": ");
        request.extend_from_slice(value);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
    request.extend_from_slice(body);
    Some(request)
}

/// Sends one request on a connection of its own.
pub(crate) fn once(addr: SocketAddr, request: &[u8], within: Duration) -> Result<Answer, String> {
    Connection::open(addr, within)?.exchange(request)
}

/// A connection that is kept.
pub(crate) struct Connection {
    stream: TcpStream,
    within: Duration,
    buffer: Vec<u8>,
}

impl Connection {
    /// Everything on it, an answer for example, has to happen within a time.
    pub(crate) fn open(addr: SocketAddr, within: Duration) -> Result<Self, String> {
        let failed = |error| format!("no connection: {error}");
        let stream = TcpStream::connect_timeout(&addr, within).map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        stream.set_write_timeout(Some(within)).map_err(failed)?;
        // Thousands a second would use up all ports if each waited for its end.
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).map_err(failed)?;
        Ok(Self { stream, within, buffer: Vec::new() })
    }

    /// Sends a request and reads its answer. The error says what came instead.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> Result<Answer, String> {
        // An answer may come, and the connection end, before all is sent.
        let sent = self.stream.write_all(request);
        let watch = Watch::start();
        loop {
            let is_head = request.starts_with(b"HEAD ");
            while let Some((answer, used)) = parsed(&self.buffer, is_head)? {
                self.buffer.drain(..used);
                if answer.status >= 200 {
                    return Ok(answer);
                }
            }
            match self.read(watch) {
                Ok(0) if self.buffer.is_empty() => {
                    let sent = sent.err().map_or_else(String::new, |error| format!(", sent until {error}"));
                    return Err(format!("closed without an answer{sent}"));
                }
                Ok(0) => return Err(format!("closed within an answer: {}", self.buffer.escape_ascii())),
                Ok(_) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Sends bytes, whatever they are, and nothing after them; all answers until the end of the connection.
    pub(crate) fn pour(mut self, bytes: &[u8]) -> Result<Vec<Answer>, String> {
        let watch = Watch::start();
        // Refused early, the rest cannot be sent.
        let _ = self.stream.write_all(bytes);
        let _ = self.stream.shutdown(Shutdown::Write);
        while self.read(watch)? > 0 {}
        let mut answers = Vec::new();
        let is_head = bytes.windows(5).any(|word| word.eq_ignore_ascii_case(b"head "));
        while !is_head && let Ok(Some((answer, used))) = parsed(&self.buffer, false) {
            self.buffer.drain(..used);
            answers.push(answer);
        }
        if self.buffer.starts_with(b"HTTP/1.1 5") {
            return Err(format!("an answer of 500: {}", self.buffer.escape_ascii()));
        }
        Ok(answers)
    }

    /// How much came; nothing at the end of the connection.
    fn read(&mut self, watch: Watch) -> Result<usize, String> {
        let late = || format!("neither an answer nor an end within {:?}", self.within);
        let left = self.within.checked_sub(watch.elapsed()).filter(|left| !left.is_zero());
        let left = left.ok_or_else(late)?;
        self.stream.set_read_timeout(Some(left)).map_err(|error| error.to_string())?;
        let mut part = [0; 16 * 1024];
        match self.stream.read(&mut part) {
            Ok(size) => {
                self.buffer.extend_from_slice(part.get(..size).unwrap_or_default());
                if self.buffer.len() > MOST_ANSWER {
                    return Err("an answer without an end".to_owned());
                }
                Ok(size)
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Err(late()),
            Err(error) if error.kind() == ErrorKind::Interrupted => self.read(watch),
            // A reset is an end, too.
            Err(_) => Ok(0),
        }
    }
}

/// Connections to one emulator, made anew when they have ended.
pub(crate) struct Kept {
    addr: SocketAddr,
    within: Duration,
    connection: Option<Connection>,
}

impl Kept {
    pub(crate) fn new(addr: SocketAddr, within: Duration) -> Self {
        Self { addr, within, connection: None }
    }

    /// As [`Connection::exchange`].
    pub(crate) fn exchange(&mut self, request: &[u8]) -> Result<Answer, String> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(self.addr, self.within)?,
        };
        let answer = connection.exchange(request)?;
        if !answer.closes && connection.buffer.is_empty() {
            self.connection = Some(connection);
        }
        Ok(answer)
    }
}

/// The first answer of these bytes with its length; `None` while it is not all there.
fn parsed(bytes: &[u8], is_head: bool) -> Result<Option<(Answer, usize)>, String> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let wrong = |what: &dyn std::fmt::Display| format!("no HTTP ({what}): {}", bytes.escape_ascii());
    let start = match response.parse(bytes) {
        Ok(httparse::Status::Complete(start)) => start,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(wrong(&error)),
    };
    let status = response.code.unwrap_or_default();
    let value = |name: &str| {
        let header = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
        str::from_utf8(header.value).ok()
    };
    let bodyless = is_head || status < 200 || status == 204 || status == 304;
    let length = match value("content-length") {
        _ if bodyless => 0,
        Some(length) => length.parse().map_err(|_| wrong(&"content-length"))?,
        None => return Err(wrong(&"without content-length")),
    };
    let closes = value("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    let body = bytes.get(start..).and_then(|rest| rest.get(..length));
    let token = value("x-subject-token").map(str::to_owned);
    Ok(body.map(|body| (Answer { status, body: body.to_vec(), token, closes }, start + length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_taken_one_by_one() {
        let bytes = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}HTTP";
        let (first, used) = parsed(bytes, false).unwrap().unwrap();
        assert_eq!((first.status, used), (100, 25));
        let (second, length) = parsed(&bytes[used..], false).unwrap().unwrap();
        assert_eq!((second.status, second.closes, second.body.as_slice()), (200, true, b"{}" as &[u8]));
        assert!(parsed(&bytes[used + length..], false).unwrap().is_none());
        assert!(parsed(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{", false).unwrap().is_none());
        assert!(parsed(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", true).unwrap().is_some());
        assert!(parsed(b"nonsense\r\n\r\n", false).is_err());
    }

    #[test]
    fn only_a_documented_answer_of_500_is_one() {
        let fault =
            |status, body: &str| Answer { status, body: body.into(), token: None, closes: false }.fault();
        assert_eq!(fault(500, r#"{"error_code":"12000154"}"#), None);
        assert_eq!(fault(400, ""), None);
        assert!(fault(500, r#"{"error_code":"12000004"}"#).is_some());
        assert!(fault(503, r#"{"error_code":"12000154"}"#).is_some());
        assert!(fault(200, "{").is_some());
    }
}
