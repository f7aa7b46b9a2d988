"""Random programs that the verifier accepts; many run, some deadlock."""

from __future__ import annotations

from hypothesis import strategies as st

from archsim.program import Program
from tests.programs import EACH, Curve, Duration, Sketch


@st.composite
def programs(draw: st.DrawFn, *, most_actors: int = 6, most_firings: int = 4, most_samples: int = 4) -> Program:
    """Programs with shared resources, tight buffers, cycles, tables, cut-through and simultaneous events."""
    group = draw(st.integers(1, 2))
    samples = group * draw(st.integers(1, max(1, most_samples // group)))
    sketch = Sketch()
    shares = draw(st.lists(st.integers(1, most_firings), min_size=1, max_size=most_actors))
    pools = [sketch.resource(draw(st.integers(1, 2))) for _ in range(draw(st.integers(0, 2)))]
    for share in shares:
        own = not pools or draw(st.booleans())
        sketch.actor(
            share * samples,
            draw(durations()),
            latency=draw(durations()),
            resource=sketch.resource() if own else draw(st.sampled_from(pools)),
        )
    for _ in range(draw(st.integers(0, 2 * len(shares)))):
        _add_channel(draw, sketch, shares, samples)
    sources, sinks = [draw(st.lists(st.sampled_from(range(len(shares))), min_size=1, max_size=2)) for _ in range(2)]
    return sketch.program(samples=samples, group=group, sources=sorted(set(sources)), sinks=sorted(set(sinks)))


def durations() -> st.SearchStrategy[Duration]:
    """Constants and tables of few picoseconds, so that instants coincide."""
    return st.one_of(st.integers(1, 6), st.lists(st.integers(1, 6), min_size=1, max_size=5))


def _add_channel(draw: st.DrawFn, sketch: Sketch, shares: list[int], samples: int) -> None:
    source, target = draw(st.sampled_from(range(len(shares)))), draw(st.sampled_from(range(len(shares))))
    # Below 0: the first tokens are dropped as they come.
    initial = draw(st.integers(-2, 3)) if source < target else draw(st.integers(1, 4))
    made, used = shares[source], shares[target]
    need, release = (
        (EACH, EACH) if initial >= 0 and made == used and draw(st.booleans()) else draw(curves(made, used, initial))
    )
    slack = draw(st.integers(0, 3))
    capacity = least_capacity(need, release, used * samples, made * samples, initial) + slack
    sketch.channel(source, target, capacity, initial=initial, need=need, release=release)


@st.composite
def curves(draw: st.DrawFn, made: int, used: int, initial: int) -> tuple[Curve, Curve]:
    """Need and release over one sample, of ``used`` firings that read ``made`` tokens; some entries are clipped."""
    low = draw(st.integers(min(-2, initial), initial))
    need = sorted(draw(st.lists(st.integers(low, low + made), min_size=used, max_size=used)))
    low = draw(st.integers(min(-2, initial), initial))
    free = sorted(draw(st.lists(st.integers(low, low + made), min_size=used, max_size=used)))
    if draw(st.booleans()):
        # Nothing is freed before it has been needed.
        free = [min(pair) for pair in zip(need, free, strict=True)]
    return (tuple(need), made), (tuple(free), made)


def entry(curve: Curve, firing: int) -> int:
    values, advance = curve
    return max(0, values[firing % len(values)] + firing // len(values) * advance)


def least_capacity(need: Curve, release: Curve, firings: int, tokens: int, initial: int) -> int:
    """The smallest capacity that the verifier accepts, counted firing by firing."""
    before = [0] + [entry(release, firing) for firing in range(firings)]
    held = [entry(need, firing) - before[firing] for firing in range(firings)]
    return max(*held, 1, initial, initial + tokens - before[-1])


@st.composite
def pipelines(draw: st.DrawFn, *, most_actors: int = 6, most_samples: int = 80) -> Program:
    """Chains with tight buffers, unequal rates, feedback and contended resources, over many samples: they settle."""
    samples = 2 * draw(st.integers(10, most_samples // 2))
    sketch = Sketch()
    pools = [sketch.resource(draw(st.integers(1, 2))) for _ in range(draw(st.integers(0, 2)))]
    shares = draw(st.lists(st.integers(1, 3), min_size=2, max_size=most_actors))
    times = st.one_of(st.integers(1, 9), st.lists(st.integers(1, 9), min_size=2, max_size=2))
    for share in shares:
        resource = draw(st.sampled_from([None, *pools]))
        sketch.actor(share * samples, draw(times), latency=draw(times), resource=resource)
    for source in range(len(shares) - 1):
        made, used = shares[source], shares[source + 1]
        curve: Curve = (tuple(made * (firing + 1) // used for firing in range(used)), made)
        sketch.channel(source, source + 1, made + draw(st.integers(1, 4)), need=curve, release=curve)
    if draw(st.booleans()):
        ahead = shares[-1] * draw(st.integers(1, 3))
        credit: Curve = (tuple(shares[-1] for _ in range(shares[0])), shares[-1])
        sketch.channel(len(shares) - 1, 0, ahead + shares[-1], initial=ahead, need=credit, release=credit)
    return sketch.program(samples=samples, group=draw(st.integers(1, 2)))
