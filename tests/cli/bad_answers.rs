//! Endpoints that are not the service, or do not answer as it does.

use crate::support::{CLUSTER, answering, answering_by, cli, http};

const JSON: &str = "content-type: application/json\r\n";

fn list(endpoint: &str) -> crate::support::Run {
    cli(["list", "--cluster", CLUSTER]).at(endpoint).run()
}

#[test]
fn nobody_listens() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    check!(list(&format!("http://127.0.0.1:{port}")), @"
    exit: 5
    ----- stderr -----
    error: cannot connect to http://127.0.0.1:PORT
      caused by: error sending request
      caused by: client error (Connect)
      caused by: tcp connect error
      caused by: [OS ERROR]
    hint: check the endpoint or region, and this machine's network and proxy settings
    ");
}

#[test]
fn html() {
    let page = "<!DOCTYPE html><html>Log in</html>";
    check!(list(&answering(http("200 OK", "content-type: text/html\r\n", page))), @"
    exit: 1
    ----- stderr -----
    error: http://127.0.0.1:PORT answered 200 with an HTML page
    hint: check that the endpoint is the right one and that no proxy answers in its place
    ");
    check!(list(&answering(http("502 Bad Gateway", "content-type: text/html\r\n", page))), @"
    exit: 5
    ----- stderr -----
    error: http://127.0.0.1:PORT answered 502, the answer is not an error of the API (an HTML page)
    hint: Try again later; a write may have been carried out all the same.
    ");
}

#[test]
fn nothing() {
    check!(list(&answering("")), @"
    exit: 5
    ----- stderr -----
    error: the connection to http://127.0.0.1:PORT broke before an answer came
      caused by: error sending request
      caused by: client error (SendRequest)
      caused by: connection closed before message completed
    hint: nothing was changed: try again
    ");
    check!(list(&answering(http("200 OK", "", ""))), @"
    exit: 1
    ----- stderr -----
    error: http://127.0.0.1:PORT answered 200 with an empty body
    hint: check that the endpoint is the right one and that no proxy answers in its place
    ");
}

#[test]
fn json_that_is_not_all_there() {
    check!(list(&answering(http("200 OK", JSON, r#"{"user_names":["us"#))), @"
    exit: 1
    ----- stderr -----
    error: http://127.0.0.1:PORT answered 200 with JSON that ends too early, at byte 18
    hint: check that the endpoint is the right one and that no proxy answers in its place
    ");
    check!(list(&answering("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"user_names\":")), @"
    exit: 5
    ----- stderr -----
    error: the connection to http://127.0.0.1:PORT broke within the answer (status 200)
      caused by: error decoding response body
      caused by: error reading a body from connection
      caused by: end of file before message length reached
    hint: nothing was changed: try again
    ");
}

#[test]
fn json_without_content() {
    check!(list(&answering(http("200 OK", JSON, "{}"))), @"
    exit: 1
    ----- stderr -----
    error: http://127.0.0.1:PORT answered 200 with neither user_names nor group_names
    hint: check that the endpoint is the right one and that no proxy answers in its place
    ");
}

#[test]
fn one_list_of_two() {
    let endpoint = answering(http("200 OK", JSON, r#"{"user_names":["user1"]}"#));
    check!(list(&endpoint), @"
    exit: 0
    ----- stdout -----
    KIND  NAME
    user  user1

    The answer has no list of groups.
    ");
    check!(cli(["list", "--cluster", CLUSTER, "-o", "json"]).at(&endpoint).run(), @r#"
    exit: 0
    ----- stdout -----
    {
      "operation": "list",
      "cluster_id": "f7f45c04-4303-411c-9b71-d2cb730dd162",
      "project_id": "ff8080828997cb24018a1b2db3440b80",
      "users": [
        "user1"
      ],
      "groups": null
    }
    "#);
}

#[test]
fn a_redirect() {
    check!(list(&answering(http("302 Found", "location: https://login.example.com/?x=1\r\n", ""))), @"
    exit: 1
    ----- stderr -----
    error: http://127.0.0.1:PORT answered 302 with a redirect to login.example.com, which is not followed since the credentials would go along
    hint: check that the endpoint is the right one and that no proxy answers in its place
    ");
}

#[test]
fn throttled() {
    let body = r#"{"error_code":"APIGW.0308","error_msg":"The throttling threshold has been reached","request_id":"r1"}"#;
    let endpoint = answering(http("429 Too Many Requests", JSON, body));
    // Less than the first rest: the error comes at once.
    let run = cli(["list", "--cluster", CLUSTER, "--timeout", "4s"]).at(&endpoint).run();
    check!(run, @"
    exit: 5
    ----- stderr -----
    error: http://127.0.0.1:PORT answered 429, APIGW.0308: The throttling threshold has been reached (request id r1)
    hint: Wait a minute, then send the request again, or send fewer. A Retry-After header is not documented.
    ");
}

#[test]
fn an_error_that_steers_the_terminal() {
    let body = r#"{"error_code":"1","error_msg":"a\u001b[2Jb\nc"}"#;
    check!(list(&answering(http("400 Bad Request", JSON, body))), @r"
    exit: 1
    ----- stderr -----
    error: http://127.0.0.1:PORT answered 400, 1: a\u{1b}[2Jb\nc
    hint: Correct the request; the error code says more.
    ");
}

#[test]
fn a_service_without_status() {
    let body = r#"{"error_code":"APIG.0101","error_msg":"The API does not exist","request_id":"r1"}"#;
    let endpoint = answering(http("404 Not Found", JSON, body));
    check!(cli(["status", "--cluster", CLUSTER]).at(&endpoint).run(), @"
    exit: 1
    ----- stderr -----
    error: http://127.0.0.1:PORT answered 404, APIG.0101: The API does not exist (request id r1)
    hint: Check region and endpoint: the host must be that of MRS, and the region must offer this operation.
    ");
}

#[test]
fn a_service_with_half_a_status() {
    let endpoint = answering_by(|request| {
        let answer = if request.contains("/iam-sync ") {
            http("200 OK", JSON, r#"{"is_synchronizing":true}"#)
        } else {
            http("404 Not Found", JSON, r#"{"error_code":"APIG.0101","error_msg":"The API does not exist"}"#)
        };
        answer.into_bytes()
    });
    check!(cli(["status", "--cluster", CLUSTER]).at(&endpoint).run(), @"
    exit: 0
    ----- stdout -----
    AS REPORTED
    synchronization running  yes
    in line with IAM         not offered by this service
    ");
    check!(cli(["status", "--cluster", CLUSTER, "-o", "json"]).at(&endpoint).run(), @r#"
    exit: 0
    ----- stdout -----
    {
      "operation": "status",
      "cluster_id": "f7f45c04-4303-411c-9b71-d2cb730dd162",
      "project_id": "ff8080828997cb24018a1b2db3440b80",
      "is_synchronizing": true,
      "is_synchronous": null
    }
    "#);
}

#[test]
fn an_end_that_cannot_be_verified() {
    let mut running = true;
    let endpoint = answering_by(move |request| {
        let answer = if request.starts_with("POST") {
            http("202 Accepted", JSON, r#"{"state":"synchronizing"}"#)
        } else if request.contains("/iam-sync ") {
            let body = format!(r#"{{"is_synchronizing":{running}}}"#);
            running = false;
            http("200 OK", JSON, &body)
        } else {
            http("200 OK", JSON, r#"{"user_names":["user1"]}"#)
        };
        answer.into_bytes()
    });
    let sync = ["sync", "--cluster", CLUSTER, "--group", "group1", "--wait"];
    check!(cli(sync).at(&endpoint).run(), @"
    exit: 3
    ----- stdout -----
    Finished after [SECONDS] s.
    ----- stderr -----
    error: the service has finished, but its list of users or groups is absent, so that the result cannot be told
    hint: look with `mrs-iam-sync list`
    ");
}

#[test]
fn an_answer_that_does_not_come() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    check!(cli(["list", "--cluster", CLUSTER, "--timeout", "200ms"]).at(&endpoint).run(), @"
    exit: 5
    ----- stderr -----
    error: http://127.0.0.1:PORT did not answer within 0.2 s
    hint: nothing was changed: try again
    ");
}

#[test]
fn whatever_it_is_as_it_came() {
    let endpoint =
        answering(http("200 OK", "content-type: text/plain\r\nx-request-id: r1\r\n", "plain \u{1b} text"));
    let run = cli(["api", "GET", "/x"]).at(&endpoint).run();
    assert_eq!((run.code, run.stdout.as_str()), (0, "plain \u{1b} text"));
    check!(cli(["api", "GET", "/x", "-o", "json"]).at(&endpoint).run(), @r#"
    exit: 0
    ----- stdout -----
    {
      "status": 200,
      "request_id": "r1",
      "body": "plain \u001b text"
    }
    "#);
}
