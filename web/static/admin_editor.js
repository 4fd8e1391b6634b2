// The editor of answers: preview while typing, inserting figures and Danish words, nothing typed is lost. Without this
// script each of it has a button.

const PAUSE = 400; // ms without a key before the preview is asked for
const APART = 1000; // ms between two questions, so that saving is never slowed down by looking

const form = document.getElementById("edit");
if (form) {
  const keeper = new Keeper(form);
  if (form.dataset.editor) watch(form);
  document.querySelectorAll("[data-without-script]").forEach((each) => (each.hidden = true));
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
      event.preventDefault();
      document.querySelector("[data-save]")?.click();
    }
  });
  form.addEventListener("submit", () => keeper.leave());
}
document.querySelector("[data-new-topic]") && proposeName(document.querySelector("[data-new-topic]"));

// --- the preview ------------------------------------------------------------------------------------------------------

function watch(form) {
  const shown = document.getElementById("preview");
  let timer = 0, last = 0, asking = null;
  const look = async () => {
    asking?.abort();
    asking = new AbortController();
    last = Date.now();
    try {
      const response = await fetch(`${form.dataset.editor}/preview`, {
        method: "POST", body: new URLSearchParams(new FormData(form)), signal: asking.signal,
      });
      if (response.status === 429) return later(1000 * Number(response.headers.get("Retry-After") || 5));
      if (!response.ok) return;
      const { html, faults } = await response.json();
      shown.innerHTML = html; // our own server wrote and cleaned it
      showFaults(form, faults);
    } catch (error) {
      if (error.name !== "AbortError" && !(error instanceof TypeError)) throw error; // no network: the next key tries again
    }
  };
  const later = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(look, Math.max(wait, last + APART - Date.now()));
  };
  form.addEventListener("input", (event) => event.target.name !== "side" && later(PAUSE));
  const body = document.getElementById("body");
  document.querySelector("[data-inserters]")?.removeAttribute("hidden");
  let known = null;
  const inserts = () => (known ??= fetch(`${form.dataset.editor}/inserts`).then((response) => response.json()));
  document.querySelectorAll("[role=combobox][data-kind]").forEach((input) => new Inserter(input, body, inserts));
}

function showFaults(form, faults) {
  form.querySelectorAll("[data-fault]").forEach((place) => {
    const said = faults[place.dataset.fault] ?? "", field = document.getElementById(place.dataset.fault);
    if (place.textContent.trim() !== (said && `⚠ ${said}`)) place.textContent = said && `⚠ ${said}`;
    place.lang = "en";
    field?.[said ? "setAttribute" : "removeAttribute"]("aria-invalid", "true");
  });
}

// --- inserting --------------------------------------------------------------------------------------------------------

/** A combobox (ARIA 1.2) over what can be inserted; the choice goes where the caret was in the text. */
function Inserter(input, text, inserts) {
  const list = document.getElementById(input.getAttribute("aria-controls"));
  const MOST = 30;
  let chosen = -1, found = [];

  const open = (isOpen) => {
    list.hidden = !isOpen;
    input.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) choose(-1);
  };
  const choose = (place) => {
    list.children[chosen]?.removeAttribute("aria-selected");
    chosen = place;
    const option = list.children[chosen];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    option ? input.setAttribute("aria-activedescendant", option.id) : input.removeAttribute("aria-activedescendant");
  };
  const search = async () => {
    const all = (await inserts())[input.dataset.kind];
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    found = all.filter((each) => {
      const said = `${each.label} ${each.hint} ${each.insert}`.toLowerCase();
      return words.every((word) => said.includes(word));
    }).slice(0, MOST);
    list.replaceChildren(...found.map(option));
    if (!found.length) list.replaceChildren(Object.assign(document.createElement("li"), { textContent: list.dataset.none, className: "hint" }));
    chosen = -1;
    input.removeAttribute("aria-activedescendant");
    open(document.activeElement === input);
  };
  const option = (each, place) => {
    const row = document.createElement("li"), hint = document.createElement("span");
    row.id = `${list.id}-${place}`;
    row.setAttribute("role", "option");
    hint.className = "hint";
    hint.textContent = ` ${each.hint}`;
    row.append(each.label, hint);
    row.addEventListener("pointerdown", (event) => { event.preventDefault(); insert(each); });
    return row;
  };
  const insert = (each) => {
    open(false);
    input.value = "";
    text.focus();
    text.setRangeText(each.insert, text.selectionStart, text.selectionEnd, "end");
    text.dispatchEvent(new Event("input", { bubbles: true }));
  };
  input.addEventListener("input", search);
  input.addEventListener("focus", search);
  input.addEventListener("blur", () => open(false));
  input.addEventListener("keydown", (event) => {
    const size = found.length;
    if (event.key === "Escape") { open(false); text.focus(); }
    else if (event.key === "Enter") { event.preventDefault(); if (!list.hidden && size) insert(found[Math.max(chosen, 0)]); }
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) return void search();
      const down = event.key === "ArrowDown";
      if (size) choose(chosen < 0 ? (down ? 0 : size - 1) : (chosen + (down ? 1 : size - 1)) % size);
    }
  });
}

// --- nothing typed is lost --------------------------------------------------------------------------------------------

/** Keeps unsaved words in this browser's tab, offers them again, and warns before leaving. */
function Keeper(form) {
  const address = new URL(form.action).pathname.replace(/\/[^/]+$/, "");
  const key = `velkommen-editor:${address}`;
  const fields = [...form.elements].filter((each) => each.name && !["hidden", "radio", "submit"].includes(each.type) && !each.name.startsWith("reader_"));
  const value = (each) => (each.type === "checkbox" ? each.checked : each.value);
  const typed = () => fields.map((each) => [each.name, value(each)]);
  const isShownAgain = location.pathname !== address; // with what was typed, of which nothing is saved
  const began = isShownAgain ? "" : JSON.stringify(typed());
  let leaving = false;

  const kept = read(), said = new URLSearchParams(location.search).get("said");
  if (isShownAgain) keep();
  else if (said && said !== "changed_meanwhile") drop();
  else if (kept && kept !== began) offer(kept);

  form.addEventListener("input", () => keep());
  addEventListener("beforeunload", (event) => {
    if (leaving || JSON.stringify(typed()) === began) return;
    event.preventDefault();
  });
  this.leave = () => { leaving = true; };

  function keep() {
    const now = JSON.stringify(typed());
    try { now === began ? drop() : sessionStorage.setItem(key, now); } catch { /* full, or forbidden: the warning stays */ }
  }
  function read() { try { return sessionStorage.getItem(key); } catch { return null; } }
  function drop() { try { sessionStorage.removeItem(key); } catch { /* nothing was kept */ } }
  function offer(words) {
    const band = document.getElementById("kept");
    if (!band) return;
    band.hidden = false;
    band.querySelector("[data-forget]").addEventListener("click", () => { drop(); band.hidden = true; });
    band.querySelector("[data-put-back]").addEventListener("click", () => {
      JSON.parse(words).forEach(([name, said], place) => {
        const field = fields[place];
        if (field?.name !== name) return;
        if (field.type === "checkbox") field.checked = said;
        else field.value = said;
      });
      band.hidden = true;
      form.dispatchEvent(new Event("input", { bubbles: true }));
      fields[0]?.focus();
    });
  }
}

// --- a new topic ------------------------------------------------------------------------------------------------------

/** The name follows the title until somebody writes one; the server makes it the same way. */
function proposeName(form) {
  const title = form.elements.title, slug = form.elements.slug;
  let own = Boolean(slug.value);
  slug.addEventListener("input", () => { own = Boolean(slug.value); });
  title.addEventListener("input", () => {
    if (own) return;
    const words = title.value.toLowerCase().normalize("NFKD").replace(/æ/g, "ae").replace(/ø/g, "o").replace(/ß/g, "ss").replace(/\p{M}/gu, "").match(/[a-z0-9]+/g) ?? [];
    slug.value = words.reduce((made, word) => (made.length + word.length + 1 > 48 ? made : made ? `${made}-${word}` : word), "");
  });
}
