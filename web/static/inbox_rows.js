// Every row that the page knows of, and which list it stands in. A list is a view of these; nothing is kept twice.

const IS_IN = {
  queue: (row) => row.status === "waiting",
  mine: (row) => row.status === "with_mentor" && isOurs(row),
  others: (row) => ["with_mentor", "snoozed"].includes(row.status) && !isOurs(row),
  snoozed: (row) => row.status === "snoozed" && isOurs(row),
  resolved: (row) => ["resolved", "cancelled"].includes(row.status),
};
// The same orders as store/handovers.py gives.
const BEFORE = {
  queue: (one, other) =>
    other.urgent - one.urgent ||
    Boolean(other.apologised) - Boolean(one.apologised) ||
    time(one.firstPromisedAt ?? one.promisedAt) - time(other.firstPromisedAt ?? other.promisedAt) ||
    one.id - other.id,
  mine: (one, other) => time(one.waitingSince) - time(other.waitingSince) || time(other.lastAt) - time(one.lastAt),
  others: (one, other) => time(other.lastAt) - time(one.lastAt),
  snoozed: (one, other) => time(one.snoozedUntil) - time(other.snoozedUntil),
  resolved: (one, other) => time(other.closedAt) - time(one.closedAt),
};
const LATEST = 8.64e15;

export class Rows {
  #all = new Map();
  #found = null; // what was searched for, in the server's order

  keep(row) {
    this.#all.set(row.id, row);
  }

  // Out of sight: a conversation that this colleague may not see any more.
  drop(conversationId) {
    for (const [id, row] of this.#all) if (row.conversationId === conversationId) this.#all.delete(id);
  }

  fill(box, rows) {
    for (const [id, row] of this.#all) if (IS_IN[box](row)) this.#all.delete(id);
    for (const row of rows) this.keep(row);
  }

  find(rows) {
    for (const row of rows) this.keep(row);
    this.#found = rows.map(({ id }) => id);
  }

  in(box) {
    if (box === "found") return this.#found.map((id) => this.#all.get(id)).filter(Boolean);
    return [...this.#all.values()].filter(IS_IN[box]).sort(BEFORE[box]);
  }

  of(conversationId) {
    const own = [...this.#all.values()].filter((row) => row.conversationId === conversationId);
    return own.reduce((newest, row) => (newest && newest.id > row.id ? newest : row), null);
  }

  get unreadMine() {
    return this.in("mine").filter(({ unread }) => unread > 0).length;
  }
}

export function boxOf(row) {
  return Object.keys(IS_IN).find((box) => IS_IN[box](row));
}

function isOurs(row) {
  return row.mine || row.member || row.invited;
}

function time(at) {
  return at ? Date.parse(at) : LATEST;
}
