"""What a Prometheus server may read: requests, events, how much there is, what workers measure."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families

from antiphon.live import measures
from antiphon.model import Worker, now_ms
from antiphon.store import Collection, Store
from antiphon.store.schema import (
    ALBUMS,
    ARTISTS,
    LISTENS,
    OUTBOX,
    PROBLEMS,
    TRACKS,
    USERS,
    WORKERS,
)
from antiphon.taste.errors import ArtefactError
from antiphon.taste.registry import Registry, in_use

CONTENT_TYPE = CONTENT_TYPE_LATEST
REGISTRY = CollectorRegistry()
REQUESTS = Histogram(
    "antiphon_http_request_seconds",
    "Time to answer a request.",
    ("endpoint", "method", "status"),
    registry=REGISTRY,
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
EVENTS = Counter(
    "antiphon_listener_events_total", "Events taken from players.", ("kind",), registry=REGISTRY
)
SHOWINGS = Counter(
    "antiphon_showings_total", "Answers that were shown.", ("surface",), registry=REGISTRY
)


class LibraryCollector:
    """Counts documents when it is asked, so that nothing need keep count."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterable[Metric]:
        """Yield one gauge with a sample for each collection worth watching."""
        gauge = GaugeMetricFamily("antiphon_documents", "Documents kept.", labels=("collection",))
        counted: tuple[Collection[Any], ...] = (
            *(TRACKS, ALBUMS, ARTISTS, LISTENS, USERS, PROBLEMS),
            # What waits here is not in the event log yet.
            OUTBOX,
        )
        for collection in counted:
            gauge.add_metric([collection.name], self._store.count(collection))
        yield gauge
        unheard = self._store.count(TRACKS, {"features": "", "missing": False})
        yield GaugeMetricFamily(
            "antiphon_tracks_unheard", "Tracks that were not listened to yet.", value=unheard
        )


class ModelsCollector:
    """Says when the models in use were trained, when it is asked; nothing where there are none."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def collect(self) -> Iterable[Metric]:
        """Yield when they were trained, on how much, and how they were judged."""
        with suppress(ArtefactError):
            if manifest := in_use(self._registry):
                yield GaugeMetricFamily(
                    "antiphon_models_trained_timestamp_seconds",
                    "When the models in use were trained.",
                    value=manifest.made_at / 1000,
                )
                yield GaugeMetricFamily(
                    "antiphon_models_listens", "Listens they know.", value=manifest.listens
                )
                judged = GaugeMetricFamily(
                    "antiphon_models_figure", "How they were judged.", labels=("measure",)
                )
                for name, figure in manifest.figures.items():
                    judged.add_metric([name], figure.value)
                yield judged


class WorkersCollector:
    """Shows what this process measures of its answers, and beside it what each worker does.

    Samples of a worker have its name as the label `worker`. One that is silent is not shown.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterable[Metric]:
        """Yield each metric once, with the samples of all."""
        families = {family.name: family for family in measures.ANSWERING.collect()}
        at = now_ms()
        workers = [one for one in self._store.find(WORKERS) if not measures.is_silent(one, at)]
        for worker in workers:
            for family in text_string_to_metric_families(worker.metrics):
                _add(families.setdefault(family.name, _empty(family)), family, worker)
        yield from families.values()
        heard = GaugeMetricFamily(
            "antiphon_worker_heard_timestamp_seconds",
            "When a worker was last heard of.",
            labels=("worker", "role"),
        )
        for worker in workers:
            heard.add_metric([worker.id, worker.role], worker.at / 1000)
        yield heard


def _empty(family: Metric) -> Metric:
    return Metric(family.name, family.documentation, family.type)


def _add(all_of_it: Metric, family: Metric, worker: Worker) -> None:
    for sample in family.samples:
        all_of_it.add_sample(sample.name, {**sample.labels, "worker": worker.id}, sample.value)


def exposition(store: Store, models: Registry) -> bytes:
    """Return all metrics in the text format of Prometheus."""
    library = CollectorRegistry()
    library.register(LibraryCollector(store))
    library.register(ModelsCollector(models))
    library.register(WorkersCollector(store))
    return generate_latest(REGISTRY) + generate_latest(library)
