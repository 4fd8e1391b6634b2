// Shows how far a training is, every two seconds; when it is over, the page is read again.

const EVERY = 2000;
const running = document.getElementById("running");

async function look() {
  if (document.hidden) return;
  const answer = await fetch(running.dataset.from, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer || !answer.ok) return; // a moment without network: what is shown stays
  const found = (await answer.json()).running;
  if (!found) {
    location.replace(location.pathname); // without what the last step said
    return;
  }
  const words = running.querySelector("[data-words]");
  if (words.textContent !== found.words) words.textContent = found.words; // a screen reader is told of each step once
  running.querySelector("[data-minutes]").textContent = found.minutes;
  running.querySelector("[data-late]").hidden = !found.late;
  running.querySelector("progress").value = found.share;
  const stop = running.querySelector("[data-stop]");
  if (stop && !found.can_stop) stop.remove();
}

if (running) setInterval(look, EVERY);
