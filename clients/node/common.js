// What the Node clients share: the demonstration client, and a person who signs in and allows it.

export const BASE = process.env.KIBALI_URL;
export const CLIENT = "demo";
export const SECRET = "1e6db50c-0fee-11e5-98d0-3c15c2c6caf6";
export const CALLBACK = "http://127.0.0.1/callback";

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

/** Signs in, opens `address`, says yes; gives the address that the answer leads to. */
export async function consent(address) {
  const login = await fetch(`${BASE}/api/auth/login`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ username: "admin", password: "district" }),
  });
  const cookie = login.headers.getSetCookie().map((it) => it.split(";")[0]).join("; ");
  const page = await fetch(address, { headers: { Cookie: cookie } });
  const html = await page.text();
  if (page.status !== 200) throw new Error(`consent: ${page.status} ${html}`);
  const fields = new URLSearchParams();
  for (const [tag] of html.matchAll(/<input[^>]*>/g)) {
    const name = tag.match(/name="([^"]*)"/)?.[1];
    if (name) fields.set(name, unescape(tag.match(/value="([^"]*)"/)?.[1] ?? ""));
  }
  fields.set("user_oauth_approval", "true");
  const back = await fetch(`${BASE}/uaa/oauth/authorize`, {
    method: "POST",
    headers: { Cookie: cookie },
    body: fields,
    redirect: "manual",
  });
  return new URL(back.headers.get("location"));
}

function unescape(text) {
  const named = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (_, hex, number, name) =>
    name ? named[name] : String.fromCodePoint(hex ? parseInt(hex, 16) : Number(number)),
  );
}
