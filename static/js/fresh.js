// A part of a page keeps itself fresh, but never under somebody's hands: not while a form is open or the focus is in it.
// <… data-fresh="20" hx-get="…" hx-trigger="quickbeat">: every so many seconds, only while the page is looked at.
const parts = () => document.querySelectorAll("[data-fresh]");
let ticks = 0;

setInterval(() => {
  ticks += 1;
  if (document.hidden) return;
  for (const part of parts()) {
    if (ticks % Number(part.dataset.fresh) || part.querySelector("details[open]") || part.contains(document.activeElement)) continue;
    window.htmx?.trigger(part, "quickbeat");
  }
}, 1000);
