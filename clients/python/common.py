"""What the Python clients share: where the server is, who its clients are, and a person at a browser."""

import json
import os
import subprocess
from functools import cache

import requests

# The libraries insist on https unless they are told that this is a test on loopback.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

BASE = os.environ["KIBALI_URL"]
SECRET = "1e6db50c-0fee-11e5-98d0-3c15c2c6caf6"
CALLBACK = "http://127.0.0.1/callback"
ADMIN = ("admin", "district")
DEMO = "demo"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


def me(session):
    """Who the Web API says is calling."""
    answer = session.get(f"{BASE}/api/me")
    assert answer.status_code == 200, (answer.status_code, answer.text)
    return answer.json()["username"]


def register(client_id, **more):
    """Registers a client as DHIS2 2.42 words it."""
    client = {
        "clientId": client_id,
        "clientSecret": SECRET,
        "clientAuthenticationMethods": "client_secret_basic,client_secret_post",
        "authorizationGrantTypes": "authorization_code,refresh_token",
        "redirectUris": CALLBACK,
        "scopes": "openid,profile,email,username",
        **more,
    }
    answer = requests.post(f"{BASE}/api/42/oAuth2Clients", json=client, auth=ADMIN)
    assert answer.status_code == 201, answer.text


def register_key(client_id, public_jwk, algorithm, **more):
    """Registers a client that proves itself with the private half of a key: `private_key_jwt`."""
    settings = {
        "settings.client.require-proof-key": True,
        "settings.client.require-authorization-consent": True,
        "settings.client.token-endpoint-authentication-signing-algorithm": algorithm,
        "client.inline.jwks": {"keys": [public_jwk]},
    }
    proof = {"clientSecret": None, "clientAuthenticationMethods": "private_key_jwt"}
    register(client_id, clientSettings=json.dumps(settings), **{**proof, **more})


def register_robot(client_id, **more):
    """Registers a client that acts as the administrator, nobody asked."""
    admin = requests.get(f"{BASE}/api/me?fields=id", auth=ADMIN).json()["id"]
    own = {"authorizationGrantTypes": "client_credentials", "actsAs": {"id": admin}, "scopes": "username"}
    register(client_id, **{**own, **more})


def opens(token):
    """Does this token open the door, sent by whoever has it?"""
    answer = requests.get(f"{BASE}/api/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code in (200, 401), (answer.status_code, answer.text)
    return answer.status_code == 200


def refused(error, ask):
    """Asks, and is refused with this error."""
    try:
        given = ask()
    except Exception as told:  # the names of the libraries differ, what they tell does not
        assert getattr(told, "error", None) == error, repr(told)
    else:
        raise AssertionError(f"given, not refused as {error}: {given}")


@cache
def browser():
    """The person of `node/person.js`, signed in; gone when this program is."""
    return subprocess.Popen(["node", "node/person.js"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def person(does, address):
    """Lets the person consent, or connect a device; gives where the answer leads."""
    print(does, address, file=browser().stdin, flush=True)
    answer = browser().stdout.readline()
    assert answer, f"{does} {address}: see above"
    return answer.strip()


def run(flows):
    for flow in flows:
        flow()
        print(f"ok {flow.__name__}", flush=True)
