"""Runs nodes: each in a fresh process, forked from a warm interpreter of the project's environment.

``Executor.execution(job, listener)`` gives an ``Execution``; ``await execution.run()`` gives its ``Outcome`` and never
raises for anything that user code does; ``execution.cancel()`` ends it. ``child/`` is what runs in the project's interpreter.
"""

from .executor import Executor
from .job import Input, JsonInput, KeyedInputs, NodeJob, Outcome, PythonEnvironment
from .values import Value
from .zygote import Zygote

__all__ = [
    "Executor",
    "Input",
    "JsonInput",
    "KeyedInputs",
    "NodeJob",
    "Outcome",
    "PythonEnvironment",
    "Value",
    "Zygote",
]
