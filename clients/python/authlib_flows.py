"""Authlib: discovery, the authorization code with PKCE and an ID token held against the published keys, refresh,
introspection, revocation, client credentials, the device code, and a public client."""

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from common import BASE, CALLBACK, DEVICE, SECRET, me, person, register, register_robot, run
from joserfc import jwt
from joserfc.jwk import KeySet

TOLD = requests.get(f"{BASE}/.well-known/openid-configuration").json()
KEYS = KeySet.import_key_set(requests.get(TOLD["jwks_uri"]).json())
TOKEN = TOLD["token_endpoint"]


def session(client_id, secret=SECRET, **more):
    return OAuth2Session(client_id, secret, redirect_uri=CALLBACK, code_challenge_method="S256", **more)


def claims(token, client_id, nonce=None):
    """The claims of an ID token, checked."""
    signed = jwt.decode(token["id_token"], KEYS, algorithms=TOLD["id_token_signing_alg_values_supported"])
    options = {"iss": {"essential": True, "value": TOLD["issuer"]}, "aud": {"essential": True, "value": client_id}}
    checked = CodeIDToken(
        signed.claims,
        signed.header,
        options,
        {"nonce": nonce, "client_id": client_id, "access_token": token["access_token"]},
    )
    checked.validate()
    return checked


def signed_in(client, client_id):
    """A whole code flow: its tokens, and what the ID token says."""
    verifier, nonce = generate_token(48), generate_token(20)
    address, state = client.create_authorization_url(
        TOLD["authorization_endpoint"], code_verifier=verifier, nonce=nonce, scope="openid profile username"
    )
    location = person("consent", address)
    token = client.fetch_token(TOKEN, authorization_response=location, code_verifier=verifier, state=state)
    return token, claims(token, client_id, nonce)


def code_grant():
    register("app")
    client = session("app")
    first, said = signed_in(client, "app")
    assert (said["sub"], said["username"], said["azp"]) == ("admin", "admin", "app"), said
    assert me(client) == "admin"
    assert client.get(TOLD["userinfo_endpoint"]).json()["sub"] == said["sub"]
    second = client.refresh_token(TOKEN, first["refresh_token"])
    assert second["access_token"] != first["access_token"]
    assert claims(second, "app")["sub"] == "admin"
    assert me(client) == "admin"
    told = client.introspect_token(TOLD["introspection_endpoint"], second["access_token"], "access_token")
    assert told.json()["active"] is True, told.text
    gone = client.revoke_token(TOLD["revocation_endpoint"], second["access_token"], "access_token")
    assert gone.status_code == 200, gone.text
    told = client.introspect_token(TOLD["introspection_endpoint"], second["access_token"], "access_token")
    assert told.json() == {"active": False}, told.text


def by_post():
    register("poster", clientAuthenticationMethods="client_secret_post")
    signed_in(session("poster", token_endpoint_auth_method="client_secret_post"), "poster")
    try:
        signed_in(session("poster"), "poster")
    except OAuthError as error:
        assert error.error == "invalid_client", error
    else:
        raise AssertionError("a client proved itself by a method that it did not register")


def public_client():
    register("spa", clientSecret=None, clientAuthenticationMethods="none")
    client = session("spa", None, token_endpoint_auth_method="none")
    first, _ = signed_in(client, "spa")
    second = client.refresh_token(TOKEN, first["refresh_token"])
    assert second["refresh_token"] != first["refresh_token"]
    assert me(client) == "admin"


def client_credentials():
    register_robot("robot")
    client = session("robot", scope="username")
    client.fetch_token(TOKEN, grant_type="client_credentials")
    assert me(client) == "admin"


def device():
    register("television", authorizationGrantTypes=DEVICE)
    asking = {"scope": "openid username"}
    answer = requests.post(TOLD["device_authorization_endpoint"], data=asking, auth=("television", SECRET))
    shown = answer.json()
    client = session("television")
    try:
        client.fetch_token(TOKEN, grant_type=DEVICE, device_code=shown["device_code"])
    except OAuthError as error:
        assert error.error == "authorization_pending", error
    else:
        raise AssertionError("a device got tokens that nobody allowed")
    person("connect", shown["verification_uri_complete"])
    token = client.fetch_token(TOKEN, grant_type=DEVICE, device_code=shown["device_code"])
    assert claims(token, "television")["sub"] == "admin"
    assert me(client) == "admin"


run([code_grant, by_post, public_client, client_credentials, device])
