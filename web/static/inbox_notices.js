// What the page says about itself: a band above everything, a line that goes by itself, and news for screen readers.

import { $, button, make } from "./inbox_dom.js";
import { texts } from "./inbox_words.js";

const TOAST_FOR = 7000; // ms
const GOOD_FOR = 3000;
const LOST_AFTER = 3000; // a short gap in the line is nobody's concern

export function toast(sentence, undo) {
  if (!sentence) return;
  const line = make("div", { className: "toast" }, make("p", {}, sentence));
  const leave = () => line.remove();
  if (undo) line.append(button(texts.undo, () => (leave(), undo()), { className: "link" }));
  $("toasts").replaceChildren(line);
  setTimeout(leave, TOAST_FOR);
}

export function tellNews(sentence) {
  $("news").textContent = sentence;
}

let losing = 0;
let signedOut = false;

// said(): what to tell when the line stays lost.
export function lose(said) {
  if (!signedOut) losing ||= setTimeout(() => band(said()), LOST_AFTER);
}

export function find() {
  clearTimeout(losing);
  losing = 0;
  if ($("band").hidden || signedOut) return;
  band(texts.connected, { good: true });
  setTimeout(() => $("band").classList.contains("good") && band(""), GOOD_FOR);
}

export function signOut() {
  clearTimeout(losing);
  signedOut = true;
  const next = encodeURIComponent(location.pathname + location.search);
  const signIn = make("a", { className: "action", href: `/staff/login?next=${next}` }, texts.signIn);
  band(texts.signedOut, { step: signIn });
}

function band(sentence, { good = false, step = null } = {}) {
  $("band").replaceChildren(...(sentence ? [make("p", {}, sentence), step].filter(Boolean) : []));
  $("band").classList.toggle("good", good);
  $("band").hidden = !sentence;
}
