"""The scripts in bench/, loaded as modules, so that what they measure with can be tested."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def loaded(name: str) -> ModuleType:
    """Return the script bench/NAME.py as a module."""
    path = Path(__file__).parents[1] / "bench" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"bench_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Where its dataclasses and NamedTuples look for their module.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
