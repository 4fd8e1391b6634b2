"""The command `velkommen`."""

import argparse
import asyncio
import os
import signal
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from core.days import danish_day
from core.errors import VelkommenError
from core.settings import Settings, read_settings
from operations.assemble import KNOWLEDGE, set_up_logs

ROLES = ("mentor", "supervisor", "admin", "editor", "reviewer", "auditor")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def main() -> None:
    """Run one command; our own errors are told in a sentence, with exit code 1. SIGTERM is as good as Ctrl-C."""
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    arguments = parser().parse_args()
    try:
        _run(arguments, read_settings(os.environ))
    except VelkommenError as error:
        sys.exit(f"velkommen: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "velkommen", description="A multilingual chat assistant for people new in Denmark."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, explanation in (
        ("run", "start everything on this machine and watch it"),
        ("web", "the web chat and webhooks (one role)"),
        ("worker", "the queue: deliveries, sweeps, retention (one role)"),
        ("bot", "Telegram (one role)"),
        ("trainer", "training that the admin pages ask for, where the worker cannot (one role)"),
        ("chat", "a conversation in the terminal"),
        ("migrate", "bring the database up to date"),
        ("train", "import the knowledge and train the understanding if an input changed"),
    ):
        commands.add_parser(name, help=explanation)
    ask = commands.add_parser("ask", help="answer questions from standard input")
    ask.add_argument("--jsonl", action="store_true", required=True, help="a JSON object a line, in and out")
    plan = commands.add_parser("plan", help="the plan of a profile: which tasks apply, by when, what is late")
    plan.add_argument("--profile", type=Path, required=True, metavar="FILE", help="the profile, in YAML or JSON")
    plan.add_argument("--now", metavar="DATE", help="a date or an ISO date-time (default: now)")
    plan.add_argument("--json", action="store_true", help="every task as JSON instead of a table")
    knowledge = commands.add_parser("knowledge", help="check, import or export the knowledge")
    knowledge.add_argument("action", choices=("check", "import", "export"))
    knowledge.add_argument("folder", nargs="?", type=Path, default=KNOWLEDGE)
    _add_announce(commands.add_parser("announce", help="messages to many: check, draft, schedule, stop, report, list"))
    employer = commands.add_parser("employer", help="employers: add one and get its codes, or list them")
    employers = employer.add_subparsers(dest="action", required=True)
    employers.add_parser("add", help="keep an employer and print its codes").add_argument("name", metavar="NAME")
    employers.add_parser("list", help="all employers, with codes and number of recruits").set_defaults(name="")
    _add_mentor(commands.add_parser("mentor", help="colleagues: accounts, links, the rota"))
    _add_admin(commands.add_parser("admin", help="the first administrator; a second factor that is lost"))
    notes = commands.add_parser("notes", help="what mentors should hear of")
    notes.add_argument("--close", type=int, metavar="N", help="close the note of that number")
    evaluate = commands.add_parser("eval", help="ask the evaluation questions and compare with the floors")
    evaluate.add_argument("--misses", action="store_true", help="also list every miss")
    evaluate.add_argument("--split", choices=("dev", "test", "all"), default="all", help="dev is there to learn from")
    evaluate.add_argument(
        "--page", type=Path, help="where to write the report (default: evaluation.html in the data folder)"
    )
    return parser


def _add_announce(announce: argparse.ArgumentParser) -> None:
    announce.set_defaults(what="", at=None, json=False)
    actions = announce.add_subparsers(dest="action", required=True)
    for name, explanation in (
        ("check", "who would get it, in which language; nothing is written"),
        ("draft", "keep it; a draft is never sent"),
    ):
        actions.add_parser(name, help=explanation).add_argument("what", metavar="FILE", help="a YAML file")
    for name, explanation in (
        ("schedule", "have a draft sent"),
        ("stop", "whoever has not got it does not get it any more"),
        ("report", "how many got it, and why others did not"),
    ):
        action = actions.add_parser(name, help=explanation)
        action.add_argument("what", metavar="NAME")
        if name == "schedule":
            action.add_argument("--at", metavar="TIME", help='Danish time, such as "2026-12-01 10:00" (default: now)')
        if name == "report":
            action.add_argument("--json", action="store_true", help="as JSON")
    actions.add_parser("list", help="all of them")


def _add_admin(admin: argparse.ArgumentParser) -> None:
    actions = admin.add_subparsers(dest="action", required=True)
    create = actions.add_parser("create", help="a new administrator; prints the one-time link to choose a password")
    create.add_argument("email", metavar="EMAIL")
    create.add_argument("--name", required=True)
    reset = actions.add_parser("reset-second", help="take a second factor away: signed out everywhere at once")
    reset.add_argument("email", metavar="EMAIL")


def _add_mentor(mentor: argparse.ArgumentParser) -> None:
    actions = mentor.add_subparsers(dest="action", required=True)
    adding = actions.add_parser("add", help="a new account; prints the one-time link to choose a password")
    adding.add_argument("email", metavar="EMAIL")
    adding.add_argument("--name", required=True)
    adding.add_argument("--role", default="mentor", choices=ROLES)
    for name, what in (
        ("languages", "the languages they speak, such as da,fil"),
        ("kommuner", "only for people in these, such as aarhus,odense (default: all)"),
        ("themes", "what they know best, such as housing,tax"),
        ("occupations", "whose work they know, such as nurse,sosu"),
    ):
        adding.add_argument(f"--{name}", default="", metavar="LIST", help=what)
    adding.add_argument("--capacity", default="15", metavar="N", help="conversations at once, at most")
    actions.add_parser("list", help="all accounts, with their shifts")
    for action, explanation in (
        ("off", "switch an account off: signed out everywhere at once"),
        ("on", "switch it on again"),
        ("link", "a new one-time link to choose a password"),
        ("telegram", "a code with which they link their Telegram account"),
    ):
        actions.add_parser(action, help=explanation).add_argument("email", metavar="EMAIL")
    shift = actions.add_parser("shift", help="add a shift to the rota, or remove one; times are Danish")
    shift.add_argument("email", metavar="EMAIL")
    kind = shift.add_mutually_exclusive_group()
    kind.add_argument("--duty", dest="kind", action="store_const", const="duty", default="duty")
    kind.add_argument("--on-call", dest="kind", action="store_const", const="on_call")
    when = shift.add_mutually_exclusive_group(required=True)
    when.add_argument("--weekday", choices=DAYS, help="each week")
    when.add_argument("--day", metavar="DATE", help="on one day")
    when.add_argument("--remove", type=int, metavar="N", help="remove the shift of that number")
    shift.add_argument("--from", dest="start", default="", metavar="TIME", help="such as 09:00")
    shift.add_argument(
        "--to", dest="end", default="", metavar="TIME", help="such as 15:00; before --from: the day after"
    )
    shift.add_argument("--valid-from", default="", metavar="DATE")
    shift.add_argument("--valid-to", default="", metavar="DATE")


def _run(arguments: argparse.Namespace, settings: Settings) -> None:
    set_up_logs("warning")  # what is shown to a person or read by a program; the roles set their own level
    # Imported where needed, so that a small command starts quickly.
    match arguments.command:
        case "run":
            from operations.run import run

            asyncio.run(run(settings))
        case "web" | "worker" | "bot" | "trainer" as role:
            from operations import roles

            asyncio.run(getattr(roles, role)(_with_database(settings)))
        case "chat":
            from operations.chat import chat

            asyncio.run(chat(settings))
        case "ask":
            from operations import ask

            ask.main(settings)
        case "plan":
            from operations import plan

            sys.exit(plan.main(arguments.profile, arguments.now, as_json=arguments.json))
        case "eval":
            from operations.evaluate import evaluate

            page = arguments.page or settings.data_dir / "evaluation.html"
            sys.exit(asyncio.run(evaluate(settings, split=arguments.split, misses=arguments.misses, page=page)))
        case "migrate":
            from operations.stack import open_database

            with open_database(settings):
                print("The database is up to date.")
        case "train":
            from operations.stack import bring_knowledge, open_database, train_from

            with open_database(settings) as ready:
                asyncio.run(bring_knowledge(ready))
                print(f"Model: {asyncio.run(train_from(ready)).resolve()}")
        case "admin" | "announce" | "employer" | "mentor" | "notes":
            from operations.stack import database_in_use

            with database_in_use(settings) as ready:
                asyncio.run(_of_people(arguments, ready))
        case "knowledge":
            sys.exit(_knowledge(arguments.action, arguments.folder, settings))


def _with_database(settings: Settings) -> Settings:
    if not settings.database_url:
        raise VelkommenError(
            "DATABASE_URL is not set. `velkommen run` sets it for the embedded PostgreSQL; a role that runs alone "
            "needs one, for example postgresql://velkommen:secret@db:5432/velkommen."
        )
    return settings


async def _of_people(arguments: argparse.Namespace, settings: Settings) -> None:
    """Commands that read and write what is kept of people, employers and announcements."""
    from operations import admins, announcements, employers, mentors

    now = datetime.now(UTC)
    match arguments.command:
        case "announce":
            what, at, as_json = arguments.what, arguments.at, arguments.json
            await announcements.main(settings, arguments.action, what, at=at, as_json=as_json, now=now)
        case "employer":
            await employers.employer(settings, arguments.action, arguments.name, now=now)
        case "mentor":
            await mentors.main(settings, arguments, now=now)
        case "admin":
            await admins.main(settings, arguments, now=now)
        case _:
            await employers.notes(settings, arguments.close, now=now)


def _knowledge(action: str, folder: Path, settings: Settings) -> int:
    """Check without a database; import into it; export from it. 1 when something is wrong."""
    from knowledge.publish import export_folder
    from operations.stack import bring_knowledge, bring_pages, database_in_use
    from store import database

    if action == "check":
        return _check_knowledge(folder)
    with database_in_use(settings) as ready:
        if action == "import":
            bring = bring_knowledge if (folder / "topics").is_dir() else bring_pages
            outcome = asyncio.run(bring(ready, folder))
            for problem in outcome.problems:
                print(problem, file=sys.stderr)
            for name, fields in outcome.conflicts:
                print(
                    f"CONFLICT, kept as edited here: {' '.join(name)} ({fields} changed in the file, too)",
                    file=sys.stderr,
                )
            for name in outcome.merged:
                print(f"merged with what was edited here: {' '.join(name)}")
            for name in outcome.kept:
                print(f"kept as edited here: {' '.join(name)}")
            counts = f"{len(outcome.added)} added, {len(outcome.changed)} changed, {len(outcome.removed)} removed"
            more = f"{len(outcome.merged)} merged, {len(outcome.kept)} kept, {len(outcome.conflicts)} in conflict"
            print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} {counts}, {more}.")
            return 1 if outcome.problems or outcome.conflicts else 0

        async def export() -> int:
            engine = database.connect(ready.database_url)
            async with database.sessions(engine)() as session:
                count = await export_folder(session, folder)
            await engine.dispose()
            return count

        print(f"{asyncio.run(export())} entries written to {folder}.")
        return 0


def _check_knowledge(folder: Path) -> int:
    """Errors, then what editors should look at; 1 for anything but what is only due or unused."""
    from knowledge.check import findings
    from knowledge.files import read_folder

    reading = read_folder(folder)
    for problem in reading.problems:
        print(problem, file=sys.stderr)
    danger = folder / "danger.yml"
    elsewhere = danger.read_text(encoding="utf-8") if danger.exists() else ""
    found = findings(reading.entries, danish_day(datetime.now(UTC)), spoken_elsewhere=elsewhere)
    for finding in found:
        print(finding)
    kinds = Counter(finding.kind for finding in found)
    counted = "".join(f", {count} {kind}" for kind, count in sorted(kinds.items()))
    print(f"{len(reading.entries)} entries, {len(reading.problems)} problems{counted}.")
    return 1 if reading.problems or any(finding.fails for finding in found) else 0


if __name__ == "__main__":
    main()
