// The runbook editor: Alt + arrow moves the row one is in; after a row was added, moved or removed one stands in it.

let last = null;

document.addEventListener("keydown", (event) => {
  if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
  const row = event.target.closest?.("[data-editor] [data-row]");
  const button = row?.querySelector(`[data-move="${event.key === "ArrowUp" ? "up" : "down"}"]`);
  if (!button || button.disabled) return;
  event.preventDefault();
  last = event.key === "ArrowUp" ? "up" : "down";
  button.click();
});

document.addEventListener("click", (event) => {
  last = event.target.closest?.("[data-move]")?.dataset.move ?? last;
});

document.addEventListener("htmx:afterSettle", (event) => {
  const editor = event.target.closest?.("[data-editor]") ?? document.querySelector("[data-editor]");
  const row = editor?.dataset.look && document.getElementById(editor.dataset.look);
  if (!row || event.detail.target?.id === "tried") return;
  const again = last && row.querySelector(`[data-move="${last}"]:not([disabled])`);
  last = null;
  (again ?? row.querySelector("input:not([type=hidden]), select, button:not([disabled])"))?.focus();
});
