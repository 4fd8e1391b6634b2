// Shows, while a figure is typed, every sentence in which it will be read. Without this script a button does the same.
const form = document.getElementById("figure");
const appears = () => document.getElementById("appears");
const WAIT = 600;
let later = 0;
let asked = 0;

form?.addEventListener("input", () => {
  clearTimeout(later);
  later = setTimeout(look, WAIT);
});

async function look() {
  const mine = ++asked;
  const address = form.action.replace(/\/save$/, "/look");
  try {
    const answer = await fetch(address, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (!answer.ok || mine !== asked) return; // half typed: what is shown stays
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("appears");
    if (!fresh) return;
    const open = [...appears().querySelectorAll("details")].map((each) => each.open);
    [...fresh.querySelectorAll("details")].forEach((each, place) => { each.open = open[place] ?? each.open; });
    appears().replaceChildren(...fresh.childNodes);
  } catch {
    // Offline: the button tells so when it is pressed.
  }
}
