// What the scripts of openid-client share: how a configuration comes about, how a code is asked for, and what checks
// the answer.

import * as client from "openid-client";
import { BASE, CALLBACK } from "./common.js";

// The library insists on https unless it is told that this is a test on loopback.
export const execute = [client.allowInsecureRequests, client.enableNonRepudiationChecks];

/** Discovery, for a client that proves itself by `proof`. */
export function discover(clientId, secret, proof) {
  return client.discovery(new URL(BASE), clientId, secret, proof, { execute });
}

/** A request for everything that can be checked, and what checks its answer. */
export async function asking(more) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const parameters = {
    redirect_uri: CALLBACK,
    scope: "openid profile email username",
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state,
    nonce,
    max_age: "600",
    ...more,
  };
  const checks = { pkceCodeVerifier, expectedState: state, expectedNonce: nonce, maxAge: 600, idTokenExpected: true };
  return { parameters, checks };
}

/** A whole code flow, the request pushed: the tokens that `person` allowed. */
export async function signedIn(config, person, more, options) {
  const { parameters, checks } = await asking(more);
  const address = await client.buildAuthorizationUrlWithPAR(config, parameters, options);
  return client.authorizationCodeGrant(config, await person.consent(address), checks, undefined, options);
}
