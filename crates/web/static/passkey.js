// Buttons that use or make a passkey. The challenge comes from the address in data-passkey; the answer goes out with
// the form around the button, in its field "passkey". Without JavaScript nothing of this is shown.
"use strict";

const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const toText = (buffer) => buffer && btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const described = (list) => (list ?? []).map((one) => ({ ...one, id: toBytes(one.id) }));

const WHY = {
  NotAllowedError: "Nothing was done: it was called off, took too long, or there is no passkey for this site.",
  InvalidStateError: "This device holds a passkey of yours already.",
  SecurityError: "Passkeys work only at the address that this server is known by.",
};

async function ask(address, csrf, making) {
  const answer = await fetch(address, { method: "POST", body: new URLSearchParams({ csrf }) });
  if (!answer.ok) throw new Error("This page was open for too long. Load it again.");
  const wish = await answer.json();
  wish.challenge = toBytes(wish.challenge);
  if (making) {
    wish.user.id = toBytes(wish.user.id);
    wish.excludeCredentials = described(wish.excludeCredentials);
    return navigator.credentials.create({ publicKey: wish });
  }
  wish.allowCredentials = described(wish.allowCredentials);
  return navigator.credentials.get({ publicKey: wish });
}

function written({ id, type, response }) {
  const told = { clientDataJSON: toText(response.clientDataJSON) };
  if (response.attestationObject) {
    told.attestationObject = toText(response.attestationObject);
    told.transports = response.getTransports?.() ?? [];
  } else {
    told.authenticatorData = toText(response.authenticatorData);
    told.signature = toText(response.signature);
    told.userHandle = toText(response.userHandle) || null;
  }
  return JSON.stringify({ id, type, response: told });
}

if (window.PublicKeyCredential) {
  for (const part of document.querySelectorAll("[data-script]")) part.hidden = false;
  for (const part of document.querySelectorAll("[data-no-script]")) part.hidden = true;
}

for (const button of document.querySelectorAll("button[data-passkey]")) {
  const form = button.form, making = "make" in button.dataset;
  const told = form.querySelector("[data-told]");
  button.addEventListener("click", async () => {
    if (making && !form.reportValidity()) return;
    button.disabled = true;
    told.hidden = true;
    try {
      form.elements.passkey.value = written(await ask(button.dataset.passkey, form.elements.csrf.value, making));
      form.submit();
    } catch (error) {
      told.textContent = WHY[error.name] ?? error.message;
      told.hidden = false;
    }
    button.disabled = false;
  });
  if (making) form.addEventListener("submit", (event) => { event.preventDefault(); button.click(); });
}
