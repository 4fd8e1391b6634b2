// Asking the server. An answer that says no is Refused, with a sentence; no answer at all is Unreachable.

import { start, texts } from "./inbox_words.js";

export class Unreachable extends Error {}

export class Refused extends Error {
  constructor(status, { error = "", message = "" } = {}) {
    super(message || texts.serverTrouble);
    Object.assign(this, { status, code: error });
  }

  // Whether the same once more may well be taken.
  get passing() {
    return this.status >= 500 || this.status === 429;
  }
}

export function get(path) {
  return call(path, { headers: { Accept: "application/json" } });
}

export function post(path, body = {}) {
  const headers = { "Content-Type": "application/json", Accept: "application/json", "X-Velkommen-Token": start.csrf };
  return call(path, { method: "POST", headers, body: JSON.stringify(body) });
}

export function conversation(id, part = "") {
  return `/inbox/api/conversations/${id}${part && `/${part}`}`;
}

// Told once the session is over; the page stays, so that nothing written is lost.
export const session = { ended: () => {} };

async function call(path, options) {
  const response = await fetch(path, options).catch(() => {
    throw new Unreachable();
  });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  if (response.status === 401) session.ended();
  throw new Refused(response.status, answer);
}

export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
