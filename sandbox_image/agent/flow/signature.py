"""Reads a node's ports from the signature of its ``main``, without running it.

==============================================  =====================================================================
source                                          ports
==============================================  =====================================================================
``def main()``                                  no input
``def main(input_data)``                        one input that merges any number of edges (any name, no default)
``def main(prices, rates=None)``                one input per positional parameter; a default makes it optional
``def main(data, *, window: int = 7)``          keyword-only parameters are settings
``-> SomeTypedDict``, ``-> SomeNamedTuple``     one output per field of the class, which the same source defines
==============================================  =====================================================================

``*args`` and ``**kwargs`` have no port and receive nothing. ``async def main`` counts as well.
"""

import ast
import math
import warnings
from typing import Any

from sandbox_image.wire.project import Port, Ports, Setting

OUTPUT = "output"
"""Name of the only output port of a node whose return type names no fields."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def read_ports(source: str, *, legacy: bool = False) -> Ports:
    """Return the ports of the node with this source.

    Never raises: what keeps the signature from being read is told in ``Ports.error``, with the line where there is one.
    A ``legacy`` node without ``main`` uses the first function of its source, as the original system did.
    """
    try:
        tree = parse(source)
    except SyntaxError as error:
        return Ports(error=f"line {error.lineno or 1}: {error.msg}")
    function = find_main(tree, legacy=legacy)
    if function is None:
        return Ports(error="There is no function `main`. Add one: def main(input_data): ...")
    return Ports(
        inputs=_inputs(function),
        outputs=_outputs(function, tree),
        settings=_settings(function),
        merges=_merges(function),
    )


def parse(source: str) -> ast.Module:
    """Parse a node's source. Raises ``SyntaxError`` for anything that is no Python, NUL bytes and depth included."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "invalid escape sequence" concerns the author, not the ports
            return ast.parse(source.removeprefix("\ufeff"))  # Python takes this mark at the beginning of a file
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error) or "too deeply nested") from error


def find_main(tree: ast.Module, *, legacy: bool = False) -> Function | None:
    """Return the function that a run calls: the last top-level ``main``, as Python itself would bind the name."""
    functions = [item for item in tree.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)]
    mains = [function for function in functions if function.name == "main"]
    if mains:
        return mains[-1]
    return functions[0] if legacy and functions else None


def _positional(function: Function) -> list[tuple[ast.arg, bool]]:
    """Each positional parameter with whether it has a default."""
    parameters = [*function.args.posonlyargs, *function.args.args]
    first_default = len(parameters) - len(function.args.defaults)
    return [(parameter, index >= first_default) for index, parameter in enumerate(parameters)]


def _merges(function: Function) -> bool:
    parameters = _positional(function)
    return len(parameters) == 1 and not parameters[0][1]


def _inputs(function: Function) -> list[Port]:
    required = not _merges(function)  # a merging port without an edge gets None
    return [
        Port(name=parameter.arg, type=_written(parameter.annotation), required=required and not has_default)
        for parameter, has_default in _positional(function)
    ]


def _settings(function: Function) -> list[Setting]:
    return [
        Setting(
            name=parameter.arg,
            type=_written(parameter.annotation),
            default=None if default is None else _literal(default),
            required=default is None,
            choices=_choices(_unquoted(parameter.annotation)),
        )
        for parameter, default in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
    ]


def _outputs(function: Function, tree: ast.Module) -> list[Port]:
    annotation = _unquoted(function.returns)
    if isinstance(annotation, ast.Name):
        classes = {item.name: item for item in tree.body if isinstance(item, ast.ClassDef)}
        fields = _fields(annotation.id, classes, set())
        # A run hands on the whole value through a port of this name: the port says so, and not the type of the one field.
        if fields and list(fields) != [OUTPUT]:
            return [Port(name=name, type=written) for name, written in fields.items()]
    return [Port(name=OUTPUT, type=_written(function.returns))]


def _fields(name: str, classes: dict[str, ast.ClassDef], seen: set[str]) -> dict[str, str] | None:
    """Fields of a ``TypedDict`` or ``NamedTuple`` class with those it inherits; None for any other class."""
    definition = classes.get(name)
    if definition is None or name in seen:
        return None
    seen.add(name)
    fields: dict[str, str] = {}
    structured = False
    for base in definition.bases:
        base_name = _last_name(base)
        if base_name in {"TypedDict", "NamedTuple"}:
            structured = True
        elif inherited := _fields(base_name, classes, seen):
            structured = True
            fields |= inherited
    if not structured:
        return None
    for item in definition.body:
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            fields[item.target.id] = _written(item.annotation)
    return fields


def _choices(annotation: ast.expr | None) -> list[Any]:
    """The values of ``Literal[...]``, also in ``Literal[...] | None`` and ``Optional[Literal[...]]``."""
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        sides = [_choices(annotation.left), _choices(annotation.right)]
        nullable = any(
            isinstance(side, ast.Constant) and side.value is None for side in (annotation.left, annotation.right)
        )
        found = [value for side in sides for value in side]
        return [*found, None] if found and nullable else found
    if not isinstance(annotation, ast.Subscript):
        return []
    inner = annotation.slice
    if _last_name(annotation.value) == "Optional":
        found = _choices(_unquoted(inner))
        return [*found, None] if found else []
    if _last_name(annotation.value) != "Literal":
        return []
    values = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    return [_literal(value) for value in values]


def _last_name(expression: ast.expr) -> str:
    """``Literal`` for ``Literal``, ``typing.Literal`` and ``Literal[...]``."""
    if isinstance(expression, ast.Subscript):
        return _last_name(expression.value)
    if isinstance(expression, ast.Attribute):
        return expression.attr
    return expression.id if isinstance(expression, ast.Name) else ""


def _unquoted(annotation: ast.expr | None) -> ast.expr | None:
    """The expression in an annotation that is written as a string."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            return ast.parse(annotation.value, mode="eval").body
        except (SyntaxError, ValueError):
            return annotation
    return annotation


def _written(annotation: ast.expr | None) -> str:
    expression = _unquoted(annotation)
    return "" if expression is None else ast.unparse(expression)


def _literal(expression: ast.expr) -> Any:
    """The JSON value of a literal; None for what is no literal or has no place in JSON."""
    try:
        value = ast.literal_eval(expression)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return value if _is_json(value) else _as_list(value)


def _as_list(value: Any) -> Any:
    if isinstance(value, tuple) and _is_json(list(value)):  # pyright: ignore[reportUnknownArgumentType]
        return list(value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return None


def _is_json(value: Any) -> bool:
    match value:
        case None | bool() | int() | str():
            return True
        case float():
            return math.isfinite(value)
        case list():
            return all(map(_is_json, value))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        case dict():
            return all(isinstance(key, str) and _is_json(item) for key, item in value.items())  # pyright: ignore[reportUnknownVariableType]
        case _:
            return False
