"""What several turns of one side come to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

from benchmarks._http_load import Figures

Measure = Callable[[Sequence[Figures]], float]


def ratio_of(measure: Measure, mine: Sequence[Figures], theirs: Sequence[Figures]) -> float:
    """The median of the rounds' ratios: what else the machine does may spoil a round, but hardly most of them."""
    return median(measure([one]) / measure([other]) for one, other in zip(mine, theirs, strict=True))


def line(name: str, turns: Sequence[Figures]) -> str:
    """One side's figures, and how much of a processor each process had: one that is near 1 is what limits it."""
    seconds = sum(each.seconds for each in turns)
    busy = {each: sum(one.cpu[each] for one in turns) / seconds for each in turns[0].cpu}
    shares = ", ".join(f"{each} {share:.2f}" for each, share in busy.items())
    size = sum(each.bytes for each in turns) / sum(each.calls for each in turns)
    cost = f"{cpu_per_call(turns) * 1000:.2f} ms of CPU a call"
    return f"{name:13} {pace(turns):6.0f} calls/s, {size:6.0f} bytes each, {cost}; processors: {shares}"


def pace(turns: Sequence[Figures]) -> float:
    """Calls a second."""
    return sum(each.calls for each in turns) / sum(each.seconds for each in turns)


def bytes_per_second(turns: Sequence[Figures]) -> float:
    """Of answers, their heads included."""
    return sum(each.bytes for each in turns) / sum(each.seconds for each in turns)


def cpu_per_call(turns: Sequence[Figures]) -> float:
    """Seconds of the server's processes."""
    return sum(each.cpu["server"] for each in turns) / sum(each.calls for each in turns)
