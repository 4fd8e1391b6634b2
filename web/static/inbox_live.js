// Hearing from the server: one stream for the whole page. After each pause the page catches up.

const SILENCE = 45000; // ms; the server speaks every 20 seconds, a dead line stays silent
const LONGEST_PAUSE = 30000;
const EVENTS = ["row", "said", "typing", "writing", "here", "gone", "counts", "catchup"];

export class Live {
  #source = null;
  #timer = 0;
  #pause = 1000;
  #lost = false;

  // heard(name, data); opened(again): the line stands; lost(): it does not.
  constructor({ address, heard, opened, lost }) {
    Object.assign(this, { address, heard, opened, lost });
    addEventListener("online", () => this.listen());
    addEventListener("offline", () => this.#lose());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.#source?.readyState === EventSource.CLOSED) this.listen();
    });
  }

  listen() {
    this.#source?.close();
    const source = new EventSource(this.address());
    this.#source = source;
    source.onopen = () => {
      const again = this.#lost;
      this.#pause = 1000;
      this.#lost = false;
      this.#expectMore();
      this.opened(again);
    };
    source.onerror = () => source === this.#source && this.#lose();
    for (const name of EVENTS) source.addEventListener(name, ({ data }) => this.#hear(name, data));
    source.addEventListener("beat", () => this.#expectMore());
    source.addEventListener("bye", ({ data }) => {
      this.#lose(true);
      if (JSON.parse(data || "{}").rest) this.#rest();
    });
    this.#expectMore();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#source?.close();
  }

  // Open in too many windows at once: until somebody comes back to this one.
  #rest() {
    clearTimeout(this.#timer);
    addEventListener("focus", () => this.listen(), { once: true });
  }

  #hear(name, data) {
    this.#expectMore();
    this.heard(name, data ? JSON.parse(data) : {});
  }

  #expectMore() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.listen(), SILENCE);
  }

  #lose(quietly = false) {
    this.#source?.close();
    clearTimeout(this.#timer);
    this.#lost = true;
    this.#timer = setTimeout(() => this.listen(), this.#pause * (0.75 + Math.random() / 2));
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
    if (!quietly) this.lost();
  }
}

// Two soft tones, made here: no file, and nothing until somebody asked for it.
let audio = null;

export function chime() {
  audio ??= new AudioContext();
  for (const [place, pitch] of [660, 880].entries()) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const at = audio.currentTime + place * 0.14;
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.06, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.3);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.32);
  }
}
