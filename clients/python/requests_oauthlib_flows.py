"""requests-oauthlib: the password grant with refresh and the authorization code with consent; and of the modern
generation the authorization code with PKCE, refresh, client credentials, and the device code."""

import re

import requests
from common import ADMIN, BASE, CALLBACK, DEVICE, SECRET, me, person, register, register_robot, run
from oauthlib.oauth2 import BackendApplicationClient, DeviceClient, LegacyApplicationClient, WebApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

TOKEN = f"{BASE}/uaa/oauth/token"
MODERN = f"{BASE}/oauth2/token"
CLIENT = "demo"
CLIENT_AUTH = HTTPBasicAuth(CLIENT, SECRET)


def password_grant():
    session = OAuth2Session(client=LegacyApplicationClient(client_id=CLIENT))
    first = session.fetch_token(TOKEN, username=ADMIN[0], password=ADMIN[1], auth=CLIENT_AUTH)
    assert first["token_type"] == "bearer" and first["scope"] == ["ALL"], first
    assert me(session) == "admin"
    second = session.refresh_token(TOKEN, auth=CLIENT_AUTH)
    assert second["access_token"] != first["access_token"]
    assert me(session) == "admin"


def wrong_password():
    session = OAuth2Session(client=LegacyApplicationClient(client_id=CLIENT))
    try:
        session.fetch_token(TOKEN, username="admin", password="wrong", auth=CLIENT_AUTH)
    except Exception as error:  # the library's own names differ between versions
        assert getattr(error, "error", "") == "invalid_grant", error
    else:
        raise AssertionError("a wrong password got a token")


def code_grant():
    session = OAuth2Session(client=WebApplicationClient(CLIENT), redirect_uri=CALLBACK)
    address, state = session.authorization_url(f"{BASE}/uaa/oauth/authorize")
    location = person("consent", address)
    assert location.startswith(f"{CALLBACK}?code=") and f"state={state}" in location, location
    session.fetch_token(TOKEN, authorization_response=location, auth=CLIENT_AUTH)
    assert me(session) == "admin"
    again = requests.post(
        TOKEN,
        data={"grant_type": "authorization_code", "code": re.search("code=([^&]+)", location)[1], "redirect_uri": CALLBACK},
        auth=CLIENT_AUTH,
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


def client_credentials():
    register_robot("robot")
    session = OAuth2Session(client=BackendApplicationClient(client_id="robot", scope=["username"]))
    session.fetch_token(MODERN, client_id="robot", client_secret=SECRET)
    assert me(session) == "admin"


def device():
    register("television", clientSecret=None, clientAuthenticationMethods="none", authorizationGrantTypes=DEVICE)
    asking = {"client_id": "television", "scope": "openid username"}
    shown = requests.post(f"{BASE}/oauth2/device_authorization", data=asking).json()
    session = OAuth2Session(client=DeviceClient("television", scope=["openid", "username"]))
    person("connect", shown["verification_uri_complete"])
    session.fetch_token(MODERN, device_code=shown["device_code"], include_client_id=True)
    assert me(session) == "admin"


run([password_grant, wrong_password, code_grant, modern_code_grant, client_credentials, device])
