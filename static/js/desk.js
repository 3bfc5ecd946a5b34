// What every page does: keeps its promises when the network does not, guards against double submits, tells a live
// part when to refresh itself (only while somebody looks at the page).
const notices = document.getElementById("notices");

function say(text, level = "error") {
  if (!notices || !text) return;
  const box = document.createElement("div");
  box.className = `notice ${level} arrived`;
  const words = document.createElement("p");
  words.textContent = text;
  box.append(words);
  notices.replaceChildren(box);
  box.scrollIntoView({ block: "nearest" });
}

// A refusal (4xx) is a page part written by the server: show it where it belongs, keep what was typed.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.status < 400 || xhr.status === 422) return;
  const isPart = (xhr.getResponseHeader("Content-Type") || "").startsWith("text/html") && !xhr.responseText.trimStart().startsWith("<!doctype");
  if (xhr.status < 500 && isPart) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  } else if (!event.detail.elt.matches("[hx-trigger*='beat']")) {
    say(notices?.dataset.failed);
  }
});
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.body.addEventListener(name, (event) => {
    if (!event.detail.elt.matches("[hx-trigger*='beat']")) say(notices?.dataset.network);
  });
}

// One click, one submit. The guard lifts when the page comes back from the history or htmx is done.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog") return;
  if (form.classList.contains("busy")) return event.preventDefault();
  form.classList.add("busy");
  form.setAttribute("aria-busy", "true");
});
function release(form) {
  form.classList.remove("busy");
  form.removeAttribute("aria-busy");
}
document.body.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt.closest("form");
  if (form) release(form);
});
window.addEventListener("pageshow", () => document.querySelectorAll("form.busy").forEach(release));

// A part that came with errors is read first; one that was opened takes the first field.
document.body.addEventListener("htmx:afterSettle", (event) => {
  const part = event.detail.elt;
  const fields = "input:not([type=hidden]), select, textarea";
  const first = part.querySelector("[data-focus]") || (part.matches("#act, form.reveal") && part.querySelector(fields));
  if (first) first.focus();
});

// Live parts listen to `beat from:body`.
const BEAT = 15_000;
let last = Date.now();
function beat() {
  if (document.hidden) return;
  last = Date.now();
  window.htmx?.trigger(document.body, "beat");
}
setInterval(beat, BEAT);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && Date.now() - last > BEAT) beat();
});

// Errors take the focus so that they are read first; dialogs open by name; menus close when one leaves them.
document.querySelector("[data-focus]")?.focus();
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) document.getElementById(opener.dataset.open)?.showModal();
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target) || opener) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
