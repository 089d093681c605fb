// openid-client: a client that registers itself (RFC 7591) with what an administrator gave its maker, signs somebody in,
// and manages what it registered (RFC 7592) until it takes itself away.

import assert from "node:assert/strict";
import * as client from "openid-client";
import { BASE, CALLBACK, invite, me, publicJwk, uninvite } from "./common.js";
import { Person } from "./person.js";
import { asking, execute, signedIn } from "./relying.js";

const OTHER = "http://127.0.0.1/other";
const OUT = "http://127.0.0.1/out";
const scope = "openid profile username";
const person = await Person.signIn();

/** Registers a client by an initial access token; its configuration proves it by `proof`, or by its secret in the form. */
function register(initialAccessToken, metadata, proof) {
  return client.dynamicClientRegistration(new URL(BASE), metadata, proof, { initialAccessToken, execute });
}

/** What a client asks at its own address, with the token that came with its registration. */
function manage(config, method, metadata, token = config.clientMetadata().registration_access_token) {
  const address = new URL(config.clientMetadata().registration_client_uri);
  const headers = new Headers(metadata && { "content-type": "application/json" });
  const body = metadata && JSON.stringify(metadata);
  return client.fetchProtectedResource(config, token, address, method, body, headers);
}

const invitation = await invite({ name: "Partner", redirectUrl: CALLBACK });
const asked = {
  client_name: "Partner",
  redirect_uris: [CALLBACK],
  post_logout_redirect_uris: [OUT],
  grant_types: ["authorization_code", "refresh_token"],
  token_endpoint_auth_method: "client_secret_post",
};
const elsewhere = { ...asked, redirect_uris: ["https://elsewhere.example/cb"] };
await assert.rejects(register(invitation.token, elsewhere), { error: "invalid_redirect_uri" });
const greedy = { ...asked, grant_types: ["client_credentials"] };
await assert.rejects(register(invitation.token, greedy), { error: "invalid_client_metadata" });
await assert.rejects(register(undefined, asked), { status: 401 });
const config = await register(invitation.token, asked);
const made = config.clientMetadata();
for (const [name, value] of Object.entries(asked)) assert.deepEqual(made[name], value, name);
await assert.rejects(register(invitation.token, asked), { status: 401 }, "an invitation serves twice");
console.log("ok registration, by an initial access token that names where codes go and serves once");

const tokens = await signedIn(config, person, { scope });
assert.equal((await me(tokens.access_token)).username, "admin");
assert.equal((await client.fetchUserInfo(config, tokens.access_token, "admin")).username, "admin");
const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
assert.notEqual(renewed.refresh_token, tokens.refresh_token, "spent for its successor");
console.log("ok authorization code, userinfo, refresh");

const { client_secret, ...kept } = made;
assert.deepEqual(await (await manage(config, "GET")).json(), kept, "all but the secret, which is told once");
for (const token of [invitation.token, tokens.access_token]) {
  await assert.rejects(manage(config, "GET", undefined, token), { status: 401 });
}
const renamed = { ...asked, client_id: made.client_id, client_name: "Renamed" };
assert.equal((await (await manage(config, "PUT", renamed)).json()).client_name, "Renamed");
const moved = await manage(config, "PUT", { ...renamed, redirect_uris: [OTHER] });
assert.deepEqual([moved.status, (await moved.json()).error], [400, "invalid_redirect_uri"], "the invitation named one");
const again = await asking({ scope, prompt: "consent" });
const page = await person.open(client.buildAuthorizationUrl(config, again.parameters));
assert.ok(page.html.includes("Renamed"), "people are asked by its old name");
console.log("ok read and changed with the registration access token alone");

const own = await client.randomDPoPKeyPair("ES256");
const keyed = await register((await invite()).token, {
  redirect_uris: [CALLBACK, OTHER],
  token_endpoint_auth_method: "private_key_jwt",
  token_endpoint_auth_signing_alg: "ES256",
  jwks: { keys: [await publicJwk(own.publicKey, "ES256")] },
}, client.PrivateKeyJwt({ key: own.privateKey, kid: "own" }));
assert.equal(keyed.clientMetadata().client_secret, undefined);
assert.equal((await me((await signedIn(keyed, person, { scope, redirect_uri: OTHER })).access_token)).username, "admin");
await assert.rejects(manage(keyed, "GET", undefined, made.registration_access_token), { status: 401 });
const { client_id, redirect_uris, jwks, token_endpoint_auth_method } = keyed.clientMetadata();
await manage(keyed, "PUT", { client_id, redirect_uris: redirect_uris.slice(0, 1), jwks, token_endpoint_auth_method });
const gone = await asking({ scope, redirect_uri: OTHER });
const pushed = client.buildAuthorizationUrlWithPAR(keyed, gone.parameters);
await assert.rejects(pushed, { error: "invalid_request" }, "codes go to an address that was taken away");
console.log("ok private_key_jwt by the key that was registered; an address taken away; no client manages another");

const open = await register((await invite()).token, { redirect_uris: [CALLBACK], token_endpoint_auth_method: "none" }, client.None());
assert.equal(open.clientMetadata().client_secret, undefined);
assert.equal((await me((await signedIn(open, person, { scope })).access_token)).username, "admin");
console.log("ok a public client");

assert.equal((await manage(config, "DELETE")).status, 204);
assert.equal((await me(renewed.access_token)).status, 401, "a token outlives its client");
await assert.rejects(client.refreshTokenGrant(config, renewed.refresh_token), { status: 401 });
await assert.rejects(manage(config, "GET"), { status: 401 });
console.log("ok taken away, and all its tokens with it");

const withdrawn = await invite();
await uninvite(withdrawn.id);
await assert.rejects(register(withdrawn.token, asked), { status: 401 });
console.log("ok an invitation that was taken back");
