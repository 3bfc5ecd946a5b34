// The list of alerts keeps itself fresh, but never under somebody's hands: not while a reason is being typed or read.
const EVERY = 5_000;
const list = () => document.getElementById("results");

setInterval(() => {
  const part = list();
  if (!part || document.hidden || part.querySelector("details[open]") || part.contains(document.activeElement)) return;
  window.htmx?.trigger(part, "quickbeat");
}, EVERY);
