// "Show in the text": selects the offending words in the draft. Spans count code points; a text field counts UTF-16 units.
const area = document.getElementById("reply-text");

function reveal(root) {
  for (const button of root.querySelectorAll("[data-find-from]")) button.hidden = !area;
}

function units(text, points) {
  let at = 0;
  for (const character of text) {
    if (points-- <= 0) break;
    at += character.length;
  }
  return at;
}

if (area) {
  reveal(document);
  document.body.addEventListener("htmx:afterSwap", (event) => reveal(event.target.parentElement ?? document));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-find-from]");
    if (!button) return;
    const text = area.value;
    area.focus();
    area.setSelectionRange(units(text, Number(button.dataset.findFrom)), units(text, Number(button.dataset.findTo)));
  });
}
