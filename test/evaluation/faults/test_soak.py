"""The soak counts growth of memory where a run is long enough for it."""

from evaluation.faults.resources import Resources
from evaluation.faults.samples import Sample, growth


def samples(*memory_mb_of_each_minute):
    for minute, memory_mb in enumerate(memory_mb_of_each_minute):
        for part in range(6):
            taken = Resources(memory_mb, memory_mb, memory_mb, 10, 10, 0.0)
            yield Sample(60.0 * minute + 10.0 * part, taken, 0, 0.0, None, None)


def test_growth_is_counted_from_the_fifth_minute():
    memory_mb = [100, 150, 200, 200, 200, *range(200, 216)]
    assert growth(list(samples(*memory_mb))) == (200, 215)


def test_growth_is_not_counted_in_short_runs():
    assert growth(list(samples(*[200] * 14))) is None
