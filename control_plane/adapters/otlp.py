"""Traces to an OpenTelemetry collector: OTLP over HTTP, in protobuf. Imported only where an endpoint is set.

The provider is ours and not the process's global one: libraries that trace by themselves would tell queries and bodies.
``OTEL_EXPORTER_OTLP_HEADERS``, ``OTEL_TRACES_SAMPLER``, ``OTEL_BSP_*`` and the like are honoured by OpenTelemetry itself.
"""

from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from anyio.to_thread import run_sync
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span as OtelSpan
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace import Tracer as OtelTracer

from control_plane.ports import Attribute, TracedPart

PREFIX: Final = "aimforge."
EXPORT_WITHIN_SEC: Final = 5
NANO: Final = 1_000_000_000


def named(attributes: dict[str, Attribute]) -> dict[str, Attribute]:
    """Put our own attributes under our prefix; those of OpenTelemetry's conventions have a name with double underscores."""
    return {
        name.replace("__", ".") if "__" in name else PREFIX + name: value
        for name, value in attributes.items()
        if value != ""
    }


class OtlpSpan:
    """``ports.Span``."""

    def __init__(self, span: OtelSpan) -> None:
        self._span = span

    def name(self, name: str) -> None:
        """Call it so."""
        self._span.update_name(name)

    def set(self, **attributes: Attribute) -> None:
        """Add attributes."""
        self._span.set_attributes(named(attributes))


class OtlpTracer:
    """``ports.Tracer``."""

    def __init__(self, tracer: OtelTracer) -> None:
        self._tracer = tracer

    @contextmanager
    def span(self, name: str, *, serves: bool = False, **attributes: Attribute) -> Generator[OtlpSpan]:
        """Trace what happens in the block. An error is told by its class: its sentence may quote what people wrote."""
        with self._tracer.start_as_current_span(
            name,
            kind=SpanKind.SERVER if serves else SpanKind.INTERNAL,
            attributes=named(attributes),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield OtlpSpan(span)
            except Exception as error:
                span.set_attribute("error.type", type(error).__qualname__)
                span.set_status(Status(StatusCode.ERROR))
                raise

    def tell(self, name: str, parts: Sequence[TracedPart], **attributes: Attribute) -> None:
        """Trace what is over."""
        whole = self._tracer.start_span(name, start_time=nanoseconds(parts[0].began), attributes=named(attributes))
        within = set_span_in_context(whole)
        for part in parts:
            span = self._tracer.start_span(part.name, within, start_time=nanoseconds(part.began))
            if part.failed:
                for failed in (span, whole):
                    failed.set_status(Status(StatusCode.ERROR))
            span.end(nanoseconds(part.ended))
        whole.end(nanoseconds(parts[-1].ended))


def nanoseconds(seconds: float) -> int:
    """Return seconds since 1970 as OpenTelemetry counts them."""
    return round(seconds * NANO)


@asynccontextmanager
async def open_otlp(endpoint: str, version: str, deployment: str) -> AsyncGenerator[OtlpTracer]:
    """Send traces to ``endpoint``'s ``/v1/traces``, in batches from a thread; what waits is sent at the end.

    A collector that is away costs its traces, and nothing else.
    """
    resource = Resource.create(
        {"service.name": "aimforge", "service.version": version, "deployment.environment.name": deployment}
    )
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_WITHIN_SEC)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    try:
        yield OtlpTracer(provider.get_tracer("aimforge", version))
    finally:
        await run_sync(provider.shutdown)
