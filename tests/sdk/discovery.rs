//! Ids found by names.

use mrs_iam_sync::{Client, ErrorKind, Selection};
use mrs_iam_sync_emulator::{Emulator, World};
use workspace_tests::{CLUSTER_ID, PROJECT_ID};

use crate::support::{Scripted, VirtualTime, builder, client, json, sample_credentials};

async fn started(world: World) -> (Emulator, std::sync::Arc<VirtualTime>) {
    let time = VirtualTime::new();
    let emulator = Emulator::builder().clock(time.clone()).world(world).start().await.expect("an emulator");
    (emulator, time)
}

#[tokio::test(start_paused = true)]
async fn the_project_is_found_by_the_regions_name() {
    let (emulator, time) = started(World::sample()).await;
    let client = Client::builder()
        .region("cn-north-4")
        .endpoint(emulator.base_url())
        .with_iam_endpoint(emulator.base_url())
        .credentials(sample_credentials())
        .with_time(time)
        .connect()
        .await
        .expect("a client");
    assert_eq!(client.project_id(), PROJECT_ID);
    client.cluster(CLUSTER_ID).expect("a cluster").synchronized().await.expect("an answer");
}

#[tokio::test(start_paused = true)]
async fn a_project_that_is_not_one_is_an_error_with_the_candidates() {
    let world =
        World::sample().with_project("0123456789abcdef", "twice").with_project("fedcba9876543210", "twice");
    let (emulator, time) = started(world).await;
    let iam = builder(&emulator.base_url(), &time).with_iam_endpoint(emulator.base_url()).iam().expect("IAM");
    let error = iam.project_id("twice").await.expect_err("two");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("0123456789abcdef, fedcba9876543210"), "{error}");
    let error = iam.project_id("la-north-2").await.expect_err("none");
    assert_eq!((error.kind(), error.status()), (ErrorKind::NotFound, None));
}

/// Credentials for an endpoint of somebody's own do not go to the public IAM without being told to.
#[tokio::test(start_paused = true)]
async fn an_endpoint_of_ones_own_has_no_public_iam() {
    let (emulator, time) = started(World::sample()).await;
    let client = Client::builder().region("cn-north-4").endpoint(emulator.base_url()).with_time(time);
    let error = client.credentials(sample_credentials()).connect().await.expect_err("no project");
    assert!(error.to_string().contains("the endpoint of IAM"), "{error}");
    assert!(emulator.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn clusters_are_listed_over_all_pages() {
    let cluster = |world: World, number: usize| {
        world.with_named_cluster(PROJECT_ID, format!("id-{number:03}"), format!("cluster {number}"))
    };
    let (emulator, time) = started((0..250).fold(World::new(), cluster)).await;
    let client = client(&emulator.base_url(), &time);
    let clusters = client.clusters().await.expect("clusters");
    assert_eq!(clusters.len(), 250);
    assert_eq!(emulator.requests().len(), 3);
    assert_eq!(client.find_cluster("cluster 249").await.expect("the last one").id(), "id-249");
    assert_eq!(client.find_cluster("name:cluster 0").await.expect("the first one").id(), "id-000");
    let before = emulator.requests().len();
    client.find_cluster(CLUSTER_ID).await.expect("an id is not looked up");
    client.find_cluster("id:anything").await.expect("neither is this");
    assert_eq!(emulator.requests().len(), before);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_not_one_cluster_says_what_there_is() {
    let world = World::new()
        .with_named_cluster(PROJECT_ID, "id-1", "analytics")
        .with_named_cluster(PROJECT_ID, "id-2", "analytics")
        .with_named_cluster(PROJECT_ID, "id-3", "streaming");
    let (emulator, time) = started(world).await;
    let client = client(&emulator.base_url(), &time);
    let error = client.find_cluster("analytics").await.expect_err("two");
    insta::assert_snapshot!(error, @r#"2 clusters are named "analytics": id-1 (running), id-2 (running)"#);
    let error = client.find_cluster("Streamin").await.expect_err("none");
    insta::assert_snapshot!(error.hint().expect("a hint"), @"did you mean streaming? A name is exact");
}

/// A list that ends before its own total is not all there is.
#[tokio::test(start_paused = true)]
async fn a_list_that_is_not_whole_is_an_error() {
    let page = r#"{"clusterTotal":101,"clusters":[{"clusterId":"c","clusterName":"n"}]}"#;
    let server = Scripted::new(move |_, _| json(200, page));
    let error = client(&server.base_url(), &VirtualTime::new()).clusters().await.expect_err("one of 101");
    assert_eq!(error.kind(), ErrorKind::UnexpectedAnswer);

    let more =
        r#"{"projects":[],"links":{"self":"x","next":"https://elsewhere.example/v3/projects?page=2"}}"#;
    let server = Scripted::new(move |_, _| json(200, more));
    let iam = builder(&server.base_url(), &VirtualTime::new()).with_iam_endpoint(server.base_url()).iam();
    let error = iam.expect("IAM").projects(None).await.expect_err("more elsewhere");
    assert_eq!((error.kind(), server.requests().len()), (ErrorKind::UnexpectedAnswer, 1));
}

#[tokio::test(start_paused = true)]
async fn users_groups_and_memberships_are_read() {
    let (emulator, time) = started(World::sample()).await;
    let client = builder(&emulator.base_url(), &time).with_iam_endpoint(emulator.base_url()).build();
    let iam = client.expect("a client").iam().expect("IAM");
    let users = iam.users().await.expect("users");
    assert_eq!(users.iter().map(|user| user.name.as_str()).collect::<Vec<_>>(), ["user1", "user2"]);
    let groups = iam.groups_of(&users[0].id).await.expect("groups");
    assert_eq!(groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["group1"]);
    let members = iam.members_of(&groups[0].id).await.expect("members");
    assert_eq!(members.len(), 2);
    assert_eq!(iam.groups().await.expect("groups").len(), 2);
}

/// With IAM at hand, a synchronization of everything can be compared with who there is.
#[tokio::test(start_paused = true)]
async fn everything_is_compared_with_iam() {
    let (emulator, time) = started(World::sample()).await;
    let client = builder(&emulator.base_url(), &time).with_iam_endpoint(emulator.base_url()).build();
    let cluster = client.expect("a client").cluster(CLUSTER_ID).expect("a cluster");
    let outcome = cluster.sync(Selection::Everything).wait().await.expect("an outcome");
    assert!(outcome.verified && outcome.missing.expect("known").is_empty());

    let fault = mrs_iam_sync_emulator::Fault::new(mrs_iam_sync_emulator::FaultKind::PartialSync);
    emulator.change_world(|world| world.add_user("user3"));
    emulator.inject(fault.on("UpdateSyncIamUser").times(1));
    let outcome = cluster.sync(Selection::Everything).wait().await.expect("an outcome");
    assert_eq!(outcome.missing.expect("known").len(), 1);
}
