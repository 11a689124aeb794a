"""The container files, as far as they can be tested without containers (S28).

What is here read is their text: users, rights, secrets, and that every command is one of ours. Whether the image builds
and the services come up is for a machine with a container daemon to show; nothing here claims it.
"""

from __future__ import annotations

import copy
import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import quartermaster
from quartermaster.cli.app import app

FOLDER = Path(quartermaster.__file__).parent / "deploy"
MOUNTED = "/run/secrets/database_password"
ROOT = Path(__file__).parents[2]
SECRET = re.compile(r"password(?!_file)|secret|token|api_?key|://[^/\s:@]+:[^/\s@]+@", re.IGNORECASE)


def steps(text):
    """Instructions of a Dockerfile with their arguments, in order; continued lines are one."""
    joined = re.sub(r"\\\n\s*", "", re.sub(r"(?m)^\s*#.*\n", "", text))
    return [tuple(line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]


def faults_of_image(text):
    """What is wrong with a Dockerfile."""
    found = steps(text)
    last = found[max(at for at, (word, _) in enumerate(found) if word == "FROM") :]
    users = [rest for word, rest in last if word == "USER"]
    faults = []
    if not users or users[-1].split(":")[0] in ("root", "0"):
        faults.append("runs as root")
    elif not re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1]):
        faults.append("its user is not a number, so that an orchestrator cannot see that it is not root")
    faults += [f"a secret in {word}" for word, rest in found if word in ("ENV", "ARG") and SECRET.search(rest)]
    faults += ["no check of health"] if "HEALTHCHECK" not in [word for word, _ in last] else []
    faults += [f"adds {rest}" for word, rest in found if word == "ADD"]
    faults += ["may gain rights"] if "sudo" in text or "setuid" in text else []
    return faults


def faults_of_service(name, told):
    """What is wrong with one of our services of a compose file."""
    wanted = {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"]}
    faults = [f"{name}: {key}" for key, value in wanted.items() if told.get(key) != value]
    faults += [] if 0 < told.get("pids_limit", 0) <= 1024 else [f"{name}: pids_limit"]
    faults += [f"{name}: {key}" for key in ("privileged", "user", "cap_add", "devices", "pid") if key in told]
    faults += [f"{name}: a secret in {key}" for key, value in told.get("environment", {}).items()
               if not key.endswith("_FILE") and SECRET.search(f"{key}={value}")]  # fmt: skip
    faults += [f"{name}: a secret in the command"] if SECRET.search(" ".join(told.get("command", []))) else []
    return faults


def understood(arguments):
    """Whether the command line takes these arguments; options are read before the help is shown."""
    return CliRunner().invoke(app, [*arguments, "--help"]).exit_code == 0


@pytest.fixture(scope="module")
def image():
    return (FOLDER / "Dockerfile").read_text()


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]


def test_the_image(image):
    assert faults_of_image(image) == []
    found = dict(steps(image))
    command = json.loads(found["ENTRYPOINT"]) + json.loads(found["CMD"])
    assert command[0] == "quartermaster"
    assert understood(command[1:])
    assert "/healthz" in found["HEALTHCHECK"]
    check = json.loads(found["HEALTHCHECK"][found["HEALTHCHECK"].index("[") :])
    assert check[:2] == ["python", "-c"]
    compile(check[2], "healthcheck", "exec")
    assert found["STOPSIGNAL"] == "SIGTERM"


def test_everything_that_is_copied_is_there_and_is_what_the_build_needs(image):
    copied = [rest for word, rest in steps(image) if word == "COPY" and "--from" not in rest]
    names = {name for rest in copied for name in rest.split()[:-1]}
    assert all((ROOT / name).exists() for name in names), names
    project = (ROOT / "pyproject.toml").read_text()
    packages = json.loads(re.search(r"packages = (\[\"src.*\])", project)[1])
    assert {package.split("/")[0] for package in packages} <= names
    assert {"pyproject.toml", re.search(r'readme = "(.*)"', project)[1], "LICENSE"} <= names


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("USER 10001:10001\n", ""),
        lambda text: text.replace("USER 10001:10001", "USER root"),
        lambda text: text.replace("USER 10001:10001", "USER 0:0"),
        lambda text: text.replace("USER 10001:10001", "USER quartermaster"),
        lambda text: text.replace("ENV PATH", "ENV DB_PASSWORD=x PATH"),
        lambda text: text.replace("ENV PATH", "ENV DB=postgresql://me:pw@db/x PATH"),
        lambda text: text.replace("COPY src", "ADD src"),
        lambda text: re.sub(r"HEALTHCHECK.*\\\n.*\n", "", text),
    ],
)
def test_faults_of_an_image_are_seen(image, change):
    changed = change(image)
    assert changed != image
    assert faults_of_image(changed)


def test_the_services(services):
    assert set(services) == {"database", "upgrade", "service", "worker"}
    for name in ("upgrade", "service", "worker"):
        told = services[name]
        assert faults_of_service(name, told) == []
        assert understood(told["command"]), told["command"]
        assert "database_password" in told["secrets"]
        assert told["environment"]["QUARTERMASTER_DATABASE_PASSWORD_FILE"] == MOUNTED
        assert told["environment"]["QUARTERMASTER_DATABASE_URL"].endswith("@database/quartermaster")
    assert services["upgrade"]["command"] == ["db", "upgrade"]
    assert services["upgrade"]["restart"] == "no"
    assert services["upgrade"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    for name in ("service", "worker"):  # the tables are there before either begins
        assert services[name]["depends_on"] == {"upgrade": {"condition": "service_completed_successfully"}}
    database = services["database"]
    assert database["healthcheck"]["test"][1] == "pg_isready"
    assert database["environment"]["POSTGRES_PASSWORD_FILE"] == MOUNTED
    assert "ports" not in database
    assert all(port.startswith("127.0.0.1:") for port in services["service"]["ports"])
    given = float(services["service"]["command"][-1])
    assert services["service"]["command"][-2] == "--stop-seconds"
    assert given + 5 <= float(services["service"]["stop_grace_period"].removesuffix("s"))


def test_the_secret_is_a_file_that_is_not_in_the_repository():
    told = yaml.safe_load((FOLDER / "compose.yaml").read_text())
    assert told["secrets"] == {"database_password": {"file": "./database_password"}}
    assert not (FOLDER / "database_password").exists()
    assert "**/*_password" in (FOLDER / "Dockerfile.dockerignore").read_text().splitlines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "*_password" in project["tool"]["hatch"]["build"]["exclude"]
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert "src/quartermaster/deploy/database_password" in ignored


@pytest.mark.parametrize(
    "change",
    [
        {"read_only": False},
        {"cap_drop": []},
        {"security_opt": []},
        {"pids_limit": 0},
        {"privileged": True},
        {"user": "root"},
        {"environment": {"QUARTERMASTER_DATABASE_URL": "postgresql://me:pw@database/x"}},
        {"environment": {"PASSWORD": "x"}},
        {"command": ["serve", "--database", "postgresql://me:pw@database/x"]},
    ],
)
def test_faults_of_a_service_are_seen(services, change):
    assert faults_of_service("service", {**copy.deepcopy(services["service"]), **change})


def test_a_command_that_is_not_ours_is_seen():
    assert not understood(["serve", "--no-such-option"])
    assert not understood(["no-such-command"])
