// Headless Chromium: the tutorial by mouse, by keyboard and without JavaScript, and the code flow.

import assert from "node:assert/strict";
import { BASE, browser, person, shot, signIn } from "./person.js";

/** The password grant with the secret that the page showed, then `/api/me`. */
async function tokenOpensTheApi(cid, secret) {
  assert.match(secret, /^\S{36,}$/);
  const answer = await fetch(`${BASE}/uaa/oauth/token`, {
    method: "POST",
    headers: { Authorization: `Basic ${btoa(`${cid}:${secret}`)}` },
    body: new URLSearchParams({ grant_type: "password", username: "admin", password: "district" }),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  const { access_token: token } = await answer.json();
  const me = await fetch(`${BASE}/api/me`, { headers: { Authorization: `Bearer ${token}` } });
  assert.equal((await me.json()).username, "admin");
}

async function byMouse() {
  const { context, page, quiet } = await person();
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(`${BASE}/apps`);
  assert.ok(page.url().startsWith(`${BASE}/login`), page.url());
  await shot(page, "login");
  await signIn(page);
  await page.waitForURL(`${BASE}/apps`);
  await shot(page, "apps");
  await page.getByRole("link", { name: /^Settings/ }).first().click();
  await page.waitForURL(`${BASE}/settings/**`);
  await shot(page, "clients");
  await page.getByRole("link", { name: "Add OAuth2 client" }).click();
  await page.getByLabel("Name", { exact: true }).fill("By mouse");
  await page.getByLabel("Client ID", { exact: true }).fill("demo");
  await page.getByLabel("Name", { exact: true }).focus();
  await page.getByText("already taken").waitFor();
  await shot(page, "taken");
  await page.getByLabel("Client ID", { exact: true }).fill("by-mouse");
  for (const grant of ["password", "refresh_token", "authorization_code"]) {
    await page.locator(`#grant-${grant}`).check();
  }
  await page.locator("#redirectUris").fill("http://127.0.0.1/callback");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Copy the secret now.").waitFor();
  await shot(page, "secret");
  const shown = (await page.locator(".copy.secret pre").first().innerText()).trim();
  await page.locator(".copy.secret button").first().click();
  assert.equal((await page.evaluate(() => navigator.clipboard.readText())).trim(), shown);
  await tokenOpensTheApi("by-mouse", shown);
  await page.getByRole("link", { name: "I have copied it" }).click();
  await page.getByRole("link", { name: "Edit By mouse" }).click();
  assert.ok(!(await page.content()).includes(shown), "the secret is shown again");
  await shot(page, "edit");
  await page.getByRole("link", { name: "Delete this client" }).click();
  await shot(page, "delete");
  await page.getByRole("button", { name: "Delete" }).click();
  await page.waitForURL(/oauth2-clients(\?.*)?$/);
  assert.equal(await page.getByText("by-mouse").count(), 0);
  await quiet();
}

async function codeFlow() {
  const { page, quiet } = await person();
  const callback = `${BASE}/dev/callback`;
  const query = new URLSearchParams({ client_id: "demo", response_type: "code", redirect_uri: callback, state: "a b" });
  await page.goto(`${BASE}/uaa/oauth/authorize?${query}`);
  await signIn(page);
  await page.getByRole("heading", { name: /act as you/ }).waitFor();
  await shot(page, "consent");
  await page.getByRole("button", { name: "Authorize" }).click();
  await page.waitForURL(`${callback}**`);
  await shot(page, "callback");
  const back = new URL(page.url()).searchParams;
  assert.equal(back.get("state"), "a b");
  const answer = await fetch(`${BASE}/uaa/oauth/token`, {
    method: "POST",
    headers: { Authorization: `Basic ${btoa("demo:1e6db50c-0fee-11e5-98d0-3c15c2c6caf6")}` },
    body: new URLSearchParams({ grant_type: "authorization_code", code: back.get("code"), redirect_uri: callback }),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  await quiet();
}

/** Tab until the element that `selector` names has the focus. */
async function tabTo(page, selector) {
  for (let steps = 0; steps < 60; steps += 1) {
    if (await page.evaluate((it) => document.activeElement?.matches(it) ?? false, selector)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`the keyboard does not reach ${selector} on ${page.url()}`);
}

async function byKeyboard() {
  const { page, quiet } = await person();
  await page.goto(`${BASE}/settings/oauth2-clients/new`);
  await tabTo(page, "#username");
  await page.keyboard.type("admin");
  await tabTo(page, "#password");
  await page.keyboard.type("district");
  await page.keyboard.press("Enter");
  await page.waitForURL(`${BASE}/settings/oauth2-clients/new`);
  await tabTo(page, "#name");
  await page.keyboard.type("By keyboard");
  const cid = await page.getByLabel("Client ID", { exact: true }).getAttribute("id");
  await tabTo(page, `#${cid}`);
  await page.keyboard.type("by-keyboard");
  await tabTo(page, "#grant-password");
  if (!(await page.locator("#grant-password").isChecked())) await page.keyboard.press("Space");
  await shot(page, "keyboard-focus");
  await tabTo(page, "main form button.primary");
  await page.keyboard.press("Enter");
  await page.getByText("Copy the secret now.").waitFor();
  await tabTo(page, ".copy.secret button");
  await tokenOpensTheApi("by-keyboard", (await page.locator(".copy.secret pre").first().innerText()).trim());
  await quiet();
}

async function withoutJavaScript() {
  const { page, quiet } = await person({ javaScriptEnabled: false, viewport: { width: 400, height: 800 } });
  await page.goto(`${BASE}/settings/oauth2-clients/new`);
  await signIn(page);
  await page.getByLabel("Name", { exact: true }).fill("Without JavaScript");
  await page.getByLabel("Client ID", { exact: true }).fill("demo");
  await page.locator("#grant-password").check();
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator("[aria-invalid=true]").waitFor();
  await shot(page, "narrow-errors");
  await page.getByLabel("Client ID", { exact: true }).fill("without-javascript");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Copy the secret now.").waitFor();
  await shot(page, "narrow-secret");
  assert.equal(await page.locator("button[data-copy]:visible").count(), 0, "a button that does nothing");
  await tokenOpensTheApi("without-javascript", (await page.locator(".copy.secret pre").first().innerText()).trim());
  await quiet();
}

try {
  for (const walk of [byMouse, codeFlow, byKeyboard, withoutJavaScript]) {
    await walk();
    console.log(`ok ${walk.name}`);
  }
} finally {
  await browser.close();
}
