"""Runs one node: loads its inputs, calls its ``main``, and turns what it returns into values and representations."""

import _thread
import builtins
import io
import linecache
import os
import sys
import types
from collections.abc import Callable
from typing import Any, Final, cast

from . import failures, outputs, own_code, pickling, values
from .framing import Channel

MAX_DISPLAYS: Final = 100
MAX_DISPLAYED: Final = 5 * 1024 * 1024
"""Bytes of all displays of a run as they are sent; with its text they have to fit into one answer."""
WHOLE: Final = "output"
"""The port of a node whose return type names no fields: it gets all that main returns."""


class NodeRun:
    """One run of one node, as the agent's request describes it (see ``executor/request.py``)."""

    def __init__(self, request: dict[str, Any], blob: memoryview, channel: Channel) -> None:
        self._request = request
        self._blob = blob
        self._channel = channel
        self._displays = 0
        self._displayed = 0
        self._told_full = False
        self._displaying = _thread.allocate_lock()  # threading itself would cost each fork some time
        self._pid = os.getpid()
        self._unhashed: dict[str, values.Packed] = {}
        self._result_message: tuple[dict[str, Any], bytes] = ({}, b"")
        self._own = own_code.OwnCode(request["workspace"], request["file"], request["source"], request["own"])

    def execute(self) -> None:
        """Run the node. It has a result in any case that this process survives."""
        try:
            value = self._call()
            if os.getpid() != self._pid:  # a child that the node forked came back from main as well
                os._exit(0)
            self._show_figures(returned=value)
            flush()
            self._result_message = self._result(value)
            flush()  # a user's repr may print
        except BaseException as error:  # noqa: BLE001 whatever user code raises is the result, SystemExit included
            flush()
            if os.getpid() != self._pid:
                os._exit(1)
            self._unhashed.clear()
            self._show_figures(returned=None)
            self._result_message = {"error": failures.describe(error, self._request["workspace"])}, b""

    def send_result(self) -> None:
        """Send the result. What is printed from now on is read by nobody."""
        message, blob = self._result_message
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
        ports: list[str] = self._request["ports"]
        nameless = _nameless(main, [port in inputs for port in ports])
        for index, port in enumerate(ports):
            if port in inputs and len(positional) == index:
                positional.append(self._arrived(port))
            elif port in inputs:
                named[port] = self._arrived(port)
            elif index < len(nameless):
                positional.append(nameless[index])
        value = main(*positional, **named)
        if isinstance(value, types.CoroutineType):
            import asyncio

            value = asyncio.run(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        return value  # pyright: ignore[reportUnknownVariableType]

    def _load_main(self) -> Callable[..., Any]:
        source, file = self._request["source"], f"{self._request['workspace']}/{self._request['file']}"
        source = source.removeprefix("\ufeff")  # some editors mark UTF-8 with it, and Python takes it from files
        linecache.cache[file] = (len(source), None, io.StringIO(source, newline=None).readlines(), file)
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

    def _arrived(self, port: str) -> Any:
        try:
            return self._load(self._request["inputs"][port])
        except Exception as error:
            error.add_note(
                f"This happened while the input `{port}` was read: what was returned cannot be restored here."
            )
            raise

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
            if self._full():
                return
            output = outputs.represent(value, self._request["limit"])
            if os.getpid() != self._pid:  # the channel is its parent's: their messages would get into each other
                sys.stdout.write(f"{output['mime']['text/plain']}\n")
                continue
            with self._displaying:  # threads may display as well
                if not self._full():
                    self._displays += 1
                    self._displayed += self._channel.send({"is": "display", "output": output})

    def _full(self) -> bool:
        """Whether nothing more can be displayed, which is said once."""
        full = self._displays >= MAX_DISPLAYS or self._displayed >= MAX_DISPLAYED
        if full and not self._told_full:
            self._told_full = True
            sys.stderr.write("There are too many displays; the rest is not shown.\n")
        return full

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
    if names == [WHOLE]:
        return {WHOLE: value}
    fields: dict[str, Any] = (
        cast("Any", value) if isinstance(value, dict) else getattr(value, "_asdict", dict[str, Any])()
    )
    missing = [name for name in names if name not in fields]
    if missing:
        raise TypeError(
            f"main must return {', '.join(names)}, as its annotation says; it left out {', '.join(missing)}."
        )
    return {name: fields[name] for name in names}


def _nameless(main: Callable[..., Any], wired: list[bool]) -> list[Any]:
    """Defaults by position of the positional-only parameters up to the last that is wired: the others cannot be left out."""
    code, defaults = getattr(main, "__code__", None), getattr(main, "__defaults__", None) or ()
    if code is None or True not in wired[: code.co_posonlyargcount]:
        return []
    last = max(index for index, found in enumerate(wired[: code.co_posonlyargcount]) if found)
    first_default = code.co_argcount - len(defaults)
    return [defaults[index - first_default] if index >= first_default else None for index in range(last)]


def _show_instead_of_a_window(display: Callable[..., None]) -> None:
    """Make pyplot's ``show`` display the open figures and close them, as notebooks do."""
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    if pyplot is None or not hasattr(pyplot, "get_fignums"):
        return

    def show(*_: Any, **__: Any) -> None:
        display(*outputs.open_figures())
        pyplot.close("all")

    pyplot.show = show
