"""The weather of a site: its points, which the upstream does not list, and its present values."""

from concurrent.futures import Future

from etl.receipt import Log, Receipt
from vitals.ace.client import WEATHER_POINTS
from vitals.errors import UpstreamError
from vitals.model.points import Catalog, ListedPoint
from vitals.pipeline.ingest import Ingest, Weather

_UNITS = {
    "weather.temperature": "°C",
    "weather.feels_like": "°C",
    "weather.pressure": "hPa",
    "weather.humidity": "%",
    "weather.dew_point": "°C",
    "weather.clouds": "%",
    "weather.wind_speed": "m/s",
    "weather.wind_direction": "°",
    "weather.wet_bulb": "°C",
}


def weather_points() -> list[ListedPoint]:
    """Returns the weather's points as if the upstream listed them."""
    return [ListedPoint(name, _UNITS[name], tags=("weather",)) for name in WEATHER_POINTS.values()]


def write_weather(
    ingest: Ingest, catalog: Catalog, receipt: Receipt, log: Log, request: Future[Weather]
) -> None:
    """Writes the weather once it has arrived; a failure of the upstream does not fail the sync."""
    try:
        ingest.write_weather(receipt.site, catalog, request.result(), receipt.tally)
    except UpstreamError as error:
        receipt.isolate("weather", error, log)
