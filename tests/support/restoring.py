"""A second stack on copies of the test stack's tables and bucket, restored as docs/restore.md says."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.stack import settings
from local.stack.deploy import Deployment
from local.stack.progress import Progress
from tests.support.local_stack import HOME, ROOT, VITALS, stack_environ
from tests.support.stack import aws_client

NAME = "building-vitals-restored"
TABLES = {"StateTable": "restored-state", "HotTable": "restored-hot"}
BUCKET = "restored-archive"
PARAMETERS = {
    "ExistingStateTable": TABLES["StateTable"],
    "ExistingHotTable": TABLES["HotTable"],
    "ExistingColdBucket": BUCKET,
}


@dataclass(frozen=True, slots=True)
class RestoredStack:
    """The restored stack; `description` is its stack.json, with the token of the stack that was lost."""

    description: dict[str, Any]
    home: Path

    def vitals(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a command of `vitals` on this stack."""
        return subprocess.run(
            [VITALS, *arguments],
            cwd=ROOT,
            env=os.environ | {"VITALS_HOME": str(self.home)},
            text=True,
            capture_output=True,
            timeout=300,
            check=False,
        )


def copy_tables(lost: dict[str, Any]) -> None:
    """Restores both tables to the present, with the settings that a restore does not copy."""
    client = aws_client(lost, "dynamodb")
    for output, copy in TABLES.items():
        client.restore_table_to_point_in_time(
            SourceTableName=lost["outputs"][output], TargetTableName=copy, UseLatestRestorableTime=True
        )
        client.update_time_to_live(
            TableName=copy, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
        )
        client.update_continuous_backups(
            TableName=copy, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )


def copy_bucket(lost: dict[str, Any]) -> None:
    """Copies the current day files, each with its metadata by one CopyObject."""
    client, source = aws_client(lost, "s3"), lost["outputs"]["ColdBucket"]
    client.create_bucket(Bucket=BUCKET)
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for key in day_files(lost, source):
        client.copy_object(Bucket=BUCKET, Key=key, CopySource={"Bucket": source, "Key": key})


def day_files(stack: dict[str, Any], bucket: str) -> dict[str, str]:
    """Returns the ETag of each day file, by key."""
    pages = aws_client(stack, "s3").get_paginator("list_objects_v2").paginate(Bucket=bucket)
    objects = (item for page in pages for item in page.get("Contents", ()))
    return {item["Key"]: item["ETag"] for item in objects if item["Key"].startswith("timeseries/")}


def deploy(lost: dict[str, Any], *, schedules: str) -> RestoredStack:
    """Deploys another stack with the copies to the emulator of the lost one, and sets its key."""
    home = HOME / "restored"
    environ = stack_environ() | {"VITALS_HOME": str(home)}
    parameters = PARAMETERS | {"Schedules": schedules}
    deployment = Deployment(settings.from_environ(environ), Progress(), name=NAME, parameters=parameters)
    outputs = deployment.deploy()
    deployment.set_ace_key(outputs)
    description = lost | {"api": outputs["ApiUrl"], "outputs": outputs}
    (home / "stack.json").write_text(json.dumps(description))
    return RestoredStack(description, home)


def delete(lost: dict[str, Any]) -> None:
    """Deletes the restored stack, and the copies."""
    cloudformation, dynamodb, s3 = (aws_client(lost, name) for name in ("cloudformation", "dynamodb", "s3"))
    cloudformation.delete_stack(StackName=NAME)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=NAME, WaiterConfig={"Delay": 1})
    for table in TABLES.values():
        dynamodb.delete_table(TableName=table)
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET):
        for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            s3.delete_object(Bucket=BUCKET, Key=version["Key"], VersionId=version["VersionId"])
    s3.delete_bucket(Bucket=BUCKET)
