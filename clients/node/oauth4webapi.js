// oauth4webapi: the metadata of RFC 8414, every grant step by step, and tokens signed with each algorithm.

import assert from "node:assert/strict";
import * as oauth from "oauth4webapi";
import { BASE, CALLBACK, SECRET, me, register, registerRobot } from "./common.js";
import { Person } from "./person.js";

const person = await Person.signIn();
const issuer = new URL(BASE);
// The library insists on https unless it is told that this is a test on loopback.
const insecure = { [oauth.allowInsecureRequests]: true };

async function metadata(algorithm) {
  const answer = await oauth.discoveryRequest(issuer, { algorithm, ...insecure });
  return oauth.processDiscoveryResponse(issuer, answer);
}
const [plain, as] = [await metadata("oauth2"), await metadata("oidc")];
assert.equal(plain.token_endpoint, as.token_endpoint);
console.log("ok metadata");

/** The tokens of a whole code flow, checked as strictly as the library can. */
async function codeFlow(client, auth, { scope = "openid username", ...more } = {}) {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const expectedNonce = scope.includes("openid") ? oauth.generateRandomNonce() : undefined;
  const address = new URL(as.authorization_endpoint);
  address.search = new URLSearchParams({
    client_id: client.client_id,
    response_type: "code",
    redirect_uri: CALLBACK,
    scope,
    state,
    ...(expectedNonce && { nonce: expectedNonce }),
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...more,
  });
  const back = oauth.validateAuthResponse(as, client, await person.consent(address), state);
  const answer = await oauth.authorizationCodeGrantRequest(as, client, auth, back, CALLBACK, verifier, insecure);
  const checks = { expectedNonce, requireIdToken: Boolean(expectedNonce) };
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer, checks);
  if (tokens.id_token) await oauth.validateApplicationLevelSignature(as, answer, insecure);
  assert.equal((await me(tokens.access_token)).username, "admin");
  return tokens;
}

const secret = oauth.ClientSecretBasic(SECRET);
for (const algorithm of as.id_token_signing_alg_values_supported) {
  const client_id = `signed-${algorithm}`;
  const settings = { "settings.token.id-token-signature-algorithm": algorithm };
  await register(client_id, { tokenSettings: JSON.stringify({ ...settings, "settings.token.reuse-refresh-tokens": false }) });
  const client = { client_id, id_token_signed_response_alg: algorithm };
  const { refresh_token } = await codeFlow(client, secret);
  const answer = await oauth.refreshTokenGrantRequest(as, client, secret, refresh_token, insecure);
  const renewed = await oauth.processRefreshTokenResponse(as, client, answer);
  await oauth.validateApplicationLevelSignature(as, answer, insecure);
  assert.notEqual(renewed.refresh_token, refresh_token);
  assert.equal((await me(renewed.access_token)).username, "admin");
  console.log(`ok authorization code and refresh, signed ${algorithm}`);
}

await register("opaque", { tokenSettings: JSON.stringify({ "settings.token.access-token-format": "reference" }) });
const opaque = { client_id: "opaque" };
const post = oauth.ClientSecretPost(SECRET);
const { access_token } = await codeFlow(opaque, post, { scope: "username" });
assert.equal(access_token.includes("."), false);
const asked = await oauth.introspectionRequest(as, opaque, post, access_token, insecure);
assert.equal((await oauth.processIntrospectionResponse(as, opaque, asked)).active, true);
await oauth.processRevocationResponse(await oauth.revocationRequest(as, opaque, post, access_token, insecure));
assert.equal((await me(access_token)).status, 401, "a revoked token still opens the door");
console.log("ok opaque tokens, introspection, revocation");

await registerRobot("robot");
const robot = { client_id: "robot" };
const alone = await oauth.clientCredentialsGrantRequest(as, robot, secret, { scope: "username" }, insecure);
const own = await oauth.processClientCredentialsResponse(as, robot, alone);
assert.equal((await me(own.access_token)).username, "admin");
console.log("ok client credentials");

await register("television", { authorizationGrantTypes: "urn:ietf:params:oauth:grant-type:device_code" });
const television = { client_id: "television" };
const begun = await oauth.deviceAuthorizationRequest(as, television, secret, { scope: "openid username" }, insecure);
const shown = await oauth.processDeviceAuthorizationResponse(as, television, begun);
await person.connect(shown.verification_uri_complete);
const polled = await oauth.deviceCodeGrantRequest(as, television, secret, shown.device_code, insecure);
const connected = await oauth.processDeviceCodeResponse(as, television, polled);
assert.equal(oauth.getValidatedIdTokenClaims(connected).sub, "admin");
console.log("ok device");

const pushed = await oauth.pushedAuthorizationRequest(as, opaque, post, { response_type: "token" }, insecure);
await assert.rejects(oauth.processPushedAuthorizationResponse(as, opaque, pushed), oauth.ResponseBodyError);
const wrong = oauth.ClientSecretBasic("wrong");
const refused = await oauth.clientCredentialsGrantRequest(as, robot, wrong, {}, insecure);
const isChallenge = (error) => error instanceof oauth.WWWAuthenticateChallengeError || error.error === "invalid_client";
await assert.rejects(oauth.processClientCredentialsResponse(as, robot, refused), isChallenge);
console.log("ok refusals");
