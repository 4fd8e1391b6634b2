// Making and changing elements. Text only ever becomes a text node.

export const $ = (id) => document.getElementById(id);

// make("button", { className: "quiet", aria: { label: "…" }, data: { id: 1 } }, "text", element, null)
export function make(tag, { aria = {}, data = {}, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(aria)) element.setAttribute(`aria-${name}`, value);
  Object.assign(element.dataset, data);
  element.append(...children.filter((child) => child || child === 0));
  return element;
}

export function button(text, act, { className = "quiet", ...more } = {}, ...children) {
  return make("button", { type: "button", className, onclick: act, ...more }, ...children, text);
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

// What a person wrote about the help they got, in the quotation marks of the page.
export function quoted(text, language) {
  return make("q", { className: "quoted", dir: "auto" }, make("span", { lang: language ?? "" }, text));
}

export function unseen(text) {
  return make("span", { className: "unseen" }, text);
}

// Changes an element only where it differs, so that neither the layout nor a screen reader is troubled for nothing.
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
  element.hidden = text === "";
}

export function putAttribute(element, name, value) {
  if (value === null || value === undefined || value === "") element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

export function isTyping(target) {
  return target.matches?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") ?? false;
}

// A button that opens what it controls; it closes on Escape, outside, and when something in it was chosen.
export function wireMenu(opener, sheet) {
  const open = (wanted) => {
    sheet.hidden = !wanted;
    opener.setAttribute("aria-expanded", String(wanted));
  };
  opener.addEventListener("click", () => {
    open(sheet.hidden);
    if (!sheet.hidden) sheet.querySelector("button, a, input")?.focus({ preventScroll: true });
  });
  sheet.addEventListener("click", ({ target }) => target.closest("button, a") && open(false));
  sheet.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      open(false);
      opener.focus();
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const entries = [...sheet.querySelectorAll("button, a, input")];
    entries.at((entries.indexOf(document.activeElement) + step) % entries.length)?.focus();
  });
  document.addEventListener("pointerdown", ({ target }) => {
    if (!sheet.hidden && !sheet.contains(target) && !opener.contains(target)) open(false);
  });
  sheet.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget && !sheet.contains(relatedTarget) && relatedTarget !== opener) open(false);
  });
}
