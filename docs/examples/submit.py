#!/usr/bin/env python3
"""Submits a command to Berth, shows what it writes, and ends as it ended. Ctrl-C cancels the job.

    BERTH_URL=http://127.0.0.1:3000 BERTH_TOKEN=berth_... python3 submit.py --gpus 1 -- python train.py

It needs nothing but `requests`. What else can be asked: /docs/api of the server.
"""

import argparse
import os
import sys
import time
import uuid

import requests

URL = os.environ.get("BERTH_URL", "http://127.0.0.1:3000").rstrip("/")
session = requests.Session()
session.headers["Authorization"] = f"Bearer {os.environ['BERTH_TOKEN']}"


def call(name, body=None, again=True, **query):
    """A read with a query, or a write with a body; again while the server restarts, if that does no harm."""
    method = "GET" if body is None else "POST"
    for pause in (0.2, 0.5, 1, 2, 4, 8, None):
        try:
            answer = session.request(method, f"{URL}/api/{name}", params=query, json=body, timeout=60)
        except requests.ConnectionError:
            if pause is None or not again:
                raise
        else:
            if answer.status_code != 503 or pause is None or not again:
                break
        time.sleep(pause)
    if not answer.ok:
        sys.exit(f"{name}: {answer.json()['error']['message']}")
    return answer.json()


def follow(job):
    """Prints the logs of all its attempts until the job has ended; gives the job."""
    attempt, offset = None, 0
    while True:
        piece = call("job_log", id=job, attempt=attempt, offset=offset, wait_s=20)
        print(piece["text"], end="", flush=True)
        if piece["attempt"] > 0:
            attempt, offset = piece["attempt"], piece["next"]
        if not piece["ended"]:
            continue
        found = call("get_job", id=job)["job"]
        if len(found["attempts"]) > (attempt or 0):
            attempt, offset = (attempt or 0) + 1, 0
        elif found["state"] == "Finished":
            return found
        else:
            time.sleep(0.5)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gpus", type=int, default=1)
    parser.add_argument("--time-limit", default="1h")
    parser.add_argument("command", nargs="+")
    args = parser.parse_args()
    request = {
        "command": args.command,
        "gpus": args.gpus,
        "time_limit": args.time_limit,
        # With it the same submission sent twice is one job.
        "idempotency_key": str(uuid.uuid4()),
    }
    job = call("submit_job", request)["job"]["id"]
    print(f"job {job}", file=sys.stderr)
    try:
        found = follow(job)
    except KeyboardInterrupt:
        call("cancel_job", {"id": job}, again=False)
        sys.exit(130)
    print(found["outcome_text"], file=sys.stderr)
    sys.exit(0 if found["outcome"] == "Succeeded" else found["exit_code"] or 1)


if __name__ == "__main__":
    main()
