"""From git, make and a Python with pip to both environments. Standard library only; runs before anything else.

`python3 operations/bootstrap.py ours [nlu] [browser]`: uv where it is missing, Python 3.13 and 3.10 from PATH, from
pyenv's versions (its shims refuse versions that are not selected) or fetched by uv, then what the lock files say.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "var" / "tools"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main(wanted: list[str]) -> None:
    uv = find_uv()
    if "ours" in wanted:
        sync(uv, ROOT, "3.13")
    if "nlu" in wanted:
        sync(uv, ROOT / "nlu", "3.10")
    if "browser" in wanted:
        bring_browser()


def find_uv() -> str:
    """uv from PATH, or installed with pip into a folder of our own."""
    found = shutil.which("uv")
    if found and works([found, "--version"]):
        return found
    local = TOOLS / "bin" / "uv"
    if not local.exists():
        say("Fetching uv …")
        run([sys.executable, "-m", "venv", str(TOOLS)])
        run([str(TOOLS / "bin" / "python"), "-m", "pip", "install", "--quiet", "uv"])
    return str(local)


def sync(uv: str, project: Path, version: str) -> None:
    """Make the project's environment what its lock file says; says nothing when it is that already."""
    first = not (project / ".venv").exists()
    if first:
        say(f"Making the environment for {project.name if project != ROOT else 'Velkommen'} (Python {version}) …")
    command = [uv, "sync", "--frozen", "--quiet", "--project", str(project)]
    interpreter = None if not first and python_of(project, version) else find_python(version)
    run([*command, "--python", interpreter or python_of(project, version) or version])


def python_of(project: Path, version: str) -> str | None:
    own = project / ".venv" / "bin" / "python"
    return str(own) if own.exists() and is_version([str(own)], version) else None


def find_python(version: str) -> str | None:
    """An interpreter of that version on PATH or among pyenv's; None: uv shall fetch one."""
    roots = [os.environ.get("PYENV_ROOT"), str(Path.home() / ".pyenv")]
    pyenv = [
        str(path)
        for root in roots
        if root
        for path in sorted(Path(root).glob(f"versions/{version}.*/bin/python"), reverse=True)
    ]
    on_path = shutil.which(f"python{version}")
    for candidate in [*([on_path] if on_path else []), *pyenv, sys.executable]:
        if is_version([candidate], version):
            return candidate
    return None


def is_version(command: list[str], version: str) -> bool:
    script = "import sys; print('%d.%d' % sys.version_info[:2])"
    return works([*command, "-c", script], expect=version)


def works(command: list[str], *, expect: str = "") -> bool:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and expect in done.stdout


def bring_browser() -> None:
    """Chromium for the browser tests: from PATH, the distribution when root and apt are there, else Playwright's."""
    if has_browser():
        return
    say("Fetching Chromium for the browser tests …")
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL, check=False)
        if has_browser():
            return
    playwright = ROOT / ".venv" / "bin" / "playwright"
    if subprocess.run([str(playwright), "install", "chromium"], check=False).returncode != 0:
        say("No Chromium can be had here: the browser tests will be SKIPPED.")


def has_browser() -> bool:
    """Whether a Chromium is there: on PATH, or Playwright's own."""
    own = Path.home() / ".cache" / "ms-playwright"
    return any(shutil.which(name) for name in BROWSERS) or any(own.glob("chromium-*"))


def run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, env={**os.environ, "UV_NO_PROGRESS": "1"})
    if done.returncode != 0:
        sys.exit(f"This failed: {' '.join(command)}\nLook at the lines above; then run the same make command again.")


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or ["ours", "nlu"])
