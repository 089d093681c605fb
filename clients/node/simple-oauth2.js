// simple-oauth2: ResourceOwnerPassword with refresh and revoke, AuthorizationCode with consent.

import assert from "node:assert/strict";
import { AuthorizationCode, ResourceOwnerPassword } from "simple-oauth2";
import { BASE, CALLBACK, CLIENT, SECRET, consent, me } from "./common.js";

const client = { id: CLIENT, secret: SECRET };
const auth = { tokenHost: BASE, tokenPath: "/uaa/oauth/token", revokePath: "/uaa/oauth/revoke" };

const password = new ResourceOwnerPassword({ client, auth });
const first = await password.getToken({ username: "admin", password: "district", scope: "ALL" });
assert.equal((await me(first.token.access_token)).username, "admin");
assert.equal(first.expired(), false);
const second = await first.refresh();
assert.notEqual(second.token.access_token, first.token.access_token);
assert.equal((await me(second.token.access_token)).username, "admin");
await second.revokeAll();
assert.equal((await me(second.token.access_token)).status, 401, "a revoked token still opens the door");
await assert.rejects(second.refresh(), "a revoked refresh token still works");
await assert.rejects(password.getToken({ username: "admin", password: "wrong" }), /400|Bad Request/);
console.log("ok password, refresh, revoke");

const codes = new AuthorizationCode({ client, auth: { ...auth, authorizePath: "/uaa/oauth/authorize" } });
const address = codes.authorizeURL({ redirect_uri: CALLBACK, scope: "ALL", state: "a b&c" });
const back = await consent(address);
assert.equal(back.searchParams.get("state"), "a b&c");
const tokens = await codes.getToken({ code: back.searchParams.get("code"), redirect_uri: CALLBACK });
assert.equal((await me(tokens.token.access_token)).username, "admin");
console.log("ok authorization code");
