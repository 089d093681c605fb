"""requests-oauthlib: the password grant and the authorization code, with refresh and revocation; and of the modern
generation the authorization code with PKCE, of a client with a secret and of one without, refresh, also by itself when a
token has expired, revocation, client credentials, and the device code. The implicit grant, which it speaks too, is refused."""

import re

import requests
from common import ADMIN, BASE, CALLBACK, DEMO, DEVICE, SECRET, me, opens, person, refused, register, register_robot, run
from oauthlib.oauth2 import (
    BackendApplicationClient,
    DeviceClient,
    LegacyApplicationClient,
    MobileApplicationClient,
    WebApplicationClient,
)
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

TOKEN = f"{BASE}/uaa/oauth/token"
MODERN = f"{BASE}/oauth2/token"
DEMO_AUTH = HTTPBasicAuth(DEMO, SECRET)


def ends(session, address, auth=None):
    """Revokes the tokens of a session, the access token first: it opens nothing, and nothing renews it."""
    token = session.token
    for kind in ("access_token", "refresh_token"):
        of_client = {} if auth else {"client_id": session.client_id}
        url, headers, body = session._client.prepare_token_revocation_request(address, token[kind], kind, **of_client)
        gone = session.post(url, data=body, headers=headers, auth=auth, withhold_token=True)
        assert gone.status_code == 200, gone.text
        assert not opens(token["access_token"])


def password_grant():
    session = OAuth2Session(client=LegacyApplicationClient(client_id=DEMO))
    first = session.fetch_token(TOKEN, username=ADMIN[0], password=ADMIN[1], auth=DEMO_AUTH)
    assert first["token_type"] == "bearer" and first["scope"] == ["ALL"], first
    assert me(session) == "admin"
    second = session.refresh_token(TOKEN, auth=DEMO_AUTH)
    assert second["access_token"] != first["access_token"]
    assert me(session) == "admin"
    ends(session, f"{BASE}/uaa/oauth/revoke", DEMO_AUTH)
    refused("invalid_grant", lambda: session.refresh_token(TOKEN, auth=DEMO_AUTH))


def wrong_password():
    session = OAuth2Session(client=LegacyApplicationClient(client_id=DEMO))
    ask = {"username": ADMIN[0], "password": "wrong", "auth": DEMO_AUTH}
    refused("invalid_grant", lambda: session.fetch_token(TOKEN, **ask))


def code_grant():
    session = OAuth2Session(client=WebApplicationClient(DEMO), redirect_uri=CALLBACK)
    address, state = session.authorization_url(f"{BASE}/uaa/oauth/authorize")
    location = person("consent", address)
    assert location.startswith(f"{CALLBACK}?code=") and f"state={state}" in location, location
    session.fetch_token(TOKEN, authorization_response=location, auth=DEMO_AUTH)
    assert me(session) == "admin"
    again = requests.post(
        TOKEN,
        data={"grant_type": "authorization_code", "code": re.search("code=([^&]+)", location)[1], "redirect_uri": CALLBACK},
        auth=DEMO_AUTH,
    )
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant"), again.text


def modern_code_grant():
    register("web")
    scope = ["openid", "username"]
    session = OAuth2Session("web", redirect_uri=CALLBACK, scope=scope, pkce="S256")
    address, state = session.authorization_url(f"{BASE}/oauth2/authorize", nonce="n-0S6_WzA2Mj")
    location = person("consent", address)
    assert f"state={state}" in location, location
    first = session.fetch_token(MODERN, authorization_response=location, client_secret=SECRET)
    assert first["token_type"] == "Bearer" and sorted(first["scope"]) == scope and first["id_token"], first
    assert me(session) == "admin"
    assert session.get(f"{BASE}/userinfo").json()["sub"] == "admin"
    second = session.refresh_token(MODERN, auth=HTTPBasicAuth("web", SECRET))
    assert second["access_token"] != first["access_token"]
    assert me(session) == "admin"
    ends(session, f"{BASE}/oauth2/revoke", HTTPBasicAuth("web", SECRET))


def public_client():
    register("spa", clientSecret=None, clientAuthenticationMethods="none")
    kept = []
    keep = {"auto_refresh_url": MODERN, "auto_refresh_kwargs": {"client_id": "spa"}, "token_updater": kept.append}
    session = OAuth2Session("spa", redirect_uri=CALLBACK, scope=["username"], pkce="S256", **keep)
    location = person("consent", session.authorization_url(f"{BASE}/oauth2/authorize")[0])
    first = session.fetch_token(MODERN, authorization_response=location, include_client_id=True)
    # Nobody waits for it to expire.
    session.token = {**first, "expires_in": -1, "expires_at": 1}
    assert me(session) == "admin"
    assert len(kept) == 1 and kept[0]["refresh_token"] != first["refresh_token"], kept
    ends(session, f"{BASE}/oauth2/revoke")


def client_credentials():
    register_robot("robot")
    session = OAuth2Session(client=BackendApplicationClient(client_id="robot", scope=["username"]))
    first = session.fetch_token(MODERN, client_id="robot", client_secret=SECRET)
    assert me(session) == "admin"
    second = session.fetch_token(MODERN, client_secret=SECRET, include_client_id=True)
    assert second["access_token"] != first["access_token"] and me(session) == "admin", "the secret in the form"
    wrong = {"client_secret": "wrong", "include_client_id": True}
    refused("invalid_client", lambda: session.fetch_token(MODERN, **wrong))


def device():
    register("television", clientSecret=None, clientAuthenticationMethods="none", authorizationGrantTypes=DEVICE)
    asking = {"client_id": "television", "scope": "openid username"}
    shown = requests.post(f"{BASE}/oauth2/device_authorization", data=asking).json()
    session = OAuth2Session(client=DeviceClient("television", scope=["openid", "username"]))
    person("connect", shown["verification_uri_complete"])
    session.fetch_token(MODERN, device_code=shown["device_code"], include_client_id=True)
    assert me(session) == "admin"


def implicit_is_refused():
    session = OAuth2Session(client=MobileApplicationClient("web"), redirect_uri=CALLBACK, scope=["username"])
    answer = requests.get(session.authorization_url(f"{BASE}/oauth2/authorize")[0], allow_redirects=False)
    assert "unsupported_response_type" in answer.headers.get("Location", answer.text), answer.text


run(
    [
        password_grant,
        wrong_password,
        code_grant,
        modern_code_grant,
        public_client,
        client_credentials,
        device,
        implicit_is_refused,
    ]
)
