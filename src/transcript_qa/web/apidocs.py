"""The API's description as a page: no script, and nothing from anywhere else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from transcript_qa.web.markup import html_text
from transcript_qa.web.reading import document

_EXAMPLES: dict[str, dict[str, Any]] = {
    "/api/v1/ask": {"question": "what loan was mentioned"},
    "/api/v1/search": {"query": "sea wall", "k": 5},
    "/api/v1/verify": {"quote": "The loan was approved.", "speaker": "Mira Voss"},
}


def docs_html(description: Mapping[str, Any], *, base_url: str, password: bool) -> str:
    """A page about an OpenAPI description.

    Args:
        description: as FastAPI makes it.
        base_url: the address of this server.
        password: whether a password is needed.
    """
    schemas = description.get("components", {}).get("schemas", {})
    parts = [
        _operation(path, method.upper(), operation, schemas, base_url, password)
        for path, operations in description["paths"].items()
        for method, operation in operations.items()
    ]
    key = "<p>Send the password as <code>Authorization: Bearer …</code>.</p>" if password else ""
    body = (
        '<h1>API</h1><p>Questions and answers as JSON. The description for programs is <a href="/api/v1/openapi.json">'
        f"openapi.json</a>. What fails says why in <code>message</code>.</p>{key}{''.join(parts)}"
    )
    return document("API", body)


def _operation(
    path: str, method: str, operation: Mapping[str, Any], schemas: Mapping[str, Any], base_url: str, password: bool
) -> str:
    sent = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    given = operation.get("responses", {}).get("200", {}).get("content", {}).get("application/json", {})
    says = html_text(operation.get("description", ""))
    example = html_text(_curl(path, method, base_url, password))
    return (
        f'<section class="tq-op"><h2><code>{method} {html_text(path)}</code></h2><p>{says}</p>'
        f"{_fields('Send', sent, schemas)}{_fields('Get', given.get('schema', {}), schemas)}"
        f"<pre><code>{example}</code></pre></section>"
    )


def _fields(title: str, schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    named = schemas.get(str(schema.get("$ref", "")).rsplit("/", 1)[-1], {})
    if not named.get("properties"):
        return ""
    needed = named.get("required", [])
    rows = []
    for name, field in named["properties"].items():
        notes = [field.get("description", "")]
        if title == "Send":
            notes.append("needed" if name in needed else f"default {json.dumps(field.get('default'))}")
        said = html_text("; ".join(note for note in notes if note))
        rows.append(
            f"<tr><td><code>{html_text(name)}</code></td><td>{html_text(_type(field))}</td><td>{said}</td></tr>"
        )
    return f'<h3>{title}</h3><table class="tq-table"><tbody>{"".join(rows)}</tbody></table>'


def _type(field: Mapping[str, Any]) -> str:
    """A field's type in words.

    >>> _type({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]})
    'list of string, or null'
    """
    if "anyOf" in field:
        return ", or ".join(_type(each) for each in field["anyOf"])
    if "$ref" in field:
        return str(field["$ref"]).rsplit("/", 1)[-1].removesuffix("Model").lower()
    if field.get("type") == "array" and "items" in field:
        return f"list of {_type(field['items'])}"
    if field.get("type") == "array":
        return "pair of integers"
    return str(field.get("format") or field.get("type", "any"))


def _curl(path: str, method: str, base_url: str, password: bool) -> str:
    key = " -H 'Authorization: Bearer PASSWORD'" if password else ""
    if method == "GET":
        return f"curl{key} {base_url}{path}"
    body = json.dumps(_EXAMPLES.get(path, {}))
    return f"curl{key} {base_url}{path} -H 'Content-Type: application/json' -d '{body}'"
