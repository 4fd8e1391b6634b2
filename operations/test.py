"""`make test`: every test, in four runs, for the model and the browser need a process of their own.

Says loudly at the end what could not run (the browser tests where there is no Chromium).
"""

import os
import subprocess
import sys

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
    runs: list[tuple[str, list[str], dict[str, str]]] = [
        ("ours", [*pytest, "-m", "not slow and not browser"], {}),
        ("understanding", [*nlu_pytest, "-q", "tests/nlu"], for_rasa),
        ("real Rasa", [*pytest, "-m", "slow"], {}),
        ("browser", [*pytest, "-m", "browser", "-rs"], {}),
    ]
    failed = []
    for name, command, environment in runs:
        print(f"— {name}", flush=True)
        if subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=False).returncode != 0:
            failed.append(name)
    if not has_browser():
        print(NO_BROWSER)
    print(f"FAILED: {', '.join(failed)}" if failed else "All tests passed.", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
