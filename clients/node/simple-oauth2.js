// simple-oauth2: ResourceOwnerPassword with refresh and revoke, AuthorizationCode with consent; and of the modern
// generation AuthorizationCode with PKCE and ClientCredentials.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { AuthorizationCode, ClientCredentials, ResourceOwnerPassword } from "simple-oauth2";
import { BASE, CALLBACK, CLIENT, SECRET, me, register, registerRobot } from "./common.js";
import { Person } from "./person.js";

const person = await Person.signIn();
const client = { id: CLIENT, secret: SECRET };
const auth = { tokenHost: BASE, tokenPath: "/uaa/oauth/token", revokePath: "/uaa/oauth/revoke" };

/** Its tokens open the door, are renewed, and do neither once revoked. */
async function lives(first) {
  assert.equal((await me(first.token.access_token)).username, "admin");
  assert.equal(first.expired(), false);
  const second = await first.refresh();
  assert.notEqual(second.token.access_token, first.token.access_token);
  assert.equal((await me(second.token.access_token)).username, "admin");
  await second.revokeAll();
  assert.equal((await me(second.token.access_token)).status, 401, "a revoked token still opens the door");
  await assert.rejects(second.refresh(), "a revoked refresh token still works");
}

const password = new ResourceOwnerPassword({ client, auth });
await lives(await password.getToken({ username: "admin", password: "district", scope: "ALL" }));
await assert.rejects(password.getToken({ username: "admin", password: "wrong" }), /400|Bad Request/);
console.log("ok password, refresh, revoke");

const codes = new AuthorizationCode({ client, auth: { ...auth, authorizePath: "/uaa/oauth/authorize" } });
const back = await person.consent(codes.authorizeURL({ redirect_uri: CALLBACK, scope: "ALL", state: "a b&c" }));
assert.equal(back.searchParams.get("state"), "a b&c");
const tokens = await codes.getToken({ code: back.searchParams.get("code"), redirect_uri: CALLBACK });
assert.equal((await me(tokens.token.access_token)).username, "admin");
console.log("ok authorization code");

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
await lives(await simple.getToken({ code, redirect_uri: CALLBACK, code_verifier: verifier }));
console.log("ok authorization code with PKCE, refresh, revoke");

await registerRobot("robot");
const robot = new ClientCredentials({ client: { id: "robot", secret: SECRET }, auth: modern });
const own = await robot.getToken({ scope: "username" });
assert.equal((await me(own.token.access_token)).username, "admin");
assert.equal(own.token.refresh_token, undefined);
console.log("ok client credentials");
