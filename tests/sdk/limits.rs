//! The rate limits: never more than documented, against services that count strictly.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mrs_iam_sync::{ErrorKind, Names, RateLimits};
use tokio::task::JoinSet;
use workspace_tests::CLUSTER_ID;

use crate::support::{Scripted, Step, Steps, VirtualTime, answer, builder, json};

/// How a service counts requests.
#[derive(Debug, Clone, Copy)]
enum Counts {
    /// In the minute before each request.
    Sliding,
    /// In each minute of the clock.
    Fixed,
}

/// A service that takes so many requests in a minute and refuses the others, which count as well. It answers after
/// some time that differs from request to request.
fn strict(counts: Counts, most: usize, time: &Arc<VirtualTime>) -> (Scripted, Arc<Mutex<Vec<Duration>>>) {
    let arrivals = Arc::new(Mutex::new(Vec::new()));
    let (seen, time) = (arrivals.clone(), time.clone());
    let window = Mutex::new(VecDeque::new());
    let server = Scripted::new(move |number, request| {
        let now = time.passed();
        seen.lock().expect("no panic").push(now);
        let mut window = window.lock().expect("no panic");
        window.push_back(now);
        let minute = Duration::from_secs(60);
        while window.front().is_some_and(|first: &Duration| match counts {
            Counts::Sliding => now - *first >= minute,
            Counts::Fixed => first.as_secs() / 60 != now.as_secs() / 60,
        }) {
            window.pop_front();
        }
        let body = match (window.len() > most, request.starts_with("POST")) {
            (true, _) => answer(429, "content-type: application/json\r\n", r#"{"error_code":"APIGW.0308"}"#),
            (_, true) => json(202, r#"{"state":"synchronizing"}"#),
            _ => json(200, r#"{"user_names":[]}"#),
        };
        let late = Duration::from_millis(37 * (number as u64 % 29));
        Steps(vec![Step::Rest(late), Step::Send(body)])
    });
    (server, arrivals)
}

fn user1() -> Names {
    Names::builder().user("user1").build().expect("names")
}

/// Most requests in any 60 seconds.
fn densest(arrivals: &[Duration]) -> usize {
    let minute = Duration::from_secs(60);
    let from = |first: usize| arrivals[first..].iter().filter(|at| **at - arrivals[first] < minute).count();
    (0..arrivals.len()).map(from).max().unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn a_strict_quota_is_never_hit() {
    for counts in [Counts::Sliding, Counts::Fixed] {
        let time = VirtualTime::new();
        let (server, arrivals) = strict(counts, 60, &time);
        let client = builder(&server.base_url(), &time).build().expect("a client");
        let mut calls = JoinSet::new();
        for number in 0..200_u64 {
            let cluster = client.cluster(CLUSTER_ID).expect("a cluster");
            calls.spawn(async move {
                // In bursts, and in between.
                tokio::time::sleep(Duration::from_millis(number / 50 * 7_300)).await;
                cluster.sync(user1()).send().await.map(|accepted| accepted[0].attempts)
            });
        }
        let attempts: Vec<u32> =
            calls.join_all().await.into_iter().map(|call| call.expect("accepted")).collect();
        assert!(attempts.iter().all(|attempts| *attempts == 1), "{counts:?}: somebody was refused");
        let arrivals = arrivals.lock().expect("no panic");
        assert_eq!((arrivals.len(), densest(&arrivals)), (200, 60), "{counts:?}");
        // 60 at once, 60 more in each of the three minutes that follow, each a little late.
        assert!(time.passed() < Duration::from_secs(3 * 62), "{:?}", time.passed());
    }
}

#[tokio::test(start_paused = true)]
async fn without_limits_the_quota_is_hit() {
    let time = VirtualTime::new();
    let (server, arrivals) = strict(Counts::Sliding, 60, &time);
    let client = builder(&server.base_url(), &time).without_rate_limits().build().expect("a client");
    let mut calls = JoinSet::new();
    for _ in 0..70 {
        let cluster = client.cluster(CLUSTER_ID).expect("a cluster");
        calls
            .spawn(async move { cluster.sync(user1()).send().await.map(drop).map_err(|error| error.kind()) });
    }
    let results = calls.join_all().await;
    assert!(results.contains(&Err(ErrorKind::Throttled)), "the test above can fail");
    assert!(densest(&arrivals.lock().expect("no panic")) > 60);
}

/// Each operation has a limit of its own, and reads a higher one.
#[tokio::test(start_paused = true)]
async fn reads_and_writes_do_not_wait_for_each_other() {
    let time = VirtualTime::new();
    let server = Scripted::new(|_, request| match request.starts_with("POST") {
        true => json(202, r#"{"state":"synchronizing"}"#),
        false => json(200, r#"{"user_names":[]}"#),
    });
    let cluster =
        builder(&server.base_url(), &time).build().expect("a client").cluster(CLUSTER_ID).expect("one");
    for _ in 0..60 {
        cluster.sync(user1()).send().await.expect("accepted");
    }
    for _ in 0..100 {
        cluster.synchronized().await.expect("an answer");
    }
    assert!(time.slept().is_empty(), "nobody had to wait");
    cluster.sync(user1()).send().await.expect("accepted");
    assert_eq!(time.slept().len(), 1, "the 61st write had to");
}

/// When somebody else uses the quota too, we slow down and recover.
#[tokio::test(start_paused = true)]
async fn a_refusal_slows_down_for_a_while() {
    let time = VirtualTime::new();
    let (server, arrivals) = strict(Counts::Sliding, 20, &time);
    let cluster = builder(&server.base_url(), &time)
        .with_timeout(Duration::from_secs(600))
        .build()
        .expect("a client")
        .cluster(CLUSTER_ID)
        .expect("one");
    for _ in 0..200 {
        cluster.sync(user1()).send().await.expect("accepted, late");
    }
    let arrivals = arrivals.lock().expect("no panic");
    let refused = arrivals.len() - 200;
    assert!(refused <= 20, "{refused} requests were refused");
}

/// The limits are those of the account: clients that share them are one.
#[tokio::test(start_paused = true)]
async fn limits_can_be_shared_and_divided() {
    let time = VirtualTime::new();
    let (server, arrivals) = strict(Counts::Sliding, 60, &time);
    let limits = RateLimits::with_share(0.5);
    for _ in 0..2 {
        let client =
            builder(&server.base_url(), &time).with_rate_limits(limits.clone()).build().expect("a client");
        let cluster = client.cluster(CLUSTER_ID).expect("a cluster");
        for _ in 0..20 {
            cluster.sync(user1()).send().await.expect("accepted");
        }
    }
    assert_eq!(densest(&arrivals.lock().expect("no panic")), 30);
}

/// Ten thousand calls at once on one client: all answered, one after the other where the limit wants it.
#[tokio::test(start_paused = true)]
async fn ten_thousand_calls_at_once_are_all_answered() {
    let time = VirtualTime::new();
    let (server, arrivals) = strict(Counts::Fixed, 1000, &time);
    let client = builder(&server.base_url(), &time).build().expect("a client");
    let mut calls = JoinSet::new();
    for _ in 0..10_000 {
        let cluster = client.cluster(CLUSTER_ID).expect("a cluster");
        calls.spawn(async move { cluster.synchronized().await.map(drop) });
    }
    let results = calls.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 10_000);
    assert_eq!(densest(&arrivals.lock().expect("no panic")), 1000);
    // Each thousand takes some seconds on its 64 connections, and the next waits for a minute after its first answer.
    let minutes = time.passed().as_secs_f64() / 60.0;
    assert!((9.0..11.0).contains(&minutes), "{minutes}");
}
