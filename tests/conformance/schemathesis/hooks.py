"""Credentials for Schemathesis, and the inputs that are left out, each with its reason."""

import json
import os
import re
import urllib.request

import schemathesis
from schemathesis.core import NotSet

URL = os.environ["EMULATOR_URL"]
LARGEST_PAGE = 2_147_483_646

# A user of the emulator's sample world.
USER = {
    "name": "user1",
    "password": "emulated-password-opens-nothing-real-0",
    "domain": {"name": "sample-domain"},
}
LOGIN = {"auth": {"identity": {"methods": ["password"], "password": {"user": USER}}, "scope": {}}}


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
    """Half of the logins are of the user that exists, for the account; others are documented to be refused with 401."""
    try:
        auth, user = body["auth"], body["auth"]["identity"]["password"]["user"]
        # Only what is valid is exchanged: what is not has to stay so.
        if shape(user) == shape(USER) and shape(auth["scope"]) in SCOPES and len(user["name"]) % 2 == 0:
            identity = {**auth["identity"], "password": {**auth["identity"]["password"], "user": USER}}
            return {**body, "auth": {**auth, "identity": identity, "scope": {}}}
    except (KeyError, TypeError):
        pass
    return body


def shape(value):
    """A value without its texts."""
    if isinstance(value, dict):
        return {name: shape(part) for name, part in value.items()}
    return "text" if isinstance(value, str) else repr(value)


SCOPES = [{}, {"project": {"id": "text"}}, {"project": {"name": "text"}}]


@schemathesis.hook
def filter_case(context, case):
    """Leaves out what the documents allow and the emulator refuses by a reading of its own."""
    return not (names_nothing_or_both(case) or turns_too_many_pages(case))


def names_nothing_or_both(case):
    # accepted: a write of nothing, or of everything and of names, is refused; what it means is not documented, so that
    # no schema forbids it
    if case.operation.path.endswith("/iam-sync-user") and case.operation.method.upper() in ("POST", "DELETE"):
        fields = {"user_names", "group_names"} | ({"is_all_sync"} if case.operation.method.upper() == "POST" else set())
        body = {} if isinstance(case.body, NotSet) else case.body
        if isinstance(body, dict) and set(body) <= fields and all(map(is_list_of_names, without_switch(body))):
            everything = body.get("is_all_sync", False)
            return isinstance(everything, bool) and everything == any(without_switch(body))
    return False


def without_switch(body):
    return [value for field, value in body.items() if field != "is_all_sync"]


def is_list_of_names(value):
    """As the documents have it."""
    return (
        isinstance(value, list)
        and len(value) <= 1000
        and all(isinstance(name, str) and 1 <= len(name) <= 64 for name in value)
        and len(set(value)) == len(value)
    )


def turns_too_many_pages(case):
    # accepted: a page beyond the largest one is refused; the numbers travel as text, and their bound stands in words
    query = case.query or {}
    numbers = (str(query.get(name, "")) for name in ("pageSize", "currentPage"))
    return any(re.fullmatch("[1-9][0-9]*", number) and int(number) > LARGEST_PAGE for number in numbers)
