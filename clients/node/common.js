// What the Node clients share: where the server is, who its clients are, and what a token opens.

export const BASE = process.env.KIBALI_URL;
export const CLIENT = "demo";
export const SECRET = "1e6db50c-0fee-11e5-98d0-3c15c2c6caf6";
export const CALLBACK = "http://127.0.0.1/callback";
const BY_ADMIN = { Authorization: `Basic ${btoa("admin:district")}`, "Content-Type": "application/json" };

/** The access token of a password grant. */
export async function token(username = "admin", password = "district") {
  const answer = await fetch(`${BASE}/uaa/oauth/token`, {
    method: "POST",
    headers: { Authorization: `Basic ${btoa(`${CLIENT}:${SECRET}`)}` },
    body: new URLSearchParams({ grant_type: "password", username, password }),
  });
  if (answer.status !== 200) throw new Error(`token: ${answer.status} ${await answer.text()}`);
  return (await answer.json()).access_token;
}

/** `/api/me` with a bearer token, the status beside it. */
export async function me(accessToken) {
  const answer = await fetch(`${BASE}/api/me`, { headers: { Authorization: `Bearer ${accessToken}` } });
  return { ...(await answer.json()), status: answer.status };
}

/** Registers a client as DHIS2 2.42 words it. */
export async function register(clientId, more) {
  const client = {
    clientId,
    clientSecret: SECRET,
    clientAuthenticationMethods: "client_secret_basic,client_secret_post",
    authorizationGrantTypes: "authorization_code,refresh_token",
    redirectUris: CALLBACK,
    scopes: "openid,profile,email,username",
    ...more,
  };
  const answer = await fetch(`${BASE}/api/42/oAuth2Clients`, {
    method: "POST",
    headers: BY_ADMIN,
    body: JSON.stringify(client),
  });
  if (answer.status !== 201) throw new Error(`register: ${answer.status} ${await answer.text()}`);
}

/** Registers a client that proves itself with the private half of a key: `private_key_jwt`. */
export async function registerKey(clientId, { publicKey }, algorithm, more) {
  const clientSettings = JSON.stringify({
    "settings.client.require-proof-key": true,
    "settings.client.require-authorization-consent": true,
    "settings.client.token-endpoint-authentication-signing-algorithm": algorithm,
    "client.inline.jwks": { keys: [await publicJwk(publicKey, algorithm)] },
  });
  const proof = { clientSecret: null, clientAuthenticationMethods: "private_key_jwt", clientSettings };
  await register(clientId, { ...proof, ...more });
}

/** A key as others are told it. */
export async function publicJwk(publicKey, algorithm) {
  const { key_ops, ext, ...jwk } = await crypto.subtle.exportKey("jwk", publicKey);
  return { ...jwk, kid: "own", alg: algorithm, use: "sig" };
}

/** Registers a client that acts as the administrator, nobody asked. */
export async function registerRobot(clientId, more) {
  const admin = await (await fetch(`${BASE}/api/me?fields=id`, { headers: BY_ADMIN })).json();
  const own = { authorizationGrantTypes: "client_credentials", actsAs: { id: admin.id }, scopes: "username" };
  await register(clientId, { ...own, ...more });
}

/** An initial access token of an administrator's: whoever has it registers `uses` clients. */
export async function invite(more) {
  const answer = await fetch(`${BASE}/api/initialAccessTokens`, {
    method: "POST",
    headers: BY_ADMIN,
    body: JSON.stringify({ name: "Partners", uses: 1, lifetimeSeconds: 600, ...more }),
  });
  if (answer.status !== 201) throw new Error(`invite: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Takes an initial access token back. */
export async function uninvite(id) {
  const answer = await fetch(`${BASE}/api/initialAccessTokens/${id}`, { method: "DELETE", headers: BY_ADMIN });
  if (answer.status !== 204) throw new Error(`uninvite: ${answer.status} ${await answer.text()}`);
}
