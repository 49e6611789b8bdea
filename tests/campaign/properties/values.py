"""How long the properties are looked for, and values that several of them take."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays

fuzz = settings(
    derandomize=True,
    deadline=None,
    max_examples=40,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
seeds = some.integers(0, 2**32 - 1)
finite = some.floats(-1e6, 1e6)
sizes = some.integers(1, 30)


def bools(height, width):
    return arrays(bool, (height, width))


@some.composite
def masks_of_any_size(draw):
    return draw(bools(draw(sizes), draw(sizes)))
