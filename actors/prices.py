"""The price table: what a model costs, from ``prices.toml`` and a file of the user's own."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from domain.errors import ConfigurationError
from domain.usage import Price

BUILT_IN = Path(__file__).with_name("prices.toml")

Name = Annotated[str, Field(min_length=1, max_length=200)]
NanousdPerMtok = Annotated[int, Field(ge=0, strict=True)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Entry(_Section):
    """One model of a price file; prices in nano-dollars per million tokens."""

    name: Name
    aliases: tuple[Name, ...] = ()
    input: NanousdPerMtok
    cached_input: NanousdPerMtok
    output: NanousdPerMtok
    as_of: date
    source: Annotated[str, Field(min_length=1)]
    note: str = ""

    @model_validator(mode="after")
    def _cached_input_is_no_dearer(self) -> Self:
        if self.cached_input > self.input:
            raise ValueError("cached_input is more than input")
        return self

    def price(self) -> Price:
        """Return the entry as the price that the ledger reckons with."""
        return Price(
            model=self.name,
            input_nanousd_per_mtok=self.input,
            cached_input_nanousd_per_mtok=self.cached_input,
            output_nanousd_per_mtok=self.output,
            as_of=self.as_of.isoformat(),
            source=f"{self.source} ({self.note})" if self.note else self.source,
        )


class _File(_Section):
    """A price file."""

    reference: Name | None = None
    model: tuple[_Entry, ...] = ()


class PriceTable(Mapping[str, Price]):
    """Prices by the names of models, aliases included, whatever their case.

    Attributes:
        reference: Name of the model that costs are compared with.
    """

    def __init__(self, prices: Mapping[str, Price], reference: str) -> None:
        self._prices = dict(prices)
        self._folded = {name.casefold(): price for name, price in prices.items()}
        self.reference = reference

    def __getitem__(self, model: str) -> Price:
        return self._folded[model.casefold()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._prices)

    def __len__(self) -> int:
        return len(self._prices)

    def find(self, model: str) -> Price | None:
        """Return a model's price, or None where none is known."""
        return self.get(model)


def load_prices(extra: Path | None) -> PriceTable:
    """Return the built-in prices, and over them those of a file of the same form.

    Raises:
        ConfigurationError: A file cannot be read or breaks the form; names file, entry and field.
    """
    files = [_read(BUILT_IN)]
    if extra is not None:
        files.append(_read(extra))
    prices: dict[str, Price] = {}
    reference = ""
    for file in files:
        reference = file.reference or reference
        for entry in file.model:
            prices.update(dict.fromkeys((entry.name, *entry.aliases), entry.price()))
    table = PriceTable(prices, reference)
    if table.find(reference) is None:
        allowed = "a model that the table has a price for"
        raise ConfigurationError(f"{extra or BUILT_IN.name}: reference", reference, allowed)
    return table


def _read(path: Path) -> _File:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not UTF-8"
        raise ConfigurationError(
            "model.prices_file", f"{path} ({why})", "a readable file"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(str(path), str(error), "TOML") from error
    try:
        file = _File.model_validate(document)
    except ValidationError as error:
        fault = error.errors()[0]
        field = _place(document, fault["loc"])
        got = str(fault["input"])[:100]
        raise ConfigurationError(f"{path}: {field}", got, fault["msg"]) from error
    _check_unique(path, file)
    return file


def _place(document: Mapping[str, object], location: tuple[int | str, ...]) -> str:
    """Return where in the file a fault is, an entry by its name where it has one."""
    match location:
        case ("model", int(number), *rest):
            entries = document["model"]
            entry = entries[number] if isinstance(entries, list) else None
            name = entry.get("name") if isinstance(entry, dict) else None
            shown = f"model {name!r}" if name else f"model number {number + 1}"
            return ", ".join([shown, ".".join(map(str, rest))] if rest else [shown])
        case _:
            return ".".join(map(str, location))


def _check_unique(path: Path, file: _File) -> None:
    seen: set[str] = set()
    for entry in file.model:
        for name in (entry.name, *entry.aliases):
            if name in seen:
                field = f"{path}: model {entry.name!r}"
                raise ConfigurationError(field, name, "each name and alias once in a file")
            seen.add(name)
