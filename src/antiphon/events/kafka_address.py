"""What a `kafka://` URL says: where the brokers are, how topics are named, made and spoken to."""

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from antiphon.events.port import EventLogError
from antiphon.events.records import COMPACTED, RETENTION_DAYS

PREFIX = "antiphon"
# More than one instance will have workers; a topic's number cannot be changed without
# changing the places of its keys.
PARTITIONS = 8
DAY_MS = 86_400_000
_NAME = re.compile(r"[A-Za-z0-9._-]{1,200}")
_SERVER = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9A-Fa-f:]+\](:\d{1,5})?")
_EXAMPLE = "give kafka://host:9092, such as kafka://one:9092,two:9092/antiphon?partitions=8"


@dataclass(frozen=True)
class KafkaAddress:
    """A Kafka cluster, and our part of it; `options` are librdkafka's own.

    `replication` is 0 where the brokers' default is to hold.
    """

    servers: str
    prefix: str = PREFIX
    partitions: int = PARTITIONS
    replication: int = 0
    options: dict[str, str] = field(default_factory=dict)

    def name(self, topic: str) -> str:
        """Return what Kafka calls a topic, or a group, of ours."""
        return f"{self.prefix}.{topic}"


def parse(url: str) -> KafkaAddress:
    """Return what the URL says.

    Raises:
        EventLogError: it cannot be understood.
    """
    # Without what may be secret in it.
    shown = f"ANTIPHON_EVENTS={url.partition('?')[0]!r}"
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise EventLogError(
            "ANTIPHON_EVENTS cannot be used: give a user as ?sasl.username=…&sasl.password=…, "
            "not before the host."
        )
    if not all(_SERVER.fullmatch(server) for server in parts.netloc.split(",")):
        raise EventLogError(f"{shown} cannot be used: {_EXAMPLE}.")
    prefix = parts.path.strip("/") or PREFIX
    if not _NAME.fullmatch(prefix):
        raise EventLogError(
            f"{shown} cannot be used: topics cannot begin with {prefix!r}; "
            "letters, digits, dots, _ and - are possible."
        )
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    return KafkaAddress(
        servers=parts.netloc,
        prefix=prefix,
        partitions=_number(options.pop("partitions", str(PARTITIONS)), "partitions", 1),
        replication=_number(options.pop("replication", "0"), "replication", 0),
        options=options,
    )


def topic_settings(address: KafkaAddress, topic: str) -> dict[str, str]:
    """Return the settings that a topic is made with."""
    settings = {"cleanup.policy": "compact" if topic in COMPACTED else "delete"}
    if topic in RETENTION_DAYS:
        settings["retention.ms"] = str(RETENTION_DAYS[topic] * DAY_MS)
    if address.replication > 1:
        # What was acknowledged is on two brokers at least, and one may still be missing.
        settings["min.insync.replicas"] = str(max(1, address.replication - 1))
    return settings


def _number(text: str, name: str, least: int) -> int:
    if not (text.isascii() and text.isdigit() and int(text) >= least):
        raise EventLogError(
            f"ANTIPHON_EVENTS cannot be used: {name}={text!r} is not a number from {least} on."
        )
    return int(text)
