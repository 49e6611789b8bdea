"""The API reference as MyST pages, from the source alone: nothing of the project is imported.

A page for each package (a room of the house), on it each module with its public classes, functions
and constants, their types, and their docstrings, which are plain text with a little Markdown.
"""

import ast
from pathlib import Path
from typing import Iterator, List, Sequence

import griffe
from docstrings import as_markdown

PACKAGES = ("egl", "data_prep", "labelling", "experiments")
LEFT_OUT = ("experiments.commands",)  # the command line: `egl --help` and settings.md tell of it
LONGEST_VALUE = 70  # characters of a constant that are shown


def write_api_pages(root: Path, folder: Path) -> List[str]:
    """Write a page for each package below `root` into `folder`; return their names, in order."""
    loader = griffe.GriffeLoader(search_paths=[str(root)], allow_inspection=False)
    packages = [loader.load(name, try_relative_path=False) for name in PACKAGES]
    loader.resolve_aliases()
    pages = []
    for package in packages:
        for room in _rooms(package):
            (folder / f"{room.path}.md").write_text(_page(room, loader), encoding="utf-8")
            pages.append(room.path)
    return pages


def _rooms(package: griffe.Module) -> Iterator[griffe.Module]:
    if package.path in LEFT_OUT:
        return
    yield package
    for module in _modules(package):
        if module.is_subpackage:
            yield from _rooms(module)


def _modules(package: griffe.Module) -> List[griffe.Module]:
    return [
        module
        for name, module in sorted(package.modules.items())
        if not module.is_alias and not name.startswith("_")
    ]


def _page(room: griffe.Module, loader: griffe.GriffeLoader) -> str:
    parts = [f"# {room.path}", _heading(room), _docstring(room)]
    if "_WHERE" in room.members:  # names that the package imports when they are asked for
        where = ast.literal_eval(str(room.members["_WHERE"].value))
        paths = [_resolved(f"{module}.{name}", loader) for name, module in sorted(where.items())]
        parts.append("\n".join(f"- {{py:obj}}`{path.split('.')[-1]} <{path}>`" for path in paths))
    parts += _members(room, loader)
    for module in _modules(room):
        if module.is_subpackage:
            continue
        parts += [f"## {module.path}", _heading(module), _docstring(module)]
        parts += _members(module, loader)
    return "\n\n".join(part for part in parts if part) + "\n"


def _heading(module: griffe.Module) -> str:
    """Return the line that names the module what follows belongs to, and the link to its file."""
    path = module.path.replace(".", "/") + ("/__init__.py" if module.is_init_module else ".py")
    return f"```{{py:module}} {module.path}\n```\n[`{path}`](../{path})"


def _members(module: griffe.Module, loader: griffe.GriffeLoader) -> Iterator[str]:
    """Yield what a module itself defines, in the order of its source."""
    members = [member for name, member in module.members.items() if not name.startswith("_")]
    for member in members:
        if member.is_alias:
            continue
        if member.is_class:
            yield _class(member, loader)
        elif member.is_function:
            yield _function("py:function", member.name, member, loader)
        elif member.is_attribute and member.name[0].isupper():
            yield _directive("py:data", member.name, _value(member))


def _class(kind: griffe.Class, loader: griffe.GriffeLoader) -> str:
    methods, attributes = [], []
    for name, member in kind.members.items():
        if name.startswith("_") or member.is_alias:
            continue
        if member.is_function:
            methods.append(_function("py:method", name, member, loader))
        elif member.is_attribute and ("property" in member.labels or member.annotation):
            options = [f":type: {_type(member.annotation, loader)}"] if member.annotation else []
            attributes.append(_directive("py:attribute", name, options, _docstring(member)))
    bases = ", ".join(_type(base, loader) for base in kind.bases)
    init = kind.members.get("__init__")
    signature = _signature(init, loader) if init is not None and not init.is_alias else ""
    body = [f"Subclass of {{py:obj}}`{bases}`." if _own(bases) else "", _docstring(kind)]
    if init is not None and not init.is_alias:
        body.append(_docstring(init))
    inside = "\n\n".join(part for part in [*body, *attributes, *methods] if part)
    return _directive("py:class", f"{kind.name}{signature}", [], inside, fence="`" * 5)


def _function(
    directive: str, name: str, function: griffe.Function, loader: griffe.GriffeLoader
) -> str:
    returns = f" -> {_type(function.returns, loader)}" if function.returns else ""
    options = [
        f":{label}:" for label in ("classmethod", "staticmethod") if label in function.labels
    ]
    return _directive(
        directive, name + _signature(function, loader) + returns, options, _docstring(function)
    )


def _directive(
    directive: str, signature: str, options: Sequence[str], body: str = "", fence: str = "`" * 4
) -> str:
    head = "\n".join([f"{fence}{{{directive}}} {signature}", *options])
    return f"{head}\n\n{body}\n{fence}" if body else f"{head}\n{fence}"


def _signature(function: griffe.Function, loader: griffe.GriffeLoader) -> str:
    words: List[str] = []
    stars = {"variadic positional": "*", "variadic keyword": "**"}
    for parameter in function.parameters:
        if parameter.name in ("self", "cls") and not words:
            continue
        kind = parameter.kind.value if parameter.kind else ""
        if kind == "keyword-only" and not any(word.startswith("*") for word in words):
            words.append("*")
        word = stars.get(kind, "") + parameter.name
        if parameter.annotation:
            word += f": {_type(parameter.annotation, loader)}"
        if parameter.default is not None and kind not in stars:
            word += f" = {parameter.default}"
        words.append(word)
    return f"({', '.join(words)})"


def _value(constant: griffe.Attribute) -> List[str]:
    value = " ".join(str(constant.value).split())
    return [f":value: {value}"] if len(value) <= LONGEST_VALUE else []


def _type(expression: object, loader: griffe.GriffeLoader) -> str:
    """Return a type as text, its names of this project in full, so that they become links."""
    if not isinstance(expression, griffe.Expr):
        return str(expression)
    words = []
    for part in expression.iterate(flat=True):
        if isinstance(part, griffe.ExprName) and _own(part.canonical_path):
            words.append(_resolved(part.canonical_path, loader))
        else:
            words.append(part if isinstance(part, str) else str(part))
    return "".join(words)


def _own(path: str) -> bool:
    return path.split(".")[0] in PACKAGES and "." in path


def _resolved(path: str, loader: griffe.GriffeLoader) -> str:
    """Return where an object is defined, which may be behind an import."""
    try:
        return str(loader.modules_collection[path].canonical_path)
    except (KeyError, griffe.AliasResolutionError):
        return path


def _explained(thing: griffe.Object) -> List[str]:
    """Return the names that a docstring may explain."""
    if thing.is_function:
        return [parameter.name for parameter in thing.parameters]
    if thing.is_class:
        init = thing.members.get("__init__")
        names = [name for name, member in thing.members.items() if member.is_attribute]
        return names + (_explained(init) if init is not None and not init.is_alias else [])
    return []


def _docstring(thing: griffe.Object) -> str:
    """Return a docstring as Markdown."""
    if thing.docstring is None:
        return ""
    return as_markdown(thing.docstring.value, _explained(thing))
