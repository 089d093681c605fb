// oauth4webapi: the metadata of RFC 8414, every grant step by step, tokens signed with each algorithm, and a client that
// registers itself.

import assert from "node:assert/strict";
import * as oauth from "oauth4webapi";
import { BASE, CALLBACK, CLIENT, SECRET, invite, me, register, registerRobot } from "./common.js";
import { Person } from "./person.js";
import { as, asking, authorize, insecure, metadata, redeem } from "./steps.js";

const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const person = await Person.signIn();

assert.equal((await metadata("oauth2")).token_endpoint, as.token_endpoint);
console.log("ok metadata");

/** The tokens of a whole code flow, which open the door. */
async function codeFlow(client, auth, more) {
  const { parameters, ...checks } = await asking(client, more);
  const back = await person.consent(authorize(parameters));
  const tokens = await redeem(client, auth, back, checks);
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

const open = { clientSecret: null, clientAuthenticationMethods: "none" };
await register("television", { ...open, authorizationGrantTypes: "urn:ietf:params:oauth:grant-type:device_code" });
const television = { client_id: "television" };
const none = oauth.None();
const begun = await oauth.deviceAuthorizationRequest(as, television, none, { scope: "openid username" }, insecure);
const shown = await oauth.processDeviceAuthorizationResponse(as, television, begun);
await person.connect(shown.verification_uri_complete);
const polled = await oauth.deviceCodeGrantRequest(as, television, none, shown.device_code, insecure);
const connected = await oauth.processDeviceCodeResponse(as, television, polled);
assert.equal(oauth.getValidatedIdTokenClaims(connected).sub, "admin");
console.log("ok device, which has no secret");

await register("service", { authorizationGrantTypes: EXCHANGE, exchangesFor: ["television"], scopes: "username" });
const service = { client_id: "service" };
const subject = {
  subject_token: connected.access_token,
  subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
};
const exchange = await oauth.genericTokenEndpointRequest(as, service, secret, EXCHANGE, subject, insecure);
const passedOn = await oauth.processGenericTokenEndpointResponse(as, service, exchange);
assert.equal((await me(passedOn.access_token)).username, "admin");
console.log("ok token exchange");

await register("signing", { clientAuthenticationMethods: "client_secret_jwt" });
const signing = { client_id: "signing" };
const signed = oauth.ClientSecretJwt(SECRET);
const { parameters, ...checks } = await asking(signing, { response_mode: "form_post" });
const sent = await oauth.pushedAuthorizationRequest(as, signing, signed, parameters, insecure);
const { request_uri } = await oauth.processPushedAuthorizationResponse(as, signing, sent);
const posted = await person.consent(authorize({ client_id: "signing", request_uri }));
const tokens = await redeem(signing, signed, new URLSearchParams(await posted.text()), checks);
const asker = await oauth.userInfoRequest(as, signing, tokens.access_token, insecure);
assert.equal((await oauth.processUserInfoResponse(as, signing, "admin", asker)).username, "admin");
const twice = await person.open(authorize({ client_id: "signing", request_uri }));
assert.equal(twice.status, 400, "a pushed request serves twice");
console.log("ok pushed authorization request, answer as a form, client_secret_jwt, userinfo");

const options = { initialAccessToken: (await invite()).token, ...insecure };
const said = { client_name: "Partner", redirect_uris: [CALLBACK], grant_types: ["authorization_code", "refresh_token"] };
const registration = await oauth.dynamicClientRegistrationRequest(as, said, options);
const made = await oauth.processDynamicClientRegistrationResponse(registration);
const scope = "openid profile username";
const ofPartner = await codeFlow(made, oauth.ClientSecretBasic(made.client_secret), { scope });
const manage = (method) => {
  const address = new URL(made.registration_client_uri);
  return oauth.protectedResourceRequest(made.registration_access_token, method, address, undefined, null, insecure);
};
const { client_secret, ...kept } = made;
assert.deepEqual(await (await manage("GET")).json(), kept);
assert.equal((await manage("DELETE")).status, 204);
assert.equal((await me(ofPartner.access_token)).status, 401, "a token outlives its client");
await assert.rejects(manage("GET"), oauth.WWWAuthenticateChallengeError);
const second = await oauth.dynamicClientRegistrationRequest(as, said, options);
const refusal = oauth.processDynamicClientRegistrationResponse(second);
await assert.rejects(refusal, oauth.WWWAuthenticateChallengeError, "an invitation serves twice");
console.log("ok a client that registers, reads and takes away itself");

// The old generation tells nothing of itself: its address is written down.
const old = { issuer: as.issuer, token_endpoint: `${BASE}/uaa/oauth/token` };
const demo = { client_id: CLIENT };
const typed = { username: "admin", password: "district" };
const given = await oauth.genericTokenEndpointRequest(old, demo, secret, "password", typed, insecure);
const byPassword = await oauth.processGenericTokenEndpointResponse(old, demo, given);
const later = await oauth.refreshTokenGrantRequest(old, demo, secret, byPassword.refresh_token, insecure);
const renewed = await oauth.processRefreshTokenResponse(old, demo, later);
assert.notEqual(renewed.access_token, byPassword.access_token);
assert.equal((await me(renewed.access_token)).username, "admin");
console.log("ok password of old, refresh");

const stray = await oauth.pushedAuthorizationRequest(as, opaque, post, { response_type: "token" }, insecure);
await assert.rejects(oauth.processPushedAuthorizationResponse(as, opaque, stray), oauth.ResponseBodyError);
const wrong = oauth.ClientSecretBasic("wrong");
const refused = await oauth.clientCredentialsGrantRequest(as, robot, wrong, {}, insecure);
const isChallenge = (error) => error instanceof oauth.WWWAuthenticateChallengeError || error.error === "invalid_client";
await assert.rejects(oauth.processClientCredentialsResponse(as, robot, refused), isChallenge);
console.log("ok refusals");
