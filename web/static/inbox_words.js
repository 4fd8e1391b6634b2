// The words of the inbox, and times in words: as a clock in Denmark shows them, in the colleague's language.

export const start = JSON.parse(document.getElementById("start").textContent);
export const { texts } = start;
export const canTranslate = start.canTranslate && start.me.translate;
export const spoken = document.documentElement.lang;
const locale = spoken === "en" ? "en-GB" : spoken;

const ZONE = "Europe/Copenhagen";
const MINUTE = 60000;
const DAY = 24 * 60 * MINUTE;
const CLOCK = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: ZONE });
const SHORT_DAY = new Intl.DateTimeFormat(locale, { weekday: "short", day: "numeric", month: "short", timeZone: ZONE });
const LONG_DAY = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long", timeZone: ZONE });
const WHOLE_DATE = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: ZONE });
const DIGITS = { year: "numeric", month: "2-digit", day: "2-digit", timeZone: ZONE };
const SORTABLE_DAY = new Intl.DateTimeFormat("en-CA", DIGITS);
const UNITS = {
  minute: unit("minute", "short", spoken),
  hour: unit("hour", "long"),
  day: unit("day", "long"),
};
const PAST = new Intl.RelativeTimeFormat(spoken, { numeric: "always" });
const SIZES = { kilobyte: unit("kilobyte", "short"), megabyte: unit("megabyte", "short") };
const NAMES_OF_LANGUAGES = new Intl.DisplayNames(spoken, { type: "language" });

export function say(name, values = {}) {
  return texts[name].replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}

export function nameOf(row) {
  return row.name || texts.nobody;
}

export function isMuted({ muted }) {
  return Boolean(muted) && Date.parse(muted) > Date.now();
}

export function languageName(code) {
  return code ? NAMES_OF_LANGUAGES.of(code) : "";
}

export function list(parts) {
  return new Intl.ListFormat(spoken, { type: "conjunction" }).format(parts);
}

// "12 min", "3 hours", "2 days"; "" below a minute.
export function howLong(milliseconds) {
  if (milliseconds < MINUTE) return "";
  if (milliseconds < 60 * MINUTE) return UNITS.minute.format(Math.floor(milliseconds / MINUTE));
  if (milliseconds < 2 * DAY) return UNITS.hour.format(Math.floor(milliseconds / (60 * MINUTE)));
  return UNITS.day.format(Math.floor(milliseconds / DAY));
}

// "3 hours ago", in the form that the language wants behind a number.
export function ago(milliseconds) {
  if (milliseconds < MINUTE) return texts.waitingNow;
  if (milliseconds < 60 * MINUTE) return PAST.format(-Math.floor(milliseconds / MINUTE), "minute");
  if (milliseconds < 2 * DAY) return PAST.format(-Math.floor(milliseconds / (60 * MINUTE)), "hour");
  return PAST.format(-Math.floor(milliseconds / DAY), "day");
}

export function clock(at) {
  return CLOCK.format(new Date(at));
}

// "15:00" today, "tomorrow 15:00", "Mon, 23 Nov 15:00".
export function when(at, now = Date.now()) {
  const distance = daysBetween(now, at);
  if (distance === 0) return clock(at);
  if (distance === 1) return `${texts.tomorrow} ${clock(at)}`;
  return `${SHORT_DAY.format(new Date(at))} ${clock(at)}`;
}

export function dayOf(at) {
  return SORTABLE_DAY.format(new Date(at));
}

export function dayName(at, now = Date.now()) {
  const distance = daysBetween(at, now);
  if (distance === 0) return texts.today;
  if (distance === 1) return texts.yesterday;
  return (Math.abs(distance) > 300 ? WHOLE_DATE : LONG_DAY).format(new Date(at));
}

export function dateName(day) {
  return WHOLE_DATE.format(new Date(`${day.slice(0, 10)}T12:00:00Z`));
}

export function sizeName(bytes) {
  if (bytes < 1e6) return SIZES.kilobyte.format(Math.max(1, Math.round(bytes / 1e3)));
  return SIZES.megabyte.format(Math.round(bytes / 1e5) / 10);
}

// A time as written into a field ("2026-11-23T09:00") is a time in Denmark, wherever the browser is.
export function danishTime(written) {
  const guess = new Date(`${written}Z`);
  const shown = new Date(`${dayOf(guess)}T${clock(guess)}Z`);
  return new Date(2 * guess - shown);
}

export function asWritten(at) {
  return `${dayOf(at)}T${clock(at)}`;
}

// What somebody waits for, and how a promise stands: {text, state} with the states "", soon and passed.
export function waitingText(row, now = Date.now()) {
  const since = row.waitingSince ?? (row.status === "waiting" ? row.createdAt : null);
  if (since) return say("waiting", { time: howLong(now - Date.parse(since)) || texts.waitingNow });
  return ago(now - Date.parse(row.closedAt ?? row.lastAt));
}

const SOON = 30 * MINUTE;

export function promiseOf(row, now = Date.now()) {
  if (!row.promisedAt || row.answeredAt || !["waiting", "with_mentor"].includes(row.status)) return null;
  const left = Date.parse(row.promisedAt) - now;
  const time = when(row.promisedAt, now);
  if (left < 0) return { text: say("promisePassed", { time }), state: "passed" };
  if (left > SOON) return { text: say("promise", { time }), state: "" };
  return { text: say("promiseSoon", { time }), state: "soon" };
}

function daysBetween(earlier, later) {
  return Math.round((Date.parse(dayOf(later)) - Date.parse(dayOf(earlier))) / DAY);
}

// British English writes "12 mins", where "12 min" is meant.
function unit(name, unitDisplay, language = locale) {
  return new Intl.NumberFormat(language, { style: "unit", unit: name, unitDisplay, maximumFractionDigits: 1 });
}
