"""How Spark best reads and writes MongoDB: through the Store, or through the Spark connector.

Measures, on documents such as the analysis writes (a vector of 101 numbers each), with a local
Spark of two cores and a MongoDB of one node, all on this machine:

- `driver_{write,read}_docs_per_s`: through the Store in the driver, the documents coming out of
  frames of Spark and going into them;
- `executors_{write,read}_docs_per_s`: through a Store that each Spark task opens;
- `connector_{write,read}_docs_per_s`: through the MongoDB Spark connector, fetched by Maven.

Each way writes every document into a database of its own, then reads all of them and adds up what
it has read. A first round of a tenth of the documents warms everything up and does not count. What
the connector has written is compared with what the Store would have.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402 - behind the path on which the services are found
import pandas as pd  # noqa: E402
from pyspark.sql import DataFrame, SparkSession  # noqa: E402
from tests.services import cache_folder, mongo, spark  # noqa: E402

from antiphon.compute import spark_session  # noqa: E402
from antiphon.model import Features  # noqa: E402
from antiphon.store import Range, open_store, position  # noqa: E402
from antiphon.store.schema import FEATURES  # noqa: E402

DOCUMENTS = 100_000
BATCH = 1_000
PARTITIONS = 4
ROW = "_id string, name string, vector binary, at long"
_VECTOR = np.linspace(0, 1, 101, dtype="<f4")

Way = tuple[Callable[[DataFrame], object], Callable[[int], int]]


def main() -> None:
    """Let each way write and read, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="10,000 documents, done in 50 s")
    options = parser.parse_args()
    documents = 10_000 if options.quick else DOCUMENTS
    jars = ",".join(map(str, sorted(connector().glob("*.jar"))))
    # MongoDB's own default; the tests have theirs.
    mongo.PARAMETERS["transactionLifetimeLimitSeconds"] = "60"
    with mongo.running() as database, spark.in_process():
        os.environ["PYSPARK_SUBMIT_ARGS"] = f"--jars {jars} {os.environ['PYSPARK_SUBMIT_ARGS']}"
        session = spark_session.start("local[2]")
        try:
            figures = measured(session, database, documents)
        finally:
            spark_session.end(session)
    print(json.dumps({"bench": "spark_store", "figures": figures}))


def measured(session: SparkSession, database: mongo.Mongo, documents: int) -> dict[str, object]:
    """Return what each way does in a second."""
    figures: dict[str, object] = {}
    for size in (documents // 10, documents):
        for name in ("driver", "executors", "connector"):
            # Among what is left of ids removed a moment ago, MongoDB looks for new ones slowly.
            kept = f"antiphon-bench-{name}-{size}"
            url = database.database(kept)
            open_store(url).close()
            write, read = ways(session, url)[name]
            frame = session.range(0, size, 1, PARTITIONS).mapInPandas(made, ROW)
            write_s = timed(lambda write=write, frame=frame: write(frame))
            check(url, size)
            read_s = timed(lambda read=read, size=size: read(size))
            database.drop(kept)
            figures |= {
                f"{name}_{what}_docs_per_s": {
                    "value": round(size / seconds),
                    "unit": "1/s",
                    "goal": None,
                    "baseline": None,
                }
                for what, seconds in (("write", write_s), ("read", read_s))
            }
            print(f"{name}: {size} written in {write_s:.2f} s, read in {read_s:.2f} s", flush=True)
    return figures


def ways(session: SparkSession, url: str) -> dict[str, Way]:
    """Return how each way writes, and how it reads."""
    return {
        "driver": (partial(write_in_driver, url), partial(read_in_driver, session, url)),
        "executors": (partial(write_in_executors, url), partial(read_in_executors, session, url)),
        "connector": (partial(write_connected, url), partial(read_connected, session, url)),
    }


def connector() -> Path:
    """Return the folder of the connector's jars, fetched by Maven if they are not there yet."""
    folder = cache_folder() / "mongo-spark-connector-10.5.0"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=cache_folder()) as scratch:
            pom = Path(__file__).with_suffix(".pom.xml")
            goal = ("dependency:copy-dependencies", f"-DoutputDirectory={scratch}/jars")
            subprocess.run(["mvn", "-B", "-q", "-f", pom, *goal], check=True)
            Path(scratch, "jars").rename(folder)
    return folder


def made(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Make rows of the numbers in `id`."""
    for frame in frames:
        docs = [document(number) for number in frame["id"]]
        yield pd.DataFrame(
            {
                "_id": [doc.id for doc in docs],
                "track_id": [doc.track_id for doc in docs],
                "name": [doc.name for doc in docs],
                "vector": [doc.vector for doc in docs],
                "at": [doc.at for doc in docs],
            }
        )


def document(number: int) -> Features:
    """Return what the analysis would keep of one track."""
    vector = (_VECTOR + np.float32(number)).tobytes()
    track_id = f"tr-{number:08}"
    return Features(id=track_id, track_id=track_id, name="summary/1", vector=vector, at=number)


def put(url: str, docs: Iterator[Features]) -> None:
    """Put documents through a Store, in batches."""
    store = open_store(url)
    while batch := list(islice(docs, BATCH)):
        store.put_many(FEATURES, batch)
    store.close()


def found(url: str, numbers: range) -> Iterator[list[Features]]:
    """Yield the documents of these numbers out of a Store, in pages."""
    store = open_store(url)
    where = {"id": Range(gte=f"tr-{numbers.start:08}", lt=f"tr-{numbers.stop:08}")}
    after = None
    while page := store.find(FEATURES, where, limit=10 * BATCH, after=after):
        after = position(page[-1], ())
        yield page
    store.close()


def write_in_driver(url: str, frame: DataFrame) -> None:
    """Bring the rows to the driver, which puts them."""
    rows = (row.asDict() for row in frame.toLocalIterator())
    put(url, (Features(**row) for row in rows))


def read_in_driver(session: SparkSession, url: str, documents: int) -> int:
    """Find the documents in the driver, and hand them to Spark page by page."""
    return sum(
        _sum(session.createDataFrame(_rows(page), ROW)) for page in found(url, range(documents))
    )


def write_in_executors(url: str, frame: DataFrame) -> None:
    """Have each task put its rows."""

    def work(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for rows in frames:
            docs = zip(rows["_id"], rows["name"], rows["vector"], rows["at"], strict=True)
            put(url, (Features(id=i, name=n, vector=v, at=int(a)) for i, n, v, a in docs))
        yield pd.DataFrame({"done": [1]})

    frame.mapInPandas(work, "done long").collect()


def read_in_executors(session: SparkSession, url: str, documents: int) -> int:
    """Have each task find the documents of its range."""

    def work(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for starts in frames:
            for start in starts["id"]:
                for page in found(url, range(start, start + documents // PARTITIONS)):
                    yield _rows(page)

    starts = session.range(0, documents, documents // PARTITIONS, PARTITIONS)
    return _sum(starts.mapInPandas(work, ROW))


def write_connected(url: str, frame: DataFrame) -> None:
    """Have the connector write the rows."""
    frame.write.format("mongodb").mode("append").options(**_where(url)).save()


def read_connected(session: SparkSession, url: str, _documents: int) -> int:
    """Have the connector read the rows."""
    return _sum(session.read.format("mongodb").schema(ROW).options(**_where(url)).load())


def _where(url: str) -> dict[str, str]:
    server, _, database = url.rpartition("/")
    return {"connection.uri": server, "database": database, "collection": FEATURES.name}


def _rows(docs: list[Features]) -> pd.DataFrame:
    return pd.DataFrame(
        [(doc.id, doc.name, doc.vector, doc.at) for doc in docs],
        columns=["_id", "name", "vector", "at"],
    )


def _sum(frame: DataFrame) -> int:
    """Have Spark look at every document: the sum of the lengths of their vectors."""
    return frame.selectExpr("sum(length(vector))").collect()[0][0]


def check(url: str, documents: int) -> None:
    """See that every document is there, and as the Store would have written it."""
    store = open_store(url)
    assert store.count(FEATURES) == documents
    for number in (0, documents // 2, documents - 1):
        assert store.get(FEATURES, document(number).id) == document(number)
    store.close()


def timed(work: Callable[[], object]) -> float:
    """Return the seconds it takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
