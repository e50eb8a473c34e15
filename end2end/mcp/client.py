"""Berth as an MCP server, asked by the protocol's Python SDK: lists everything, and calls every tool.

    BERTH_URL=… BERTH_TOKEN=… client.py http         the server's /mcp
    BERTH_URL=… BERTH_TOKEN=… client.py stdio BERTH  the command `BERTH mcp`

Jobs are submitted and cancelled again, a campaign is started and ended, so not on a cluster that is needed. A tool whose answer does not fit its own
schema is found by the SDK.
"""

import asyncio
import os
import sys
import time
from contextlib import asynccontextmanager

from mcp import ClientSession, StdioServerParameters, types
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamablehttp_client
from mcp.shared.exceptions import McpError

URL = os.environ["BERTH_URL"].rstrip("/")
TOKEN = os.environ["BERTH_TOKEN"]


@asynccontextmanager
async def connected(how):
    if how == "http":
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with streamablehttp_client(f"{URL}/mcp", headers=headers) as (read, write, _):
            async with ClientSession(read, write) as session:
                yield session
    else:
        env = {"BERTH_URL": URL, "BERTH_TOKEN": TOKEN, "PATH": os.environ["PATH"]}
        command = StdioServerParameters(command=sys.argv[2], args=["mcp"], env=env)
        async with stdio_client(command) as (read, write):
            async with ClientSession(read, write) as session:
                yield session


class Check:
    """One agent; remembers what it called."""

    def __init__(self, session):
        self.session = session
        self.called = set()

    async def ask(self, tool, /, *, refused=False, **arguments):
        progress = []

        async def hear(now, total, message):
            progress.append(message)

        result = await self.session.call_tool(tool, arguments, progress_callback=hear)
        text = result.content[0].text
        assert result.isError == refused, f"{tool} {arguments}: {text}"
        assert text, f"{tool} says nothing"
        self.called.add(tool)
        first = text.splitlines()[0]
        print(f"ok    {tool:<23} {'refused: ' if refused else ''}{first[:90]}")
        self.progress = progress
        return result.structuredContent if result.structuredContent is not None else text

    async def reads(self):
        await self.ask("cluster_status")
        await self.ask("queue", whose="everybody", show="live", limit=5)
        await self.ask("queue", show="finished")
        await self.ask("forecast", gpus=1, time_limit="1h")
        await self.ask("usage", by="project")
        await self.ask("alerts", all=True)
        await self.ask("job", refused=True, id=10**9)
        await self.ask("cluster_status", refused=True, nodes="node-1")

    async def a_job(self):
        key = f"mcp-check-{time.time_ns()}"
        job = {"command": ["sh", "-c", "echo hello; sleep 2"], "gpus": 1, "idempotency_key": key}
        would = await self.ask("preview_submit", **job)
        assert would["accepted"] and would["would_be"]["jobs"] == 1, would
        submitted = await self.ask("submit_job", **job)
        again = await self.ask("submit_job", **job)
        number = submitted["job"]["id"]
        assert again["repeated"] and again["job"]["id"] == number, again
        await self.ask("explain_pending", id=number)
        ended = await self.ask("wait_for", id=number, timeout_s=120)
        assert ended["reached"] and ended["job"]["outcome"] == "Succeeded", ended
        assert self.progress, "no progress was told"
        await self.ask("job", id=number, events=True)
        log = await self.ask("job_log", id=number)
        assert "\nhello\n[end of untrusted data" in log, log
        await self.ask("job_log", id=number, grep="HELLO")
        await self.ask("cancel", refused=True, id=number)

    async def changes(self):
        held = {"command": ["sleep", "1000"], "gpus": 1, "hold": True}
        number = (await self.ask("submit_job", **held))["job"]["id"]
        await self.ask("preview_hold", id=number, release=True)
        await self.ask("hold", id=number)
        await self.ask("preview_move", id=number, to="bottom")
        await self.ask("move", id=number, to="bottom")
        late = await self.ask("wait_for", id=number, until="started", timeout_s=1)
        assert late["timed_out"], late
        await self.ask("preview_cancel", id=number)
        await self.ask("cancel", id=number)
        sweep = {"job": held, "parameters": ["lr=1,2", "seed=0..1"]}
        assert (await self.ask("preview_sweep", **sweep))["would_be"]["jobs"] == 4
        first = (await self.ask("submit_sweep", **sweep))["job"]["id"]
        await self.ask("cancel", id=first, whole_array=True)
        kept = {"gpus": 1, "length": "1h"}
        await self.ask("preview_reserve", **kept)
        # Refused on purpose: nobody would take it back.
        await self.ask("reserve", refused=True, **{**kept, "length": "soon"})
        await self.ask("preview_answer_alert", id=10**9, choice="keep", because="a check")
        await self.ask("answer_alert", refused=True, id=10**9, choice="keep", because="a check")

    async def a_campaign(self):
        campaign = {
            "name": "mcp-check",
            "template": {"command": ["sh", "-c", "echo loss={lr}; sleep 1000"], "gpus": 1, "time_limit": "10m"},
            "space": {"lr": [1, 2]},
            "metric": {"name": "loss", "better": "lower"},
            "strategy": {"kind": "grid"},
            "budget": {"gpu_hours": 1, "at_once": 1},
        }
        would = await self.ask("preview_campaign", **campaign)
        assert would["accepted"] and would["would_be"]["trials"] == 2, would
        number = (await self.ask("start_campaign", **campaign))["campaign"]["id"]
        assert number in [one["id"] for one in (await self.ask("campaign"))["campaigns"]]
        assert (await self.ask("campaign", id=number))["campaign"]["searched"] == {"lr": "1|2"}
        pause = {"id": number, "change": "pause", "why": "a check"}
        assert (await self.ask("preview_change_campaign", **pause))["accepted"]
        assert (await self.ask("change_campaign", **pause))["state"] == "paused"
        await self.ask("change_campaign", refused=True, id=number, change="end")
        ended = await self.ask("change_campaign", id=number, change="end", why="the check is over")
        assert ended["state"] == "ended", ended

    async def resources(self):
        listed = (await self.session.list_resources()).resources
        templates = (await self.session.list_resource_templates()).resourceTemplates
        assert len(templates) == 3, templates
        for one in listed:
            read = await self.session.read_resource(one.uri)
            assert read.contents[0].text, one.uri
        print(f"ok    {len(listed)} resources, {len(templates)} templates")
        try:
            await self.session.read_resource("berth://nothing")
            raise AssertionError("there is no such resource")
        except McpError as error:
            assert "There is no resource" in str(error), error

    async def prompts(self):
        prompts = (await self.session.list_prompts()).prompts
        for one in prompts:
            arguments = {each.name: "17" for each in one.arguments or []}
            got = await self.session.get_prompt(one.name, arguments)
            assert got.messages, one.name
        print(f"ok    {len(prompts)} prompts")

    async def a_cancelled_wait(self):
        """A wait that is told to be cancelled says nothing any more, and its job is left alone."""
        job = {"command": ["sleep", "1000"], "gpus": 1, "hold": True}
        number = (await self.ask("submit_job", **job))["job"]["id"]
        heard = asyncio.Queue()

        async def hear(now, total, message):
            heard.put_nowait(now)

        # The SDK tells nobody when a task of its own is cancelled, and not which number a request has: the next.
        request = self.session._request_id
        call = self.session.call_tool("wait_for", {"id": number, "timeout_s": 60}, progress_callback=hear)
        wait = asyncio.create_task(call)
        last = await asyncio.wait_for(heard.get(), 20)
        params = types.CancelledNotificationParams(requestId=request, reason="a check")
        await self.session.send_notification(types.ClientNotification(types.CancelledNotification(params=params)))
        await asyncio.sleep(1)
        while not heard.empty():
            last = max(last, heard.get_nowait())
        # Unless it was cancelled there are two more by then. The SDK connects again to a stream that ended
        # without an answer, and is told the last thing once more: that is nothing new.
        await asyncio.sleep(12)
        while not heard.empty():
            now = heard.get_nowait()
            assert now <= last, f"a cancelled wait goes on: {now} s after {last} s"
        assert not wait.done() or wait.exception(), f"a cancelled wait was answered: {wait.result()}"
        wait.cancel()
        await asyncio.gather(wait, return_exceptions=True)
        assert (await self.ask("job", id=number))["job"]["state"] == "Held"
        await self.ask("cancel", id=number)
        print("ok    a cancelled wait ends")


async def main():
    async with connected(sys.argv[1]) as session:
        hello = await session.initialize()
        print(f"ok    {hello.serverInfo.name} {hello.serverInfo.version}, protocol {hello.protocolVersion}")
        await session.send_ping()
        tools = (await session.list_tools()).tools
        check = Check(session)
        await check.reads()
        await check.a_job()
        await check.changes()
        await check.a_campaign()
        await check.a_cancelled_wait()
        await check.resources()
        await check.prompts()
        left = {tool.name for tool in tools} - check.called
        assert not left, f"never called: {left}"
        print(f"all {len(tools)} tools were called")


asyncio.run(main())
