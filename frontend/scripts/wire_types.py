"""Write ``src/wire/generated.ts`` from the structs of ``sandbox_image/wire``, why sandboxes end and why things are refused.

``npm run wire`` writes the file, ``--check`` fails when it is out of date.
"""

import enum
import importlib
import json
import sys
import types
import typing
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import FieldInfo

FRONTEND = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(FRONTEND.parent))

MODULES = ("errors", "environment", "language", "project", "runs", "files", "terminals", "agent", "events")
TARGET = FRONTEND / "src" / "wire" / "generated.ts"
BODIES = {
    "ProjectUpdate",
    "NewNode",
    "NodePatch",
    "NewEdge",
    "RunRequest",
    "InstallRequest",
    "CloneRequest",
    "Rename",
    "NewFolder",
    "NewTerminal",
    "TerminalPatch",
}
"""Sent, never received: fields that have a default may be left out."""


def is_struct(value: Any) -> bool:
    """Whether it is a type of message or of a part of one."""
    return isinstance(value, type) and issubclass(value, msgspec.Struct)


def wire(name: str) -> types.ModuleType:
    """A module of the contract."""
    return importlib.import_module(f"sandbox_image.wire.{name}")


def renamed(cls: type) -> str:
    """Names that collide with the browser's own, or between modules, get a prefix."""
    if cls.__module__.endswith(".events"):
        return "EventEnvelope" if cls.__name__ == "Event" else f"{cls.__name__}Event"
    return cls.__name__


def ts_type(hint: Any) -> str:
    """The TypeScript type of an annotation."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return "unknown"
    if hint is type(None):
        return "null"
    if origin in (typing.Union, types.UnionType):
        return " | ".join(ts_type(arg) for arg in set_types(args))
    if origin is list:
        inner = ts_type(args[0])
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if origin is dict:
        return f"Record<string, {ts_type(args[1])}>"
    if isinstance(hint, type):
        if is_struct(hint) or issubclass(hint, enum.Enum):
            return renamed(hint)
        simple = {str: "string", int: "number", float: "number", bool: "boolean"}
        if hint in simple:
            return simple[hint]
    raise TypeError(f"no TypeScript type for {hint!r}: teach {__file__} about it")


def schema(hint: Any) -> Any:
    """The same type as data, for the parser."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return "unknown"
    if origin in (typing.Union, types.UnionType):
        inner = [arg for arg in set_types(args) if arg is not type(None)]
        if len(inner) != 1:
            raise TypeError(f"only unions with None are known, not {hint!r}")
        return ["nullable", schema(inner[0])] if type(None) in args else schema(inner[0])
    if origin is list:
        return ["array", schema(args[0])]
    if origin is dict:
        return ["record", schema(args[1])]
    if issubclass(hint, enum.Enum):
        return ["enum", *(member.value for member in hint)]
    if is_struct(hint):
        return ["ref", renamed(hint)]
    return ts_type(hint)


def set_types(args: tuple[Any, ...]) -> list[Any]:
    """The members of a union without that of a field which may be left out."""
    return [arg for arg in args if arg is not msgspec.UnsetType]


def default_of(field: FieldInfo) -> Any:
    """The field's default as JSON, or ``NODEFAULT``. What is left out is null to who reads it."""
    value = None if field.default is msgspec.UNSET else field.default
    if value is msgspec.NODEFAULT and field.default_factory is not msgspec.NODEFAULT:
        value = field.default_factory()
    return value if value is msgspec.NODEFAULT else msgspec.to_builtins(value)


def doc(cls: type, indent: str = "") -> str:
    """The first paragraph of a docstring as a comment."""
    text = (cls.__doc__ or "").strip().split("\n\n")[0].replace("\n", " ").replace("*/", "* /")
    while "  " in text:
        text = text.replace("  ", " ")
    return f"{indent}/** {text} */\n" if text and not text.startswith(f"{cls.__name__}(") else ""


def union(cls: type[enum.Enum]) -> str:
    """The TypeScript type of an enum."""
    values = " | ".join(json.dumps(member.value) for member in cls)
    return f"{doc(cls)}export type {cls.__name__} = {values};\n"


def interface(cls: type) -> str:
    """The TypeScript interface of a struct."""
    hints = typing.get_type_hints(cls)
    lines = [f"{doc(cls)}export interface {renamed(cls)} {{"]
    for field in msgspec.structs.fields(cls):
        optional = "?" if cls.__name__ in BODIES and default_of(field) is not msgspec.NODEFAULT else ""
        lines.append(f"  {field.name}{optional}: {ts_type(hints[field.name])};")
    return "\n".join([*lines, "}"])


def schema_entry(cls: type) -> str:
    """What the parser needs to know of a struct."""
    hints = typing.get_type_hints(cls)
    fields: dict[str, list[Any]] = {}
    for field in msgspec.structs.fields(cls):
        default = default_of(field)
        fields[field.name] = [schema(hints[field.name])] + ([] if default is msgspec.NODEFAULT else [default])
    return f"  {renamed(cls)}: {json.dumps(fields)},"


def generate() -> str:
    """The whole file."""
    classes: list[type] = []
    enums: list[type[enum.Enum]] = []
    for name in MODULES:
        module = wire(name)
        for value in vars(module).values():
            if not isinstance(value, type) or value.__module__ != module.__name__:
                continue
            if is_struct(value):
                classes.append(value)
            elif issubclass(value, enum.Enum):
                enums.append(value)
    received = [cls for cls in classes if cls.__name__ not in BODIES]
    events: dict[str, type] = wire("events").EVENT_TYPES
    parts = ["// Generated by scripts/wire_types.py from sandbox_image/wire. Do not edit: `npm run wire`.\n"]
    parts += [union(cls) for cls in enums]
    parts.append(union(importlib.import_module("control_plane.domain.sandbox").EndReason))
    parts.append(union(importlib.import_module("control_plane.domain.refusals").Refusal))
    parts += [interface(cls) + "\n" for cls in classes]
    parts.append("/** An event of a project's stream. */\nexport type WireEvent =")
    parts += [
        f'  | {{ seq: number; at: number; type: "{name}"; data: {renamed(cls)} }}' for name, cls in events.items()
    ]
    parts[-1] += ";\n"
    parts.append("/** Every type that is received, by name. */\nexport interface Received {")
    parts += [f"  {renamed(cls)}: {renamed(cls)};" for cls in received]
    parts.append("}\n")
    parts.append("/** Field → [type, default where it may be missing]. */\nexport const SCHEMAS = {")
    parts += [schema_entry(cls) for cls in received]
    parts.append("} as const;\n")
    parts.append("export const EVENT_SCHEMAS = {")
    parts += [f'  {name}: "{renamed(cls)}",' for name, cls in events.items()]
    parts.append("} as const;\n")
    parts += constants()
    return "\n".join(parts) + "\n"


def constants() -> list[str]:
    """Close codes with what they mean, limits, and the first bytes of terminal frames."""
    closing, limits, terminals = wire("closing"), wire("limits"), wire("terminals")
    parts = ["/** Why a socket was closed. */\nexport const CLOSE_CODES = {"]
    parts += [f"  {code.name}: {code.value}," for code in closing.CloseCode]
    parts.append("} as const;\n")
    parts.append("export type CloseCode = (typeof CLOSE_CODES)[keyof typeof CLOSE_CODES];\n")
    parts.append("export const CLOSINGS: Readonly<Record<number, { sentence: string; retry: boolean }>> = {")
    for code, meaning in closing.CLOSINGS.items():
        retry = "true" if meaning.retry else "false"
        parts.append(f"  {code.value}: {{ sentence: {json.dumps(meaning.sentence)}, retry: {retry} }},")
    parts.append("};\n")
    parts.append("export const LIMITS = {")
    parts += [f"  {name}: {value}," for name, value in vars(limits).items() if isinstance(value, (int, float))]
    parts.append("} as const;\n")
    parts.append(
        f"export const TERMINAL_OUTPUT = {terminals.OUTPUT};\nexport const TERMINAL_INPUT = {terminals.INPUT};"
    )
    return parts


def main() -> int:
    """Write the file, or check that it is up to date."""
    text = generate()
    if "--check" in sys.argv[1:]:
        if TARGET.exists() and TARGET.read_text() == text:
            return 0
        sys.stderr.write(f"{TARGET} is out of date: run `npm run wire` in frontend/\n")
        return 1
    TARGET.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
