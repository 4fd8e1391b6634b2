// Picking one of many by typing: canned replies and topics. A search field with a list below it; arrows move, Enter
// picks, Escape goes back to where one came from.

import { button, make, unseen } from "./inbox_dom.js";
import { texts } from "./inbox_words.js";

const PAUSE = 120; // ms without a key before the server is asked

// find(words) → [{title, text, …}]; pick(entry); literal: the sign that opened it, typed twice it is only itself;
// asks: whether picking is followed by a button to press, because it cannot be taken back; closed(back): whether the
// eye goes back to where it came from.
export function openPicker({ at, title, hint, none, act, asks, language, literal, find, pick, closed }) {
  let entries = [];
  let chosen = 0;
  let asked = 0;
  let timer = 0;
  const options = make("ul", { className: "options", id: "picker-options", role: "listbox", ariaLabel: title });
  const named = { placeholder: hint, ariaLabel: hint, role: "combobox" };
  const search = make("input", { type: "search", autocomplete: "off", ...named });
  const preview = make("p", { className: "preview", lang: language });
  const confirm = button(act, () => take(chosen), { className: "action" });
  const empty = make("p", { className: "hint", role: "status" });
  const box = make(
    "div",
    { className: "picker", role: "dialog", ariaLabel: title },
    make(
      "div",
      { className: "picker-head" },
      make("p", { className: "picker-title" }, title),
      button("", () => leave(), { className: "tool", ariaLabel: texts.close, title: texts.close }, "×"),
    ),
    search,
    empty,
    options,
    make("div", { className: "picker-foot" }, preview, confirm),
  );
  for (const [name, value] of Object.entries({ expanded: "true", controls: options.id, autocomplete: "list" })) {
    search.setAttribute(`aria-${name}`, value);
  }

  async function ask() {
    const number = ++asked;
    empty.textContent = texts.loading;
    try {
      const found = await find(search.value.trim());
      if (number !== asked) return;
      entries = found;
      empty.textContent = entries.length ? "" : none;
    } catch {
      entries = [];
      empty.textContent = texts.pickerFailed;
    }
    options.replaceChildren(...entries.map(option));
    mark(0);
  }

  function option({ title: said }, place) {
    const properties = { id: `option-${place}`, role: "option", lang: language };
    return make("li", { ...properties, onclick: () => choose(place), onpointerenter: () => asks || mark(place) }, said);
  }

  function mark(place) {
    chosen = Math.max(0, Math.min(place, entries.length - 1));
    const shown = entries[chosen];
    for (const [each, item] of [...options.children].entries()) {
      item.setAttribute("aria-selected", String(each === chosen));
    }
    options.children[chosen]?.scrollIntoView({ block: "nearest" });
    search.setAttribute("aria-activedescendant", shown ? `option-${chosen}` : "");
    preview.replaceChildren(...(shown ? [shown.text ?? shown.title] : []));
    confirm.disabled = !shown;
    if (shown) confirm.replaceChildren(act, unseen(`: ${shown.title}`));
  }

  function choose(place) {
    mark(place);
    if (asks) confirm.focus();
    else take(place);
  }

  function take(place) {
    const taken = entries[place];
    if (!taken) return;
    leave();
    pick(taken);
  }

  function leave(back = true) {
    clearTimeout(timer);
    asked += 1;
    if (!box.isConnected) return;
    box.remove();
    closed(back);
  }

  search.addEventListener("input", () => {
    if (search.value === literal) {
      leave();
      return pick({ literal });
    }
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  box.addEventListener("keydown", (event) => {
    const moves = { ArrowDown: chosen + 1, ArrowUp: chosen - 1 };
    if (event.key === "Escape") leave();
    else if (event.key === "Enter" && event.target === search) choose(chosen);
    else if (event.key in moves) mark(moves[event.key]);
    else return event.stopPropagation();
    event.preventDefault();
    event.stopPropagation();
  });
  box.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget && !box.contains(relatedTarget)) leave(false);
  });
  at.append(box);
  search.focus();
  ask();
  return { leave };
}
