"""A program that answers, and one that dies."""

import pathlib
import sys

import pytest

from benchmarks.programs import Program, ProgramError

PROJECT = str(pathlib.Path(__file__).resolve().parents[2])
ECHO = """
from benchmarks.programs import answer
def add(a, b):
    print("noise on standard output")
    return a + b
answer({"add": add})
"""


def test_questions_and_answers():
    with Program([sys.executable, "-c", ECHO], PROJECT) as program:
        assert [program.ask("add", a=n, b=1) for n in range(3)] == [1, 2, 3]


def test_a_program_that_died_is_an_error_and_not_a_hang():
    with Program([sys.executable, "-c", "raise SystemExit(3)"], PROJECT) as program:
        with pytest.raises(ProgramError, match="before it answered 'add'"):
            program.ask("add", a=1, b=1)
