// The keyboard, and what htmx leaves to do. The pages work without any of it.
"use strict";

const search = () => document.getElementById("search");
const links = () => [...document.querySelectorAll("a.open")];
const isTyping = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;

function move(step) {
  const all = links();
  const at = all.indexOf(document.activeElement);
  const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step;
  if (all[next]) {
    all[next].focus();
    all[next].closest("tr").scrollIntoView({ block: "nearest" });
  }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return;
  if (event.key === "/" && search()) {
    event.preventDefault();
    search().focus();
    search().select();
  }
  if (event.key === "j") move(1);
  if (event.key === "k") move(-1);
});

// Filters that ask for nothing stay out of the address.
document.addEventListener("htmx:configRequest", (event) => {
  if (event.target.id !== "filters") return;
  const asked = event.detail.formData;
  for (const [name, value] of [...asked.entries()]) if (value === "") asked.delete(name);
});

// What cannot be swapped in is shown as a page of its own; a mark that was not kept says so.
function failed(event) {
  if (event.detail.requestConfig.verb === "get") return window.location.assign(event.detail.pathInfo.finalRequestPath);
  const alert = document.getElementById("failed");
  if (alert) alert.textContent = alert.dataset.said;
}
document.addEventListener("htmx:responseError", failed);
document.addEventListener("htmx:sendError", failed);

// After a mark the new state is where the reader is.
document.addEventListener("htmx:afterSettle", (event) => {
  const state = document.getElementById("state");
  if (event.target.id === "marks" && state) state.focus();
});
