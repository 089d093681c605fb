// What the scripts of oauth4webapi share: the metadata, and a code flow step by step.

import * as oauth from "oauth4webapi";
import { BASE, CALLBACK } from "./common.js";

// The library insists on https unless it is told that this is a test on loopback.
export const insecure = { [oauth.allowInsecureRequests]: true };

/** What the server says of itself, as RFC 8414 (`oauth2`) or OpenID Connect (`oidc`) has it asked. */
export async function metadata(algorithm) {
  const issuer = new URL(BASE);
  const answer = await oauth.discoveryRequest(issuer, { algorithm, ...insecure });
  return oauth.processDiscoveryResponse(issuer, answer);
}

export const as = await metadata("oidc");

/** A request for a code, and what its answer is held against. */
export async function asking(client, { scope = "openid username", ...more } = {}) {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const expectedNonce = scope.includes("openid") ? oauth.generateRandomNonce() : undefined;
  const parameters = new URLSearchParams({
    client_id: client.client_id,
    response_type: "code",
    redirect_uri: CALLBACK,
    scope,
    state,
    ...(expectedNonce && { nonce: expectedNonce }),
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...more,
  });
  return { parameters, verifier, state, expectedNonce };
}

/** Where a browser is sent with such a request, its parameters in the address or pushed before. */
export function authorize(parameters) {
  const address = new URL(as.authorization_endpoint);
  address.search = new URLSearchParams(parameters);
  return address;
}

/** The tokens for the code that the browser came `back` with, checked as strictly as the library can. */
export async function redeem(client, auth, back, { verifier, state, expectedNonce }, options) {
  const answered = oauth.validateAuthResponse(as, client, back, state);
  const request = [as, client, auth, answered, CALLBACK, verifier, { ...options, ...insecure }];
  const answer = await oauth.authorizationCodeGrantRequest(...request);
  const checks = { expectedNonce, requireIdToken: Boolean(expectedNonce) };
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer, checks);
  if (tokens.id_token) await oauth.validateApplicationLevelSignature(as, answer, insecure);
  return tokens;
}
