"""Documents read from the database: JSON that older or newer code may have written."""

from typing import TypeVar

from pydantic import BaseModel, TypeAdapter

ModelT = TypeVar("ModelT", bound=BaseModel)
ValueT = TypeVar("ValueT")


def read_document(model: type[ModelT], document: str) -> ModelT:
    """Return a stored document; fields that newer code added, at any depth, are passed over."""
    return model.model_validate_json(document, extra="ignore")


def read_documents(kind: TypeAdapter[ValueT], documents: str) -> ValueT:
    """Return what a stored JSON array holds; fields are passed over as in :func:`read_document`."""
    return kind.validate_json(documents, extra="ignore")
