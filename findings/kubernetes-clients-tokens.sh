#!/usr/bin/env bash
# A kubeconfig names its token in three ways, and kubectl follows all of them: `token`, `tokenFile` (read again as it
# is replaced) and `exec` (client.authentication.k8s.io/v1, run again when `expirationTimestamp` has passed, or on a
# 401). Of two asyncio clients one knows no `tokenFile` and asks as nobody, without a word, so that a server says 401
# of a file that is right; the other reads the file once and runs the program once: an hour later every call is
# refused. The first runs the program again, once the server has said 401. The third client of the kind, lightkube
# 1.0.1, refuses v1 in words.
# Guessed: all read the file at least once; kubernetes_asyncio runs the program again at its expiry.
# Source: kubernetes.io, "client-go credential plugins"; the API's own reference of kubeconfig (v1), `tokenFile`.
# Seen with kr8s 0.20.15 and kubernetes_asyncio 36.1.0 on Python 3.11, against a small server on 127.0.0.1 that takes
# the newest token alone.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check kr8s==0.20.15 kubernetes_asyncio==36.1.0
cat >"$work/plugin.py" <<'PY'
import datetime, json, pathlib, sys

kept = pathlib.Path(sys.argv[1])
token = f"exec-{int(kept.read_text().rpartition('-')[2]) + 1 if kept.exists() else 0}"
kept.write_text(token)
end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
status = {"token": token, "expirationTimestamp": end.strftime("%Y-%m-%dT%H:%M:%SZ")}
print(json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}))
PY
cat >"$work/seen.py" <<'PY'
import asyncio, json, os, pathlib, sys, threading, warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

warnings.simplefilter("ignore")
client, way, work = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
newest, shown, taken = work / f"{client}-{way}", [], []
ANSWERS = {
    "/version": {"major": "1", "minor": "36", "gitVersion": "v1.36.0"},
    "/api/v1/namespaces/shop/pods": {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": []},
}


class Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *said):
        pass

    def do_GET(self):
        token = self.headers.get("authorization", "nobody").removeprefix("Bearer ")
        path = self.path.partition("?")[0].rstrip("/")
        good = path == "/version" or token in taken
        if path != "/version":
            shown.append(token)
        declined = {"kind": "Status", "message": "Unauthorized", "code": 401}
        body = json.dumps(ANSWERS[path] if good else declined).encode()
        self.send_response(200 if good else 401)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
threading.Thread(target=server.serve_forever, daemon=True).start()
plugin = {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never", "command": sys.executable,
          "args": [str(work / "plugin.py"), str(newest)]}
user = {"tokenFile": str(newest)} if way == "tokenFile" else {"exec": plugin}
if way == "tokenFile":
    newest.write_text("file-0")
config = work / f"{client}-{way}.json"
config.write_text(json.dumps({
    "apiVersion": "v1", "kind": "Config", "current-context": "x", "users": [{"name": "u", "user": user}],
    "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
    "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", "namespace": "shop"}}],
}))


async def asked(listing):
    try:
        await listing()
        return "answered"
    except Exception as error:
        return f"refused ({type(error).__name__})"


async def main():
    if client == "kr8s":
        import kr8s.asyncio

        api = await kr8s.asyncio.api(kubeconfig=str(config))

        async def listing():
            async with api.call_api("GET", url="pods", namespace="shop", version="v1"):
                pass
    else:
        from kubernetes_asyncio import client as kubernetes, config as configuration

        await configuration.load_kube_config(config_file=str(config))
        core = kubernetes.CoreV1Api(kubernetes.ApiClient())

        async def listing():
            await core.list_namespaced_pod("shop")

    taken[:] = ["file-0", "exec-0"]
    first = await asked(listing)
    if way == "tokenFile":
        newest.write_text("file-1")
    await asyncio.sleep(3)
    taken[:] = ["file-1", "exec-1"]
    second = await asked(listing)
    print(f"{client}, {way}: {first}, then {second}; shown {' '.join(dict.fromkeys(shown))}", flush=True)
    os._exit(0)


asyncio.run(main())
PY
cat >"$work/expected" <<'OUT'
kr8s, tokenFile: refused (ServerError), then refused (ServerError); shown nobody
kr8s, exec: answered, then answered; shown exec-0 exec-1
kubernetes_asyncio, tokenFile: answered, then refused (ApiException); shown file-0
kubernetes_asyncio, exec: answered, then refused (ApiException); shown exec-0
OUT
for client in kr8s kubernetes_asyncio; do
  for way in tokenFile exec; do
    "$work/env/bin/python" "$work/seen.py" "$client" "$way" "$work"
  done
done | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "kubernetes-clients-tokens: the behaviour has changed"; exit 1; }
echo "kubernetes-clients-tokens: as described"
