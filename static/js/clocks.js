// Clocks count on by themselves: no request, the server's time and the server's words.
// data-due, data-now: Unix seconds of the server; data-total: the whole time; data-words: left|over|spans, see words.py.
const MINUTE = 60, HOUR = 3600, DAY = 86400, ROUND = 44, SOON = 7200;
const seen = new WeakMap();

function span(seconds, [daysHours, days, hoursMinutes, hours, minutes, moment]) {
  const d = Math.floor(seconds / DAY), h = Math.floor((seconds % DAY) / HOUR), m = Math.floor((seconds % HOUR) / MINUTE);
  const pattern = d ? (h ? daysHours : days) : h ? (m ? hoursMinutes : hours) : m ? minutes : moment;
  return pattern.replace("{d}", d).replace("{h}", h).replace("{m}", m);
}

function show(clock) {
  if (!seen.has(clock)) seen.set(clock, Date.now() / 1000);
  const { due, now, total, words } = clock.dataset;
  const left = Number(due) - Number(now) - (Date.now() / 1000 - seen.get(clock));
  const [before, after, ...spans] = words.split("|");
  const text = (left >= 0 ? before : after).replace("{span}", span(Math.abs(left), spans));
  const place = clock.querySelector(".left-words");
  if (place.textContent === text) return;
  place.textContent = text;
  const share = left / Number(total);
  clock.classList.toggle("over", left < 0);
  clock.classList.toggle("soon", left >= 0 && (share <= 0.2 || (share <= 0.5 && left <= SOON)));
  clock.querySelector(".left")?.setAttribute("stroke-dasharray", `${Math.max(0, Math.min(ROUND, Math.round(ROUND * share)))} ${ROUND}`);
}

function showAll() {
  if (!document.hidden) document.querySelectorAll("[data-clock]").forEach(show);
}

showAll();
setInterval(showAll, 1000);
document.addEventListener("visibilitychange", showAll);
document.body.addEventListener("htmx:afterSettle", showAll);
