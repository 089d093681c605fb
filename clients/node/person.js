// A person at a browser, in plain HTTP: signs in, opens pages, fills in their forms and sends them.
//
// As a command it lends this person, signed in once, to clients in other languages. Of each line it reads, `consent ADDRESS`
// allows what a client asks, `connect ADDRESS` connects a device and `leave ADDRESS` signs out; it answers with a line that
// says where that leads, if anywhere.

import { createInterface } from "node:readline";
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
    const { action, fields } = formOf(page, name);
    for (const [name, value] of Object.entries(typed)) fields.set(name, value);
    return this.open(action, { method: "POST", body: fields });
  }

  /**
   * Opens an authorization request and says yes; gives the address that the answer leads to, or with
   * `response_mode=form_post` the request that brings it to the client.
   */
  async consent(address) {
    let page = await this.open(address);
    // What was allowed before is not asked again.
    const isAsked = page.html.includes('name="user_oauth_approval"');
    if (isAsked) page = await this.send(page, "user_oauth_approval", { user_oauth_approval: "true" });
    if (page.leadsTo) return page.leadsTo;
    const { action, fields } = formOf(page, "iss");
    return new Request(action, { method: "POST", body: fields });
  }

  /** Connects the device that shows this address, the code filled in. */
  async connect(address) {
    const asked = await this.send(await this.open(address), "user_code", {});
    const done = await this.send(asked, "answer", { answer: "allow" });
    if (done.status !== 200) throw new Error(`connect: ${done.status} ${done.html}`);
  }

  /** Signs out as an application asks, by a hint of this very session: without a question. */
  async leave(address) {
    const page = await this.open(address);
    if (!page.leadsTo) throw new Error(`leave: ${page.status} ${page.html}`);
    return page.leadsTo;
  }
}

/** Where the form with a field or button of this name goes, and what it sends as it stands. */
function formOf(page, name) {
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
  return { action: new URL(unescape(form.match(/action="([^"]*)"/)[1]), page.address), fields };
}

function unescape(text) {
  const named = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (_, hex, number, name) =>
    name ? named[name] : String.fromCodePoint(hex ? parseInt(hex, 16) : Number(number)),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const person = await Person.signIn();
  const can = { consent: (it) => person.consent(it), connect: (it) => person.connect(it), leave: (it) => person.leave(it) };
  for await (const line of createInterface({ input: process.stdin })) {
    const [what, address] = line.split(" ");
    console.log((await can[what](address))?.href ?? "");
  }
}
