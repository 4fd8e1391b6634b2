"""Running it all: children and their deaths, finding a Python, lines to ask, when to train again."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import VelkommenError
from core.settings import Settings
from operations import bootstrap, run, training
from operations.ask import parse_line
from operations.children import Child, pause, reason
from tests.emulators.waiting import until

# --- children ------------------------------------------------------------------------------------------------------


def a_child(tmp_path: Path, script: str) -> Child:
    return Child("worker", [sys.executable, "-c", script], tmp_path / "logs" / "worker.log")


@pytest.mark.parametrize(("deaths", "seconds"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (7, 30), (5000, 30)])
def test_the_pause_doubles_up_to_half_a_minute(deaths: int, seconds: float) -> None:
    assert pause(deaths) == seconds


@pytest.mark.parametrize(("code", "words"), [(-signal.SIGKILL, "by SIGKILL"), (0, "exit code 0"), (3, "exit code 3")])
def test_the_reason_of_a_death_is_told_in_words(code: int, words: str) -> None:
    assert reason(code) == words


async def test_a_child_that_dies_is_started_again_and_the_reason_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    child = a_child(tmp_path, "import sys; print('no database'); sys.exit(3)")
    keeping = asyncio.create_task(child.keep_running())
    await until(lambda: child.log.exists() and child.log.read_text().count("no database") == 2)
    await child.stop()
    await keeping

    told = capsys.readouterr().err
    assert "worker ended (exit code 3); starting again in 1 s." in told
    assert f"Its log ({child.log}) ends with: no database" in told


async def test_stopping_does_not_wait_for_the_pause(tmp_path: Path) -> None:
    child = a_child(tmp_path, "raise SystemExit(1)")
    keeping = asyncio.create_task(child.keep_running())
    await until(lambda: child.process is not None and child.process.returncode == 1)

    began = time.monotonic()
    await child.stop()
    await keeping
    assert time.monotonic() - began < 0.5


async def test_a_child_told_to_stop_while_it_is_being_started_does_not_stay(tmp_path: Path) -> None:
    child = a_child(tmp_path, "import time; time.sleep(60)")
    keeping = asyncio.create_task(child.keep_running())
    await asyncio.sleep(0)
    await child.stop()
    await asyncio.wait_for(keeping, 5)
    assert child.process is None or child.process.returncode == -signal.SIGTERM


async def test_a_child_that_will_not_listen_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operations.children.GRACE", 0.2)
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(60)"
    )
    child = a_child(tmp_path, deaf)
    keeping = asyncio.create_task(child.keep_running())
    await until(lambda: child.log.exists() and "here" in child.log.read_text())
    await child.stop()
    await keeping
    assert child.process is not None
    assert child.process.returncode == -signal.SIGKILL


# --- finding a Python ----------------------------------------------------------------------------------------------


class Machine:
    """A machine with no Python but the ones put there, as scripts that only tell their version."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path, self.home = folder / "bin", folder / "home"
        self.path.mkdir()
        monkeypatch.setenv("PATH", str(self.path))
        monkeypatch.setenv("HOME", str(self.home))
        monkeypatch.delenv("PYENV_ROOT", raising=False)
        monkeypatch.setattr(sys, "executable", self.has(folder / "system" / "python3", "3.9"))

    def has(self, file: Path, version: str, *, code: int = 0) -> str:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/sh\necho {version}\nexit {code}\n")
        file.chmod(0o755)
        return str(file)

    def on_path(self, version: str, *, says: str | None = None, code: int = 0) -> str:
        return self.has(self.path / f"python{version}", says or version, code=code)

    def with_pyenv(self, version: str, *, root: Path | None = None) -> str:
        folder = root or self.home / ".pyenv"
        return self.has(folder / "versions" / version / "bin" / "python", version.rpartition(".")[0])


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_a_python_on_the_path_is_taken(machine: Machine) -> None:
    machine.with_pyenv("3.13.2")
    there = machine.on_path("3.13")
    assert bootstrap.find_python("3.13") == there


def test_a_shim_that_refuses_is_passed_over(machine: Machine) -> None:
    machine.on_path("3.13", says="pyenv: python3.13: command not found", code=127)
    there = machine.with_pyenv("3.13.2")
    assert bootstrap.find_python("3.13") == there


def test_a_python_that_says_another_version_is_passed_over(machine: Machine) -> None:
    machine.on_path("3.10", says="3.11")
    assert bootstrap.find_python("3.10") is None


def test_pyenv_may_live_elsewhere(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "opt" / "pyenv"
    monkeypatch.setenv("PYENV_ROOT", str(root))
    there = machine.with_pyenv("3.10.14", root=root)
    assert bootstrap.find_python("3.10") == there


def test_the_python_we_run_on_will_do_when_it_is_the_right_one(machine: Machine) -> None:
    assert bootstrap.find_python("3.9") == sys.executable
    assert bootstrap.find_python("3.13") is None, "then uv fetches one"


def test_what_is_no_program_does_not_work(tmp_path: Path) -> None:
    assert not bootstrap.works([str(tmp_path / "nothing")])
    (tmp_path / "text").write_text("hello")
    assert not bootstrap.works([str(tmp_path / "text")])


# --- lines to ask --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        '{"id": "1", "text": "cpr??"}',
        '{"id": 7, "text": "cpr??", "language": "pl"}',
        '{"id": "1", "text": "cpr??", "language": null, "profile": null}',
        '{"id": "1", "text": "cpr??", "profile": {"origin": "non-eu", "kommune": "Odense", "audience": "employer"}}',
        '{"id": "1", "text": "cpr??", "more": "is passed over"}',
    ],
)
def test_a_good_line_is_a_question(line: str) -> None:
    assert parse_line(1, line)["text"] == "cpr??"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("cpr??", "is not JSON"),
        ('{"id": "1", "text": "cpr??"', "is not JSON"),
        ('["1", "cpr??"]', "must be an object"),
        ('{"text": "cpr??"}', '"id" and "text"'),
        ('{"id": "1"}', '"id" and "text"'),
        ('{"id": "1", "text": 7}', '"id" and "text"'),
        ('{"id": "1", "text": "cpr??", "language": 7}', '"language" must be a code such as "pl"'),
        ('{"id": "1", "text": "cpr??", "profile": "nurse"}', '"profile" must be an object'),
        ('{"id": "1", "text": "cpr??", "profile": {"origin": "mars"}}', "origin='mars' is not known"),
        ('{"id": "1", "text": "cpr??", "profile": {"origin": ["eu"]}}', "is not known"),
        ('{"id": "1", "text": "cpr??", "profile": {"kommune": 7}}', "kommune=7 is not known"),
        ('{"id": "1", "text": "cpr??", "profile": {"shoe": "43"}}', "Known are origin: eu | nordic | non-eu"),
    ],
)
def test_a_bad_line_is_named_with_its_fault(line: str, words: str) -> None:
    with pytest.raises(VelkommenError, match="Line 12") as refused:
        parse_line(12, line)
    assert words in str(refused.value)


# --- when to train again -------------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project with the real list of what a model is made of."""
    for name in ("dialogues/rules.yml", "nlu/config.yml", "nlu/data/en.yml", "nlu/README.md", "nlu/.venv/lib/x.py"):
        write(tmp_path / name, "as it was")
    write(tmp_path / "nlu" / "fingerprint", (training.NLU / "fingerprint").read_text())
    for name in ("topics.jsonl", "near.json", "report.json"):
        write(tmp_path / "data" / "training" / name, "as it was")
    return tmp_path


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def fingerprint(project: Path) -> str:
    return training.fingerprint(project / "data", root=project)


@pytest.mark.parametrize(
    "name",
    [
        "dialogues/rules.yml",
        "nlu/config.yml",
        "nlu/data/en.yml",
        "nlu/data/new.yml",
        "nlu/fingerprint",
        "data/training/topics.jsonl",
        "data/training/near.json",
    ],
)
def test_another_input_means_another_model(project: Path, name: str) -> None:
    before = fingerprint(project)
    write(project / name, "# changed\nnlu/**/*\ndialogues/**/*\n{data}/training/*.jsonl\n")
    assert fingerprint(project) != before


@pytest.mark.parametrize(
    "name",
    ["nlu/README.md", "nlu/.venv/lib/x.py", "nlu/data/__pycache__/a.pyc", "data/training/report.json", "README.md"],
)
def test_what_is_no_input_keeps_the_model(project: Path, name: str) -> None:
    before = fingerprint(project)
    write(project / name, "changed")
    assert fingerprint(project) == before


def test_the_real_inputs_are_found(tmp_path: Path) -> None:
    found = set(training._matching(training.ROOT, "nlu/**/*"))
    assert training.NLU / "config.yml" in found
    assert training.NLU / "components" / "classifier.py" in found
    assert not any(".venv" in path.parts for path in found)


# --- training that is stopped --------------------------------------------------------------------------------------


class FakeRasa:
    """`rasa train` that writes down its process id, then half a model, and takes its time."""

    def __init__(self, folder: Path, *, seconds: float, code: int = 0) -> None:
        self.pid = folder / "pid"
        self.script = (
            f"import os, pathlib, sys, time\n"
            f"out, name = (sys.argv[sys.argv.index(option) + 1] for option in ('--out', '--fixed-model-name'))\n"
            f"model = pathlib.Path(out, name + '.tar.gz')\n"
            f"model.parent.mkdir(parents=True, exist_ok=True)\n"
            f"model.write_text('half')\n"
            f"pathlib.Path({str(self.pid)!r}).write_text(str(os.getpid()))\n"
            f"print('Epoch 1', flush=True)\n"
            f"time.sleep({seconds})\n"
            f"model.write_text('whole')\n"
            f"sys.exit({code})\n"
        )

    def __call__(self, *arguments: str) -> list[str]:
        return [sys.executable, "-c", self.script, *arguments]

    @property
    def running(self) -> bool:
        try:
            os.kill(int(self.pid.read_text()), 0)
        except (ProcessLookupError, FileNotFoundError):
            return False
        return True


@pytest.fixture
def data(project: Path) -> Settings:
    return Settings(data_dir=project / "data")


def test_a_trained_model_is_kept_and_used_again(
    data: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(training, "rasa", FakeRasa(tmp_path, seconds=0))
    model = training.train(data)
    assert model.read_text() == "whole"

    monkeypatch.setattr(training, "rasa", FakeRasa(tmp_path, seconds=0, code=1))
    assert training.train(data) == model
    told = capsys.readouterr()
    assert told.out == "", "standard output is for answers"
    assert told.err.count("Training the understanding") == 1


def test_a_training_that_fails_says_where_to_look(
    data: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "rasa", FakeRasa(tmp_path, seconds=0, code=1))
    with pytest.raises(VelkommenError, match=r"Training failed: Epoch 1 The whole log is .*training\.log"):
        training.train(data)
    assert not training.model_path(data.data_dir).exists()


async def test_a_training_ends_with_whoever_waits_for_it(
    data: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeRasa(tmp_path, seconds=60)
    monkeypatch.setattr(training, "rasa", fake)
    waiting = asyncio.create_task(training.train_or_stop(data))
    await until(lambda: fake.running)

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await until(lambda: not fake.running, within=3)
    assert not training.model_path(data.data_dir).exists(), "half a model never gets the name of a whole one"


def test_a_training_told_to_stop_says_so(data: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake, stop = FakeRasa(tmp_path, seconds=60), threading.Event()
    monkeypatch.setattr(training, "rasa", fake)
    stop.set()
    with pytest.raises(VelkommenError, match="was stopped"):
        training.train(data, stop=stop)
    assert not fake.running


def test_without_rasas_environment_the_remedy_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "NLU", tmp_path)
    with pytest.raises(VelkommenError, match="make train"):
        training.rasa("run")


# --- starting ------------------------------------------------------------------------------------------------------


def test_a_taken_port_is_refused_with_the_variable_to_set() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings = replace(Settings(), port=other.getsockname()[1])
        with pytest.raises(VelkommenError, match=r"VELKOMMEN_PORT=8001"):
            run._refuse_taken_port(settings)
    run._refuse_taken_port(settings)


def test_the_command_line_tells_our_errors_in_a_sentence(tmp_path: Path) -> None:
    environment = {**os.environ, "VELKOMMEN_DATA_DIR": str(tmp_path), "VELKOMMEN_PORT": "eighty"}
    command = [sys.executable, "-m", "operations.cli", "web"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("velkommen: VELKOMMEN_PORT must be")
    assert "Traceback" not in done.stderr
