"""The official Python client, line 1: `mcp` 1. It speaks the revisions up to 2025-11-25."""

from contextlib import asynccontextmanager
from types import SimpleNamespace

import anyio
import httpx
from driver import Memory, drive
from mcp import ClientSession
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.types import PromptReference, ResourceTemplateReference, ResourceUpdatedNotification, ServerNotification
from pydantic import AnyUrl

REFERENCES = {"ref/prompt": PromptReference, "ref/resource": ResourceTemplateReference}


@asynccontextmanager
async def connect(visit):
    send_news, news = anyio.create_memory_object_stream(16)

    async def on_message(message):
        if isinstance(message, ServerNotification) and isinstance(message.root, ResourceUpdatedNotification):
            await send_news.send(message.root.params.uri)

    async with (
        httpx.AsyncClient(timeout=httpx.Timeout(30, read=300), **identity(visit)) as http,
        streamable_http_client(visit["url"], http_client=http) as (read, write, _session_id),
        ClientSession(read, write, message_handler=on_message) as session,
    ):
        hello = await session.initialize()

        async def watch(uri, step):
            await session.subscribe_resource(AnyUrl(uri))
            await step()
            seen = await news.receive()
            await session.unsubscribe_resource(AnyUrl(uri))
            return seen

        yield SimpleNamespace(
            revision=hello.protocolVersion, server=hello.serverInfo.name, methods=methods(session), watch=watch
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


def methods(session):
    def call(params, progress):
        return session.call_tool(params["name"], params["arguments"], progress_callback=progress)

    def complete(params, _progress):
        return session.complete(REFERENCES[params["ref"]["type"]](**params["ref"]), params["argument"])

    return {
        "completion/complete": complete,
        "prompts/get": lambda params, _progress: session.get_prompt(params["name"], params["arguments"]),
        "prompts/list": lambda _params, _progress: session.list_prompts(),
        "resources/list": lambda _params, _progress: session.list_resources(),
        "resources/read": lambda params, _progress: session.read_resource(AnyUrl(params["uri"])),
        "resources/templates/list": lambda _params, _progress: session.list_resource_templates(),
        "tools/call": call,
        "tools/list": lambda _params, _progress: session.list_tools(),
    }


drive(connect)
