"""The compose file: valid, its settings and commands Antiphon's own, and little left open."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from tests.deploy import compose_file
from tests.deploy.compose_file import DEPLOY

from antiphon.cli import cli
from antiphon.settings import Settings, load

OURS = ("web", "push", "live", "library", "training")
DOORS = {"web", "push", "nginx"}
SERVICES = compose_file.services({"MUSIC": "/srv/music"})
SCRIPTS = ("antiphon", "backup", "down", "restore", "up", "upgrade")
# So long `web` takes to tell a MongoDB that hangs from one that lives.
UNREACHABLE_S = 6
_COMMAND = re.compile(r"(?:^|[\"`/ ])antiphon ((?:[a-z]+ ?)+)", re.MULTILINE)


def environment(name: str) -> dict[str, str]:
    return {key: str(value) for key, value in SERVICES[name].get("environment", {}).items()}


def example() -> dict[str, str]:
    """What .env.example offers, whether or not it is commented out."""
    lines = (DEPLOY / ".env.example").read_text().splitlines()
    found = (re.fullmatch(r"#?([A-Z_]+)=(.*)", line) for line in lines)
    return {one[1]: one[2] for one in found if one}


def commands() -> Iterator[list[str]]:
    """Every command of Antiphon that the deployment gives, as its words."""
    yield from (words[1:] for name in OURS if (words := SERVICES[name]["command"]))
    for name in SCRIPTS:
        yield from (found.split() for found in _COMMAND.findall((DEPLOY / name).read_text()))


def test_it_is_a_compose_file() -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*check, DEPLOY / "compose.yaml"], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode()


@pytest.mark.parametrize("name", OURS)
def test_every_process_can_use_the_settings_that_it_is_given(name: str) -> None:
    settings = load(environment(name))
    assert settings.store.startswith("mongodb://mongodb:27017/")
    assert settings.events.startswith("kafka://kafka:9092")


def test_what_an_operator_may_set_of_antiphon_are_its_settings() -> None:
    known = {f"ANTIPHON_{name.upper()}" for name in Settings.__struct_fields__}
    offered = {name for name in (*example(), *compose_file.variables()) if "ANTIPHON_" in name}
    assert offered
    assert offered <= known


def test_the_example_offers_what_the_file_asks_for_with_the_same_defaults() -> None:
    offered = example()
    asked = compose_file.variables()
    assert set(asked) == set(offered) - {"COMPOSE_PROFILES"}
    # Where the default is empty or another value is more telling, the example shows one.
    shown_otherwise = {name for name in asked if name.startswith("ANTIPHON_")}
    for name in set(asked) - shown_otherwise:
        assert offered[name] == (asked[name] or ""), name


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_every_command_is_one_of_antiphons(words: list[str]) -> None:
    command: click.Command = cli
    while isinstance(command, click.Group) and words:
        assert words[0] in command.commands
        command, words = command.commands[words[0]], words[1:]
    assert not isinstance(command, click.Group)
    command.make_context("antiphon", [*words, *missing_arguments(command, words)])


def missing_arguments(command: click.Command, words: list[str]) -> list[str]:
    """What a command needs besides its words, which the scripts say in options or variables."""
    options = [
        p for p in command.params if isinstance(p, click.Option) and (p.required or p.prompt)
    ]
    arguments = [p for p in command.params if isinstance(p, click.Argument) and p.required]
    said = [text for option in options for text in (option.opts[0], "something")]
    return [*said, *(["something"] * (len(arguments) - len(words)))]


def test_only_the_doors_are_open_and_only_to_this_machine() -> None:
    published = {name for name, service in SERVICES.items() if service.get("ports")}
    assert published == DOORS
    for name in DOORS:
        assert all(port.startswith("127.0.0.1:") for port in SERVICES[name]["ports"])


def test_the_engines_are_reached_from_inside_only() -> None:
    assert compose_file.read({"MUSIC": "/srv/music"})["networks"]["inside"] == {"internal": True}
    for name in set(SERVICES) - DOORS:
        assert SERVICES[name]["networks"] == ["inside"], name


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_kept_small(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert service["mem_limit"]
    assert service["logging"]["options"]["max-size"]
    # Kafka's image writes its settings into its own folders when it starts.
    assert service.get("read_only") or name == "kafka"


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_has_a_version_and_no_registry(name: str) -> None:
    repository, _, tag = SERVICES[name]["image"].partition(":")
    assert tag
    assert tag != "latest"
    assert "." not in repository


def test_the_music_is_at_one_place_and_cannot_be_written() -> None:
    for name in ("web", "library", "spark-worker"):
        assert "/srv/music:/music:ro" in SERVICES[name]["volumes"]
    assert {environment(name)["ANTIPHON_MUSIC"] for name in OURS} == {"/music"}


def test_the_models_are_where_all_that_answer_read_them() -> None:
    places = {load(environment(name)).artefacts_url for name in ("web", "live", "training")}
    assert len(places) == 1
    mounted = {name: str(SERVICES[name]["volumes"]) for name in ("web", "live", "training")}
    assert all("data:/data" in volumes for volumes in mounted.values())
    assert "data:/data:ro" in mounted["live"]


def test_spark_runs_antiphons_own_image() -> None:
    names = (*OURS, "spark-master", "spark-worker")
    assert len({SERVICES[name]["image"] for name in names}) == 1


@pytest.mark.parametrize("chosen", ["", "3g"])
def test_executors_take_all_that_a_worker_offers(chosen: str) -> None:
    found = compose_file.services({"MUSIC": "/srv/music", "SPARK_HEAP": chosen})
    offered = found["spark-worker"]["environment"]["SPARK_WORKER_MEMORY"]
    asked = found["library"]["environment"]["PYSPARK_SUBMIT_ARGS"]
    assert offered == (chosen or "2g")
    assert asked == f"--conf spark.executor.memory={offered} pyspark-shell"


@pytest.mark.parametrize("name", ["web", "push"])
def test_a_health_check_waits_until_a_store_that_hangs_is_told_from_one_that_lives(
    name: str,
) -> None:
    check = SERVICES[name]["healthcheck"]
    (answer_within,) = re.findall(r"timeout=(\d+)", check["test"][-1])
    assert UNREACHABLE_S < int(answer_within) < int(check["timeout"].removesuffix("s"))


def test_what_is_mounted_from_beside_the_file_is_there() -> None:
    mounted = [str(v) for service in SERVICES.values() for v in service.get("volumes", [])]
    ours = [volume.split(":")[0] for volume in mounted if volume.startswith("./")]
    assert ours
    assert all((DEPLOY / path).is_file() for path in ours)


def test_more_web_processes_fit_beside_each_other_when_their_ports_are_the_engines_choice() -> None:
    chosen = {"MUSIC": "/srv/music", "WEB_PUBLISHED": "127.0.0.1:", "WEB_SCALE": "3"}
    web = compose_file.services(chosen)["web"]
    assert web["ports"] == ["127.0.0.1::4880"]
    assert web["scale"] == 3


def test_whatever_waits_waits_for_what_has_a_health_check() -> None:
    for name, service in SERVICES.items():
        for other, how in dict(service.get("depends_on") or {}).items():
            assert how == {"condition": "service_healthy"}, (name, other)
            assert "test" in SERVICES[other]["healthcheck"], (name, other)


def test_the_image_is_built_from_what_is_not_ignored() -> None:
    root = DEPLOY.parent
    rules = (root / ".dockerignore").read_text().splitlines()
    allowed = [rule[1:] for rule in rules if rule.startswith("!")]
    copied = re.findall(r"COPY (?!--from)(.+) \S+\n", (DEPLOY / "Dockerfile").read_text())
    for path in " ".join(copied).split():
        assert (root / path).exists(), path
        assert any(Path(path).match(rule) for rule in allowed), path
