"""The keys of all items and the names of all objects.

Hot table:   pk `{site}#{group}`, w (window start, UTC ms); pk `{site}#rollup#{point id}`, w (day start)
State table: pk, sk
    sites            | {site}                the site's settings, and how far it is synced
    site#{site}      | catalog#{chunk}       256 points
    site#{site}      | day#{YYYY-MM-DD}      the ledger: windows of one site-day, polled and with samples
    site#{site}      | archive#{YYYY-MM-DD}  the ledger: the archive of one site-day
    site#{site}      | footer#{YYYY-MM-DD}   a copy of the footer of the day's file
    site#{site}      | rejected#{YYYY-MM-DDTHH}  the ledger: points with values that are not numbers
    site#{site}      | backfill              the lock: which backfill of the site is running
    site#{site}      | run#{start}#{run}     the backfills of a site in the order of their starts (UTC ms)
    run#{run}        | run                   one backfill
    run#{run}        | day#{YYYY-MM-DD}      the state of one day of it
    export#{export}  | export                one export
    export#{export}  | plan                  its parts, and the points that were requested
    export#{export}  | part#{number}         a finished part: its files
    export#open      | {created}#{export}    exports that may not have ended, in the order of their requests
    exports#{site}   | {created}#{export}    the exports of a site in the order of their requests (UTC ms)
    exports#{site}#quota | {YYYY-MM-DD}      the bytes that exports of the site reserved on that day (UTC)
    changes#{site}   | {number}              changes of its settings in the order of their times
    views#{site}     | view#{name}           a saved view of the site
    views#{site}     | count                 how many views the site has
    flags#{site}     | flag#{id}             a span of points that is marked as bad; ids ascend in time
    flags#{site}     | revision              the revision and the number of the site's flags
    archive          | planning              the latest planning of the archive
    upstream#{host}  | circuit[#{group}]     the circuit breaker of a key group; the default one has no suffix
    upstream#{host}  | pace[#{group}]        when the next request of a backfill with its key may go out
    upstream#{host}  | pace-archive[#{group}]  the same for the archiving
    token#{sha256}   | token                 a bearer token's grants
    token#index      | {sha256}              every token, for the commands that manage tokens
Cold bucket:
    timeseries/{site}/{YYYY}/{MM}/{DD}/samples.parquet  one site-day; Athena's partition (site, YYYY/MM/DD)
    quality/{site}/{YYYY}/{MM}/{DD}.parquet  the quality of one site-day; Athena's partition (site, YYYY/MM)
    staging/backfill/{run}/{YYYY-MM-DD}/{HH}[-{part}]   an hour that a backfill has read; expires
    exports/{export}/{name}                  the files of an export; expires
    athena/                                  results of queries; expires
    cache/{site}/{digest}                    a result of the query API; expires
"""

import hashlib
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from vitals.model.key_group import DEFAULT_GROUP
from vitals.model.site_day import SiteDay

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

type PaceUser = Literal["archive", "backfill"]
type Key = dict[str, "AttributeValueTypeDef"]


def hot_partition(site: str, group: int) -> str:
    return f"{site}#{group}"


def hot_block(site: str, group: int, window_ms: int) -> Key:
    return {"pk": {"S": hot_partition(site, group)}, "w": {"N": str(window_ms)}}


SITES_PARTITION = "sites"
CATALOG_PREFIX = "catalog#"
ARCHIVE_PREFIX = "archive#"
DAY_PREFIX = "day#"
REJECTED_PREFIX = "rejected#"
FOOTER_PREFIX = "footer#"
RUN_PREFIX = "run#"
# Policies of the template let only the authorizer read keys with this prefix, the index included.
TOKEN_PREFIX = "token#"
TOKEN_INDEX = f"{TOKEN_PREFIX}index"
PART_PREFIX = "part#"
VIEW_PREFIX = "view#"
FLAG_PREFIX = "flag#"
# A policy of the template lets the worker delete items of this partition. No export has the id `open`.
OPEN_EXPORTS = "export#open"


def site_record(site: str) -> Key:
    return _state(SITES_PARTITION, site)


def site_partition(site: str) -> str:
    return f"site#{site}"


def catalog_chunk(site: str, chunk: int) -> Key:
    return _state(site_partition(site), f"{CATALOG_PREFIX}{chunk:05d}")


def ledger_day(day: SiteDay) -> Key:
    return _state(site_partition(day.site), f"{DAY_PREFIX}{day.date}")


def archive_day(day: SiteDay) -> Key:
    return _state(site_partition(day.site), f"{ARCHIVE_PREFIX}{day.date}")


def footer(day: SiteDay) -> Key:
    return _state(site_partition(day.site), f"{FOOTER_PREFIX}{day.date}")


def archive_planning() -> Key:
    return _state("archive", "planning")


def rejected_hour(site: str, hour: str) -> Key:
    """Returns the key of an hour (YYYY-MM-DDTHH)."""
    return _state(site_partition(site), f"{REJECTED_PREFIX}{hour}")


def rollup_partition(site: str, point_id: int) -> str:
    """Returns the partition of a point's rollups in the hot table, with the day's start as `w`."""
    return f"{site}#rollup#{point_id}"


def circuit(base_url: str, key_group: str = DEFAULT_GROUP) -> Key:
    return _of_group(base_url, "circuit", key_group)


def pace(base_url: str, key_group: str = DEFAULT_GROUP, user: PaceUser = "backfill") -> Key:
    return _of_group(base_url, "pace" if user == "backfill" else f"pace-{user}", key_group)


def changes_partition(site: str) -> str:
    return f"changes#{site}"


def change(site: str, number: int) -> Key:
    return _state(changes_partition(site), f"{number:020d}")


def views_partition(site: str) -> str:
    return f"views#{site}"


def saved_view(site: str, name: str) -> Key:
    return _state(views_partition(site), f"{VIEW_PREFIX}{name}")


def view_count(site: str) -> Key:
    return _state(views_partition(site), "count")


def flags_partition(site: str) -> str:
    return f"flags#{site}"


def flag(site: str, id: str) -> Key:
    return _state(flags_partition(site), f"{FLAG_PREFIX}{id}")


def flag_revision(site: str) -> Key:
    return _state(flags_partition(site), "revision")


def backfill_lock(site: str) -> Key:
    return _state(site_partition(site), "backfill")


def run_partition(run: str) -> str:
    return f"run#{run}"


def run_record(run: str) -> Key:
    return _state(run_partition(run), "run")


def run_day(run: str, day: str) -> Key:
    return _state(run_partition(run), f"{DAY_PREFIX}{day}")


def run_of_site(site: str, started_ms: int, run: str) -> Key:
    return _state(site_partition(site), f"{RUN_PREFIX}{started_ms:013d}#{run}")


def export_partition(export: str) -> str:
    return f"export#{export}"


def export_record(export: str) -> Key:
    return _state(export_partition(export), "export")


def export_plan(export: str) -> Key:
    return _state(export_partition(export), "plan")


def export_part(export: str, number: int) -> Key:
    return _state(export_partition(export), f"{PART_PREFIX}{number:05d}")


def exports_partition(site: str) -> str:
    return f"exports#{site}"


def export_of_site(site: str, created_ms: int, export: str) -> Key:
    return _state(exports_partition(site), f"{created_ms:013d}#{export}")


def open_export(created_ms: int, export: str) -> Key:
    return _state(OPEN_EXPORTS, f"{created_ms:013d}#{export}")


def export_quota(day: SiteDay) -> Key:
    return _state(f"{exports_partition(day.site)}#quota", day.date)


def token_hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def token(sha256: str) -> Key:
    return _state(f"{TOKEN_PREFIX}{sha256}", "token")


def token_entry(sha256: str) -> Key:
    return _state(TOKEN_INDEX, sha256)


def day_file(day: SiteDay) -> str:
    return f"{day_files(day.site)}{athena_day(day.date)}/samples.parquet"


def day_files(site: str) -> str:
    """Returns the prefix of the names of a site's day files."""
    return f"timeseries/{site}/"


def date_of_file(key: str) -> str:
    """Returns the date (YYYY-MM-DD) in a day file's name."""
    return "-".join(key.split("/")[2:5])


def quality_file(day: SiteDay) -> str:
    return f"quality/{day.site}/{athena_day(day.date)}.parquet"


def staged(run: str, day: SiteDay | None = None, name: str = "") -> str:
    """Returns the name of one part of a staged span, or the prefix of all parts of the day or of the run."""
    return f"staging/backfill/{run}/" + (f"{day.date}/{name}" if day else "")


def cached(site: str, digest: str) -> str:
    return f"cache/{site}/{digest}"


def export_file(export: str, name: str = "") -> str:
    """Returns the name of a file of an export, or the prefix of all of them."""
    return f"exports/{export}/{name}"


def athena_day(day: str) -> str:
    """Returns the day YYYY-MM-DD as the value of Athena's partition key."""
    return day.replace("-", "/")


def athena_answer(name: str) -> str:
    """Returns the folder of one query's result, which must be new for each query."""
    return f"athena/answers/{name}"


def _of_group(base_url: str, kind: str, key_group: str) -> Key:
    sort_key = kind if key_group == DEFAULT_GROUP else f"{kind}#{key_group}"
    return _state(f"upstream#{urlsplit(base_url).netloc}", sort_key)


def _state(pk: str, sk: str) -> Key:
    return {"pk": {"S": pk}, "sk": {"S": sk}}
