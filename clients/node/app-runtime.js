// @dhis2/app-runtime, under every newer DHIS2 app: what the Settings app asks, with a browser's session.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { JSDOM } from "jsdom";
import { BASE } from "./common.js";

const page = new JSDOM("<!doctype html><div id=app></div>", { url: `${BASE}/` });
Object.assign(globalThis, { window: page.window, document: page.window.document, IS_REACT_ACT_ENVIRONMENT: false });
for (const name of ["navigator", "localStorage", "sessionStorage", "CustomEvent", "Event", "HTMLElement"]) {
  globalThis[name] ??= page.window[name];
}

const login = await fetch(`${BASE}/api/auth/login`, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ username: "admin", password: "district" }),
});
const cookie = login.headers.getSetCookie().map((it) => it.split(";")[0]).join("; ");
const bare = globalThis.fetch;
// What a browser adds by itself: the cookie, and where the page comes from.
globalThis.fetch = (url, options = {}) => {
  const headers = new Headers(options.headers);
  headers.set("Cookie", cookie);
  headers.set("Origin", new URL(BASE).origin);
  headers.set("Sec-Fetch-Site", "same-origin");
  return bare(url, { ...options, headers });
};
page.window.fetch = globalThis.fetch;

const require = createRequire(import.meta.url);
const React = require("react");
const { createRoot } = require("react-dom/client");
const { Provider, useDataEngine, useDataQuery } = require("@dhis2/app-runtime");

const QUERY = {
  me: { resource: "me", params: { fields: "id,username,authorities,settings[keyUiLocale]" } },
  settings: { resource: "systemSettings" },
  clients: { resource: "oAuth2Clients", params: { paging: false, fields: "id,name,cid,grantTypes" } },
  info: { resource: "system/info" },
};

/** Renders the hooks as an app does; gives the engine and what the query brought. */
function render() {
  return new Promise((resolve, reject) => {
    function App() {
      const engine = useDataEngine();
      const { data, error } = useDataQuery(QUERY);
      React.useEffect(() => {
        if (error) reject(error);
        if (data) resolve({ engine, data });
      }, [engine, data, error]);
      return null;
    }
    const config = { baseUrl: BASE, apiVersion: 41, serverVersion: { major: 2, minor: 41, full: "2.41" }, systemInfo: {} };
    const root = createRoot(document.getElementById("app"));
    root.render(React.createElement(Provider, { config, offlineInterface }, React.createElement(App)));
  });
}

// An app's shell hands this in; without a service worker everything is simply online.
const offlineInterface = {
  ready: Promise.resolve(),
  pwaEnabled: false,
  latestIsConnected: true,
  subscribeToDhis2ConnectionStatus: () => () => {},
};

const { engine, data } = await render();
assert.equal(data.me.username, "admin");
assert.ok(data.me.authorities.includes("ALL"));
assert.equal(typeof data.settings.applicationTitle, "string");
assert.ok(data.clients.oAuth2Clients.some((it) => it.cid === "demo"));
assert.match(data.info.version, /^2\./);
console.log("ok queries: me, systemSettings, oAuth2Clients, system/info");

const made = await engine.mutate({
  resource: "oAuth2Clients",
  type: "create",
  data: {
    name: "From app-runtime",
    cid: "from-app-runtime",
    secret: "4cb5dc1cf-7d5c-b9c8-9439-9cadf3b6a62",
    grantTypes: ["password", "refresh_token"],
    redirectUris: [],
  },
});
assert.equal(made.status, "OK", JSON.stringify(made));
const id = made.response.uid;
const one = async () => (await engine.query({ it: { resource: "oAuth2Clients", id, params: { fields: ":owner" } } })).it;
await engine.mutate({ resource: "oAuth2Clients", type: "update", id, data: { ...(await one()), name: "Renamed" } });
assert.equal((await one()).name, "Renamed");
await engine.mutate({
  resource: "oAuth2Clients",
  type: "json-patch",
  id,
  data: [{ op: "replace", path: "/name", value: "Patched" }],
});
assert.equal((await one()).name, "Patched");
const taken = await engine.query({ it: { resource: "oAuth2Clients", params: { filter: "cid:eq:from-app-runtime" } } });
assert.equal(taken.it.oAuth2Clients.length, 1);
await engine.mutate({ resource: "oAuth2Clients", type: "delete", id });
await assert.rejects(one(), (error) => error.details.httpStatusCode === 404);
console.log("ok oAuth2Clients: create, read, update, patch, delete");

await engine.mutate({ resource: "systemSettings/applicationTitle", type: "create", data: "Titled by app-runtime" });
const settings = await engine.query({ it: { resource: "systemSettings", params: { key: "applicationTitle" } } });
assert.equal(settings.it.applicationTitle, "Titled by app-runtime");
const schemas = await engine.query({ it: { resource: "schemas", id: "oAuth2Client" } });
assert.equal(schemas.it.plural, "oAuth2Clients");
console.log("ok systemSettings, schemas");
process.exit(0); // the library keeps timers
