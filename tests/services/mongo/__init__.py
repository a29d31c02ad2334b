"""A real MongoDB: the one of `MONGODB_URL`, else a mongod that is started here.

`mongod` is the one on PATH, else one that is fetched once. It is started as a replica set of one
node, as transactions need a replica set, with its data in a temporary folder.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from pymongo import MongoClient
from pymongo.errors import PyMongoError
from tests import services
from tests.services import ServiceUnavailableError
from tests.services.mongo.fetching import Mongod, fetched

READY_WITHIN_S = 60.0
REPLICA_SET = "antiphon"
# Small: the machine of the tests has other things to do.
OPTIONS = ("--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "256", "--replSet", REPLICA_SET)
PARAMETERS = {
    "diagnosticDataCollectionEnabled": "false",
    # The server holds on to what a killed client was about to change for so long.
    "transactionLifetimeLimitSeconds": "5",
}


class Mongo:
    """A MongoDB at `url`, an address without a database; `about` says which one it is."""

    def __init__(self, url: str, about: str) -> None:
        self.url = url
        self.about = about

    def database(self, name: str) -> str:
        """Return the URL of a database of that name, for `open_store`."""
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    def drop(self, name: str) -> None:
        """Remove a database."""
        with MongoClient[dict[str, object]](self.url) as client:
            client.drop_database(name)


class StartedMongo(Mongo):
    """A MongoDB of the tests' own, which can be stopped and started again with its data."""

    def __init__(self, mongod: Mongod, folder: Path, about: str) -> None:
        self._port = services.free_port()
        super().__init__(f"mongodb://127.0.0.1:{self._port}", about)
        self._mongod = mongod
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        """Start it, and wait until it takes writes; its thread must outlive it."""
        data, log = self._folder / "data", self._folder / "mongod.log"
        data.mkdir(exist_ok=True)
        where = ("--dbpath", data, "--bind_ip", "127.0.0.1", "--port", str(self._port))
        named = [f"--setParameter={name}={value}" for name, value in PARAMETERS.items()]
        command = [self._mongod.path, *OPTIONS, *named, *map(str, where), *options]
        self._process = services.start(command, log, self._mongod.environment)
        services.wait_until_ready(self._takes_writes, self._process, log, READY_WITHIN_S)

    def stop(self) -> None:
        """End it kindly."""
        if self._process:
            services.stop(self._process)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process:
            services.kill(self._process)

    def freeze(self) -> None:
        """Let it answer nobody any more, without closing a connection."""
        if self._process:
            self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on where it was."""
        if self._process:
            self._process.send_signal(signal.SIGCONT)

    @contextmanager
    def standing_alone(self) -> Iterator[str]:
        """Yield the URL of another server, of no replica set."""
        port, log = services.free_port(), self._folder / "alone.log"
        data = self._folder / "alone"
        data.mkdir()
        where = ("--dbpath", str(data), "--bind_ip", "127.0.0.1", "--port", str(port))
        process = services.start([self._mongod.path, *where], log, self._mongod.environment)
        try:
            services.wait_until_ready(lambda: services.answers(port), process, log, READY_WITHIN_S)
            yield f"mongodb://127.0.0.1:{port}"
        finally:
            services.kill(process)

    @contextmanager
    def for_users(self, name: str, password: str) -> Iterator[str]:
        """Yield the URL of a database on another server, whose one user may read and write."""
        folder = self._folder / "guarded"
        folder.mkdir()
        (folder / "key").write_text("as many letters as are asked for")
        (folder / "key").chmod(0o600)
        guarded = StartedMongo(self._mongod, folder, self.about)
        try:
            guarded.start()
            with MongoClient[dict[str, object]](guarded.url) as client:
                client["guarded"].command("createUser", name, pwd=password, roles=["readWrite"])
            guarded.stop()
            guarded.start("--keyFile", str(folder / "key"))
            yield guarded.database("guarded").replace("//", f"//{name}:{password}@")
        finally:
            guarded.kill()

    def _takes_writes(self) -> bool:
        if not services.answers(self._port):
            return False
        with MongoClient[dict[str, object]](self.url, directConnection=True) as client:
            try:
                hello = client.admin.command("hello")
                if "setName" not in hello:
                    member = {"_id": 0, "host": f"127.0.0.1:{self._port}"}
                    client.admin.command(
                        "replSetInitiate", {"_id": REPLICA_SET, "members": [member]}
                    )
            except PyMongoError:
                return False
        return bool(hello["isWritablePrimary"])


@contextmanager
def running() -> Iterator[Mongo]:
    """Yield the MongoDB of `MONGODB_URL`, or one that is started and stopped here."""
    if url := os.environ.get("MONGODB_URL"):
        yield Mongo(url, "the one of MONGODB_URL")
        return
    with own() as mongo:
        yield mongo


@contextmanager
def own() -> Iterator[StartedMongo]:
    """Yield a MongoDB that is started here, for whoever wants to stop and start it.

    Raises:
        ServiceUnavailableError: there is none to be had.
    """
    on_path = shutil.which("mongod")
    mongod = Mongod(Path(on_path), {}) if on_path else fetched()
    if not mongod.version:
        raise ServiceUnavailableError(f"{mongod.path} does not run here.")
    about = f"mongod {mongod.version}, {'on PATH' if on_path else 'fetched'}"
    with tempfile.TemporaryDirectory(prefix="antiphon-mongo-") as folder:
        mongo = StartedMongo(mongod, Path(folder), about)
        try:
            mongo.start()
            yield mongo
        finally:
            mongo.kill()
