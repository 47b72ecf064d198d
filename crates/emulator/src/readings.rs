//! Where the documentation is silent: what the emulator does.

/// A point that the documentation leaves open or says twice, and what the emulator makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// What it is about, in a few words; unique.
    pub topic: &'static str,
    /// What is documented.
    pub documented: &'static str,
    /// What the emulator does; the real service may do something else.
    pub ours: &'static str,
}

const fn reading(topic: &'static str, documented: &'static str, ours: &'static str) -> Reading {
    Reading { topic, documented, ours }
}

/// Every reading of ours, in the order in which a request meets them.
pub const READINGS: &[Reading] = &[
    reading(
        "Methods and paths",
        "APIGW.0101 for an API or method that the gateway does not know.",
        "Path segments are percent-decoded, then compared exactly; a slash at the end makes another path. HEAD, \
         OPTIONS and every other method that the document does not have are unknown too.",
    ),
    reading(
        "Sizes",
        "APIGW.0201: 413 for bodies above 12 MB (elsewhere: signed bodies only), 414 for URIs above 32 KB, 494 for a \
         header above 32 KB or all above 128 KB.",
        "For signatures and tokens alike, KB and MB being powers of 1024. Checked on paths that there are, before the \
         credentials. A URI above 64 KB and more than 100 headers or 400 KB of them are no HTTP to it: a status without \
         a body.",
    ),
    reading(
        "Both kinds of credentials",
        "A request is authenticated by a token or by a signature.",
        "With both, the token alone is looked at.",
    ),
    reading(
        "Owners of credentials",
        "An access key or a token belongs to a user.",
        "To an IAM user, or to the account itself, which may do everything and is none of the users that are listed \
         and synchronized. The sample key and whatever is configured without a user are the account's. A key of a user \
         that does not exist is unknown.",
    ),
    reading(
        "Reach of credentials",
        "A token is for one project; reading IAM needs an administrator's rights, which are not described here.",
        "Every credential may be used on every cluster, a token for another project or for the account too. Everybody \
         may read all of IAM and MRS.",
    ),
    reading(
        "Window of a signature",
        "A signing time more than 15 minutes off the gateway's clock is refused.",
        "In whole seconds: 15 min 0 s is accepted, 15 min 1 s is not, in both directions.",
    ),
    reading(
        "Unsigned bodies",
        "The SDKs send X-Sdk-Content-Sha256: UNSIGNED-PAYLOAD with bodies that are not JSON.",
        "It is taken as the digest's place for JSON too; a digest in that header has to be the body's.",
    ),
    reading(
        "Security tokens",
        "Temporary keys need X-Security-Token; the SDKs sign it.",
        "It has to be among the signed headers. With a permanent key it is refused.",
    ),
    reading(
        "Locked access keys",
        "5 failures in a row lock an access key for 5 minutes.",
        "Every refused signature with a known access key counts, whatever its reason. The fifth still gets its own \
         answer. While it is locked nothing is checked and nothing prolongs the lock; a success starts the count \
         anew. Tokens are not locked.",
    ),
    reading(
        "Words of the gateway",
        "Messages for a wrong signature, an unknown or locked access key and an unreadable token.",
        "Used as documented. For an expired signature and missing credentials the words are those seen in users' \
         reports; the other reasons have words of ours after the documented beginning.",
    ),
    reading(
        "Expired tokens",
        "A token lasts 24 hours, and is invalid at once when its user is deleted, a password changes or permissions \
         do; APIGW.0307 then.",
        "It is refused from expires_at on, when its user has gone or has another password, and when the user's policies \
         are not the same, by its groups too. Tokens that were configured last for ever, those of before a reset or before the latest 10,000 are \
         unknown.",
    ),
    reading(
        "Rate limits",
        "60 or 1000 requests a minute, for each tenant and operation; APIGW.0308 beyond. Neither how a minute is meant \
         nor a Retry-After header is documented.",
        "Any 60 seconds, or minutes of the clock on request. All credentials count together, as there is one tenant. \
         Checked after the credentials: what they refuse does not count, everything else does, requests over the \
         limit included. No Retry-After, unless a program that embeds the emulator asks for it. The reads of clusters have 1000, IAM has no limit.",
    ),
    reading(
        "X-Project-Id",
        "Optional; picks a project.",
        "It is signed when named, and not compared with the path.",
    ),
    reading(
        "Project ids",
        "12000107 for an invalid project id.",
        "For one that breaks its rule, and for one that is no project of the account; before anything else about the \
         path.",
    ),
    reading(
        "Query parameters",
        "The five operations have none; lists have some.",
        "Any other is refused, and so is one that is there twice or breaks its rule: by MRS with 12000002, by IAM with \
         400. Of the documented ones IAM refuses is_domain and password_expires_at.",
    ),
    reading(
        "Permission to synchronize",
        "The action mrs:cluster:syncUser or certain roles; 12000136 (401) with \"Policy doesn't allow <action> to be \
         performed\" for another service's action. Neither for removals nor for reads is one documented.",
        "Needed for removals as well, and for no read. 12000136 otherwise, after what is wrong with path and query and \
         before everything else.",
    ),
    reading(
        "Policies",
        "Policies are MRS's own, IAM's roles, or custom; in fine-grained ones a denial wins.",
        "Users and groups hold them, a user those of its groups too. In custom ones a * stands for one part of an \
         action, or at the end for all that follows; a denial wins over roles too. No other condition is known.",
    ),
    reading(
        "Bodies of reads",
        "A GET has no body.",
        "One is tolerated and not looked at, whatever its content type.",
    ),
    reading(
        "Content type",
        "application/json;charset=UTF-8.",
        "Upper and lower case are the same, and the charset may be left out. Another one, or none, is refused with \
         400 and 12000002.",
    ),
    reading(
        "Missing body",
        "The API definition makes the body optional and does not say what a missing one means.",
        "The same as {}; a content type is not asked for.",
    ),
    reading(
        "Limits and fields",
        "The pages name a limit of 1000 entries for removal only; the API definition adds 1000 entries, 1 to 64 \
         characters and no duplicates for both writes. Unknown fields are not mentioned.",
        "The limits hold as the API definition has them, so that a group of 65 to 128 characters can come along with a \
         user, and not be removed. An unknown field, null and a wrong type are refused with \
         12000002.",
    ),
    reading(
        "Nothing named",
        "Not documented.",
        "A synchronization without is_all_sync and names, or a removal without names, is refused with 12000002.",
    ),
    reading(
        "Everything and names",
        "Not documented.",
        "is_all_sync together with a name is refused with 12000002; together with empty lists it is not.",
    ),
    reading(
        "Everything",
        "is_all_sync synchronizes everything.",
        "All users and groups of IAM arrive. Nothing leaves, although IAM may not have it any more.",
    ),
    reading(
        "Unknown names",
        "Not documented.",
        "Names that IAM does not have (for a removal: that Manager does not have) are skipped without a word, so that \
         a client has to find out what is missing.",
    ),
    reading(
        "Case of names",
        "IAM tells names apart by case, Manager does not.",
        "Names are compared exactly on both sides.",
    ),
    reading(
        "Names on Manager",
        "Manager's own users have 3 to 32 letters, digits, spaces, _ and - (3 to 20 without spaces and - before \
         Manager 3), and no name of the system's. IAM takes other names too; what becomes of them is not documented.",
        "Every name arrives as it is.",
    ),
    reading(
        "Groups of users, users of groups",
        "Naming a user brings its groups (API pages); naming a group does not bring its users (console guide).",
        "Both hold.",
    ),
    reading(
        "When IAM is read",
        "Not documented.",
        "When the request is accepted: what changes in IAM while it runs is not part of it.",
    ),
    reading(
        "One at a time",
        "12000154 while a synchronization runs on the cluster, with status 500 in the tables and possibly 400 today.",
        "With status 500, and for removals too, as they answer synchronizing as well. The body is checked before.",
    ),
    reading(
        "Duration and failure",
        "A synchronization goes on after the answer; how long, and how a failed one shows, is not documented.",
        "It takes the configured time to the nanosecond, shows its whole effect at the end, and never fails.",
    ),
    reading(
        "Roles on Manager",
        "A table of policies with the roles that they become; users with policies of MRS are synchronized, and again \
         after each change of policies.",
        "Those of all policies that a user holds together, as of the latest synchronization with the user in it; of a \
         group those of its own policies. A custom policy counts when it allows an action of MRS. Users without such \
         policies arrive all the same, without roles.",
    ),
    reading("Removed users", "Not documented.", "The groups that came along with a user stay on Manager."),
    reading("Removed groups", "Not documented.", "The users of a group stay on Manager."),
    reading(
        "is_synchronous",
        "Whether the cluster has finished its synchronization; what makes it false again is not documented.",
        "True once a synchronization or removal has finished, while none runs and nothing has changed in IAM for \
         anyone on Manager: everybody still exists, is in the groups and holds the policies it was synchronized with.",
    ),
    reading(
        "Order of names",
        "Not documented.",
        "Order of arrival on Manager: named ones as they were named, then groups that came along, user by user; for \
         everything the order of names. Both lists are always there.",
    ),
    reading(
        "Clusters",
        "Filters and pages of the list; clusterName is fuzzy; of tags k1*v1,k2*v2 a cluster has all; the states existing \
         and history are not explained.",
        "In the order of ids. A name is found by any part of it, upper and lower case being different. History is \
         terminated, existing everything else. Tags are compared exactly, and are not shown. No cluster is in another \
         enterprise project than 0. A page after the last is empty. Only ids, name, state and projects are shown.",
    ),
    reading(
        "States of clusters",
        "12000080 while some nodes do not run; which operations need which state is not documented.",
        "A state is shown and nothing else: every cluster can be synchronized.",
    ),
    reading(
        "Errors of IAM",
        "Keystone's form: an object with message, numeric code and title.",
        "Everything that is refused of an operation of IAM has it, by the gateway too; the words are ours. Answers carry \
         X-IAM-Trace-Id and X-Request-Id, both the same.",
    ),
    reading(
        "Getting a token",
        "By name, password and account name; for a project by id or name, else for the account; 201 and \
         X-Subject-Token.",
        "The method password alone; a scope has to be there, for the account an empty one or one that names it; other \
         fields are refused with 400. 401 for a wrong name, password or account alike, and for a project that does not \
         exist. Wrong passwords lock nobody. Roles and catalogue are empty.",
    ),
    reading(
        "Users and groups of IAM",
        "Lists without pages, filtered by name, domain_id and enabled.",
        "In the order of names, which are compared exactly. Ids follow from the names. Everything is enabled and \
         belongs to the one account. 404 for the members or groups of an id that does not exist.",
    ),
];
