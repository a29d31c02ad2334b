"""Implicit-feedback matrix factorisation on Spark: the local trainer's loop, its rows spread out.

Both orientations of the matrix are cut into blocks of rows of about as many weights each, which the
executors keep, in memory or on disk. Half an epoch is one job: the vectors of the other side are
broadcast, each block is solved by the local trainer's kernel, the vectors come back. There is no
shuffle and no lineage that grows, so nothing is to be checkpointed: a lost block is sent again.
Everything goes to and from the executors as Arrow tables.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark import Broadcast, StorageLevel
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits

from antiphon.compute.als import AlsParameters, Factors, Matrix, checked
from antiphon.compute.als_local import alternate, even, initial, regularisation

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Number = TypeVar("Number", np.int32, np.float32)

# Of each core, so that one that is done sooner finds more to do.
_BLOCKS = 2
# Fewer weights are not worth a task.
_OF_BLOCK = 10_000


def train(
    session: "SparkSession",
    matrix: csr_array,
    parameters: AlsParameters,
    progress: Callable[[int], None] | None = None,
    start: Matrix | None = None,
) -> Factors:
    """Factorise as the port's `train_als` says: what the local trainer does, to the rounding."""
    matrix = checked(matrix, parameters, start)
    items = initial(matrix.shape[1], parameters, start)
    tables = [_blocks(session, side, parameters) for side in (matrix, csr_array(matrix.T.tocsr()))]
    try:
        users, columns = (
            partial(_solved, session=session, blocks=blocks, rows=rows)
            for blocks, rows in zip(tables, matrix.shape, strict=True)
        )
        with threadpool_limits(1, "blas"), ThreadPoolExecutor(1) as pool:
            return alternate((users, columns), items, parameters, pool, progress)
    finally:
        for table in tables:
            table.unpersist()


def _blocks(session: "SparkSession", matrix: csr_array, parameters: AlsParameters) -> "DataFrame":
    """Return blocks of rows, each with its regularisation, a partition for each of them."""
    cores = session.sparkContext.defaultParallelism
    parts = even(matrix.indptr, max(1, min(_BLOCKS * cores, matrix.nnz // _OF_BLOCK)))
    own = regularisation(np.diff(matrix.indptr), matrix.shape[1], parameters)
    pointers = [matrix.indptr[part.start : part.stop + 1] for part in parts]
    columns = {
        "first": [part.start for part in parts],
        "pointers": [(ends - ends[0]).astype(np.int32).tobytes() for ends in pointers],
        "places": [
            matrix.indices[ends[0] : ends[-1]].astype(np.int32).tobytes() for ends in pointers
        ],
        "weights": [matrix.data[ends[0] : ends[-1]].tobytes() for ends in pointers],
        "own": [own[part].tobytes() for part in parts],
    }
    frame = session.createDataFrame(pa.table(columns))
    return frame.repartition(len(parts)).persist(StorageLevel.MEMORY_AND_DISK)


def _solved(
    columns: Matrix,
    shared: Matrix,
    tolerance: float,
    *,
    session: "SparkSession",
    blocks: "DataFrame",
    rows: int,
) -> Matrix:
    sent = session.sparkContext.broadcast((columns, shared))
    try:
        work = partial(solve_blocks, sent, tolerance)
        found = blocks.mapInArrow(work, "first long, vectors binary").toArrow()
    finally:
        sent.destroy()
    solved = np.zeros((rows, columns.shape[1]), np.float32)
    for first, vectors in zip(found["first"].to_pylist(), found["vectors"], strict=True):
        part = np.frombuffer(vectors.as_buffer(), np.float32).reshape(-1, columns.shape[1])
        solved[first : first + len(part)] = part
    return solved


def solve_blocks(
    sent: Broadcast[tuple[Matrix, Matrix]],
    tolerance: float,
    batches: Iterable[pa.RecordBatch],
) -> Iterator[pa.RecordBatch]:
    """Solve for the rows of each block of a partition; what an executor does."""
    from antiphon.compute.als_kernel import solve  # noqa: PLC0415 - the executors compile it

    columns, shared = sent.value
    for batch in batches:
        for block in batch.to_pylist():
            own = _array(block["own"], np.float32)
            wanted = (
                _array(block["pointers"], np.int32),
                _array(block["places"], np.int32),
                _array(block["weights"], np.float32),
            )
            rows = np.empty((len(own), columns.shape[1]), np.float32)
            solve(wanted, columns, (shared, own), rows, tolerance)
            yield pa.RecordBatch.from_pydict(
                {"first": [block["first"]], "vectors": [rows.tobytes()]}
            )


def _array(data: bytes, kind: type[Number]) -> NDArray[Number]:
    """Copy: numba would compile the kernel once more for what cannot be written to."""
    return np.frombuffer(data, kind).copy()
