"""Write the Python client from the API's description: ``python clients/python/generate.py``.

One method an operation, one type a shape; what is the same for all of them is written by hand in `connection.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PACKAGE = HERE / "tillit_client"
PREFIX = "/api/v1"
PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
INDENT = "    "


def description() -> dict[str, Any]:
    """The description as it is served."""
    sys.path.insert(0, str(HERE.parent.parent))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tillit.conf.settings")
    import django  # noqa: PLC0415  the settings come first

    django.setup()
    from tillit.api.described import api  # noqa: PLC0415

    told: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema()))
    return told


def shapes(schema: dict[str, Any]) -> str:
    """The module of types."""
    lines = ['"""What the API takes and gives. Made by generate.py: do not change it here."""', ""]
    lines += ["from __future__ import annotations", "", "from typing import Any, Literal, NotRequired, TypedDict", ""]
    for name, shape in sorted(schema["components"]["schemas"].items()):
        lines += ["", *_shape(name, shape)]
    return formatted("\n".join(lines))


def _shape(name: str, shape: dict[str, Any]) -> Iterator[str]:
    if "enum" in shape:
        yield f"{name} = {hint(shape)}"
        return
    required = set(shape.get("required", ()))
    fields = {
        field: hint(part) if field in required else f"NotRequired[{hint(part)}]"
        for field, part in shape.get("properties", {}).items()
    }
    yield f"class {name}(TypedDict):"
    yield f'{INDENT}"""{_plain(shape.get("description", name))}"""'
    yield ""
    yield from (f"{INDENT}{field}: {kind}" for field, kind in fields.items())
    yield ""


def hint(part: dict[str, Any], where: str = "") -> str:
    """The Python type of a JSON schema; `where` is the module that holds the shapes."""
    if "$ref" in part:
        return where + str(part["$ref"]).rpartition("/")[2]
    if "enum" in part or "const" in part:
        return f"Literal[{', '.join(map(repr, part.get('enum', [part.get('const')])))}]"
    if several := part.get("anyOf") or part.get("oneOf"):
        return " | ".join(dict.fromkeys(hint(each, where) for each in several))
    if part.get("type") == "array":
        return f"list[{hint(part.get('items', {}), where)}]"
    if part.get("type") == "object":
        inside = part.get("additionalProperties")
        return f"dict[str, {hint(inside, where) if isinstance(inside, dict) else 'Any'}]"
    return PLAIN.get(str(part.get("type")), "Any")


def operations(schema: dict[str, Any]) -> str:
    """The module of methods."""
    lines = ['"""A method for each operation. Made by generate.py: do not change it here."""', ""]
    lines += ["from __future__ import annotations", "", "from typing import Any, Literal", ""]
    lines += ["from tillit_client import shapes"]
    lines += ["from tillit_client.connection import UNSET, Connection, Content", "", ""]
    lines += ["class Tillit(Connection):", f'{INDENT}"""The API of an installation, with a key."""', ""]
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            lines += [*_operation(path.removeprefix(PREFIX), method.upper(), operation, schema), ""]
    return formatted("\n".join(lines))


def _operation(path: str, method: str, operation: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    parameters = [each for each in operation["parameters"] if each["in"] in {"path", "query"}]
    in_path = [each for each in parameters if each["in"] == "path"]
    query = [each for each in parameters if each["in"] == "query"]
    content, body = _body(operation, schema)
    named = [(each["name"], each["schema"], each["required"]) for each in query] + body
    named.sort(key=lambda each: not each[2])
    arguments = ["self", *(f"{each['name']}: {_said(each['schema'])}" for each in in_path)]
    arguments += ["content: Content"] if content else []
    arguments += ["*"] if named or method != "GET" else []
    arguments += [f"{name}: {_said(part)}{'' if must else ' = UNSET'}" for name, part, must in named]
    arguments += ["idempotency_key: str | None = None"] if method != "GET" else []
    given = [repr(method), f"f{json.dumps(path)}" if in_path else json.dumps(path)]
    given += [f"query={_dict(each['name'] for each in query)}"] if query else []
    given += [f"body={_dict(name for name, _, _ in body)}"] if body else []
    given += ["content=content"] if content else []
    given += ["idempotency_key=idempotency_key"] if method != "GET" else []
    result = _result(operation)
    yield f"{INDENT}def {operation['operationId']}({', '.join(arguments)}) -> {result}:"
    yield f'{INDENT * 2}"""{_plain(operation["description"])}"""'
    call = f"self.call({', '.join(given)})"
    yield f"{INDENT * 2}{call}" if result == "None" else f"{INDENT * 2}answer: {result} = {call}"
    if result != "None":
        yield f"{INDENT * 2}return answer"


def _body(operation: dict[str, Any], schema: dict[str, Any]) -> tuple[bool, list[tuple[str, Any, bool]]]:
    """Whether a file is the body, else its parts as (name, schema, required)."""
    if "requestBody" not in operation:
        return False, []
    [(kind, said)] = operation["requestBody"]["content"].items()
    if kind != "application/json":
        return True, []
    shape = schema["components"]["schemas"][said["schema"]["$ref"].rpartition("/")[2]]
    required = set(shape.get("required", ()))
    return False, [(name, part, name in required) for name, part in shape["properties"].items()]


def _dict(names: Iterable[str]) -> str:
    return "{" + ", ".join(f"{json.dumps(name)}: {name}" for name in names) + "}"


def _said(part: dict[str, Any]) -> str:
    return hint(part, "shapes.")


def _result(operation: dict[str, Any]) -> str:
    for status, answer in operation["responses"].items():
        if str(status).startswith("2"):
            content = answer.get("content", {})
            said = content.get("application/json")
            return _said(said["schema"]) if said else "bytes" if content else "None"
    raise ValueError(f"{operation['operationId']} answers nothing good")


def _plain(text: str) -> str:
    return text.strip().replace("\\", "\\\\").replace('"""', "'''")


def formatted(text: str) -> str:
    """The text as the formatter of this repository writes it."""
    ruff = Path(sys.executable).parent / "ruff"
    done = subprocess.run(
        [ruff, "format", "--stdin-filename", str(PACKAGE / "made.py"), "-"],
        input=text,
        capture_output=True,
        text=True,
        check=True,
        cwd=HERE.parent.parent,
    )
    return done.stdout


def made() -> dict[Path, str]:
    """Every file that is made, with its text."""
    schema = description()
    return {PACKAGE / "shapes.py": shapes(schema), PACKAGE / "operations.py": operations(schema)}


if __name__ == "__main__":
    for path, text in made().items():
        path.write_text(text)
        sys.stdout.write(f"{path.name}: {len(text.splitlines())} lines\n")
