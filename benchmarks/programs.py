"""Programs that measure one thing after another as they are told, so that two of them can take turns. Standard library only.

A question is a line of JSON, {"ask": name, ...arguments}; the answer is a line of JSON.
"""

import json
import os
import subprocess
import sys


class ProgramError(Exception):
    """A program ended before its answer; its last words are on standard error."""


class Program:
    """A running program, from the side that asks. command: list of strings; folder: its working directory."""

    def __init__(self, command, folder):
        self._command = command
        self._process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, name, **arguments):
        """Return the answer of the program's function `name`."""
        try:
            self._process.stdin.write(json.dumps(dict(arguments, ask=name)) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise ProgramError(
                "{}: ended before it answered {!r}".format(" ".join(self._command), name)
            )
        return json.loads(line)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


def answer(functions):
    """Answer questions from standard input until it ends. functions: dict name -> function of the arguments, for JSON.

    What anything else prints goes to standard error.
    """
    with os.fdopen(os.dup(1), "w") as answers:
        sys.stdout.flush()
        os.dup2(2, 1)
        for line in sys.stdin:
            question = json.loads(line)
            answers.write(json.dumps(functions[question.pop("ask")](**question)) + "\n")
            answers.flush()
