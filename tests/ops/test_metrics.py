"""The metrics: a text that a Prometheus server understands."""

from prometheus_client.parser import text_string_to_metric_families

from antiphon.model import Track
from antiphon.ops import metrics
from antiphon.store import Store
from antiphon.store.schema import TRACKS


def samples(store: Store) -> dict[tuple[str, ...], float]:
    text = metrics.exposition(store).decode()
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
    assert counted == {"tracks", "albums", "artists", "listens", "users", "problems"}


def test_it_tells_how_many_tracks_wait_to_be_listened_to(store: Store) -> None:
    heard = [Track(id=f"tr-{n}", title="T", sort="t", features="x/1") for n in range(2)]
    waiting = [Track(id=f"tr-w{n}", title="T", sort="t") for n in range(3)]
    gone = Track(id="tr-gone", title="T", sort="t", missing=True)
    store.put_many(TRACKS, [*heard, *waiting, gone])
    assert samples(store)["antiphon_tracks_unheard",] == 3


def test_requests_and_events_are_in_it(store: Store) -> None:
    event = ("antiphon_listener_events_total", "liked")
    request = ("antiphon_http_request_seconds_count", "page", "GET", "200")
    before = samples(store)
    metrics.EVENTS.labels("liked").inc(2)
    metrics.REQUESTS.labels("page", "GET", "200").observe(0.004)
    after = samples(store)
    assert after[event] - before.get(event, 0) == 2
    assert after[request] - before.get(request, 0) == 1


def test_every_metric_says_what_it_is(store: Store) -> None:
    families = list(text_string_to_metric_families(metrics.exposition(store).decode()))
    assert {family.name for family in families} >= {
        "antiphon_documents",
        "antiphon_http_request_seconds",
        "antiphon_listener_events",
    }
    assert all(family.documentation and family.type != "untyped" for family in families)
