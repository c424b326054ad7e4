from typing import Any

import botocore
import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.session import Session

from vitals.aws import clients
from vitals.aws.clients import ClientConfig


class Body:
    def stream(self, **_: Any) -> Any:
        yield b"{}"


@pytest.mark.parametrize("config", [clients.CONFIG, clients.PROMPT, clients.BRIEF])
def test_requests_name_the_product_and_botocore(config: ClientConfig) -> None:
    agents = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        agents.append(request.headers["User-Agent"].decode())
        raw: Any = Body()
        return AWSResponse(request.url, 200, HTTPHeaders(), raw)

    session = Session()
    session.set_credentials("test", "test")
    client = session.create_client("dynamodb", region_name="us-east-1", config=config.botocore())
    client.meta.events.register("before-send.dynamodb", answer)
    client.list_tables()
    # Powertools adds its own name once it is imported.
    assert [agent.split(" PT/")[0] for agent in agents] == [f"vitals Botocore/{botocore.__version__}"]
