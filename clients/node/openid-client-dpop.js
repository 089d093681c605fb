// openid-client: tokens that are bound to a key (DPoP, RFC 9449), which whoever copies them cannot use; and the profile
// of FAPI 2.0, which leaves a client nothing else.

import assert from "node:assert/strict";
import * as client from "openid-client";
import { BASE, SECRET, me, register, registerKey, registerRobot } from "./common.js";
import { Person } from "./person.js";
import { asking, discover, signedIn } from "./relying.js";

const DEVICE = "urn:ietf:params:oauth:grant-type:device_code";
const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const person = await Person.signIn();

/** A key of the client's own, as the library uses it: in every request of `config` that is given it. */
async function holder(config, algorithm = "ES256") {
  return client.getDPoPHandle(config, await client.randomDPoPKeyPair(algorithm));
}

/** `/api/me` with a bound token and a proof of `DPoP`. */
function call(config, accessToken, DPoP) {
  return client.fetchProtectedResource(config, accessToken, new URL(`${BASE}/api/me`), "GET", null, undefined, { DPoP });
}

/** Refused, by a challenge that says so. */
const challenged = (error) => (refused) => refused.status === 401 && refused.cause[0].parameters.error === error;

/** Opens the door with its key, and with nothing less. */
async function isBound(config, tokens, DPoP) {
  assert.equal(tokens.token_type, "dpop", "the library tells it in small letters");
  assert.equal((await (await call(config, tokens.access_token, DPoP)).json()).username, "admin");
  assert.equal((await me(tokens.access_token)).status, 401, "a bound token opens the door without its key");
  const another = await holder(config);
  await assert.rejects(call(config, tokens.access_token, another), challenged("invalid_dpop_proof"));
}

await register("bound", { authorizationGrantTypes: `authorization_code,refresh_token,${DEVICE}` });
const config = await discover("bound", SECRET, client.ClientSecretBasic(SECRET));
for (const algorithm of config.serverMetadata().dpop_signing_alg_values_supported) {
  const DPoP = await holder(config, algorithm);
  const tokens = await signedIn(config, person, {}, { DPoP });
  await isBound(config, tokens, DPoP);
  console.log(`ok a code and a token of a key, ${algorithm}`);
}

const DPoP = await holder(config);
const first = await signedIn(config, person, {}, { DPoP });
assert.equal((await client.fetchUserInfo(config, first.access_token, "admin", { DPoP })).username, "admin");
const told = await client.tokenIntrospection(config, first.access_token);
assert.deepEqual([told.token_type, told.cnf], ["DPoP", { jkt: await DPoP.calculateThumbprint() }]);
const second = await client.refreshTokenGrant(config, first.refresh_token, undefined, { DPoP });
await isBound(config, second, DPoP);
await assert.rejects(client.refreshTokenGrant(config, first.refresh_token), { error: "invalid_grant" });
// The client proves itself, so its refresh token is of no key (RFC 9449 section 5).
const next = await holder(config);
const third = await client.refreshTokenGrant(config, first.refresh_token, undefined, { DPoP: next });
await isBound(config, third, next);
console.log("ok userinfo, introspection, refresh with a key, the same or another");

// Proofs pass through here, as they pass through whoever could copy one.
let seen;
config[client.customFetch] = (address, request) => {
  seen = [address, request];
  return fetch(address, request);
};
await call(config, second.access_token, DPoP);
const again = await fetch(...seen);
assert.deepEqual([again.status, (await again.json()).error], [401, "invalid_dpop_proof"], "a proof serves twice");
console.log("ok a proof that comes twice");

const dpop_jkt = await DPoP.calculateThumbprint();
for (const proof of [DPoP, next, undefined]) {
  const { parameters, checks } = await asking({ dpop_jkt });
  const back = await person.consent(client.buildAuthorizationUrl(config, parameters));
  const redeemed = client.authorizationCodeGrant(config, back, checks, undefined, { DPoP: proof });
  if (proof === DPoP) await isBound(config, await redeemed, DPoP);
  else await assert.rejects(redeemed, { error: "invalid_grant" });
}
console.log("ok a code that was asked for by its key alone");

const shown = await client.initiateDeviceAuthorization(config, { scope: "openid username" });
await person.connect(shown.verification_uri_complete);
const ofDevice = await client.genericGrantRequest(config, DEVICE, { device_code: shown.device_code }, { DPoP });
await isBound(config, ofDevice, DPoP);

await registerRobot("robot");
const robot = await discover("robot", SECRET, client.ClientSecretPost(SECRET));
const ofRobot = await holder(robot);
await isBound(robot, await client.clientCredentialsGrant(robot, { scope: "username" }, { DPoP: ofRobot }), ofRobot);

await register("service", { authorizationGrantTypes: EXCHANGE, exchangesFor: ["relying"], scopes: "username" });
await register("relying", {});
const relying = await discover("relying", SECRET, client.ClientSecretBasic(SECRET));
const service = await discover("service", SECRET, client.ClientSecretBasic(SECRET));
const ofService = await holder(service);
const subject = {
  subject_token: (await signedIn(relying, person)).access_token,
  subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
};
await isBound(service, await client.genericGrantRequest(service, EXCHANGE, subject, { DPoP: ofService }), ofService);
console.log("ok device, client credentials and token exchange");

const old = new client.Configuration(
  { issuer: `${BASE}/`, token_endpoint: `${BASE}/uaa/oauth/token` },
  "demo",
  SECRET,
  client.ClientSecretBasic(SECRET),
);
client.allowInsecureRequests(old);
const ofOld = await holder(old);
const typed = { username: "admin", password: "district" };
await isBound(old, await client.genericGrantRequest(old, "password", typed, { DPoP: ofOld }), ofOld);
console.log("ok the password grant of old");

const own = await client.randomDPoPKeyPair("ES256");
await registerKey("bank", own, "ES256", { profile: "fapi2" });
const bank = await discover("bank", undefined, client.PrivateKeyJwt({ key: own.privateKey, kid: "own" }));
const answers = [];
bank[client.customFetch] = async (address, request) => {
  const answer = await fetch(address, request);
  answers.push(`${new URL(address).pathname} ${answer.status}`);
  return answer;
};
const ofBank = await holder(bank);
const careful = await signedIn(bank, person, {}, { DPoP: ofBank });
// The server's nonce comes with a refusal; the library takes it and asks again, once.
assert.deepEqual(answers.filter((it) => it !== "/oauth2/jwks 200"), ["/oauth2/par 400", "/oauth2/par 201", "/oauth2/token 200"]);
await isBound(bank, careful, ofBank);
await isBound(bank, await client.refreshTokenGrant(bank, careful.refresh_token, undefined, { DPoP: ofBank }), ofBank);
await assert.rejects(signedIn(bank, person), { error: "invalid_request" });
const unpushed = await person.open(client.buildAuthorizationUrl(bank, (await asking()).parameters));
assert.equal(unpushed.leadsTo.searchParams.get("error"), "invalid_request");
console.log("ok FAPI 2.0: nonces, requests that are pushed, nothing without the key");
