"""What the Python clients share: where the server is, who its clients are, and a person at a browser."""

import os
import subprocess

import requests

# The libraries insist on https unless they are told that this is a test on loopback.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

BASE = os.environ["KIBALI_URL"]
SECRET = "1e6db50c-0fee-11e5-98d0-3c15c2c6caf6"
CALLBACK = "http://127.0.0.1/callback"
ADMIN = ("admin", "district")
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


def register_robot(client_id, **more):
    """Registers a client that acts as the administrator, nobody asked."""
    admin = requests.get(f"{BASE}/api/me?fields=id", auth=ADMIN).json()["id"]
    own = {"authorizationGrantTypes": "client_credentials", "actsAs": {"id": admin}, "scopes": "username"}
    register(client_id, **{**own, **more})


def person(does, address):
    """Lets the person of `node/person.js` consent, or connect a device; gives where the answer leads."""
    asked = subprocess.run(["node", "node/person.js", does, address], check=True, capture_output=True, text=True)
    return asked.stdout.strip()


def run(flows):
    for flow in flows:
        flow()
        print(f"ok {flow.__name__}", flush=True)
