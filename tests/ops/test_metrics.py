"""The metrics: a text that a Prometheus server understands."""

import time
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.ops.listening import publish

from antiphon.live import measures
from antiphon.model import Track, Worker, now_ms
from antiphon.ops import metrics
from antiphon.store import Store
from antiphon.store.schema import TRACKS, WORKERS
from antiphon.taste.artefacts import Figure, Manifest
from antiphon.taste.registry import Registry

NOWHERE = Registry("memory://nobody/trained", Path("/dev/null"))


def samples(store: Store, models: Registry = NOWHERE) -> dict[tuple[str, ...], float]:
    text = metrics.exposition(store, models).decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_documents_are_counted_when_asked(store: Store) -> None:
    assert samples(store)["antiphon_documents", "tracks"] == 0
    store.put_many(TRACKS, [Track(id=f"tr-{n}", title="T", sort="t") for n in range(3)])
    found = samples(store)
    assert found["antiphon_documents", "tracks"] == 3
    counted = {labels[0] for name, *labels in found if name == "antiphon_documents"}
    assert counted == {"tracks", "albums", "artists", "listens", "users", "problems", "outbox"}


def test_it_tells_how_many_tracks_wait_to_be_listened_to(store: Store) -> None:
    heard = [Track(id=f"tr-{n}", title="T", sort="t", features="x/1") for n in range(2)]
    waiting = [Track(id=f"tr-w{n}", title="T", sort="t") for n in range(3)]
    gone = Track(id="tr-gone", title="T", sort="t", missing=True)
    store.put_many(TRACKS, [*heard, *waiting, gone])
    assert samples(store)["antiphon_tracks_unheard",] == 3


def test_it_tells_from_when_the_models_in_use_are(store: Store, tmp_path: Path) -> None:
    registry = Registry(f"file://{tmp_path}/artefacts", tmp_path)
    assert not any(name.startswith("antiphon_models") for name, *_ in samples(store, registry))
    manifest = Manifest(
        version="20261122T033000-abc",
        made_at=1_700_000_000_500,
        antiphon="0",
        recipe={},
        listens=7,
        figures={"ndcg@20": Figure(value=0.25, low=0.2, high=0.3)},
    )
    publish(registry, manifest)
    found = samples(store, registry)
    assert found["antiphon_models_trained_timestamp_seconds",] == 1_700_000_000.5
    assert found["antiphon_models_listens",] == 7
    assert found["antiphon_models_figure", "ndcg@20"] == 0.25


def test_requests_and_events_are_in_it(store: Store) -> None:
    event = ("antiphon_listener_events_total", "liked")
    request = ("antiphon_http_request_seconds_count", "page", "GET", "200")
    before = samples(store)
    metrics.EVENTS.labels("liked").inc(2)
    metrics.REQUESTS.labels("page", "GET", "200").observe(0.004)
    after = samples(store)
    assert after[event] - before.get(event, 0) == 2
    assert after[request] - before.get(request, 0) == 1


def test_workers_are_shown_beside_each_other_by_name(store: Store) -> None:
    found = "antiphon_prepared_answers_total"
    measures.PREPARED.labels("hit").inc()
    ours = samples(store)[found, "hit"]
    applied = measures.APPLIED.labels("liked")
    applied.inc()
    measures.keep(store, "live-a-1", "live", [measures.ANSWERING, measures.WORKER])
    first = samples(store)["antiphon_worker_events_total", "liked", "live-a-1"]
    applied.inc(2)
    measures.keep(store, "live-b-2", "live", [measures.ANSWERING, measures.WORKER])
    shown = samples(store)
    assert shown["antiphon_worker_events_total", "liked", "live-a-1"] == first
    assert shown["antiphon_worker_events_total", "liked", "live-b-2"] == first + 2
    assert shown[found, "hit"] == shown[found, "hit", "live-a-1"] == ours
    assert ("antiphon_worker_events_total", "liked") not in shown
    text = metrics.exposition(store, NOWHERE).decode()
    assert text.count("# TYPE antiphon_answer_seconds histogram") == 1


def test_a_worker_that_is_silent_is_not_shown_and_is_dropped_by_the_next(store: Store) -> None:
    long_ago = now_ms() - int(1000 * measures.SILENT_AFTER_S) - 1000
    measures.keep(store, "live-a-1", "live", [measures.WORKER])
    store.put(WORKERS, Worker(id="live-gone-2", role="live", at=long_ago, metrics=""))
    heard = {names[-1] for names in samples(store) if names[0].startswith("antiphon_worker_heard")}
    assert heard == {"live-a-1"}
    measures.keep(store, "live-a-1", "live", [measures.WORKER])
    assert [worker.id for worker in store.find(WORKERS)] == ["live-a-1"]


def test_a_worker_is_shown_from_its_beginning_to_its_end(store: Store) -> None:
    with measures.kept(store, "push", [measures.PUSH]):
        give_up_at = time.monotonic() + 10
        while not store.count(WORKERS):
            assert time.monotonic() < give_up_at
            time.sleep(0.01)
        (worker,) = store.find(WORKERS)
        assert worker.role == "push"
        assert ("antiphon_push_pages", worker.id) in samples(store)
    assert store.count(WORKERS) == 0


def test_lag_is_noted_where_the_acceptance_is_known() -> None:
    def noted() -> float:
        return measures.WORKER.get_sample_value("antiphon_effect_lag_seconds_sum") or 0.0

    before = noted()
    measures.note_lag(measures.EFFECT_LAG, 0)
    assert noted() == before
    measures.note_lag(measures.EFFECT_LAG, now_ms() - 5000)
    assert noted() - before == pytest.approx(5, abs=1)
    # A clock that was set back is no negative lag.
    measures.note_lag(measures.EFFECT_LAG, now_ms() + 60_000)
    assert noted() - before == pytest.approx(5, abs=1)


def test_every_metric_says_what_it_is(store: Store) -> None:
    families = list(text_string_to_metric_families(metrics.exposition(store, NOWHERE).decode()))
    assert {family.name for family in families} >= {
        "antiphon_documents",
        "antiphon_http_request_seconds",
        "antiphon_listener_events",
    }
    assert all(family.documentation and family.type != "untyped" for family in families)
