"""Twilio's own OpenAPI documents, made strict enough that Prism judges what we send."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

SPECS = Path("@twilio/cli-core/src/services/twilio-api")
SENDING = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
FILES = "/2010-04-01/Accounts/{AccountSid}/Messages/{MessageSid}/Media.json"
CONTENT = "/v1/Content"
FORM = "application/x-www-form-urlencoded"
PHONE = r"^((whatsapp|messenger):)?\+[1-9][0-9]{6,14}$"


def tightened(modules: Path) -> dict[str, Any]:
    """One document of the operations that we use.

    Repeated form keys are arrays, ``phone-number`` is a pattern, and answers may hold relative addresses, as Twilio's
    do.
    """
    api, content = (_read(modules / SPECS / f"twilio_{name}.json") for name in ("api_v2010", "content_v1"))
    paths = {**{path: api["paths"][path] for path in (SENDING, FILES)}, CONTENT: content["paths"][CONTENT]}
    schemas = {**api["components"]["schemas"], **content["components"]["schemas"]}
    _without_uri_format(schemas)
    for path in paths.values():
        for operation in (path[method] for method in ("get", "post") if method in path):
            _without_uri_format(operation["responses"])
            _tighten(operation.get("requestBody", {}))
    return {**api, "paths": paths, "components": {**api["components"], "schemas": schemas}}


def _read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def _without_uri_format(node: Any) -> None:
    if isinstance(node, dict):
        if node.get("format") == "uri":
            del node["format"]
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            _without_uri_format(child)


def _tighten(body: dict[str, Any]) -> None:
    form = body.get("content", {}).get(FORM)
    if form is None:
        return
    for name, field in form["schema"]["properties"].items():
        if field.get("type") == "array":
            form.setdefault("encoding", {})[name] = {"style": "form", "explode": True}
        if field.get("format") == "phone-number":
            field["pattern"] = PHONE


def undeclared(
    document: dict[str, Any], method: str, path: str, query: str, content_type: str, body: bytes
) -> set[str]:
    """The names in a request that Twilio does not know; Prism drops them without a word."""
    known = CONTENT if path.startswith("/v1/") else FILES if path.endswith("/Media.json") else SENDING
    operation = document["paths"][known][method.lower()]
    parameters = {found["name"] for found in operation.get("parameters", ()) if found["in"] == "query"}
    names = {name for name, _ in parse_qsl(query, keep_blank_values=True)} - parameters
    media_type = content_type.partition(";")[0] if body else ""
    if media_type == FORM:
        declared = operation["requestBody"]["content"][FORM]["schema"]["properties"]
        return names | ({name for name, _ in parse_qsl(body.decode(), keep_blank_values=True)} - set(declared))
    if media_type == "application/json":
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        return names | _undeclared_json(document, schema, json.loads(body))
    return names


def _undeclared_json(document: dict[str, Any], schema: dict[str, Any], value: Any) -> set[str]:
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    if isinstance(value, list):
        return {name for item in value for name in _undeclared_json(document, schema.get("items", {}), item)}
    if not isinstance(value, dict) or "properties" not in schema:
        return set()
    known = schema["properties"]
    found: set[str] = set(value) - set(known)
    return found.union(*(_undeclared_json(document, known[name], value[name]) for name in set(value) & set(known)))
