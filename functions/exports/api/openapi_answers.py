"""What /openapi.json says about the answers of each route; no function loads it."""

from exports.api.schemas import Export, Exports, ExportWithFiles, Removed
from vitals.http.openapi import answers

# By the name of the route's function.
ANSWERS = {
    "start": answers(Export, "The export is queued", 404, 413, 415, status=202),
    "of_site": answers(Exports, "The site's exports", 404),
    "get": answers(ExportWithFiles, "The export", 404),
    "delete": {
        **answers(Export | Removed, "Cancelled before it started, or removed with its files", 404),
        **answers(Export, "The export ends before its next part", 404, status=202),
    },
}
