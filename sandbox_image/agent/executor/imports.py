"""The modules that a node's source imports at its top level, for the zygote to import beforehand."""

import ast

from sandbox_image.agent.flow.signature import parse


def top_level_imports(source: str) -> frozenset[str]:
    """Return dotted names of modules, without relative imports. A source that is no Python imports nothing."""
    try:
        tree = parse(source)
    except SyntaxError:
        return frozenset()
    found: set[str] = set()
    for item in tree.body:
        if isinstance(item, ast.Import):
            found.update(alias.name for alias in item.names)
        elif isinstance(item, ast.ImportFrom) and item.module and not item.level:
            found.add(item.module)
    return frozenset(found - {"__future__"})
