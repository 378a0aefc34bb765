"""How a front door behaves: steps with times, one message for bad input, and its exit status."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from features.problems import BadInput, PartlyDone

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130


def run(main: Callable[[], None]) -> int:
    """Run a command and return its exit status: 0, 2 for bad input (one message), 130 for Ctrl-C."""
    try:
        main()
    except BadInput as bad:
        lines = "".join(f"  - {problem}\n" for problem in bad.problems)
        ended = "The rest is done." if isinstance(bad, PartlyDone) else "Stopped; this step wrote nothing."
        print(f"\n{ended} {len(bad.problems)} to mend:\n{lines}", file=sys.stderr, end="")
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        print("\nInterrupted; outputs of unfinished steps were not written.", file=sys.stderr)
        return EXIT_INTERRUPTED
    return 0


@contextmanager
def step(title: str) -> Iterator[None]:
    """Say what is being done, then how long it took."""
    started = time.perf_counter()
    print(f"  {title} ...", flush=True)
    yield
    print(f"  {title}: done in {time.perf_counter() - started:.1f} s", flush=True)
