"""`make check`: everything that can be said without running a test. All checks run; one failure fails."""

import os
import subprocess
import sys
from pathlib import Path

from core.settings import read_settings
from operations.assemble import ROOT
from operations.training import DATA, rasa, rasa_environment

BIN = Path(sys.executable).parent


def main() -> int:
    settings = read_settings(os.environ)
    environment = {**os.environ, **rasa_environment(settings)}
    failed = []
    for name, command in {
        "ruff": [str(BIN / "ruff"), "check", "."],
        "ruff format": [str(BIN / "ruff"), "format", "--check", "--quiet", "."],
        "mypy": [str(BIN / "mypy")],
        "import-linter": [str(BIN / "lint-imports")],
        "knowledge": [str(BIN / "velkommen"), "knowledge", "check"],
        "rasa data validate": rasa("data", "validate", "--config", "nlu/config.yml", *DATA),
    }.items():
        print(f"— {name}", flush=True)
        if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode != 0:
            failed.append(name)
    print(f"Failed: {', '.join(failed)}" if failed else "All checks passed.", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
