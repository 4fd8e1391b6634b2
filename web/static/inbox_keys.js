// Single keys, outside fields and dialogs only.

import { make, isTyping } from "./inbox_dom.js";
import { isAsking, tell } from "./inbox_dialogs.js";
import { texts } from "./inbox_words.js";

const SHOWN = [
  [["j", "k", "↓", "↑"], "keyMove"],
  [["Enter"], "keyOpen"],
  [["c"], "keyTake"],
  [["r"], "keyReply"],
  [["n"], "keyNote"],
  [["s"], "keySnooze"],
  [["e"], "keyResolve"],
  [["i"], "keyPerson"],
  [["/"], "keySearch"],
  [["#"], "keyTopics"],
  [["Esc"], "keyEscape"],
  [["?"], "keyHelp"],
];

// acts: what each key does; one that gives false leaves the key to the browser.
export function wireKeys(acts) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isTyping(event.target) || isAsking()) return;
    const arrow = event.key.startsWith("Arrow");
    if (arrow && !event.target.closest("#rows")) return;
    const act = acts[event.key];
    if (act && act() !== false) event.preventDefault();
  });
}

export function showKeys() {
  const lines = SHOWN.map(([keys, name]) => {
    const signs = keys.flatMap((key) => [make("kbd", {}, key), " "]);
    return make("div", {}, make("dt", {}, ...signs), make("dd", {}, texts[name]));
  });
  tell(texts.shortcuts, make("dl", { className: "keys" }, ...lines));
}
