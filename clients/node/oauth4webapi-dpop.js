// oauth4webapi: what FAPI 2.0 asks of a client, step by step. It proves itself by its key, pushes its request, binds its
// tokens to another key, and puts the server's nonce into each proof (RFC 9126, RFC 9449).

import assert from "node:assert/strict";
import * as oauth from "oauth4webapi";
import { BASE, me, registerKey } from "./common.js";
import { Person } from "./person.js";
import { as, asking, authorize, insecure, redeem } from "./steps.js";

const person = await Person.signIn();
const own = await oauth.generateKeyPair("PS256");
await registerKey("bank", own, "PS256", { profile: "fapi2" });
const client = { client_id: "bank" };
const auth = oauth.PrivateKeyJwt({ key: own.privateKey, kid: "own" });
const DPoP = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));

async function push(parameters, options) {
  const answer = await oauth.pushedAuthorizationRequest(as, client, auth, parameters, { ...options, ...insecure });
  return oauth.processPushedAuthorizationResponse(as, client, answer);
}

/** Refused, by a challenge that says so. */
const challenged = (error) => (refused) => refused.cause[0].parameters.error === error;

/** `/api/me`, the token sent with a proof, or as it would be sent by whoever copied it. */
function call(accessToken, DPoP) {
  const address = new URL(`${BASE}/api/me`);
  return oauth.protectedResourceRequest(accessToken, "GET", address, undefined, null, { DPoP, ...insecure });
}

const { parameters, ...checks } = await asking(client);
await assert.rejects(push(parameters, { DPoP }), oauth.isDPoPNonceError);
const { request_uri } = await push(parameters, { DPoP });
const back = await person.consent(authorize({ client_id: "bank", request_uri }));
const tokens = await redeem(client, auth, back, checks, { DPoP });
assert.equal(tokens.token_type, "dpop", "the library tells it in small letters");
console.log("ok pushed authorization request and its code; the nonce comes with the first refusal");

assert.equal((await (await call(tokens.access_token, DPoP)).json()).username, "admin");
assert.equal((await me(tokens.access_token)).status, 401, "a bound token opens the door without its key");
const userinfo = await oauth.userInfoRequest(as, client, tokens.access_token, { DPoP, ...insecure });
assert.equal((await oauth.processUserInfoResponse(as, client, "admin", userinfo)).username, "admin");
const next = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
await assert.rejects(call(tokens.access_token, next), oauth.isDPoPNonceError);
await assert.rejects(call(tokens.access_token, next), challenged("invalid_dpop_proof"));
console.log("ok the Web API and userinfo with the key alone");

const refresh = (DPoP) =>
  oauth.refreshTokenGrantRequest(as, client, auth, tokens.refresh_token, { DPoP, ...insecure });
const elsewhere = await oauth.processRefreshTokenResponse(as, client, await refresh(next));
assert.equal((await (await call(elsewhere.access_token, next)).json()).username, "admin");
await assert.rejects(call(elsewhere.access_token, DPoP), challenged("invalid_dpop_proof"));
const renewed = await oauth.processRefreshTokenResponse(as, client, await refresh(DPoP));
assert.notEqual(renewed.access_token, tokens.access_token);
assert.equal((await (await call(renewed.access_token, DPoP)).json()).username, "admin");
console.log("ok refresh with a key, the same or another");

const asked = await oauth.introspectionRequest(as, client, auth, renewed.access_token, insecure);
const told = await oauth.processIntrospectionResponse(as, client, asked);
assert.deepEqual(told.cnf, { jkt: await DPoP.calculateThumbprint() });
await oauth.processRevocationResponse(
  await oauth.revocationRequest(as, client, auth, renewed.access_token, insecure),
);
await assert.rejects(call(renewed.access_token, DPoP), challenged("invalid_token"));
console.log("ok introspection, revocation");
