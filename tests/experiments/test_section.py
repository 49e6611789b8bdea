import pytest

from experiments.section import Figure, Table, Verdict, read_section

TEXT = """
# A title

A paragraph
of two lines.

![What it shows,
in (brackets)](a.png)

![An eye](b.png){photographs}

Table: A caption
that is long
| | one | two |
| row | 1 | |


Verdict C1: The effect is 0.1.

Another paragraph.
"""


def test_blocks_become_parts():
    section = read_section(TEXT, {"C1": "undecided"}, ["a.csv"])
    assert section.title == "A title"
    assert section.text == ["A paragraph of two lines.", "Another paragraph."]
    assert section.figures == [
        Figure("a.png", "What it shows, in (brackets)"),
        Figure("b.png", "An eye", photographs=True),
    ]
    assert section.tables == [
        Table("A caption that is long", ("", "one", "two"), [["row", "1", ""]])
    ]
    assert section.verdicts == [Verdict("C1", "undecided", "The effect is 0.1.")]
    assert section.files == ("a.csv",)


def test_a_table_with_a_cell_too_many():
    with pytest.raises(ValueError, match="table 'T': a row has more or fewer"):
        read_section("# A\n\nTable: T\n| a | b |\n| 1 | 2 | 3 |", {}, [])


def test_words_without_a_verdict():
    with pytest.raises(ValueError, match=r"words on \['C1'\], verdicts on \['C2'\]"):
        read_section("# A\n\nVerdict C1: words", {"C2": "undecided"}, [])
