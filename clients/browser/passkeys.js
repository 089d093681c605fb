// Headless Chromium with an authenticator of its own (WebAuthn domain of the DevTools protocol): a passkey is made,
// signs in with and without the password, and is removed.

import assert from "node:assert/strict";
import { BASE, browser, person, shot, signIn } from "./person.js";

const PAGE = `${BASE}/account/two-factor`;

/** Puts an authenticator into the browser; `is(verified)` says whether it recognises its user. */
async function authenticator(context, page) {
  const devtools = await context.newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const options = {
    protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
    automaticPresenceSimulation: true,
  };
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", { options });
  return {
    is: (isUserVerified) => devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified }),
    kept: async () => (await devtools.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
  };
}

async function signOut(page) {
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(`${BASE}/login`);
}

async function madeUsedAndRemoved() {
  const { context, page, quiet } = await person({}, [401]);
  const device = await authenticator(context, page);
  await page.goto(PAGE);
  await signIn(page);
  await page.getByRole("heading", { name: "Passkeys" }).waitFor();
  await shot(page, "two-factor-off");
  await page.getByRole("link", { name: "Add a passkey" }).click();
  await page.getByRole("button", { name: "Add it" }).waitFor();
  assert.equal(await page.getByText("runs no JavaScript").isVisible(), false);
  await page.getByLabel("Name", { exact: true }).fill("");
  await page.getByRole("button", { name: "Add it" }).click();
  assert.equal((await device.kept()).length, 0, "it has no name yet");
  await page.getByLabel("Name", { exact: true }).fill("This computer");
  await shot(page, "passkey-new");
  await page.getByRole("button", { name: "Add it" }).click();
  await page.getByRole("heading", { name: "Your recovery codes" }).waitFor();
  await shot(page, "passkey-made");
  const [kept] = await device.kept();
  assert.equal(kept.rpId, new URL(BASE).hostname);
  assert.ok(kept.isResidentCredential && kept.userName === "admin", JSON.stringify(kept));
  await page.goto(PAGE);
  await page.getByRole("rowheader", { name: "This computer" }).waitFor();
  await shot(page, "two-factor-passkey");

  await signOut(page);
  await shot(page, "login-passkey");
  await device.is(false);
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.getByText("Nothing was done").waitFor();
  await shot(page, "passkey-called-off");
  await device.is(true);
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.waitForURL(`${BASE}/apps`);

  await signOut(page);
  await signIn(page);
  await page.getByRole("heading", { name: "Show your second factor" }).waitFor();
  await shot(page, "passkey-beside-password");
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.waitForURL(`${BASE}/apps`);

  // One that the device has already is not made twice.
  await page.goto(`${PAGE}/passkeys/new`);
  await page.getByRole("button", { name: "Add it" }).click();
  await page.getByText("holds a passkey of yours already").waitFor();

  await page.goto(PAGE);
  await page.getByRole("link", { name: "Change This computer" }).click();
  await page.getByText("It is your only second factor.").waitFor();
  await shot(page, "passkey-one");
  await page.getByRole("button", { name: "Remove" }).click();
  await page.getByText("It is off: your password alone").waitFor();
  await shot(page, "passkey-removed");
  await signOut(page);
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.getByText("This passkey is not registered here.").waitFor();
  await signIn(page);
  await page.waitForURL(`${BASE}/apps`);
  await quiet();
}

async function withoutJavaScript() {
  const { page, quiet } = await person({ javaScriptEnabled: false, viewport: { width: 400, height: 800 } });
  await page.goto(`${PAGE}/passkeys/new`);
  assert.equal(await page.getByText("Sign in with a passkey").isVisible(), false, "a button that does nothing");
  await signIn(page);
  await page.getByText("This browser knows no passkeys, or runs no JavaScript.").waitFor();
  assert.equal(await page.getByRole("button", { name: "Add it" }).isVisible(), false, "a button that does nothing");
  await shot(page, "narrow-passkey-new");
  await quiet();
}

try {
  for (const walk of [madeUsedAndRemoved, withoutJavaScript]) {
    await walk();
    console.log(`ok ${walk.name}`);
  }
} finally {
  await browser.close();
}
