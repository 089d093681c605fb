// What a browser with JavaScript gets on top. Every page works without it.
"use strict";

// Buttons that copy the text of the element named in data-copy.
for (const button of document.querySelectorAll("button[data-copy]")) {
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = "Copied";
    } catch {
      // Not allowed here, as on plain http: select it, so that the keyboard copies it.
      getSelection().selectAllChildren(source);
      button.textContent = "Selected: press Ctrl+C";
    }
    setTimeout(() => { button.textContent = label; }, 4000);
  });
}

// Buttons that show the password in the field named in data-reveal.
for (const button of document.querySelectorAll("button[data-reveal]")) {
  const input = document.getElementById(button.dataset.reveal);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    button.textContent = shown ? "Show" : "Hide";
    button.setAttribute("aria-pressed", String(!shown));
  });
}

// Fields whose value must be unique: asks the list named in data-unique while the person types on.
for (const input of document.querySelectorAll("input[data-unique]")) {
  const told = document.getElementById(input.id + "-taken");
  let asked = 0, pause = 0;
  input.addEventListener("input", () => { clearTimeout(pause); pause = setTimeout(ask, 300); });
  const ask = async () => {
    const turn = ++asked;
    const value = input.value.trim();
    let taken = false;
    if (value !== "" && value !== input.dataset.own) {
      const filter = encodeURIComponent("cid:eq:" + value);
      try {
        const answer = await fetch(input.dataset.unique + "?paging=false&fields=id&filter=" + filter, { headers: { Accept: "application/json" } });
        taken = answer.ok && (await answer.json()).oAuth2Clients.length > 0;
      } catch { /* The server asks the same question when the form is sent. */ }
    }
    if (turn !== asked) return;
    document.getElementById(input.id + "-error")?.remove();
    told.textContent = taken ? "This client ID is already taken." : "";
    if (taken) input.setAttribute("aria-invalid", "true"); else input.removeAttribute("aria-invalid");
  };
}

// Forms that only carry an answer on.
document.querySelector("form[data-send]")?.submit();

// A page that answers with errors begins at their summary.
const summary = document.getElementById("errors");
if (summary) summary.focus();
