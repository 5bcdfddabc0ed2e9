"""What a process measures of itself, through OpenTelemetry; counted per batch, never per event.

Labels name consumers, topics, partitions and kinds of failure: no practice, and no event of one.
What must be looked up (see gauges.py) is observed when somebody asks, and costs nothing otherwise.
"""

from __future__ import annotations

from time import perf_counter

from opentelemetry import metrics
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

meter = metrics.get_meter("mainstay")

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
RECORDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)

_batch_size = meter.create_histogram(
    "mainstay.batch.size",
    unit="{record}",
    description="Records of one transaction",
    explicit_bucket_boundaries_advisory=RECORDS,
)
_handling = meter.create_histogram(
    "mainstay.batch.handling.duration",
    unit="s",
    description="From taking a batch in hand until its effects are applied",
    explicit_bucket_boundaries_advisory=SECONDS,
)
_commit = meter.create_histogram(
    "mainstay.batch.commit.duration",
    unit="s",
    description="COMMIT of a batch's transaction",
    explicit_bucket_boundaries_advisory=SECONDS,
)
_handled = meter.create_counter(
    "mainstay.events.handled", unit="{event}", description="Events whose effects are in"
)
_parked = meter.create_counter(
    "mainstay.events.parked",
    unit="{event}",
    description="Events set aside: failed, refused as unreadable, or behind one of their key",
)
_lateness = meter.create_histogram(
    "mainstay.timer.lateness",
    unit="s",
    description="From a timer's due date until its work is committed",
    explicit_bucket_boundaries_advisory=SECONDS,
)


class BatchTimes:
    """Times one batch; nothing is counted of one that is rolled back."""

    def __init__(self) -> None:
        self._began = self._applied = perf_counter()

    def applied(self) -> None:
        """The effects are applied; what remains is the commit."""
        self._applied = perf_counter()

    def committed(
        self, consumer: str, topic: str, records: int, *, handled: int, unreadable: int, parked: int
    ) -> None:
        """`parked` counts the unreadable ones among the others."""
        labels = {"mainstay.consumer": consumer, "messaging.destination.name": topic}
        _batch_size.record(records, labels)
        _handling.record(self._applied - self._began, labels)
        _commit.record(perf_counter() - self._applied, labels)
        if handled:
            _handled.add(handled, labels)
        if unreadable:
            _parked.add(unreadable, labels | {"mainstay.reason": "refused"})
        if parked > unreadable:
            _parked.add(parked - unreadable, labels | {"mainstay.reason": "failed or behind"})


def timer_fired(service: str, name: str, seconds_late: float) -> None:
    """A timer's work is committed, so many seconds after it was due."""
    _lateness.record(max(seconds_late, 0.0), {"service": service, "mainstay.timer": name})


def start_metrics(service: str, otlp_endpoint: str | None) -> None:
    """Offer this process's metrics at /metrics; with an OTLP/HTTP endpoint, send them there too."""
    readers: list[MetricReader] = [PrometheusMetricReader()]
    if otlp_endpoint is not None:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

        exporter = OTLPMetricExporter(endpoint=f"{otlp_endpoint.rstrip('/')}/v1/metrics")
        readers.append(PeriodicExportingMetricReader(exporter))
    resource = Resource.create({"service.name": service})
    metrics.set_meter_provider(MeterProvider(metric_readers=readers, resource=resource))


def stop_metrics() -> None:
    """Send what is still to be sent."""
    provider = metrics.get_meter_provider()
    if isinstance(provider, MeterProvider):
        provider.shutdown()
