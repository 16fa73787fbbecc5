"""Runs one node: loads its inputs, calls its ``main``, and turns what it returns into values and representations."""

import builtins
import linecache
import os
import sys
import types
from collections.abc import Callable
from typing import Any, Final, cast

from . import failures, outputs, own_code, pickling, values
from .framing import Channel

MAX_DISPLAYS: Final = 100
MAX_DISPLAYED: Final = 8 * 1024 * 1024
"""Characters of all displays of a run."""


class NodeRun:
    """One run of one node, as the agent's request describes it (see ``executor/request.py``)."""

    def __init__(self, request: dict[str, Any], blob: memoryview, channel: Channel) -> None:
        self._request = request
        self._blob = blob
        self._channel = channel
        self._displays = 0
        self._displayed = 0
        self._pid = os.getpid()
        self._unhashed: dict[str, values.Packed] = {}
        self._own = own_code.OwnCode(request["workspace"], request["file"], request["source"], request["own"])

    def execute(self) -> None:
        """Run the node and send its result, which is sent in any case that this process survives."""
        try:
            value = self._call()
            if os.getpid() != self._pid:  # a child that the node forked came back from main as well
                os._exit(0)
            self._show_figures(returned=value)
            flush()
            message, blob = self._result(value)
        except BaseException as error:  # noqa: BLE001 whatever user code raises is the result, SystemExit included
            flush()
            if os.getpid() != self._pid:
                os._exit(1)
            self._unhashed.clear()
            self._show_figures(returned=None)
            message, blob = {"error": failures.describe(error, self._request["workspace"])}, b""
        self._channel.send({"is": "result", **message}, blob)

    def send_digests(self) -> None:
        """Hash the values that were too large to be hashed before the result was sent, and send the digests."""
        if self._unhashed:
            digests = {port: packed.digest() for port, packed in self._unhashed.items()}
            self._channel.send({"is": "digests", "digests": digests})

    def _call(self) -> Any:
        builtins.display = self._display  # type: ignore[attr-defined]
        main = self._load_main()
        _show_instead_of_a_window(self._display)
        inputs = self._request["inputs"]
        positional: list[Any] = []
        named: dict[str, Any] = dict(self._request["settings"])
        for port in self._request["ports"]:
            if port in inputs and len(positional) == self._request["ports"].index(port):
                positional.append(self._load(inputs[port]))
            elif port in inputs:
                named[port] = self._load(inputs[port])
        value = main(*positional, **named)
        if isinstance(value, types.CoroutineType):
            import asyncio

            value = asyncio.run(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        return value  # pyright: ignore[reportUnknownVariableType]

    def _load_main(self) -> Callable[..., Any]:
        source, file = self._request["source"], f"{self._request['workspace']}/{self._request['file']}"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        name = self._own.name
        module = types.ModuleType(name)
        module.__file__ = file
        self._register(name, module)
        exec(compile(source, file, "exec", dont_inherit=True), module.__dict__)  # noqa: S102 running it is the purpose
        main = module.__dict__.get("main")
        if main is None and self._request["legacy"]:
            main = next((item for item in module.__dict__.values() if isinstance(item, types.FunctionType)), None)
        if not callable(main):
            raise failures.NoMain("The source defines no function `main`.")
        return main

    def _register(self, name: str, module: types.ModuleType) -> None:
        """Make the module known by its name: what it defines is pickled by it, and so are its parents."""
        sys.modules[name] = module
        parts = name.split(".")
        for depth in range(1, len(parts)):
            parent = types.ModuleType(".".join(parts[:depth]))
            parent.__path__ = ["/".join((self._request["workspace"], *parts[:depth]))]
            sys.modules[parent.__name__] = parent

    def _load(self, item: dict[str, Any]) -> Any:
        if "json" in item:
            return item["json"]
        if "dict" in item:
            return {key: self._load(part) for key, part in item["dict"]}
        if "file" in item:
            return values.load_file(item["file"])
        start, size = item["inline"]
        return values.load(bytearray(self._blob[start : start + size]))

    def _display(self, *shown: Any) -> None:
        """Show values under the node, as they are now."""
        flush()
        for value in shown:
            if self._displays > MAX_DISPLAYS or self._displayed > MAX_DISPLAYED:
                return
            output = outputs.represent(value, self._request["limit"])
            self._displays += 1
            self._displayed += sum(len(item) for item in output["mime"].values() if isinstance(item, str))
            if self._displays > MAX_DISPLAYS or self._displayed > MAX_DISPLAYED:
                sys.stderr.write("There are too many displays; the rest is not shown.\n")
                return
            self._channel.send({"is": "display", "output": output})

    def _show_figures(self, returned: Any) -> None:
        figures = [figure for figure in outputs.open_figures() if figure is not returned]
        if figures:
            self._display(*figures)

    def _result(self, value: Any) -> tuple[dict[str, Any], bytes]:
        output = outputs.represent(value, self._request["limit"])
        names = self._request["outputs"]
        packed = {port: _pack(item, port) for port, item in _split(value, names).items()}
        definitions = self._own.referred_to_by(list(packed.values()))
        output["size"] = sum(item.size for item in packed.values())
        entries: list[dict[str, Any]] = []
        blob: list[bytes] = []
        for index, (port, item) in enumerate(packed.items()):
            entry: dict[str, Any] = {"port": port, "size": item.size}
            if item.size <= values.INLINE:
                blob.append(item.joined())
            else:
                entry["file"] = f"{self._request['values']}-{index}"
                item.write(entry["file"])
            if item.size <= values.HASHED_AT_ONCE:
                entry["digest"] = item.digest()
            else:
                self._unhashed[port] = item
            entries.append(entry)
        return {"output": output, "values": entries, "definitions": definitions}, b"".join(blob)


def flush() -> None:
    """Send what ``print`` still holds. A stream that user code closed has nothing to send."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (ValueError, OSError, AttributeError):
            continue  # closed, or replaced by something that is no stream: the user's own doing


def _pack(value: Any, port: str) -> values.Packed:
    try:
        return values.Packed(value)
    except MemoryError:
        raise
    except Exception as error:
        raise pickling.explain(value, error, port) from error


def _split(value: Any, names: list[str]) -> dict[str, Any]:
    """The value of each output port."""
    if len(names) == 1:
        return {names[0]: value}
    fields: dict[str, Any] = (
        cast("Any", value) if isinstance(value, dict) else getattr(value, "_asdict", dict[str, Any])()
    )
    missing = [name for name in names if name not in fields]
    if missing:
        raise TypeError(
            f"main must return {', '.join(names)}, as its annotation says; it left out {', '.join(missing)}."
        )
    return {name: fields[name] for name in names}


def _show_instead_of_a_window(display: Callable[..., None]) -> None:
    """Make pyplot's ``show`` display the open figures and close them, as notebooks do."""
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    if pyplot is None or not hasattr(pyplot, "get_fignums"):
        return

    def show(*_: Any, **__: Any) -> None:
        display(*outputs.open_figures())
        pyplot.close("all")

    pyplot.show = show
