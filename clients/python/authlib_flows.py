"""Authlib: discovery, the authorization code with PKCE and an ID token held against the published keys, refresh, also by
itself when a token has expired, introspection, revocation, client credentials, the device code, token exchange, a public
client, clients that prove themselves by signing; and the password grant and the authorization code of old."""

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import ClientSecretJWT, PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from common import ADMIN, BASE, CALLBACK, DEMO, DEVICE, SECRET, me, opens, person, refused
from common import register, register_key, register_robot, run
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

TOLD = requests.get(f"{BASE}/.well-known/openid-configuration").json()
KEYS = KeySet.import_key_set(requests.get(TOLD["jwks_uri"]).json())
TOKEN = TOLD["token_endpoint"]
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


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


def live_and_end(client, client_id, first):
    """A token is renewed, told of, revoked, and opens nothing any more; nor does its refresh token."""
    assert me(client) == "admin"
    second = client.refresh_token(TOKEN, first["refresh_token"])
    assert second["access_token"] != first["access_token"]
    assert claims(second, client_id)["sub"] == "admin"
    assert me(client) == "admin"
    told = client.introspect_token(TOLD["introspection_endpoint"], second["access_token"], "access_token").json()
    assert (told["active"], told["username"], told["client_id"]) == (True, "admin", client_id), told
    for kind in ("access_token", "refresh_token"):
        gone = client.revoke_token(TOLD["revocation_endpoint"], second[kind], kind)
        assert gone.status_code == 200, gone.text
    told = client.introspect_token(TOLD["introspection_endpoint"], second["access_token"], "access_token")
    assert told.json() == {"active": False}, told.text
    assert not opens(second["access_token"])
    refused("invalid_grant", lambda: client.refresh_token(TOKEN, second["refresh_token"]))


def code_grant():
    register("app")
    client = session("app")
    first, said = signed_in(client, "app")
    assert (said["sub"], said["username"], said["azp"]) == ("admin", "admin", "app"), said
    assert client.get(TOLD["userinfo_endpoint"]).json()["sub"] == said["sub"]
    # An access token is signed by the same keys, for who reads it without asking.
    read = jwt.decode(first["access_token"], KEYS, algorithms=TOLD["id_token_signing_alg_values_supported"])
    assert (read.claims["iss"], read.claims["sub"]) == (TOLD["issuer"], "admin"), read.claims
    live_and_end(client, "app", first)


def renewed_by_itself():
    register("careful")
    kept = []
    keep = {"token_endpoint": TOKEN, "update_token": lambda token, **_: kept.append(token["access_token"])}
    client = session("careful", **keep)
    first, _ = signed_in(client, "careful")
    client.token["expires_at"] = 1
    assert me(client) == "admin"
    assert kept == [client.token["access_token"]] and kept != [first["access_token"]], kept


def by_post():
    register("poster", clientAuthenticationMethods="client_secret_post")
    signed_in(session("poster", token_endpoint_auth_method="client_secret_post"), "poster")
    refused("invalid_client", lambda: signed_in(session("poster"), "poster"))


def signs(client_id, secret, by):
    """A client that sends what it signed, and never what it signs with."""
    client = session(client_id, secret, token_endpoint_auth_method=by.name, revocation_endpoint_auth_method=by.name)
    client.register_client_auth_method(by)
    return client


def client_secret_jwt():
    register("by-secret", clientAuthenticationMethods="client_secret_jwt")
    client = signs("by-secret", SECRET, ClientSecretJWT(TOKEN))
    live_and_end(client, "by-secret", signed_in(client, "by-secret")[0])
    forger = signs("by-secret", "f" * 36, ClientSecretJWT(TOKEN))
    refused("invalid_client", lambda: forger.fetch_token(TOKEN, grant_type="client_credentials"))


def private_key_jwt():
    keys = {"RS256": RSAKey.generate_key(2048), "ES256": ECKey.generate_key("P-256"), "EdDSA": OKPKey.generate_key("Ed25519")}
    for algorithm, key in keys.items():
        client_id = f"by-{algorithm}"
        register_key(client_id, {**key.as_dict(private=False), "kid": "own"}, algorithm)
        client = signs(client_id, key, PrivateKeyJWT(TOKEN, headers={"kid": "own"}, alg=algorithm))
        live_and_end(client, client_id, signed_in(client, client_id)[0])
    forger = signs("by-ES256", ECKey.generate_key("P-256"), PrivateKeyJWT(TOKEN, headers={"kid": "own"}, alg="ES256"))
    refused("invalid_client", lambda: forger.fetch_token(TOKEN, grant_type="client_credentials"))


def public_client():
    register("spa", clientSecret=None, clientAuthenticationMethods="none")
    client = session("spa", None, token_endpoint_auth_method="none")
    first, _ = signed_in(client, "spa")
    second = client.refresh_token(TOKEN, first["refresh_token"])
    assert second["refresh_token"] != first["refresh_token"]
    assert me(client) == "admin"
    gone = client.revoke_token(TOLD["revocation_endpoint"], second["refresh_token"], "refresh_token")
    assert gone.status_code == 200, gone.text
    assert not opens(second["access_token"]), "the grant is over, its access token is not"


def client_credentials():
    register_robot("robot")
    client = session("robot", scope="username", token_endpoint=TOKEN, grant_type="client_credentials")
    first = client.fetch_token()
    assert "refresh_token" not in first and me(client) == "admin"
    client.token["expires_at"] = 1
    assert me(client) == "admin" and client.token["access_token"] != first["access_token"]


def device():
    register("television", authorizationGrantTypes=DEVICE)
    asking = {"scope": "openid username"}
    answer = requests.post(TOLD["device_authorization_endpoint"], data=asking, auth=("television", SECRET))
    shown = answer.json()
    client = session("television")
    ask = {"grant_type": DEVICE, "device_code": shown["device_code"]}
    refused("authorization_pending", lambda: client.fetch_token(TOKEN, **ask))
    person("connect", shown["verification_uri_complete"])
    token = client.fetch_token(TOKEN, **ask)
    assert claims(token, "television")["sub"] == "admin"
    assert me(client) == "admin"


def token_exchange():
    register("relying")
    token, _ = signed_in(session("relying"), "relying")
    register("service", authorizationGrantTypes=EXCHANGE, exchangesFor=["relying"], scopes="username")
    kind = "urn:ietf:params:oauth:token-type:access_token"
    ask = {"grant_type": EXCHANGE, "subject_token": token["access_token"], "subject_token_type": kind}
    client = session("service")
    client.fetch_token(TOKEN, **ask)
    assert me(client) == "admin"
    register("stranger", authorizationGrantTypes=EXCHANGE, exchangesFor=["service"], scopes="username")
    refused("invalid_request", lambda: session("stranger").fetch_token(TOKEN, **ask))


OLD = f"{BASE}/uaa/oauth"


def of_old(client, first):
    """A token of `/uaa` is renewed and revoked."""
    assert me(client) == "admin"
    second = client.refresh_token(f"{OLD}/token", first["refresh_token"])
    assert second["access_token"] != first["access_token"] and me(client) == "admin"
    gone = client.revoke_token(f"{OLD}/revoke", second["refresh_token"], "refresh_token")
    assert gone.status_code == 200 and not opens(second["access_token"]), gone.text


def password_of_old():
    client = session(DEMO)
    of_old(client, client.fetch_token(f"{OLD}/token", username=ADMIN[0], password=ADMIN[1]))
    refused("invalid_grant", lambda: client.fetch_token(f"{OLD}/token", username=ADMIN[0], password="wrong"))
    # The new generation has no such grant.
    refused("unsupported_grant_type", lambda: client.fetch_token(TOKEN, username=ADMIN[0], password=ADMIN[1]))


def code_of_old():
    client = session(DEMO)
    address, state = client.create_authorization_url(f"{OLD}/authorize", scope="ALL")
    of_old(client, client.fetch_token(f"{OLD}/token", authorization_response=person("consent", address), state=state))


run(
    [
        code_grant,
        renewed_by_itself,
        by_post,
        client_secret_jwt,
        private_key_jwt,
        public_client,
        client_credentials,
        device,
        token_exchange,
        password_of_old,
        code_of_old,
    ]
)
