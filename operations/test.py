"""`make test`: every test, in five runs, for the model and the browser need a process of their own; three at a time.

Says loudly at the end what could not run (the browser tests where there is no Chromium).
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from core.settings import read_settings
from operations.assemble import ROOT
from operations.bootstrap import has_browser
from operations.training import NLU, rasa_environment

LOUD = "!" * 100
NO_BROWSER = f"\n{LOUD}\nTHE BROWSER TESTS WERE SKIPPED: no Chromium could be had on this machine.\n{LOUD}"


def main() -> int:
    settings = read_settings(os.environ)
    pytest = [sys.executable, "-m", "pytest"]
    nlu_pytest = [str(NLU / ".venv" / "bin" / "python"), "-m", "pytest", "-c", "nlu/pyproject.toml", "--rootdir=."]
    for_rasa = rasa_environment(settings)
    halves = _halves()
    runs: list[tuple[str, list[str], dict[str, str]]] = [
        ("ours", [*pytest, "-m", "not slow and not browser", *halves[0]], {}),
        ("understanding", [*nlu_pytest, "-q", "tests/nlu"], for_rasa),
        ("real Rasa", [*pytest, "-m", "slow"], {}),
        ("browser", [*pytest, "-m", "browser", "-rs"], {}),
        ("ours, the other half", [*pytest, "-m", "not slow and not browser", *halves[1]], {}),
    ]
    # Side by side: a half of ours aloud; understanding, Rasa and the browser; the other half. Ours wait much for PostgreSQL.
    with ThreadPoolExecutor() as lanes:
        beside = [
            lanes.submit(lambda: [_run(*run, aloud=False) for run in runs[1:4]]),
            lanes.submit(lambda: [_run(*runs[4], aloud=False)]),
        ]
        failed = [_run(*runs[0], aloud=True)]
        failed += [name for lane in beside for name in lane.result()]
    failed = [name for name in failed if name]
    if not has_browser():
        print(NO_BROWSER)
    print(f"FAILED: {', '.join(failed)}" if failed else "All tests passed.", flush=True)
    return 1 if failed else 0


def _halves() -> tuple[list[str], list[str]]:
    """The files of our own tests in two lots that take about as long: integration without the admin pages; the rest."""
    files = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py"))
    files = [path for path in files if not path.startswith(("tests/nlu/", "tests/slow/", "tests/browser/"))]
    first = [path for path in files if path.startswith("tests/integration/") and "/test_admin_" not in path]
    return first, [path for path in files if path not in first]


def _run(name: str, command: list[str], environment: dict[str, str], *, aloud: bool) -> str:
    """The run's name if it failed. What it says comes at once, or whole at its end."""
    if aloud:
        print(f"— {name}", flush=True)
    said = None if aloud else subprocess.PIPE
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        check=False,
        text=True,
        stdout=said,
        stderr=subprocess.STDOUT,
    )
    if not aloud:
        print(f"\n— {name}\n{ended.stdout}", flush=True)
    return name if ended.returncode else ""


if __name__ == "__main__":
    sys.exit(main())
