// One script tag on a municipality's page: a button at the bottom, and the chat in a frame. Lives in a shadow tree
// with a style sheet made by script, so the page's own rules and a strict content policy leave it alone; the page
// must only allow this script and frames from here. Nothing on the page moves.

(() => {
  const palette = __PALETTE__;
  const texts = __TEXTS__;
  const origin = new URL(document.currentScript.src).origin;

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { all: initial; color-scheme: light dark; ${palette} }
    * { box-sizing: border-box; }
    [hidden] { display: none !important; }
    .launcher {
      position: fixed; z-index: 2147483000; inset-block-end: 1.25rem; inset-inline-end: 1.25rem;
      display: grid; place-items: center; inline-size: 3.75rem; block-size: 3.75rem; padding: 0;
      border: 0; border-radius: 50%; background: var(--mark); color: var(--on-mark);
      box-shadow: 0 0.25rem 1.25rem var(--shadow); cursor: pointer;
    }
    .launcher:focus-visible { outline: 3px solid var(--fjord); outline-offset: 3px; }
    .launcher svg { inline-size: 1.75rem; block-size: 1.75rem; fill: none; stroke: currentColor; stroke-width: 2;
      stroke-linecap: round; stroke-linejoin: round; }
    .launcher .cross, .open .launcher .bubble { display: none; }
    .open .launcher .cross { display: block; }
    .unread .launcher::after {
      content: ""; position: absolute; inset-block-start: 0; inset-inline-end: 0; inline-size: 1rem; block-size: 1rem;
      border: 2px solid var(--surface); border-radius: 50%; background: var(--sun);
    }
    .panel {
      position: fixed; z-index: 2147483000; inset-block-end: 6rem; inset-inline-end: 1.25rem;
      inline-size: 25rem; block-size: min(42rem, 100vh - 7.5rem); overflow: hidden;
      border: 1px solid var(--line); border-radius: 1.25rem; background: var(--paper);
      box-shadow: 0 1rem 3rem var(--shadow);
    }
    iframe { display: block; inline-size: 100%; block-size: 100%; border: 0; }
    @media (max-width: 30rem), (max-height: 30rem) {
      .panel { inset: 0; inline-size: 100%; block-size: 100%; border: 0; border-radius: 0; }
      .open .launcher { display: none; }
    }
  `);

  const host = document.createElement("velkommen-chat");
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet];
  const box = element("div");
  const launcher = element("button", { type: "button", className: "launcher" });
  launcher.append(drawing("bubble", "M5 4.5h14a2.5 2.5 0 0 1 2.5 2.5v8a2.5 2.5 0 0 1-2.5 2.5h-7L7 21v-3.5H5A2.5 2.5 0 0 1 2.5 15V7A2.5 2.5 0 0 1 5 4.5Z"), drawing("cross", "M6 6l12 12M18 6 6 18"));
  const panel = element("div", { className: "panel", hidden: true });
  panel.setAttribute("role", "dialog");
  panel.setAttribute("aria-label", "Velkommen");
  const [first, last] = [guard(), guard()];
  let frame = null;
  let loaded = false;

  launcher.setAttribute("aria-haspopup", "dialog");
  launcher.addEventListener("click", () => show(panel.hidden));
  panel.append(first, last);
  box.append(panel, launcher);
  root.append(box);
  label();
  if (document.body) document.body.append(host);
  else document.addEventListener("DOMContentLoaded", () => document.body.append(host));

  document.addEventListener("keydown", ({ key }) => key === "Escape" && !panel.hidden && show(false));
  addEventListener("message", ({ source, origin: from, data }) => {
    if (!frame || source !== frame.contentWindow || from !== origin) return;
    if (data?.velkommen === "close") show(false);
    if (data?.velkommen === "unread" && panel.hidden) label(true);
  });

  function show(open) {
    if (open && !frame) {
      frame = element("iframe", { src: `${origin}/embed`, title: "Velkommen" });
      frame.addEventListener("load", () => {
        loaded = true;
        focusChat();
      });
      first.after(frame);
    }
    panel.hidden = !open;
    box.classList.toggle("open", open);
    label();
    if (open) focusChat();
    else launcher.focus();
  }

  function focusChat() {
    if (panel.hidden || !loaded) return;
    frame.focus();
    frame.contentWindow.postMessage({ velkommen: "focus" }, origin);
  }

  // On a phone the chat covers the page, so the keyboard stays in it; on a desk it may leave to the button.
  function guard() {
    const end = element("div", { tabIndex: 0 });
    end.addEventListener("focus", () => (covers() ? focusChat() : launcher.focus()));
    return end;
  }

  function covers() {
    return getComputedStyle(launcher).display === "none";
  }

  function label(unread = false) {
    const open = !panel.hidden;
    box.classList.toggle("unread", unread);
    launcher.setAttribute("aria-expanded", String(open));
    launcher.setAttribute("aria-label", texts[open ? "Close chat" : unread ? "New message from Velkommen" : "Open chat"]);
    launcher.title = launcher.getAttribute("aria-label");
    panel.setAttribute("aria-modal", String(open && covers()));
  }

  function element(name, properties = {}) {
    return Object.assign(document.createElement(name), properties);
  }

  function drawing(name, path) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("class", name);
    svg.setAttribute("aria-hidden", "true");
    line.setAttribute("d", path);
    svg.append(line);
    return svg;
  }
})();
