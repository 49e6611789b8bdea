"""Programs that measure on request, so that two of them can take turns. Standard library only.

A question is a line of JSON, {"ask": name, ...arguments}; the answer is a line of JSON.
"""

import json
import os
import subprocess
import sys
from types import TracebackType
from typing import Any, Callable, Mapping, Optional, Sequence, Type


class ProgramError(Exception):
    """A program ended before it answered; its last message is on standard error."""


class Program:
    """A running program, seen from the side that asks. folder: its working directory."""

    def __init__(self, command: Sequence[str], folder: str) -> None:
        self._command = command
        self._process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, name: str, **arguments: Any) -> Any:
        """Return the answer of the program's function `name`."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None  # both are pipes
        try:
            stdin.write(json.dumps(dict(arguments, ask=name)) + "\n")
            stdin.flush()
            line = stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise ProgramError(f"{' '.join(self._command)}: ended before it answered {name!r}")
        return json.loads(line)

    def __enter__(self) -> "Program":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def answer(functions: Mapping[str, Callable[..., Any]]) -> None:
    """Answer questions from standard input until it ends.

    functions: {name: function of the question's arguments, whose result JSON can hold}

    Whatever else is printed goes to standard error.
    """
    with os.fdopen(os.dup(1), "w") as answers:
        sys.stdout.flush()
        os.dup2(2, 1)
        for line in sys.stdin:
            question = json.loads(line)
            answers.write(json.dumps(functions[question.pop("ask")](**question)) + "\n")
            answers.flush()
