// A person at a browser, in plain HTTP: signs in, opens pages, fills in their forms and sends them.
//
// As a command it lends this person to clients in other languages: `node person.js consent ADDRESS` allows what a
// client asks and prints where the answer leads; `node person.js connect ADDRESS` connects a device.

import { fileURLToPath } from "node:url";
import { BASE } from "./common.js";

export class Person {
  #cookie;

  constructor(cookie) {
    this.#cookie = cookie;
  }

  static async signIn(username = "admin", password = "district") {
    const login = await fetch(`${BASE}/api/auth/login`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ username, password }),
    });
    if (login.status !== 200) throw new Error(`login: ${login.status} ${await login.text()}`);
    return new Person(login.headers.getSetCookie().map((it) => it.split(";")[0]).join("; "));
  }

  /** Opens a page, or learns where it leads. */
  async open(address, sent = {}) {
    const headers = { Cookie: this.#cookie };
    const answer = await fetch(address, { ...sent, headers, redirect: "manual" });
    const location = answer.headers.get("location");
    return {
      address,
      status: answer.status,
      html: await answer.text(),
      leadsTo: location && new URL(location, address),
    };
  }

  /** Types into the form of a page that has a field or button of this name, and sends it. */
  async send(page, name, typed) {
    const forms = page.html.split("<form").slice(1).map((form) => form.split("</form>")[0]);
    const form = forms.find((form) => form.includes(`name="${name}"`));
    if (!form) throw new Error(`${page.address}: ${page.status}, no ${name} in ${page.html}`);
    const fields = new URLSearchParams();
    for (const [tag] of form.matchAll(/<input[^>]*>/g)) {
      const attribute = (name) => unescape(tag.match(new RegExp(`${name}="([^"]*)"`))?.[1] ?? "");
      if (!tag.includes('type="checkbox"') || tag.includes(" checked")) {
        fields.append(attribute("name"), attribute("value"));
      }
    }
    for (const [name, value] of Object.entries(typed)) fields.set(name, value);
    const action = new URL(unescape(form.match(/action="([^"]*)"/)[1]), page.address);
    return this.open(action, { method: "POST", body: fields });
  }

  /** Opens an authorization request and says yes; gives the address that the answer leads to. */
  async consent(address) {
    const page = await this.open(address);
    // What was allowed before is not asked again.
    if (page.leadsTo) return page.leadsTo;
    const answered = await this.send(page, "user_oauth_approval", { user_oauth_approval: "true" });
    if (!answered.leadsTo) throw new Error(`consent: ${answered.status} ${answered.html}`);
    return answered.leadsTo;
  }

  /** Connects the device that shows this address, the code filled in. */
  async connect(address) {
    const asked = await this.send(await this.open(address), "user_code", {});
    const done = await this.send(asked, "answer", { answer: "allow" });
    if (done.status !== 200) throw new Error(`connect: ${done.status} ${done.html}`);
  }
}

function unescape(text) {
  const named = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (_, hex, number, name) =>
    name ? named[name] : String.fromCodePoint(hex ? parseInt(hex, 16) : Number(number)),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [what, address] = process.argv.slice(2);
  const person = await Person.signIn();
  const led = await (what === "connect" ? person.connect(address) : person.consent(address));
  if (led) console.log(led.href);
}
