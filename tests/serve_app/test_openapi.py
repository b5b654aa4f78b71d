"""Claims about the OpenAPI document."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from serve_app.api import build_api
from tests.serve_app.fakes import World, services_over


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """Return the document."""
    return build_api(services_over(World())).openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every operation with its address."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_every_operation_has_an_id_of_its_own_a_summary_and_a_description(
    document: dict[str, Any],
) -> None:
    found = [operation for _, operation in operations(document)]
    ids = [operation["operationId"] for operation in found]
    assert len(set(ids)) == len(ids) == 38
    assert all(operation["summary"] and operation["description"] for operation in found)


def test_every_body_has_examples(document: dict[str, Any]) -> None:
    bodies = [one["requestBody"] for _, one in operations(document) if "requestBody" in one]
    assert len(bodies) == 17
    assert all(body["content"]["application/json"]["examples"] for body in bodies)


def test_every_failure_under_v1_is_a_problem(document: dict[str, Any]) -> None:
    for address, operation in operations(document):
        if "/v1/" not in address:
            continue
        failures = {
            status: answer for status, answer in operation["responses"].items() if status >= "400"
        }
        assert {"422", "500", "503", "504"} <= failures.keys()
        assert all("application/problem+json" in one["content"] for one in failures.values())


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for item in node:
                yield from references(item)

    schemas = document["components"]["schemas"]
    assert all(name.rsplit("/", 1)[1] in schemas for name in references(document))


def test_a_posted_lead_needs_no_field(document: dict[str, Any]) -> None:
    body = document["paths"]["/v1/leads"]["post"]["requestBody"]["content"]["application/json"]
    schema = document["components"]["schemas"]["LeadInput"]
    assert body["schema"]["$ref"] == "#/components/schemas/LeadInput"
    assert "required" not in schema
    assert "flags" not in schema["properties"]


async def test_the_page_of_the_docs_loads_nothing_from_elsewhere(http: httpx.AsyncClient) -> None:
    page = await http.get("/docs")
    assert page.status_code == 200
    assert "/openapi.json" in page.text
    assert "//" not in page.text.replace("<!doctype", "")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
