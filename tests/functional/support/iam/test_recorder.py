"""Calls of a handler are denied as its policy says; those of the test and of AWS itself are not."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from query import app
from tests.support.iam import recorder
from tests.support.iam.evaluation import Grant
from tests.support.iam.recorder import Recorder
from tests.support.iam.statements import parsed

READ = Grant("Read", "s3:GetObject", "arn:aws:s3:::files/open/*")
type Run = Callable[[Callable[[Any], Any]], Any]


@pytest.fixture
def observed(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """A recorder over a policy that allows to read some keys of a bucket."""
    document = {"Sid": READ.sid, "Effect": "Allow", "Action": READ.subject, "Resource": READ.value}
    monkeypatch.setattr(recorder, "statements", lambda function: (parsed(document),))
    return Recorder()


@pytest.fixture
def run(observed: Recorder, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Returns what does some work with S3 as the handler of the query function."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="files")
    s3.put_object(Bucket="files", Key="open/a", Body=b"a")
    s3.put_object(Bucket="files", Key="closed/a", Body=b"a")

    def handle(work: Callable[[Any], Any]) -> Any:
        monkeypatch.setattr(app, "handler", lambda event, context: work(s3))
        with observed.recording():
            s3.head_object(Bucket="files", Key="closed/a")
            return app.handler({}, None)

    return handle


def test_an_allowed_call_uses_its_grant(run: Run, observed: Recorder) -> None:
    assert run(lambda s3: s3.get_object(Bucket="files", Key="open/a")["Body"].read()) == b"a"
    assert (observed.used, observed.denied) == ({("QueryFunction", READ)}, [])


def test_a_call_that_is_not_allowed_is_denied(run: Run, observed: Recorder) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        run(lambda s3: s3.get_object(Bucket="files", Key="closed/a"))
    [denied] = observed.denied
    assert denied.startswith("QueryFunction: no statement allows s3:GetObject on arn:aws:s3:::files/closed/a")


def test_threads_belong_to_the_handler(run: Run, observed: Recorder) -> None:
    def work(s3: Any) -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(s3.get_object, Bucket="files", Key="open/a").result()
            pool.submit(s3.get_object, Bucket="files", Key="closed/a").result()

    with pytest.raises(ClientError, match="AccessDenied"):
        run(work)
    assert observed.used == {("QueryFunction", READ)}


def test_a_link_needs_what_it_links_to(run: Run) -> None:
    def link(key: str) -> Any:
        return run(lambda s3: s3.generate_presigned_url("get_object", Params={"Bucket": "files", "Key": key}))

    assert "/open/a?" in link("open/a")
    with pytest.raises(ClientError, match="AccessDenied"):
        link("closed/a")


def test_without_the_listing_missing_is_denied(run: Run, observed: Recorder) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        run(lambda s3: s3.get_object(Bucket="files", Key="open/none"))
    assert "s3:ListBucket" in observed.denied[0]


def test_calls_within_a_call_are_those_of_aws(
    run: Run, observed: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(s3: Any) -> None:
        other = boto3.client("s3")

        def serve(**_: Any) -> None:
            other.head_object(Bucket="files", Key="closed/a")

        s3.meta.events.register_first("before-send", serve)
        s3.get_object(Bucket="files", Key="open/a")

    run(work)
    assert observed.denied == []
