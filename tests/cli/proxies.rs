//! Proxies: used for https, left out where the environment says so, and never for this machine itself.

use std::sync::{Arc, Mutex};

use crate::support::{CLUSTER, Service, answering_by, cli};

/// A proxy that refuses everything, and the requests that it saw.
fn proxy() -> (String, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let lines = seen.clone();
    let url = answering_by(move |line| {
        lines.lock().unwrap().push(line.to_owned());
        b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec()
    });
    (url, seen)
}

#[test]
fn https_goes_through_the_proxy_and_loopback_does_not() {
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        let (url, seen) = proxy();
        let far = cli(["list", "--cluster", CLUSTER]).at("https://mrs.example.invalid").env(name, &url).run();
        assert_eq!(far.code, 5, "{far}");
        let lines = seen.lock().unwrap().clone();
        assert_eq!(lines, ["CONNECT mrs.example.invalid:443 HTTP/1.1"], "{name}");
        assert!(far.stderr.contains("cannot connect to https://mrs.example.invalid"), "{far}");
    }
    let service = Service::prompt();
    let (url, seen) = proxy();
    let near =
        service.on_cluster(["list"]).env("HTTP_PROXY", &url).env("HTTPS_PROXY", &url).env("ALL_PROXY", &url);
    let near = near.env("http_proxy", &url).run();
    assert_eq!((near.code, seen.lock().unwrap().len()), (0, 0), "{near}");
}

#[test]
fn no_proxy_leaves_the_proxy_out() {
    let (url, seen) = proxy();
    let run = cli(["list", "--cluster", CLUSTER]).at("https://mrs.example.invalid").env("HTTPS_PROXY", &url);
    let run = run.env("NO_PROXY", "example.invalid").run();
    assert_eq!((run.code, seen.lock().unwrap().len()), (5, 0), "{run}");
}
