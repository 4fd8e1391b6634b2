// Who the person is, as far as they agreed to tell: profile, list, earlier conversations, notes.

import { $, button, icon, make, quoted } from "./inbox_dom.js";
import { clock, dateName, dayName, nameOf, say, texts, when } from "./inbox_words.js";

const LATE_FIRST = { late: 0, open: 1, blocked: 2 };

// acts: { findTopic(title) or null, openEarlier(row), nameMentor() or null }
export function showPerson({ row, person, tasks, earlier, notes, looks }, acts) {
  $("person-parts").replaceChildren(
    ...[
      who(row, person),
      consent(person, tasks),
      tasks && checklist(tasks, acts),
      earlierTalks(earlier ?? [], acts),
      caseNotes(notes ?? []),
      named(person.mentors ?? [], acts),
      looks && whoLooked(looks),
    ].filter(Boolean),
  );
}

export function clearPerson() {
  $("person-parts").replaceChildren(make("div", { className: "skeleton", ariaHidden: "true" }, make("i"), make("i")));
}

function who(row, person) {
  const there = [person.localTime && localTime(person.localTime), person.zone].filter(Boolean).join(" · ");
  const facts = [
    [texts.localTime, there],
    [texts.language, person.languageName],
    [texts.channel, texts[row.channel] ?? row.channel],
    ...(person.profile ?? []).map(({ label, value }) => [label, value]),
  ].filter(([, value]) => value);
  const fact = ([label, value]) => make("div", {}, make("dt", {}, label), make("dd", { dir: "auto" }, value));
  const name = make("h3", {}, make("bdi", {}, nameOf({ ...row, ...person })));
  return make("section", {}, name, make("dl", {}, ...facts.map(fact)));
}

// As said by the server; an instant becomes a clock.
function localTime(said) {
  return /^\d{4}-/.test(said) ? said.slice(11, 16) || clock(said) : said;
}

function consent(person, tasks) {
  const said = person.consentLabel || person.consent;
  const withheld = person.consent !== "given" && !tasks ? texts.consentNone : "";
  return part(texts.consent, make("p", {}, said), withheld && make("p", { className: "hint" }, withheld));
}

function checklist(tasks, { findTopic }) {
  const open = tasks.filter(({ state }) => state !== "done" && state !== "skipped");
  const done = tasks.filter(({ state }) => state === "done").length;
  open.sort((one, other) => rank(one) - rank(other) || String(one.due ?? "9").localeCompare(String(other.due ?? "9")));
  return part(
    texts.checklist,
    make("p", { className: "hint" }, `✓ ${say("openTasks", { count: `${done}/${tasks.length}` })}`),
    open.length
      ? make("ul", { className: "tasks" }, ...open.map((task) => taskLine(task, findTopic)))
      : make("p", {}, texts.checklistEmpty),
  );
}

function taskLine(task, findTopic) {
  const late = isLate(task) && make("strong", { className: "late" }, `⚠ ${texts.late}`);
  const due = dueOf(task);
  const title = findTopic
    ? button(task.title, () => findTopic(task.title), { className: "link", title: texts.findTopic })
    : make("span", {}, task.title);
  const hint = make("span", { className: "hint" }, due);
  const facts = make("span", { className: "task-facts" }, late, late && due && " · ", hint);
  return make("li", {}, title, late || due ? facts : null);
}

function dueOf({ legal, due }) {
  if (legal) return say("legalLimit", { day: dateName(legal) });
  return due ? say("due", { day: dateName(due) }) : "";
}

function rank(task) {
  return isLate(task) ? 0 : (LATE_FIRST[task.state] ?? 3);
}

function isLate({ late, state }) {
  return late || state === "late";
}

function earlierTalks(rows, { openEarlier }) {
  if (!rows.length) return part(texts.earlierTalks, make("p", { className: "hint" }, texts.noEarlier));
  const lines = rows.map((row) => {
    const rated = row.rating && say("rated", { rating: row.rating });
    const facts = [row.themeLabel || row.reasonLabel, row.mentor && say("withName", { name: row.mentor }), rated];
    const day = button(dayName(row.closedAt ?? row.createdAt), () => openEarlier(row), { className: "link" });
    const line = row.ratingText ? quoted(row.ratingText, row.language) : null;
    return make("li", {}, day, make("span", { className: "hint" }, facts.filter(Boolean).join(" · ")), line);
  });
  return part(texts.earlierTalks, make("ul", { className: "earlier" }, ...lines));
}

function caseNotes(notes) {
  if (!notes.length) return part(texts.notes, make("p", { className: "hint" }, texts.noNotes));
  const lines = notes.map(({ text, mentor, mine, at }) => {
    const facts = [mine ? texts.you : mentor, when(at)].filter(Boolean).join(" · ");
    const said = make("p", { dir: "auto" }, text);
    return make("li", { className: "case-note" }, said, make("p", { className: "hint" }, facts));
  });
  return part(texts.notes, make("ul", {}, ...lines));
}

function named(mentors, { nameMentor }) {
  const line = ({ name, kind }) => make("li", {}, icon("person"), make("bdi", {}, name), ` · ${texts[kind] ?? kind}`);
  return part(
    texts.named,
    mentors.length
      ? make("ul", { className: "named" }, ...mentors.map(line))
      : make("p", { className: "hint" }, texts.noNamed),
    nameMentor && button(texts.nameMentor, nameMentor, { className: "link" }),
  );
}

// Of supervisors alone: the server gives it to nobody else.
function whoLooked(looks) {
  const line = ({ name, what, at }) =>
    make("li", {}, make("bdi", {}, name), make("span", { className: "hint" }, ` · ${what} · ${lookedAt(at)}`));
  return part(texts.looks, make("ul", { className: "looks" }, ...looks.map(line)));
}

function lookedAt(at) {
  return `${dayName(at)} ${clock(at)}`;
}

function part(title, ...children) {
  return make("section", {}, make("h4", {}, title), ...children);
}
