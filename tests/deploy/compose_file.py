"""deploy/compose.yaml as an engine of containers reads it: anchors merged, variables filled in."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

DEPLOY = Path(__file__).parents[2] / "deploy"
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")


def read(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the file with the variables of `environment`, or the defaults that it names."""
    text = (DEPLOY / "compose.yaml").read_text()
    filled = _VARIABLE.sub(lambda found: _value(found, environment), text)
    read: dict[str, Any] = YAML(typ="safe").load(filled)
    return read


def services(environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return what runs, by name."""
    found: dict[str, dict[str, Any]] = read(environment)["services"]
    return found


def variables() -> dict[str, str | None]:
    """Return the variables that an operator may set with their defaults; None: it must be set."""
    text = (DEPLOY / "compose.yaml").read_text()
    return {
        found["name"]: found["rest"] if found["kind"] == "-" else None
        for found in _VARIABLE.finditer(text)
    }


def _value(found: re.Match[str], environment: Mapping[str, str]) -> str:
    if value := environment.get(found["name"]):
        return value
    if found["kind"] != "-":
        raise KeyError(f"{found['name']}: {found['rest']}")
    return found["rest"]
