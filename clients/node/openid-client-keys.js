// openid-client, its clients proving themselves without sending a secret: by keys of their own, or by what the secret
// signs.

import assert from "node:assert/strict";
import * as client from "openid-client";
import { SECRET, me, register, registerKey } from "./common.js";
import { Person } from "./person.js";
import { discover, signedIn } from "./relying.js";

const person = await Person.signIn();

/** A pushed request, its code, a refresh, an introspection and a revocation: each with a new proof. */
async function walk(config) {
  const first = await signedIn(config, person);
  const second = await client.refreshTokenGrant(config, first.refresh_token);
  assert.equal((await client.tokenIntrospection(config, second.access_token)).active, true);
  assert.equal((await me(second.access_token)).username, "admin");
  await client.tokenRevocation(config, second.access_token);
  assert.equal((await me(second.access_token)).status, 401);
}

for (const algorithm of ["RS256", "PS256", "ES256", "EdDSA"]) {
  const keys = await client.randomDPoPKeyPair(algorithm === "EdDSA" ? "Ed25519" : algorithm);
  await registerKey(`by-${algorithm}`, keys, algorithm);
  await walk(await discover(`by-${algorithm}`, undefined, client.PrivateKeyJwt({ key: keys.privateKey, kid: "own" })));
  console.log(`ok private_key_jwt by ${algorithm}`);
}

const { privateKey: foreign } = await client.randomDPoPKeyPair("ES256");
const forged = await discover("by-ES256", undefined, client.PrivateKeyJwt({ key: foreign, kid: "own" }));
await assert.rejects(client.refreshTokenGrant(forged, "any"), { status: 401 });
console.log("ok a key of somebody else's");

await register("by-secret", { clientAuthenticationMethods: "client_secret_jwt" });
await walk(await discover("by-secret", SECRET, client.ClientSecretJwt(SECRET)));
console.log("ok client_secret_jwt");
