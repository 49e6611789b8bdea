"""Medians, ranges and ratios by hand; the order in which sides take turns."""

from benchmarks.aims import AIMS, Aim
from benchmarks.comparing import alternate, comparison, entry, fastest, ratios, summary

AIM = Aim("speed", "a against b", "a / b", 2, 4)
TIME = Aim("time", "seconds of a over those of b", "a / b", 0.8, 0.6, lower_is_better=True)


def compared(ours, theirs):
    return comparison("speed", "patches/s", {"a": ours, "b": theirs}, "a", "b")


def test_an_entry_is_the_median_of_the_repeats_ratios_and_their_range():
    found = compared([6.0, 9.0, 10.0], [2.0, 1.0, 4.0])
    assert ratios(found) == [3.0, 9.0, 2.5]
    assert summary(ratios(found)) == (3.0, 2.5, 9.0)
    assert entry(AIM, found) == {"name": "speed", "ratio": 3.0, "must": 2, "aim": 4, "spread": 6.5}
    assert entry(AIM, None) == {"name": "speed", "ratio": None, "must": 2, "aim": 4, "spread": None}


def test_the_verdict_on_speeds_and_on_times():
    words = ["not measured", "**misses what it must reach**", "aim missed", "aim reached"]
    assert [AIM.verdict(ratio) for ratio in (None, 1.99, 2, 4)] == words
    assert [TIME.verdict(ratio) for ratio in (None, 0.81, 0.8, 0.6)] == words


def test_without_a_limit_nothing_must_be_reached():
    assert Aim("x", "", "", None, 0.6).verdict(0.1) == "aim missed"


def test_sides_take_turns_and_the_order_is_reversed():
    calls = []

    def side(name):
        return lambda: calls.append(name) or 5

    rates = alternate({"a": side("a"), "b": side("b")}, repeats=3)
    assert "".join(calls) == "ab" + "abbaab"
    assert [len(rates[name]) for name in "ab"] == [3, 3] and min(rates["a"]) > 0
    calls.clear()
    alternate({"a": side("a"), "b": side("b")}, repeats=1, warm_up=False)
    assert "".join(calls) == "ab"


def test_the_fastest_has_the_highest_median():
    assert fastest({"a": [1, 2, 99], "b": [3, 3, 3], "c": [50, 50, 50]}, ["a", "b"]) == "b"


def test_every_aim_is_harder_than_what_must_be_reached():
    assert len({aim.name for aim in AIMS}) == len(AIMS) == 13
    for aim in AIMS:
        if aim.must is not None:
            assert aim.reached(aim.aim, aim.must) and not aim.reached(aim.must, aim.aim)
