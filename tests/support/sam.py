"""The template as SAM gives it to CloudFormation, with the roles that SAM makes."""

import json
import os
import subprocess
from functools import cache
from typing import Any

from local.stack.settings import TOOLS
from tests.support.template import ROOT

# For the Python of the deployment tools. A deployment uploads the folders of the template as packages.
_TRANSFORM = """
import json, sys
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

class NoPolicies:
    def load(self):
        return {}

template = yaml_parse(open("template.yaml").read())
template["Globals"]["Function"]["CodeUri"] = "s3://bucket/functions"
for resource in template["Resources"].values():
    for name in {"ContentUri", "DefinitionUri"} & set(resource.get("Properties", {})):
        resource["Properties"][name] = "s3://bucket/package"
json.dump(transform(template, {"Stage": "prod"}, NoPolicies()), sys.stdout)
"""


@cache
def transformed() -> dict[str, Any]:
    """Returns the template for a production stack, transformed once. No caller may change it."""
    done = subprocess.run(
        [TOOLS / "python", "-c", _TRANSFORM],
        cwd=ROOT,
        env=os.environ | {"AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    template: dict[str, Any] = json.loads(done.stdout)
    return template
