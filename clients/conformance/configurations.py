"""What the OpenID Foundation's conformance suite is told of Kibali: a configuration for each way a client is registered.

    python3 configurations.py OUT

reads from the environment where Kibali is (OP, https), who signs in (ALLOWS, name:password, and DENIES, who has allowed
nothing before), the secrets of the clients oidcc-1 to oidcc-3 (SECRET_1 to SECRET_3) and the private key sets of fapi-1
and fapi-2 (KEYS_1, KEYS_2, files), and writes static.json, backchannel.json, dynamic.json and fapi.json into OUT.
"""

import json
import os
import pathlib
import sys

OP = os.environ["OP"].rstrip("/")
AUTHORIZE = f"{OP}/oauth2/authorize*"
LOGOUT = f"{OP}/connect/logout*"
PRESS = ["click", "css", "button.primary", "optional"]


def seen(pattern, optional=False):
    """Waits for a page that says so, and keeps it for whoever reviews the run."""
    return ["wait", "xpath", "//*", 10, pattern, "update-image-placeholder" + ("-optional" if optional else "")]


def task(name, match, *commands, optional=True):
    return {"task": name, "match": match, "optional": optional, "commands": list(commands)}


def sign_in(*first, who="ALLOWS"):
    name, _, password = os.environ[who].partition(":")
    fill = [["text", "name", "username", name, "optional"], ["text", "name", "password", password, "optional"]]
    return task("Sign in", f"{OP}/login*", *first, *fill, PRESS)


DENY = task("Deny", AUTHORIZE, ["click", "css", "button[value=false]", "optional"])
BACK = task("Back at the client", "*/test/*/callback*", ["wait", "id", "submission_complete", 10], optional=False)


def flow(*first):
    # Pressed a second time where the answer is posted: the suite's browser does not run the page's script.
    allow = [task(name, AUTHORIZE, PRESS) for name in ("Allow", "Send the answer")]
    return {"match": AUTHORIZE, "tasks": [sign_in(*first), *allow, BACK]}


def told(pattern, *before, optional=False):
    """The request is not answered: a page says why."""
    page = task("Told on a page", f"{OP}/*", seen(pattern, optional), optional=optional)
    return {"match": AUTHORIZE, "tasks": [*before, page]}


def signed_out(pattern, press=True):
    ask = task("Sign out", LOGOUT, *([PRESS] if press else []))
    return {"match": LOGOUT, "tasks": [ask, task("Told on a page", f"{OP}/*", seen(pattern), optional=False)]}


def override(*browser):
    return {"browser": list(browser)}


OIDCC = {
    **dict.fromkeys(["oidcc-prompt-login", "oidcc-max-age-1"], override(flow(seen("Sign in", True)))),
    **dict.fromkeys(
        [
            "oidcc-ensure-registered-redirect-uri",
            "oidcc-ensure-redirect-uri-in-authorization-request",
            "oidcc-ensure-request-object-with-redirect-uri",
            "oidcc-redirect-uri-query-added",
            "oidcc-redirect-uri-query-mismatch",
        ],
        override(told("redirect")),
    ),
    **dict.fromkeys(
        [f"oidcc-rp-initiated-logout-{name}" for name in ("no-params", "only-state", "no-post-logout-redirect-uri")],
        override(flow(), signed_out("Sign in")),
    ),
    **dict.fromkeys(
        [
            "oidcc-rp-initiated-logout-" + name
            for name in (
                "no-id-token-hint",
                "bad-id-token-hint",
                "modified-id-token-hint",
                "bad-post-logout-redirect-uri",
                "query-added-to-post-logout-redirect-uri",
            )
        ],
        override(flow(), signed_out("(Sign out|post_logout_redirect_uri)", press=False)),
    ),
}

LOOK = {"match": AUTHORIZE, "match-limit": 1, "tasks": [task("Only look", f"{OP}/login*", ["wait", "id", "username", 10])]}

FAPI = {
    "par-attempt-reuse-request_uri": override({**flow(), "match-limit": 1}, told("request", sign_in())),
    "par-ensure-reused-request-uri-prior-to-auth-completion-succeeds": override(LOOK, flow()),
    "user-rejects-authentication": override({"match": AUTHORIZE, "tasks": [sign_in(who="DENIES"), DENY, BACK]}),
    **dict.fromkeys(
        [
            "ensure-unsigned-authorization-request-without-using-par-fails",
            "par-attempt-to-use-expired-request_uri",
            "par-attempt-to-use-request_uri-for-different-client",
        ],
        override(told("request", sign_in(), optional=True)),
    ),
}

BASE = {
    "alias": "kibali",
    "description": "Kibali",
    "server": {"discoveryUrl": f"{OP}/.well-known/openid-configuration", "login_hint": "amina"},
    "browser": [flow(), {"match": LOGOUT, "tasks": [task("Sign out", LOGOUT, PRESS)]}],
    "override": OIDCC,
}


def main():
    secrets = [os.environ[f"SECRET_{n}"] for n in (1, 2, 3)]
    one, two, three = ({"client_id": f"oidcc-{n}", "client_secret": s, "scope": "openid"} for n, s in enumerate(secrets, 1))
    post = {key: one[key] for key in ("client_id", "client_secret")}
    keys = [json.loads(pathlib.Path(os.environ[name]).read_text()) for name in ("KEYS_1", "KEYS_2")]
    signing = [
        {"client_id": f"fapi-{n}", "scope": "openid api:read", "jwks": jwks, "dpop_signing_alg": algorithm}
        for n, jwks, algorithm in zip((1, 2), keys, ("PS256", "ES256"))
    ]
    written = {
        "static": {**BASE, "client": one, "client2": two, "client_secret_post": post},
        # A client of its own: the other plans are told of no logout that they did not ask to hear of.
        "backchannel": {**BASE, "client": three},
        "dynamic": {**BASE, "client": {"client_name": "First"}, "client2": {"client_name": "Second"}},
        "fapi": {
            **BASE,
            "override": {f"fapi2-security-profile-final-{name}": how for name, how in FAPI.items()},
            "client": signing[0],
            "client2": signing[1],
            "resource": {"resourceUrl": f"{OP}/api/me"},
        },
    }
    for name, configuration in written.items():
        (pathlib.Path(sys.argv[1]) / f"{name}.json").write_text(json.dumps(configuration, indent=1))


main()
