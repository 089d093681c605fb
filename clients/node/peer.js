// The peer of `cargo xtask bench modern`: node-oidc-provider, its tokens in a Map without a limit. Prints its address
// and refresh tokens to use.

import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

/** What its own adapter in memory does, which forgets all but a thousand. */
class Kept {
  static #all = new Map();
  #model;

  constructor(model) {
    this.#model = model;
  }

  #key(id) {
    return `${this.#model}:${id}`;
  }

  async upsert(id, payload) {
    Kept.#all.set(this.#key(id), payload);
  }

  async find(id) {
    return Kept.#all.get(this.#key(id));
  }

  async consume(id) {
    Kept.#all.get(this.#key(id)).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    Kept.#all.delete(this.#key(id));
  }
}

const SECRET = "1e6db50c-0fee-11e5-98d0-3c15c2c6caf6";
const RESOURCE = "urn:bench:";
const key = (type, options, more) => ({
  ...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }),
  use: "sig",
  ...more,
});
const server = createServer().listen(0, "127.0.0.1", async () => {
  const address = `127.0.0.1:${server.address().port}`;
  const provider = new Provider(`http://${address}`, {
    adapter: Kept,
    clients: [
      { client_id: "alone", client_secret: SECRET, grant_types: ["client_credentials"], redirect_uris: [], response_types: [] },
      { client_id: "app", client_secret: SECRET, grant_types: ["authorization_code", "refresh_token"], redirect_uris: ["https://app.example.org/cb"] },
    ],
    scopes: ["openid", "offline_access", "username"],
    features: {
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        // Each resource is named for the algorithm that its tokens are signed with.
        getResourceServerInfo: (_, resource) => ({
          scope: "username",
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: resource.slice(RESOURCE.length) } },
        }),
      },
    },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    rotateRefreshToken: false,
    ttl: { AccessToken: 300, ClientCredentials: 300, RefreshToken: 3600, Grant: 3600 },
    jwks: { keys: [key("rsa", { modulusLength: 2048 }, { alg: "RS256" }), key("ec", { namedCurve: "P-256" }, { alg: "ES256" })] },
    cookies: { keys: ["bench"] },
  });
  server.on("request", provider.callback());

  const client = await provider.Client.find("app");
  const refresh = [];
  for (let number = 0; number < 64; number += 1) {
    const accountId = `user${number}`;
    const grant = new provider.Grant({ accountId, clientId: "app" });
    grant.addOIDCScope("offline_access");
    const grantId = await grant.save();
    const token = new provider.RefreshToken({ accountId, client, grantId, scope: "offline_access", gty: "authorization_code" });
    refresh.push(await token.save());
  }
  console.log(JSON.stringify({ address, refresh }));
});
