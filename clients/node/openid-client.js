// openid-client: discovery and everything it says, ID tokens held against the published keys.

import assert from "node:assert/strict";
import * as client from "openid-client";
import { BASE, CLIENT, SECRET, me, register, registerRobot } from "./common.js";
import { Person } from "./person.js";
import { asking, discover } from "./relying.js";

const DEVICE = "urn:ietf:params:oauth:grant-type:device_code";
const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const OUT = "http://127.0.0.1/out";
const person = await Person.signIn();

await register("relying", {
  authorizationGrantTypes: `authorization_code,refresh_token,${DEVICE}`,
  postLogoutRedirectUris: OUT,
});
const config = await discover("relying", SECRET, client.ClientSecretBasic(SECRET));
assert.equal(config.serverMetadata().supportsPKCE(), true);
console.log("ok discovery");

const { parameters, checks } = await asking();
const back = await person.consent(client.buildAuthorizationUrl(config, parameters));
const tokens = await client.authorizationCodeGrant(config, back, checks);
const claims = tokens.claims();
assert.deepEqual([claims.iss, claims.aud, claims.sub, claims.azp], [`${BASE}/`, "relying", "admin", "relying"]);
assert.equal((await me(tokens.access_token)).username, "admin");
await assert.rejects(client.authorizationCodeGrant(config, back, checks), { error: "invalid_grant" });
assert.equal((await me(tokens.access_token)).status, 401, "a code that came twice leaves its tokens alive");
console.log("ok authorization code with PKCE, state, nonce, iss; a code that comes twice");

const again = await asking();
const pushed = await client.buildAuthorizationUrlWithPAR(config, again.parameters);
assert.deepEqual([...pushed.searchParams.keys()].sort(), ["client_id", "request_uri"]);
const first = await client.authorizationCodeGrant(config, await person.consent(pushed), again.checks);
console.log("ok pushed authorization request");

const third = await asking({ response_mode: "form_post" });
const posted = await person.consent(client.buildAuthorizationUrl(config, third.parameters));
assert.deepEqual([posted.method, new URL(posted.url).search], ["POST", ""], "the code is in an address");
assert.equal((await client.authorizationCodeGrant(config, posted, third.checks)).claims().sub, "admin");
console.log("ok answer as a form that the browser posts");

const user = await client.fetchUserInfo(config, first.access_token, claims.sub);
assert.equal(user.username, "admin");
console.log("ok userinfo");

const second = await client.refreshTokenGrant(config, first.refresh_token);
assert.notEqual(second.access_token, first.access_token);
assert.equal(second.claims().sub, "admin");
assert.equal((await me(second.access_token)).username, "admin");
console.log("ok refresh");

const told = await client.tokenIntrospection(config, second.access_token);
assert.deepEqual([told.active, told.username, told.client_id], [true, "admin", "relying"]);
await client.tokenRevocation(config, second.access_token);
assert.deepEqual(await client.tokenIntrospection(config, second.access_token), { active: false });
assert.equal((await me(second.access_token)).status, 401, "a revoked token still opens the door");
console.log("ok introspection, revocation");

const shown = await client.initiateDeviceAuthorization(config, { scope: "openid username" });
const polled = client.pollDeviceAuthorizationGrant(config, { ...shown, interval: 1 });
await person.connect(shown.verification_uri_complete);
const ofDevice = await polled;
assert.equal(ofDevice.claims().sub, "admin");
assert.equal((await me(ofDevice.access_token)).username, "admin");
console.log("ok device");

await registerRobot("robot");
const robot = await discover("robot", SECRET, client.ClientSecretPost(SECRET));
const own = await client.clientCredentialsGrant(robot, { scope: "username" });
assert.equal((await me(own.access_token)).username, "admin");
console.log("ok client credentials");

await register("service", { authorizationGrantTypes: EXCHANGE, exchangesFor: ["relying"], scopes: "username" });
const service = await discover("service", SECRET, client.ClientSecretBasic(SECRET));
const passedOn = await client.genericGrantRequest(service, EXCHANGE, {
  subject_token: ofDevice.access_token,
  subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
});
assert.equal((await me(passedOn.access_token)).username, "admin");
console.log("ok token exchange");

await register("spa", { clientSecret: null, clientAuthenticationMethods: "none" });
const spa = await discover("spa", undefined, client.None());
const ask = await asking();
const open = await client.authorizationCodeGrant(
  spa,
  await person.consent(client.buildAuthorizationUrl(spa, ask.parameters)),
  ask.checks,
);
const rotated = await client.refreshTokenGrant(spa, open.refresh_token);
assert.notEqual(rotated.refresh_token, open.refresh_token);
assert.equal((await me(rotated.access_token)).username, "admin");
console.log("ok public client, refresh token spent for its successor");

const leave = client.buildEndSessionUrl(config, {
  id_token_hint: first.id_token,
  post_logout_redirect_uri: OUT,
  state: "gone",
});
assert.equal((await person.leave(leave)).href, `${OUT}?state=gone`);
const { parameters: silent } = await asking();
const refused = await person.open(client.buildAuthorizationUrl(config, { ...silent, prompt: "none" }));
assert.equal(refused.leadsTo.searchParams.get("error"), "login_required");
console.log("ok logout");

// The old generation tells nothing of itself: its addresses are written down.
const old = new client.Configuration(
  { issuer: `${BASE}/`, authorization_endpoint: `${BASE}/uaa/oauth/authorize`, token_endpoint: `${BASE}/uaa/oauth/token` },
  CLIENT,
  SECRET,
  client.ClientSecretBasic(SECRET),
);
client.allowInsecureRequests(old);
const { parameters: asked, checks: checked } = await asking({ scope: "ALL" });
const led = await (await Person.signIn()).consent(client.buildAuthorizationUrl(old, asked));
const { pkceCodeVerifier, expectedState } = checked;
const ofOld = await client.authorizationCodeGrant(old, led, { pkceCodeVerifier, expectedState });
assert.equal((await me(ofOld.access_token)).username, "admin");
const typed = { username: "admin", password: "district" };
const byPassword = await client.genericGrantRequest(old, "password", typed);
const later = await client.refreshTokenGrant(old, byPassword.refresh_token);
assert.equal((await me(later.access_token)).username, "admin");
await assert.rejects(client.genericGrantRequest(old, "password", { ...typed, password: "wrong" }), { error: "invalid_grant" });
console.log("ok authorization code and password of old");
