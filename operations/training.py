"""Training: only when an input has changed, with progress shown. The model is named after the inputs' hash."""

import asyncio
import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from core.errors import VelkommenError
from core.settings import Settings
from operations import bootstrap
from operations.assemble import ROOT
from operations.children import end_with_parent

NLU = ROOT / "nlu"
DATA = ("--domain", "dialogues", "--data", "dialogues", "nlu/data")
PASSED_OVER = (".venv", "__pycache__")
LINK = "active.tar.gz"  # beside the models; nlu/in_use.py follows it
KEPT = 5
POLITELY = ("nice", "-n", "10")
GRACE = 5.0  # seconds between asking a training that is no longer wanted to end and ending it


def fingerprint(data_dir: Path | None, *, root: Path = ROOT) -> str:
    """A hash over everything that a model is made from, as listed in `nlu/fingerprint`; without a data folder, over our
    own part of it alone: a model of another code is not to be used.
    """
    lines = [line.strip() for line in (root / "nlu" / "fingerprint").read_text().splitlines()]
    patterns = [line for line in lines if line and not line.startswith("#")]
    files: set[Path] = set()
    for pattern in (line for line in patterns if not line.startswith("!")):
        if not pattern.startswith("{data}/"):
            files |= set(_matching(root, pattern))
        elif data_dir is not None:
            files |= set(_matching(data_dir, pattern.removeprefix("{data}/")))
    for pattern in (line.removeprefix("!") for line in patterns if line.startswith("!")):
        files -= {path for path in files if path.is_relative_to(root) and path.relative_to(root).full_match(pattern)}
    digest = hashlib.sha256()
    # Ours first, wherever the data folder lies: the same files are the same model on every machine.
    for path in sorted(files, key=lambda path: (data_dir is not None and path.is_relative_to(data_dir), path)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _matching(base: Path, pattern: str) -> Iterator[Path]:
    """The files that match a glob; environments, with their many thousand files, are not even looked into."""
    top, _, inner = pattern.partition("/")
    if "*" in top or not inner:
        yield from (path for path in base.glob(pattern) if path.is_file())
        return
    for folder, folders, names in (base / top).walk():
        folders[:] = [name for name in folders if name not in PASSED_OVER]
        paths = (folder / name for name in names)
        yield from (path for path in paths if path.is_file() and path.relative_to(base).full_match(pattern))


def model_path(data_dir: Path) -> Path:
    return model_named(data_dir, fingerprint(data_dir))


def model_named(data_dir: Path, name: str) -> Path:
    return data_dir / "models" / f"{name}.tar.gz"


def use(model: Path) -> Path:
    """Turn the link to a model, at once: every Rasa that was started with the link loads it within seconds."""
    link, made = model.parent / LINK, model.parent / f"{LINK}.new"
    made.unlink(missing_ok=True)
    made.symlink_to(model.name)
    made.replace(link)
    return link


def in_use(data_dir: Path) -> str:
    """The name of the model to which the link leads, if it leads to one."""
    link = data_dir / "models" / LINK
    return link.readlink().name.removesuffix(".tar.gz") if link.is_symlink() else ""


def rasa_environment(settings: Settings) -> dict[str, str]:
    """What Rasa's processes need to know, and nothing that is secret."""
    return {
        "VELKOMMEN_DATA_DIR": str(settings.data_dir),
        "RASA_TELEMETRY_ENABLED": "false",
        "RASA_MAX_CACHE_SIZE": "0",
        "RASA_CACHE_DIRECTORY": str(settings.data_dir / "rasa-cache"),
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    }


def can_train() -> bool:
    """Whether Rasa's environment is there: not in every image."""
    return (NLU / ".venv" / "bin" / "python").exists()


def rasa(*arguments: str) -> list[str]:
    python = NLU / ".venv" / "bin" / "python"
    if not can_train():
        raise VelkommenError(
            "Rasa's environment is missing. `make train` makes it, or `uv sync --project nlu --frozen`."
        )
    return [str(python), "-m", "rasa", *arguments]


async def train_or_stop(settings: Settings) -> Path:
    """`train`, beside what else runs; when the wait is cancelled, the training process ends at once."""
    stop = threading.Event()
    try:
        return await asyncio.to_thread(train, settings, stop=stop)
    finally:
        stop.set()


def train(settings: Settings, *, force: bool = False, stop: threading.Event | None = None) -> Path:
    """The model for the present inputs, trained if there is none yet.

    Only a whole model gets its name. Whatever ends the wait (`stop`, Ctrl-C) ends the training process, too.
    """
    if not (NLU / ".venv").exists():
        bootstrap.main(["nlu"])
    model = model_path(settings.data_dir)
    if model.exists() and not force:
        model.touch()  # the newest is the one in use
        return model
    tell("Training the understanding (once for each change) …\n")
    began = time.monotonic()
    build(settings, settings.data_dir / "training", model, stop=stop or threading.Event())
    tell(f"\r  trained in {time.monotonic() - began:.0f} s{' ' * 90}\n")
    _keep_newest(model.parent)
    return model


def build(settings: Settings, examples: Path, model: Path, *, stop: threading.Event, politely: bool = False) -> None:
    """Learn what `write_training` wrote into a folder. politely: whatever else runs on the machine goes first."""
    log = settings.data_dir / "logs" / "training.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    unfinished = model.parent / "unfinished" / model.name
    command = rasa(
        "train", "--config", "nlu/config.yml", *DATA, "--force", "--skip-validation",
        "--out", str(unfinished.parent), "--fixed-model-name", model.name.removesuffix(".tar.gz"),
    )  # fmt: skip
    environment = {**rasa_environment(settings), "VELKOMMEN_TRAINING_DIR": str(examples)}
    code = _run([*(POLITELY if politely else ()), *command], environment, log, stop)
    if code != 0 or not unfinished.exists():
        raise VelkommenError(f"Training failed: {last_line(log)} The whole log is {log}.")
    unfinished.replace(model)


def _run(command: list[str], environment: dict[str, str], log: Path, stop: threading.Event) -> int:
    """The exit code; progress is shown meanwhile where somebody looks."""
    began = time.monotonic()
    with log.open("w") as out:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            preexec_fn=end_with_parent if sys.platform == "linux" else None,
        )
        try:
            while process.poll() is None:
                if stop.wait(0.5):
                    raise VelkommenError("The training was stopped; nothing of it is kept.")
                if sys.stderr.isatty():
                    tell(f"\r  {time.monotonic() - began:.0f} s {last_line(log)[:90]:<90}")
            return process.returncode
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()  # does nothing to a process that is over
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def tell(words: str) -> None:
    """Progress goes to standard error: standard output is for answers."""
    print(words, end="", file=sys.stderr, flush=True)


def last_line(path: Path) -> str:
    lines = [line for line in path.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


def _keep_newest(folder: Path) -> None:
    used = folder / LINK
    models = [path for path in folder.glob("*.tar.gz") if not (path.is_symlink() or _same(path, used))]
    for old in sorted(models, key=lambda path: path.stat().st_mtime)[:-KEPT]:
        old.unlink()


def _same(path: Path, link: Path) -> bool:
    return link.exists() and path.samefile(link)
