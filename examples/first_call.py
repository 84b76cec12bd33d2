"""A first call from Python: store a workflow, take its message from the decider queue, read it, search for it."""

from __future__ import annotations

import asyncio
import uuid

from podium_client import PodiumClient
from podium_core.models import DECIDER_QUEUE, Commit, CommitPush, PushMessage, Workflow
from podium_core.models.json_text import to_raw


async def main() -> None:
    """Ask the server on PODIUM_ADDRESS, 127.0.0.1:50051 unless it says otherwise."""
    workflow_id = str(uuid.uuid4())
    workflow = Workflow(
        workflow_id=workflow_id,
        workflow_definition=to_raw({"name": "order", "version": 1}),
        input=to_raw({"amount": 9007199254740993}),
    )
    async with PodiumClient.from_env() as podium:
        # One atomic step: the workflow, and its message, due at once.
        push = CommitPush(queue_name=DECIDER_QUEUE, message=PushMessage(id=workflow_id))
        commit = Commit(workflow_id=workflow_id, create_workflow=workflow, pushes=[push])
        await podium.executions.commit(commit)

        async for message in podium.queues.consume(DECIDER_QUEUE, credit=16):
            # Leased while the body runs; leaving well acknowledges, an exception gives it back.
            async with message:
                stored = await podium.executions.get_workflow(message.id, include_tasks=True)
                print(f"decide {message.id}: {stored.status if stored else 'gone'}")
            if message.id == workflow_id:
                break

        query = f"workflowType = 'order' AND workflowId = '{workflow_id}'"
        # The index is eventual: it has what was written a moment later.
        async with asyncio.timeout(10):
            while not (found := await podium.index.search_workflow_summary(query)).results:
                await asyncio.sleep(0.05)
        print(f"{query}: {found.results[0].input}")


if __name__ == "__main__":
    asyncio.run(main())
