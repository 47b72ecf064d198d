//! Every sample, as it is shown.

use mrs_iam_sync_samples::{Language, SampleError, Values, folder, operation_ids, render};

/// Names with all that languages and shells give a meaning to.
const HOSTILE: [&str; 12] = [
    "it's \"quoted\" \\ twice\\\\",
    "$HOME ${x} $(id) `id` !!",
    "new\nline\r\n\ttab",
    "100% %s {{ x }} {% y %} {# z #} #{w}",
    "émoji 😀 漢字",
    "right \u{200f}to\u{202e} left \u{2066}",
    "\u{1}\u{1b}[31m\u{7f}\u{85}",
    "\u{2028}\u{2029}\u{a0}\u{feff}\u{e0001}",
    "</script><!-- ]]> */ //",
    "\\u0022 \\n \\x41",
    "--all",
    "JSON",
];

/// The operation's example, with nothing of its operation in it.
fn ids() -> Values {
    Values::example("ListSyncStatus").expect("there is such an operation")
}

#[test]
fn documented_examples() {
    for language in Language::ALL {
        for id in operation_ids() {
            let source = render(language, id, &Values::example(id).unwrap()).unwrap();
            assert!(source.ends_with('\n') && !source.ends_with("\n\n"), "{language} {id}");
            assert!(source.lines().all(|line| line.trim_end() == line), "{language} {id}");
            insta::assert_snapshot!(format!("{language}-{id}"), source);
        }
    }
}

#[test]
fn hostile_names() {
    let values = ids().with_users(HOSTILE).with_groups(["-"]);
    for language in Language::ALL {
        let source = render(language, "UpdateSyncIamUser", &values).unwrap();
        // What is shown on a page or in a review is what is run.
        let hidden = |character: char| character != '\n' && character != '\t' && character.is_control();
        assert!(!source.contains(hidden), "{language}");
        assert!(!source.contains(['\u{200f}', '\u{202e}', '\u{2066}', '\u{2028}', '\u{feff}']), "{language}");
        insta::assert_snapshot!(format!("{language}-hostile"), source);
    }
}

#[test]
fn everything_and_an_endpoint() {
    let values = ids().with_everything().with_endpoint("http://127.0.0.1:8080");
    for language in Language::ALL.into_iter().filter(|language| *language != Language::KooCli) {
        let source = render(language, "UpdateSyncIamUser", &values).unwrap();
        assert!(source.contains("http://127.0.0.1:8080"), "{language}");
        assert!(!source.contains("myhuaweicloud") && !source.contains("MRS_IAM_SYNC_ENDPOINT"), "{language}");
        insta::assert_snapshot!(format!("{language}-everything"), source);
    }
    let error = render(Language::KooCli, "UpdateSyncIamUser", &values).unwrap_err();
    assert_eq!(error, SampleError::Endpoint("KooCLI"));
}

/// Whatever is asked that has an answer is rendered: no template fails, and no list goes wrong at its ends.
#[test]
fn any_selection() {
    let names = |count: usize| (0..count).map(|number| format!("name {number}"));
    for language in Language::ALL {
        for id in ["UpdateSyncIamUser", "CancelSyncIamUser"] {
            for (users, groups) in [(1, 0), (0, 1), (30, 0), (0, 30), (1000, 1000)] {
                let values = ids().with_users(names(users)).with_groups(names(groups));
                let source = render(language, id, &values).unwrap();
                assert_eq!(source.matches("name ").count(), users + groups, "{language}");
                let empty = ["string{}", ": []", "=[]", "([])", "List.of()"];
                assert!(
                    !empty.iter().any(|empty| source.contains(empty)),
                    "{language} {id} {users} {groups}"
                );
            }
        }
    }
}

/// What curl sends stands in its sample.
#[test]
fn the_body_of_curl_is_json() {
    for (users, groups) in [(1, 0), (0, 1), (2, 2), (40, 0), (0, 40), (40, 40)] {
        let names = |count: usize| (0..count).map(|number| format!("user \"{number}\"")).collect::<Vec<_>>();
        let values = ids().with_users(names(users)).with_groups(names(groups));
        let source = render(Language::Curl, "UpdateSyncIamUser", &values).unwrap();
        let (_, body) = source.split_once("<<'JSON'\n").unwrap();
        let body: serde_json::Value = serde_json::from_str(body.strip_suffix("JSON\n").unwrap()).unwrap();
        let list = |field: &str| {
            body.get(field).map(|list| serde_json::from_value::<Vec<String>>(list.clone()).unwrap())
        };
        assert_eq!(body["is_all_sync"], false);
        assert_eq!(list("user_names").unwrap_or_default(), names(users));
        assert_eq!(list("group_names").unwrap_or_default(), names(groups));
    }
}

#[test]
fn folders() {
    let mut shown = String::new();
    for language in Language::ALL {
        let id = "CancelSyncIamUser";
        let values = Values::example(id).unwrap();
        let files = folder(language, id, &values).unwrap();
        let main = files.iter().find(|file| file.path == language.main_file()).unwrap();
        assert_eq!(main.contents, render(language, id, &values).unwrap());
        assert_eq!(files.iter().any(|file| file.path == ".env.example"), language != Language::KooCli);
        for file in files {
            assert!(
                file.contents.ends_with('\n') && !file.contents.ends_with("\n\n"),
                "{language} {}",
                file.path
            );
            let mark = if file.executable { "*" } else { "" };
            shown.push_str(&format!("==== {language} {}{mark}\n", file.path));
            // The source has a snapshot of its own, and the other is nothing to read.
            if file.path != language.main_file() && file.path != "go.sum" {
                shown.push_str(&file.contents);
            }
        }
    }
    insta::assert_snapshot!("folders", shown);
}

/// A sample that meant an emulator would send an emulator's key to the real service where its README is wrong.
#[test]
fn how_a_sample_gets_to_an_emulator() {
    let readme = |language, values: &Values| {
        let files = folder(language, "ListSyncStatus", values).unwrap();
        files.into_iter().find(|file| file.path == "README.md").unwrap().contents
    };
    let said = "`HUAWEICLOUD_SDK_REGION_MRS_CN_NORTH_4` is the SDK's own variable for another endpoint;\n\
                `mrs-iam-sync emulator --env` prints it";
    assert!(readme(Language::Go, &ids()).contains(said));
    let elsewhere = Values::new("eu-west-0", "p", "c");
    let said = "`HUAWEICLOUD_SDK_REGION_MRS_EU_WEST_0` is the SDK's own variable for another endpoint.\n\
                For an emulator set it to the address that `mrs-iam-sync emulator --env` prints";
    assert!(readme(Language::Go, &elsewhere).contains(said));
    let said =
        "`MRS_IAM_SYNC_ENDPOINT` takes it to another endpoint;\n`mrs-iam-sync emulator --env` prints it";
    assert!(readme(Language::Node, &elsewhere).contains(said));
    let to = elsewhere.with_endpoint("http://127.0.0.1:1");
    for language in [Language::Curl, Language::Go, Language::Node] {
        let readme = readme(language, &to);
        assert!(
            readme.contains("It goes to `http://127.0.0.1:1`, whatever the environment says."),
            "{readme}"
        );
        assert_eq!(readme.contains("prints the sample credentials"), language != Language::Curl, "{readme}");
    }
}

#[test]
fn what_is_not_executed_says_so() {
    for language in Language::ALL {
        let source = render(language, "ListSyncStatus", &ids()).unwrap();
        assert_eq!(source.contains("not executed"), !language.is_executed(), "{language}");
    }
}

#[test]
fn wrong_input_is_an_error() {
    let update = |values: Values| ("UpdateSyncIamUser", values);
    let changed = |change: fn(&mut Values)| {
        let mut values = ids().with_users(["user1"]);
        change(&mut values);
        update(values)
    };
    let cases = [
        ("UpdateSyncIamUsers", ids()),
        update(ids()),
        update(ids().with_users(["user1"]).with_everything()),
        ("CancelSyncIamUser", ids()),
        ("CancelSyncIamUser", ids().with_everything()),
        ("ShowSyncIamUser", ids().with_users(["user1"])),
        ("ListSyncStatus", ids().with_groups(["groups1"])),
        ("ListSyncRequirements", ids().with_everything()),
        update(ids().with_users([""])),
        update(ids().with_users(["x".repeat(65)])),
        update(ids().with_users(["a\0b"])),
        update(ids().with_users(["user1", "user1"])),
        update(ids().with_groups((0..1001).map(|number| number.to_string()))),
        changed(|values| values.region.clear()),
        changed(|values| values.region = "cn-north-4; id".to_owned()),
        changed(|values| values.region = "tr-central-201".to_owned()),
        changed(|values| values.project_id = "../admin".to_owned()),
        changed(|values| values.cluster_id = "a/b".to_owned()),
        changed(|values| values.endpoint = Some("http://host/$(id)".to_owned())),
    ];
    let mut messages = String::new();
    for (id, values) in cases {
        let errors = Language::ALL.map(|language| render(language, id, &values).unwrap_err());
        assert!(errors.iter().all(|error| *error == errors[0]), "{id} {values:?}");
        assert!(!matches!(errors[0], SampleError::Template(_)), "{}", errors[0]);
        messages.push_str(&format!("{}\n", errors[0]));
    }
    insta::assert_snapshot!("wrong_input", messages);
}

/// A region that is not among the known ones needs an endpoint, and no more.
#[test]
fn an_endpoint_makes_any_region_good() {
    let values = Values::new("tr-central-201", "p", "c").with_endpoint("https://mrs.example.com");
    assert!(render(Language::Curl, "ListSyncStatus", &values).is_ok());
}
