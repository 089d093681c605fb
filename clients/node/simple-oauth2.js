// simple-oauth2: its three grants, ResourceOwnerPassword, AuthorizationCode and ClientCredentials, with refresh and revoke,
// at both generations that have them; the client proves itself in the header or in the form.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { AuthorizationCode, ClientCredentials, ResourceOwnerPassword } from "simple-oauth2";
import { BASE, CALLBACK, CLIENT, SECRET, me, register, registerRobot } from "./common.js";
import { Person } from "./person.js";

const person = await Person.signIn();
const client = { id: CLIENT, secret: SECRET };
const auth = { tokenHost: BASE, tokenPath: "/uaa/oauth/token", revokePath: "/uaa/oauth/revoke" };

/** Its tokens open the door, are renewed, and do neither once revoked. */
async function lives(grant, first) {
  assert.equal((await me(first.token.access_token)).username, "admin");
  assert.equal(first.expired(), false);
  const second = await first.refresh();
  assert.notEqual(second.token.access_token, first.token.access_token);
  assert.equal((await me(second.token.access_token)).username, "admin");
  // As an application does that kept them: they are tokens again.
  const kept = grant.createToken(JSON.parse(JSON.stringify(second)));
  await kept.revoke("access_token");
  assert.equal((await me(second.token.access_token)).status, 401, "a revoked token still opens the door");
  const third = await kept.refresh();
  assert.equal((await me(third.token.access_token)).username, "admin", "one token was revoked, not the other");
  await third.revokeAll();
  assert.equal((await me(third.token.access_token)).status, 401, "a revoked token still opens the door");
  await assert.rejects(third.refresh(), "a revoked refresh token still works");
}

const password = new ResourceOwnerPassword({ client, auth });
await lives(password, await password.getToken({ username: "admin", password: "district", scope: "ALL" }));
await assert.rejects(password.getToken({ username: "admin", password: "wrong" }), /400|Bad Request/);
console.log("ok password, refresh, revoke");

const codes = new AuthorizationCode({ client, auth: { ...auth, authorizePath: "/uaa/oauth/authorize" } });
const back = await person.consent(codes.authorizeURL({ redirect_uri: CALLBACK, scope: "ALL", state: "a b&c" }));
assert.equal(back.searchParams.get("state"), "a b&c");
const tokens = await codes.getToken({ code: back.searchParams.get("code"), redirect_uri: CALLBACK });
await lives(codes, tokens);
await assert.rejects(codes.getToken({ code: back.searchParams.get("code"), redirect_uri: CALLBACK }), /400|Bad Request/);
console.log("ok authorization code");

const inForm = new ResourceOwnerPassword({ client, auth, options: { authorizationMethod: "body" } });
await lives(inForm, await inForm.getToken({ username: "admin", password: "district" }));
console.log("ok password, the secret in the form");

const modern = { tokenHost: BASE, tokenPath: "/oauth2/token", revokePath: "/oauth2/revoke" };
await register("simple", {});
const simple = new AuthorizationCode({
  client: { id: "simple", secret: SECRET },
  auth: { ...modern, authorizePath: "/oauth2/authorize" },
});
const verifier = randomBytes(32).toString("base64url");
const proof = {
  code_challenge: createHash("sha256").update(verifier).digest("base64url"),
  code_challenge_method: "S256",
};
const address = simple.authorizeURL({ redirect_uri: CALLBACK, scope: "openid username", state: "ä+%", ...proof });
const led = await person.consent(address);
assert.equal(led.searchParams.get("state"), "ä+%");
const code = led.searchParams.get("code");
await lives(simple, await simple.getToken({ code, redirect_uri: CALLBACK, code_verifier: verifier }));
console.log("ok authorization code with PKCE, refresh, revoke");

await register("open", { clientSecret: null, clientAuthenticationMethods: "none" });
const open = new AuthorizationCode({
  client: { id: "open", secret: "" },
  auth: { ...modern, authorizePath: "/oauth2/authorize" },
  options: { authorizationMethod: "body" },
});
const asked = await person.consent(open.authorizeURL({ redirect_uri: CALLBACK, scope: "username", state: "s", ...proof }));
const grant = { code: asked.searchParams.get("code"), redirect_uri: CALLBACK, code_verifier: verifier };
await lives(open, await open.getToken(grant));
console.log("ok a public client, its empty secret in the form");

await registerRobot("robot");
const robot = new ClientCredentials({ client: { id: "robot", secret: SECRET }, auth: modern });
const own = await robot.getToken({ scope: "username" });
assert.equal((await me(own.token.access_token)).username, "admin");
assert.equal(own.token.refresh_token, undefined);
console.log("ok client credentials");
const wrong = new ClientCredentials({ client: { id: "robot", secret: "wrong" }, auth: modern });
await assert.rejects(wrong.getToken({ scope: "username" }), /401|Unauthorized/);
const robotInForm = new ClientCredentials({
  client: { id: "robot", secret: SECRET },
  auth: modern,
  options: { authorizationMethod: "body" },
});
const again = await robotInForm.getToken({ scope: "username" });
await again.revoke("access_token");
assert.equal((await me(again.token.access_token)).status, 401, "a revoked token still opens the door");
assert.equal((await me(own.token.access_token)).username, "admin", "each request has a token of its own");
console.log("ok client credentials, the secret in the form, revoke");
