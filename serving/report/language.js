// English or Chinese: every text of the page is swapped for its translation, which the page brings along.
"use strict";

const zh = new Map(Object.entries(JSON.parse(document.getElementById("zh").textContent))); // a plain object knows "constructor" too
let language = "en";
const plain = (text) => text.trim().replace(/\s+/g, " ");
window.translated = (text) => (language === "zh" ? zh.get(text) ?? text : text);

// The places where texts stand: a node, an attribute, or the lines of a label in a picture. Lists that scripts fill fill themselves.
const places = [];
const untouched = "script, style, code, pre, [translate=no], .customer-list table, .customer-list select";
const inPicture = (node) => node.parentElement?.tagName.toLowerCase() === "text";
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const english = node.data, said = zh.get(plain(english));
  if (said !== undefined && !inPicture(node) && !node.parentElement.closest(untouched)) {
    places.push((to) => { node.data = to === "zh" ? english.replace(english.trim(), () => said) : english; });
  }
}
for (const name of ["title", "aria-label", "data-says"]) {
  for (const element of document.querySelectorAll(`[${name}]`)) {
    const english = element.getAttribute(name), said = zh.get(plain(english));
    if (said !== undefined) places.push((to) => element.setAttribute(name, to === "zh" ? said : english));
  }
}
for (const label of document.querySelectorAll("svg g")) {
  const lines = [...label.children].filter((child) => child.tagName.toLowerCase() === "text");
  const said = zh.get(lines.map((line) => plain(line.textContent)).join(" "));
  if (said === undefined) continue;
  const english = lines.map((line) => [line.textContent, line.getAttribute("transform")]);
  const fromRight = label.closest('[id*="ytick"]') ? 1 : 0.5; // what stands left of an axis ends at it
  places.push((to) => lines.forEach((line, place) => {
    const [text, transform] = english[place];
    const before = to === "zh" && !place ? line.getComputedTextLength() : 0;
    line.textContent = to === "en" ? text : place ? "" : said;
    if (transform) line.setAttribute("transform", transform);
    const moved = transform && before ? transform.match(/^translate\(([-\d.]+) ([-\d.]+)\)(.*)$/) : null;
    if (moved && !moved[3]) line.setAttribute("transform", `translate(${Number(moved[1]) + fromRight * (before - line.getComputedTextLength())} ${moved[2]})`);
  }));
}

const title = document.title;
const speak = (to) => {
  if (to === language) return;
  language = to;
  document.documentElement.lang = to === "zh" ? "zh-Hans" : "en";
  document.title = window.translated(title);
  places.forEach((place) => place(to));
  document.querySelectorAll("[data-language]").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.language === to)));
  try { localStorage.setItem("language", to); } catch { /* pages on disk may keep nothing */ }
  document.dispatchEvent(new Event("language"));
};
document.querySelectorAll("[data-language]").forEach((button) => button.addEventListener("click", () => speak(button.dataset.language)));

let wanted = new URLSearchParams(location.search).get("lang");
try { wanted ??= localStorage.getItem("language"); } catch { /* see above */ }
if ((wanted ?? navigator.language).startsWith("zh")) speak("zh");
