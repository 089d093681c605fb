"""requests-oauthlib: the password grant with refresh, and the authorization code with consent."""

import html
import os
import re
import sys

import requests
from oauthlib.oauth2 import LegacyApplicationClient, WebApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

# The library insists on https unless it is told that this is a test on loopback.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

BASE = os.environ["KIBALI_URL"]
TOKEN = f"{BASE}/uaa/oauth/token"
CLIENT = "demo"
SECRET = "1e6db50c-0fee-11e5-98d0-3c15c2c6caf6"
CLIENT_AUTH = HTTPBasicAuth(CLIENT, SECRET)
CALLBACK = "http://127.0.0.1/callback"


def me(session):
    answer = session.get(f"{BASE}/api/me")
    assert answer.status_code == 200, (answer.status_code, answer.text)
    return answer.json()["username"]


def password_grant():
    session = OAuth2Session(client=LegacyApplicationClient(client_id=CLIENT))
    first = session.fetch_token(TOKEN, username="admin", password="district", auth=CLIENT_AUTH)
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

    browser = requests.Session()
    login = browser.post(f"{BASE}/api/auth/login", json={"username": "admin", "password": "district"})
    assert login.json()["loginStatus"] == "SUCCESS", login.text
    page = browser.get(address)
    assert page.status_code == 200, (page.status_code, page.text)
    inputs = re.findall(r"<input[^>]*>", page.text)
    fields = {}
    for tag in inputs:
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name:
            fields[name[1]] = html.unescape(value[1]) if value else ""
    fields["user_oauth_approval"] = "true"
    back = browser.post(f"{BASE}/uaa/oauth/authorize", data=fields, allow_redirects=False)
    location = back.headers["Location"]
    assert location.startswith(f"{CALLBACK}?code=") and f"state={state}" in location, location

    session.fetch_token(TOKEN, authorization_response=location, auth=CLIENT_AUTH)
    assert me(session) == "admin"
    again = requests.post(
        TOKEN,
        data={"grant_type": "authorization_code", "code": re.search("code=([^&]+)", location)[1], "redirect_uri": CALLBACK},
        auth=CLIENT_AUTH,
    )
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant"), again.text


for flow in (password_grant, wrong_password, code_grant):
    flow()
    print(f"ok {flow.__name__}")
sys.exit(0)
