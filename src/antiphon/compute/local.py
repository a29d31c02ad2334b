"""Compute on this machine: a few processes of low priority, each item in one of them."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial
from itertools import islice

from scipy.sparse import csr_array

from antiphon.compute.als import AlsParameters, Factors, Matrix
from antiphon.compute.lent import Lent
from antiphon.compute.port import Item, Outcome, Result
from antiphon.compute.processes import LOOK_UP_S, Processes

TIME_LIMIT_S = 600.0
# The processes stay for so long after the last item: loading what they need takes seconds.
IDLE_S = 60.0


class LocalCompute:
    """Compute with local processes, started when there is work, kept while there may be more."""

    def __init__(
        self, workers: int, time_limit_s: float = TIME_LIMIT_S, idle_s: float = IDLE_S
    ) -> None:
        self._workers = workers
        self._time_limit_s = time_limit_s
        self._processes = Lent(partial(Processes, workers), Processes.close, idle_s)

    def map(
        self, function: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[Outcome[Item, Result]]:
        waiting, abandoned = iter(items), threading.Event()
        running: set[Future[Outcome[Item, Result]]] = set()
        with self._processes.borrowed() as processes:
            try:
                while True:
                    for item in islice(waiting, 2 * self._workers - len(running)):
                        running.add(processes.submit(function, item, self._time_limit_s, abandoned))
                    if not running:
                        return
                    done, running = wait(running, LOOK_UP_S, FIRST_COMPLETED)
                    if not self._processes.holds(processes):
                        return
                    for future in done:
                        yield future.result()
            finally:
                abandoned.set()
                for future in running:
                    future.cancel()

    def train_als(
        self,
        matrix: csr_array,
        parameters: AlsParameters,
        progress: Callable[[int], None] | None = None,
        start: Matrix | None = None,
    ) -> Factors:
        from antiphon.compute.als_local import train  # noqa: PLC0415 - loads numba

        return train(matrix, parameters, progress, start, self._workers)

    def close(self) -> None:
        self._processes.close()
