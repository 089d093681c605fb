// d2, the library of DHIS2's older apps: what their Settings app asks, with a bearer token.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { BASE, token } from "./common.js";

const { init, config } = createRequire(import.meta.url)("d2");

config.schemas = ["oAuth2Client", "user", "userRole", "organisationUnit"];
const d2 = await init({
  baseUrl: `${BASE}/api`,
  headers: { Authorization: `Bearer ${await token()}` },
});
assert.equal(d2.currentUser.username, "admin");
assert.ok(d2.currentUser.authorities.has("ALL"));
assert.equal(d2.system.version.major, 2);
console.log("ok init: me, schemas, system information");

const settings = await d2.system.settings.all();
assert.equal(typeof settings.applicationTitle, "string");
await d2.system.settings.set("applicationTitle", "Titled by d2");
assert.equal(await d2.system.settings.get("applicationTitle"), "Titled by d2");
console.log("ok system settings");

const clients = d2.models.oAuth2Client;
// The library saves what was set on a model, not what it was created from.
const made = Object.assign(clients.create(), {
  name: "From d2",
  cid: "from-d2",
  secret: "4cb5dc1cf-7d5c-b9c8-9439-9cadf3b6a62",
  grantTypes: ["password"],
  redirectUris: ["http://localhost/callback"],
});
await made.save();
const found = () => clients.filter().on("cid").equals("from-d2").list({ paging: false, fields: ":all" });
const list = await found();
assert.equal(list.size, 1, "the client is not listed");
const [listed] = list.toArray();
assert.deepEqual([...listed.grantTypes], ["password"]);
const stored = await clients.get(listed.id);
stored.name = "Renamed by d2";
await stored.save();
assert.equal((await clients.get(listed.id)).name, "Renamed by d2");
await stored.delete();
assert.equal((await found()).size, 0, "the client is still listed");
console.log("ok oAuth2Clients: create, list, get, update, delete");

const pager = (await d2.models.organisationUnit.list({ pageSize: 2 })).pager;
assert.equal(pager.page, 1);
assert.ok(pager.hasNextPage());
assert.equal((await pager.getNextPage()).pager.page, 2);
console.log("ok pages");
