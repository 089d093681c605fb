// openid-client, its clients proving themselves without sending a secret: by keys of their own, or by what the secret
// signs.

import assert from "node:assert/strict";
import * as client from "openid-client";
import { BASE, CALLBACK, SECRET, me, register } from "./common.js";
import { Person } from "./person.js";

const person = await Person.signIn();
// The library insists on https unless it is told that this is a test on loopback.
const execute = [client.allowInsecureRequests, client.enableNonRepudiationChecks];

/** A key pair as WebCrypto makes it. */
function keys(algorithm) {
  const rsa = { hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
  const made = {
    RS256: { name: "RSASSA-PKCS1-v1_5", ...rsa },
    PS256: { name: "RSA-PSS", ...rsa },
    ES256: { name: "ECDSA", namedCurve: "P-256" },
    EdDSA: { name: "Ed25519" },
  };
  return crypto.subtle.generateKey(made[algorithm], true, ["sign", "verify"]);
}

/** Registers a client whose keys are these. */
async function registerKeys(clientId, publicKey, algorithm, more) {
  const { key_ops, ext, ...jwk } = await crypto.subtle.exportKey("jwk", publicKey);
  const clientSettings = JSON.stringify({
    "settings.client.require-proof-key": true,
    "settings.client.require-authorization-consent": true,
    "settings.client.token-endpoint-authentication-signing-algorithm": algorithm,
    "client.inline.jwks": { keys: [{ ...jwk, kid: "own", alg: algorithm, use: "sig" }] },
  });
  const proof = { clientSecret: null, clientAuthenticationMethods: "private_key_jwt", clientSettings };
  await register(clientId, { ...proof, ...more });
}

/** A pushed request, its code, a refresh, an introspection and a revocation: each with a new proof. */
async function walk(config, options) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()];
  const parameters = {
    redirect_uri: CALLBACK,
    scope: "openid username",
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: expectedState,
    nonce: expectedNonce,
  };
  const pushed = await client.buildAuthorizationUrlWithPAR(config, parameters, options);
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
  const back = await person.consent(pushed);
  const first = await client.authorizationCodeGrant(config, back, checks, undefined, options);
  const second = await client.refreshTokenGrant(config, first.refresh_token, undefined, options);
  assert.equal((await client.tokenIntrospection(config, second.access_token)).active, true);
  return { first, second };
}

async function ends(config, tokens) {
  await client.tokenRevocation(config, tokens.access_token);
  assert.equal((await me(tokens.access_token)).status, 401);
}

for (const algorithm of ["RS256", "PS256", "ES256", "EdDSA"]) {
  const { publicKey, privateKey } = await keys(algorithm);
  const clientId = `by-${algorithm}`;
  await registerKeys(clientId, publicKey, algorithm);
  const proof = client.PrivateKeyJwt({ key: privateKey, kid: "own" });
  const config = await client.discovery(new URL(BASE), clientId, undefined, proof, { execute });
  const { second } = await walk(config);
  assert.equal((await me(second.access_token)).username, "admin");
  await ends(config, second);
  console.log(`ok private_key_jwt by ${algorithm}`);
}

const { privateKey: foreign } = await keys("ES256");
const forger = client.PrivateKeyJwt({ key: foreign, kid: "own" });
const forged = await client.discovery(new URL(BASE), "by-ES256", undefined, forger, { execute });
await assert.rejects(client.refreshTokenGrant(forged, "any"), { status: 401 });
console.log("ok a key of somebody else's");

await register("by-secret", { clientAuthenticationMethods: "client_secret_jwt" });
const signed = await client.discovery(new URL(BASE), "by-secret", SECRET, client.ClientSecretJwt(SECRET), { execute });
await ends(signed, (await walk(signed)).second);
console.log("ok client_secret_jwt");
