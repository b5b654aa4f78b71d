"""Whether an error arrives at another process as it left: by pickle, with all it carries."""

import importlib
import inspect
import pickle
from collections.abc import Iterable
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from tests.shape.tree import modules_of_rooms

SAMPLES: dict[type, object] = {
    bool: True,
    bytes: b"bytes",
    dict: {"key": "value"},
    float: 1.5,
    int: 3,
    list: ["one", "two"],
    str: "some text",
    tuple: ("one", "two"),
}
"""A value for each type an error's argument may have."""


def error_classes(root: Path) -> list[type[Exception]]:
    """Import every module of every room and return the exceptions defined there, by name."""
    found: dict[str, type[Exception]] = {}
    for module in modules_of_rooms(root):
        if module.name.endswith("__main__"):
            continue
        imported = importlib.import_module(module.name)
        for value in vars(imported).values():
            if (
                inspect.isclass(value)
                and issubclass(value, Exception)
                and value.__module__ == module.name
            ):
                found[f"{module.name}.{value.__qualname__}"] = value
    return [found[name] for name in sorted(found)]


def find_errors_that_do_not_travel(classes: Iterable[type[Exception]]) -> list[str]:
    """Return one line per class that does not survive pickling with type, fields and message."""
    faults: list[str] = []
    for error_class in classes:
        name = f"{error_class.__module__}.{error_class.__qualname__}"
        try:
            faults += [f"{name}: {fault}" for fault in _faults(error_class)]
        except Exception as error:  # noqa: BLE001 - whatever a foreign constructor raises is the finding
            faults.append(f"{name}: {type(error).__name__}: {error}")
    return faults


def _faults(error_class: type[Exception]) -> list[str]:
    arguments = _arguments(error_class)
    sent = error_class(*arguments)
    received = pickle.loads(pickle.dumps(sent))  # noqa: S301 - our own bytes
    faults = []
    if sent.args != tuple(arguments):
        faults.append(f"passes {sent.args!r} to super().__init__, was given {tuple(arguments)!r}")
    if type(received) is not error_class:
        faults.append(f"arrives as {type(received).__name__}")
    if vars(received) != vars(sent):
        faults.append(f"arrives with fields {vars(received)!r}, left with {vars(sent)!r}")
    if str(received) != str(sent):
        faults.append(f"arrives as {str(received)!r}, left as {str(sent)!r}")
    return faults


def _arguments(error_class: type[Exception]) -> list[object]:
    """Return one value per argument of the constructor, by its annotation."""
    if not inspect.isfunction(error_class.__init__):  # inherited from a built-in
        return ["some text"]
    parameters = list(inspect.signature(error_class.__init__).parameters.values())[1:]
    hints = get_type_hints(error_class.__init__)
    keyword_only = [each.name for each in parameters if each.kind is inspect.Parameter.KEYWORD_ONLY]
    if keyword_only:
        raise TypeError(
            f"takes {', '.join(keyword_only)} by keyword only, which pickle cannot pass"
        )
    return [
        _sample(hints[each.name])
        for each in parameters
        if each.kind is not inspect.Parameter.VAR_POSITIONAL
    ]


def _sample(annotation: Any) -> object:
    while hasattr(annotation, "__supertype__"):  # a NewType
        annotation = annotation.__supertype__
    if get_origin(annotation) in (Union, UnionType):
        return _sample(next(each for each in get_args(annotation) if each is not NoneType))
    plain = get_origin(annotation) or annotation
    if plain in SAMPLES:
        return SAMPLES[plain]
    if inspect.isclass(plain) and hasattr(plain, "__members__"):  # an enumeration
        return next(iter(plain.__members__.values()))
    raise TypeError(f"takes {annotation!r}; carry plain values, or add one to SAMPLES")
