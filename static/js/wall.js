// The board on a wall: F for the full screen, and it says when it last heard from the desk, loudly when it does not.
const SILENT_AFTER = 60; // seconds
const heard = document.querySelector("[data-wall-heard]");
const trouble = document.querySelector("[data-wall-trouble]");
const button = document.querySelector("[data-wall-full]");
let last = Date.now();
let signedOut = false;
let failed = false;

const seconds = () => Math.round((Date.now() - last) / 1000);

function show() {
  heard.textContent = heard.dataset.words.replace("%s", seconds());
  trouble.hidden = !(signedOut || failed || seconds() > SILENT_AFTER);
  if (trouble.hidden) return;
  trouble.querySelector("b").textContent = (signedOut ? trouble.dataset.out : trouble.dataset.lost).replace("%s", seconds());
  trouble.querySelector("a").hidden = !signedOut;
}

document.body.addEventListener("htmx:beforeOnLoad", (event) => {
  const answer = event.detail.xhr;
  signedOut = Boolean(answer.getResponseHeader("HX-Redirect"));
  if (signedOut) event.preventDefault(); // the figures stay on the wall, with a word that they are old
  failed = answer.status >= 400;
  if (!signedOut && !failed) last = Date.now();
  show();
});
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.body.addEventListener(name, () => { failed = true; show(); });
}

function fill() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen?.().catch(() => {}); // refused: the page stays as it is
}
button.addEventListener("click", () => { button.blur(); fill(); });
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() === "f" && !event.ctrlKey && !event.metaKey && !event.altKey) fill();
});

setInterval(show, 1000);
show();
