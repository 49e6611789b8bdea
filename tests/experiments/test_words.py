import pytest

from experiments.words import lead


@pytest.mark.parametrize(
    ("differences", "words"),
    [
        ([0.2] * 5, "EGL is ahead of chance in F, by 0.200 on average over 5 seeds (95% interval"),
        ([-0.2, -0.3, -0.2, -0.3, -0.2], "EGL is behind chance in F, by 0.240 on average over 5"),
        ([0.2, -0.3, 0.2, -0.3, 0.1], "The runs show no difference between EGL and chance in F"),
        ([0.2, float("nan")], "In 1 seed EGL is 0.200 above chance in F: too few seeds to tell."),
        ([0.0, 0.0], "In 2 seeds EGL is level with chance in F: too few seeds to tell."),
        ([float("nan")], ""),
    ],
)
def test_a_sentence_says_no_more_than_the_interval(differences, words):
    sentence = lead(differences, "EGL", "chance", "F")
    assert sentence.startswith(words) if words else sentence == ""
