"""Credentials for Schemathesis, and the inputs that are left out, each with its reason."""

import json
import os
import re
import urllib.request

import schemathesis

URL = os.environ["EMULATOR_URL"]
LARGEST_PAGE = 2_147_483_646

# A user of the emulator's sample world.
USER = {
    "name": "user1",
    "password": "emulated-password-opens-nothing-real-0",
    "domain": {"name": "sample-domain"},
}
LOGIN = {
    "auth": {
        "identity": {"methods": ["password"], "password": {"user": USER}},
        "scope": {"project": {"name": "cn-north-4"}},
    }
}


@schemathesis.auth()
class Token:
    """An IAM user's token, by its password."""

    def get(self, case, context):
        request = urllib.request.Request(
            f"{URL}/v3/auth/tokens",
            data=json.dumps(LOGIN).encode(),
            headers={"Content-Type": "application/json;charset=utf8"},
        )
        with urllib.request.urlopen(request) as answer:
            return answer.headers["X-Subject-Token"]

    def set(self, case, data, context):
        case.headers = case.headers or {}
        case.headers["X-Auth-Token"] = data


@schemathesis.hook
def map_body(context, body):
    """The documented login, with the user that exists."""
    return LOGIN if "username" in json.dumps(body, default=str) and "auth" in body else body


@schemathesis.hook
def filter_case(context, case):
    """Leaves out what the documents allow and the emulator refuses by a reading of its own."""
    return not (names_nothing_or_both(case) or turns_too_many_pages(case))


def names_nothing_or_both(case):
    # accepted: a write of nothing, or of everything and of names, is refused; what it means is not documented, so that
    # no schema forbids it
    if not case.operation.path.endswith("/iam-sync-user") or case.operation.method.upper() == "GET":
        return False
    if not isinstance(case.body, (dict, str, bytes, list, int, float)):
        return True  # No body at all.
    if not isinstance(case.body, dict) or set(case.body) - {"is_all_sync", "user_names", "group_names"}:
        return False
    everything = case.body.get("is_all_sync", False)
    names = [case.body.get(field, []) for field in ("user_names", "group_names")]
    return everything is (names != [[], []])


def turns_too_many_pages(case):
    # accepted: a page beyond the largest one is refused; the numbers travel as text, and their bound stands in words
    query = case.query or {}
    numbers = (str(query.get(name, "")) for name in ("pageSize", "currentPage"))
    return any(re.fullmatch("[1-9][0-9]*", number) and int(number) > LARGEST_PAGE for number in numbers)
