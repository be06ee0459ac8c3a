#!/usr/bin/env bash
# A model calls a tool, and the answer ends at its token limit in the middle of a number: 12 replicas have become 1. Asked
# without streaming the client hands that on as an invalid call. Asked with streaming, by the same `invoke`, it is a valid call for
# 1 replica, through both of OpenAI's interfaces: the broken JSON is completed. An agent that looks at `tool_calls` scales to 1.
# Guessed: an invalid call in all four ways. Source: API reference of chat (`finish_reason` "length"), of responses
# (`response.incomplete`, reason `max_output_tokens`); LangChain's page on tool calls ("invalid_tool_calls": calls with parsing errors).
# Seen with langchain-openai 1.7.3, langchain-core 1.7.2 and openai 3.54.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q langchain-openai==1.7.3 langchain-core==1.7.2 openai==3.54.0 2>/dev/null
cat >"$work/seen.py" <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

CUT = '{"service": "web", "replicas": 1'  # of 12
CALL = {"id": "call_1", "type": "function", "function": {"name": "scale", "arguments": CUT}}
HEAD = {"id": "c", "created": 1, "model": "m"}
USAGE = {"input_tokens": 9, "output_tokens": 9, "total_tokens": 18}
ITEM = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "scale", "arguments": CUT}
WHOLE = {
    "id": "r", "object": "response", "created_at": 1, "model": "m", "status": "incomplete", "error": None,
    "incomplete_details": {"reason": "max_output_tokens"}, "output": [{**ITEM, "status": "incomplete"}],
    "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "usage": USAGE,
}


def chunk(delta, finish=None):
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {**HEAD, "object": "chat.completion.chunk", "choices": [choice]}


def events(path):
    if path.endswith("/completions"):
        yield chunk({"role": "assistant", "tool_calls": [{"index": 0, **CALL}]})
        yield chunk({}, "length")
        return
    yield {"type": "response.output_item.added", "sequence_number": 1, "output_index": 0, "item": {**ITEM, "arguments": ""}}
    yield {"type": "response.function_call_arguments.delta", "sequence_number": 2, "output_index": 0, "item_id": "fc_1", "delta": CUT}
    yield {"type": "response.incomplete", "sequence_number": 3, "response": WHOLE}


class Server(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if asked.get("stream"):
            kind = "text/event-stream"
            body = "".join(
                (f"event: {one['type']}\n" if "type" in one else "") + f"data: {json.dumps(one)}\n\n" for one in events(self.path)
            )
            body += "data: [DONE]\n\n" if self.path.endswith("/completions") else ""
        else:
            kind = "application/json"
            message = {"role": "assistant", "content": None, "tool_calls": [CALL]}
            choice = {"index": 0, "message": message, "finish_reason": "length"}
            body = json.dumps({**HEAD, "object": "chat.completion", "choices": [choice]} if self.path.endswith("/completions") else WHOLE)
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())


@tool
def scale(service: str, replicas: int) -> str:
    """Set how many replicas run."""
    return ""


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
seen = []
for responses in (False, True):
    for streaming in (False, True):
        model = ChatOpenAI(
            base_url=f"http://127.0.0.1:{server.server_address[1]}/v1", api_key="x", model="m", max_retries=0,
            use_responses_api=responses, streaming=streaming,
        )
        answer = model.bind_tools([scale]).invoke("Scale web to 12.")
        valid, invalid = [one["args"] for one in answer.tool_calls], [one["args"] for one in answer.invalid_tool_calls]
        way = ("responses" if responses else "chat") + (", streamed" if streaming else "")
        print(f"{way:20} valid {valid} invalid {invalid}")
        seen.append((valid, invalid))
server.shutdown()
completed = {"service": "web", "replicas": 1}
assert seen[0] == seen[2] == ([], [CUT]), seen
assert seen[1] == seen[3] == ([completed], []), seen
PY
"$work/venv/bin/python" "$work/seen.py"
