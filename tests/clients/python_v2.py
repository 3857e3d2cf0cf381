"""The official Python client, line 2: `mcp` 2. It asks for 2026-07-28 and falls back, unless told otherwise."""

from contextlib import asynccontextmanager
from types import SimpleNamespace

import anyio
import httpx2
from driver import Memory, drive
from mcp import Client
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.types import ElicitResult, PromptReference, ResourceTemplateReference, ResourceUpdatedNotification

REFERENCES = {"ref/prompt": PromptReference, "ref/resource": ResourceTemplateReference}


@asynccontextmanager
async def connect(visit):
    send_news, news = anyio.create_memory_object_stream(16)

    async def on_message(message):
        if isinstance(message, ResourceUpdatedNotification):
            await send_news.send(message.params.uri)

    opened = []

    async def on_question(_context, params):
        opened.append(params.url)
        return ElicitResult(action="accept")

    async with httpx2.AsyncClient(timeout=httpx2.Timeout(30, read=300), **identity(visit)) as http:
        transport = streamable_http_client(visit["url"], http_client=http)
        mode = "2026-07-28" if visit["mode"] == "pin" else visit["mode"]
        answers = {"elicitation_callback": on_question} if visit.get("opens") else {}
        async with Client(transport, mode=mode, message_handler=on_message, **answers) as client:

            async def watch(uri, step):
                if client.protocol_version == "2026-07-28":
                    async with client.listen(resource_subscriptions=[uri]) as subscription:
                        if uri not in (subscription.honored.resource_subscriptions or []):
                            raise RuntimeError(f"{uri} is not honoured")
                        await step()
                        return (await anext(subscription)).uri
                await client.session.subscribe_resource(uri)
                await step()
                seen = await news.receive()
                await client.session.unsubscribe_resource(uri)
                return seen

            server = client.server_info.name if client.server_info else None
            yield SimpleNamespace(
                revision=client.protocol_version,
                server=server,
                opened=opened,
                methods=methods(client),
                watch=watch,
            )


def identity(visit):
    if "token" in visit:
        return {"headers": {"Authorization": f"Bearer {visit['token']}"}}
    # Asks the gateway who issues tokens, and that issuer for one.
    workload = visit["workload"]
    return {
        "auth": ClientCredentialsOAuthProvider(
            visit["url"],
            Memory(),
            client_id=workload["id"],
            client_secret=workload["secret"],
            issuer=workload["issuer"],
        )
    }


def methods(client):
    def call(params, progress):
        return client.call_tool(params["name"], params["arguments"], progress_callback=progress)

    def complete(params, _progress):
        return client.complete(REFERENCES[params["ref"]["type"]](**params["ref"]), params["argument"])

    return {
        "completion/complete": complete,
        "prompts/get": lambda params, _progress: client.get_prompt(params["name"], params["arguments"]),
        "prompts/list": lambda _params, _progress: client.list_prompts(),
        "resources/list": lambda _params, _progress: client.list_resources(),
        "resources/read": lambda params, _progress: client.read_resource(params["uri"]),
        "resources/templates/list": lambda _params, _progress: client.list_resource_templates(),
        "tools/call": call,
        "tools/list": lambda _params, _progress: client.list_tools(),
    }


drive(connect)
