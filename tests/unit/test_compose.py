"""docker-compose.yml keeps what docs/how-to/run-in-production.md promises."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.settings import VARIABLES

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONE_SHOT = ("migrate", "train")
ROLES = ("web", "worker", "bot")
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|KEY")
FILLED_IN = re.compile(r"\$\{(\w+):[?-][^}]*\}")


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_watched_or_ends_by_itself(name: str) -> None:
    service = SERVICES[name]
    if name in ONE_SHOT:
        assert service["restart"] == "no"
    else:
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_no_more_rights_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.keys() & {"privileged", "cap_add", "network_mode", "pid"}
    assert service.get("user", "1000") != "root"


@pytest.mark.parametrize("name", [name for name, service in SERVICES.items() if "build" in service])
def test_an_image_runs_as_an_ordinary_user(name: str) -> None:
    dockerfile = (ROOT / SERVICES[name]["build"]["dockerfile"]).read_text(encoding="utf-8")
    stages = re.split(r"^FROM ", dockerfile, flags=re.MULTILINE)[1:]
    target = SERVICES[name]["build"].get("target")
    last = next(stage for stage in stages if stage.splitlines()[0].endswith(f" AS {target}")) if target else stages[-1]
    assert "\nUSER 1000:1000" in last


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_stands_in_the_file(name: str) -> None:
    for variable, value in SERVICES[name].get("environment", {}).items():
        if SECRET.search(variable):
            assert FILLED_IN.fullmatch(value), variable
        password = re.search(r"://\w*:(.+)@", value)
        assert password is None or FILLED_IN.fullmatch(password[1]), variable


def test_only_the_proxy_can_be_reached() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert SERVICES["proxy"]["networks"] == ["outside"]


@pytest.mark.parametrize("name", ["db", "migrate", "train", "trainer", "rasa"])
def test_what_needs_no_internet_has_none(name: str) -> None:
    assert all(COMPOSE["networks"][network] == {"internal": True} for network in SERVICES[name]["networks"])


def test_rasa_knows_no_secret_and_cannot_reach_the_database() -> None:
    assert "environment" not in SERVICES["rasa"]
    assert not set(SERVICES["rasa"]["networks"]) & set(SERVICES["db"]["networks"])
    assert SERVICES["rasa"]["volumes"] == ["model:/data:ro"]


def test_an_image_holds_every_folder_of_ours() -> None:
    ours = [folder.name for folder in ROOT.iterdir() if (folder / "__init__.py").exists()]
    for name in ("rasa", "velkommen"):
        dockerfile = (ROOT / "containers" / f"{name}.Dockerfile").read_text(encoding="utf-8")
        assert {folder for folder in ours if f"\nCOPY {folder} {folder}\n" not in dockerfile} <= {"nlu", "tests"}
    named = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{folder}" for folder in ours} - set(named) == {"!tests"}


@pytest.mark.parametrize("name", ROLES)
def test_a_role_gets_every_setting(name: str) -> None:
    assert set(SERVICES[name]["environment"]) == set(VARIABLES.values())


def test_the_example_of_env_names_every_variable_and_no_secret() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    asked = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
    assert set(given) == asked | {"COMPOSE_PROFILES"}
    assert not any(given.values())
