"""What /openapi.json says about the answers of each route; no function loads it."""

from admin.schemas import (
    ChangedPoints,
    Changes,
    Flag,
    Flags,
    RemovedFlag,
    RemovedView,
    SavedView,
    SavedViews,
)
from vitals.http.openapi import answers
from vitals.http.site_answer import Site

# By the name of the route's function.
ANSWERS = {
    "set_site": answers(Site, "The site with its new settings", 404, 413, 415),
    "set_points": answers(ChangedPoints, "The points with their new settings", 404, 413, 415),
    "changes": answers(Changes, "A page of the site's changes", 404),
    "views": answers(SavedViews, "The saved views of the site", 404),
    "save_view": answers(SavedView, "The view as it is saved", 404, 413, 415),
    "flags": answers(Flags, "A page of the site's flags", 404),
    "add_flag": answers(Flag, "The flag as it is stored", 404, 413, 415),
    "remove_flag": answers(RemovedFlag, "The flag is removed", 404),
    "delete_view": answers(RemovedView, "The view is removed", 404),
}
