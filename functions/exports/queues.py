"""The two queues of exports. Each has its own workers, so that high priority never waits for normal."""

from dataclasses import dataclass

from vitals.aws.clients import CONFIG, ClientConfig
from vitals.aws.runtime import Runtime
from vitals.aws.sqs import MessageQueue
from vitals.config import ExportApiSettings, ExportSettings
from vitals.model.records.exports import Export


@dataclass(frozen=True, slots=True)
class ExportQueues:
    """Sends the messages of exports, by priority."""

    high: MessageQueue
    normal: MessageQueue

    @classmethod
    def connect(
        cls,
        settings: ExportApiSettings | ExportSettings,
        runtime: Runtime,
        client_config: ClientConfig = CONFIG,
    ) -> "ExportQueues":
        """Returns the queues that the settings name."""
        sqs = runtime.client("sqs", client_config)
        return cls(MessageQueue(sqs, settings.queue_high_url), MessageQueue(sqs, settings.queue_url))

    def send(self, export: Export, delay_s: int = 0) -> None:
        """Sends the export's message, to be received after `delay_s`."""
        queue = self.high if export.priority == "high" else self.normal
        queue.send([{"export": export.export}], delay_s)
