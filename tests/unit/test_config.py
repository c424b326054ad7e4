import pytest

from vitals import config
from vitals.errors import ConfigError

GOOD = {
    "STATE_TABLE": "state",
    "HOT_TABLE": "hot",
    "SYNC_QUEUE_URL": "https://queue",
    "ACE_API_URL": "https://ace.example/api/",
    "ACE_SECRET_ID": "ace",
    "SITES": "one, two",
}


def test_etl_settings_with_defaults() -> None:
    settings = config.etl(GOOD)
    assert settings.sites == ("one", "two")
    assert settings.ace_api_url == "https://ace.example/api"
    assert settings.initial_lookback_ms == 24 * 3_600_000
    assert settings.requests_per_minute == 50


def test_every_problem_is_named_at_once() -> None:
    broken = GOOD | {
        "SITES": "../x",
        "INITIAL_LOOKBACK_HOURS": "soon",
        "ACE_API_URL": "ftp://x",
        "HOT_TABLE": " ",
    }
    with pytest.raises(ConfigError) as caught:
        config.etl(broken)
    for name in ("SITES", "INITIAL_LOOKBACK_HOURS", "ACE_API_URL", "HOT_TABLE"):
        assert name in str(caught.value)


@pytest.mark.parametrize(
    "read",
    [
        config.etl,
        config.query,
        config.archival,
        config.backfill,
        config.backfill_api,
        config.export,
        config.export_api,
        config.authorizer,
    ],
)
def test_an_empty_environment_is_an_error(read) -> None:
    with pytest.raises(ConfigError, match="STATE_TABLE is missing"):
        read({})


def test_the_query_apis_table_is_named_by_sql_identifiers() -> None:
    given = GOOD | {
        "COLD_BUCKET": "cold",
        "GLUE_DATABASE": "building_vitals",
        "GLUE_TABLE": "samples",
        "ATHENA_WORKGROUP": "building-vitals",
        "SYNC_DEAD_LETTERS_URL": "https://queue/sync",
        "ARCHIVE_DEAD_LETTERS_URL": "https://queue/archive",
        "EXPORT_DEAD_LETTERS_URL": "https://queue/export",
    }
    assert config.query(given).glue_database == "building_vitals"
    with pytest.raises(ConfigError, match="GLUE_TABLE is no SQL identifier"):
        config.query(given | {"GLUE_TABLE": 'samples" --'})


def test_origins_are_a_list_or_none() -> None:
    assert config.http({}).allowed_origins == ()
    given = {"ALLOWED_ORIGINS": "https://charts.example.com, http://localhost:3000"}
    assert config.http(given).allowed_origins == ("https://charts.example.com", "http://localhost:3000")


@pytest.mark.parametrize(
    "origins", ["*", "https://*.example.com", "charts.example.com", "https://a/", "null", "https://a,*"]
)
def test_an_origin_that_is_none_is_refused(origins: str) -> None:
    with pytest.raises(ConfigError, match="ALLOWED_ORIGINS is no list of origins"):
        config.http({"ALLOWED_ORIGINS": origins})
