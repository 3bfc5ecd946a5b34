// The editor of watch rules. The server reads the rule; here are only the caret under a mistake, the way to it, and Enter.
const text = () => document.getElementById("id_rule_text");

function units(value, points) {
  let at = 0;
  for (const character of value) {
    if (points-- <= 0) break;
    at += character.length;
  }
  return at;
}

function dress(root) {
  for (const button of root.querySelectorAll("[data-go-to]")) button.hidden = false;
  for (const caret of root.querySelectorAll("[data-column]")) {
    // As wide as what stands before the mistake: a Han character takes two columns, so it is an ideographic space here.
    const before = [...caret.parentElement.textContent.split("\n")[0]].slice(0, Number(caret.dataset.column) - 1);
    caret.textContent = before.map((c) => (c > "\u2e7f" ? "\u3000" : " ")).join("") + "^";
  }
}

dress(document);
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id === "rule-editor") dress(event.target);
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-go-to]");
  if (!button) return;
  const at = units(text().value, Number(button.dataset.goTo));
  text().focus();
  text().setSelectionRange(at, Math.min(at + 1, text().value.length));
});
document.addEventListener("keydown", (event) => {
  const field = event.target.closest?.("[data-adds]");
  if (!field || event.key !== "Enter" || event.isComposing) return;
  event.preventDefault(); // Enter adds the chip; it does not save the watch
  field.closest(".chip-add").querySelector("button").click();
});
