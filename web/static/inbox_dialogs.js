// Dialogs: one frame for all, which stays open with the server's sentence when the server says no.

import { button, make } from "./inbox_dom.js";
import { texts } from "./inbox_words.js";

// Asks, and does it: `act(values)` is called on the way out and may throw. Resolves to what act gave, or null.
export function ask({ title, text = "", parts = [], confirm, danger = false, act }) {
  const trouble = make("p", { className: "band trouble", role: "alert" });
  const sure = make("button", { className: danger ? "action danger-action" : "action", value: "yes" }, confirm);
  const form = make(
    "form",
    { method: "dialog" },
    make("h2", { id: "dialog-title" }, title),
    text && make("p", {}, text),
    ...parts,
    trouble,
    make("div", { className: "choices" }, button(texts.cancel, () => dialog.close()), sure),
  );
  const dialog = open(form);
  return new Promise((resolve) => {
    let made = null;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      sure.disabled = true;
      trouble.classList.remove("shown");
      try {
        made = (await act(Object.fromEntries(new FormData(form)))) ?? true;
        dialog.close();
      } catch (error) {
        trouble.textContent = error.message || texts.serverTrouble;
        trouble.classList.add("shown");
      } finally {
        sure.disabled = false;
      }
    });
    dialog.addEventListener("close", () => resolve(made));
  });
}

export function tell(title, ...parts) {
  const leave = button(texts.close, () => dialog.close(), { autofocus: true });
  const heading = make("h2", { id: "dialog-title" }, title);
  const dialog = open(make("div", { className: "form" }, heading, ...parts, make("div", { className: "choices" }, leave)));
}

export function isAsking() {
  return document.querySelector("dialog[open]") !== null;
}

export function field(label, control) {
  return make("label", { className: "labelled" }, make("span", {}, label), control);
}

export function writing(label, name, { value = "", required = false, rows = 3, lang = "" } = {}) {
  return field(label, make("textarea", { name, value, required, rows, lang, maxLength: 4000 }));
}

export function choosing(label, name, options, value = "") {
  const entries = options.map(({ id, label: said }) => make("option", { value: id }, said));
  const select = make("select", { name, required: true }, ...entries);
  if (value) select.value = value;
  return field(label, select);
}

export function picking(label, name, options) {
  const entries = options.map(({ id, label: said, hint, lang = "" }) =>
    make(
      "label",
      { className: "choice" },
      make("input", { type: "radio", name, value: id, required: true }),
      make("span", { lang }, said, hint && make("span", { className: "hint" }, hint)),
    ),
  );
  return make("fieldset", {}, make("legend", {}, label), ...entries);
}

function open(content) {
  const back = document.activeElement;
  const dialog = make("dialog", { aria: { labelledby: "dialog-title" } }, content);
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (back?.isConnected && document.activeElement === document.body) back.focus();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.showModal();
  return dialog;
}
