// A person at headless Chromium, for the walks.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";

export const BASE = process.env.KIBALI_URL;
const NAME = process.env.JOURNEY ?? "journey";
const SHOTS = process.env.SCREENSHOTS ?? "screenshots";
const LARGEST_PAGE = 30 * 1024;
mkdirSync(SHOTS, { recursive: true });

export const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
export const shot = (page, name) => page.screenshot({ path: `${SHOTS}/${NAME}-${name}.png`, fullPage: true });

/** A fresh person: a page whose console and weight are watched; `quiet()` fails on what went wrong. */
export async function person(options = {}, refusals = [409]) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(8000);
  const complaints = [];
  const weights = [];
  // A form that is sent back with its errors answers one of these, which Chromium reports like a lost file.
  const sentBack = (text) => text.startsWith("Failed to load resource") && refusals.some((status) => text.includes(`status of ${status}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !sentBack(message.text())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("response", (answer) => {
    if (answer.request().resourceType() === "document" && answer.status() < 300) {
      weights.push(answer.body().then((body) => [answer.url(), body.length], () => null));
    }
  });
  const quiet = async () => {
    assert.deepEqual(complaints, [], "the console complains");
    for (const weight of (await Promise.all(weights)).filter(Boolean)) {
      assert.ok(weight[1] < LARGEST_PAGE, `${weight[0]} weighs ${weight[1]} bytes`);
    }
    await context.close();
  };
  return { context, page, quiet };
}

export async function signIn(page) {
  await page.locator("#username").fill("admin");
  await page.locator("#password").fill("district");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}
