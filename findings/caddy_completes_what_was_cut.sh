#!/usr/bin/env bash
# Caddy 2.6.2: a chunked answer that the server behind it cuts in the middle looks complete to the client.
#
# RFC 9112 §8: a chunked body without its last chunk is incomplete, and an intermediary must not make it a complete one.
# Caddy's reverse_proxy logs "aborting with incomplete response", and then ends its own answer with a last chunk of its own.
#
# Why it matters: a server that fails in mid-stream has no other way to say so than to cut the connection. EventSource comes
# back after either end, but fetch-event-source takes a proper end for the last word, the libraries of language models show
# half an answer without an error, and a download or JSON that is cut looks whole. nginx with HTTP/1.1, HAProxy, Apache
# and Varnish cut the client's connection, too.
#
# Needs Caddy and Python 3.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/probe.py" <<'PYTHON'
import os, socket, subprocess, sys, threading, time

work = sys.argv[1]
listener = socket.create_server(("127.0.0.1", 0))

def serve():
    connection, _ = listener.accept()
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                       b"e\r\ndata: half of\n\r\n")
    time.sleep(0.3)
    connection.close()  # without the last chunk

threading.Thread(target=serve, daemon=True).start()
with socket.create_server(("127.0.0.1", 0)) as probe:
    port = probe.getsockname()[1]
with open(f"{work}/Caddyfile", "w", encoding="utf-8") as file:
    file.write(f"""{{
    admin off
    auto_https off
}}
http://:{port} {{
    bind 127.0.0.1
    reverse_proxy 127.0.0.1:{listener.getsockname()[1]}
}}
""")
caddy = subprocess.Popen(
    ["caddy", "run", "--adapter", "caddyfile", "--config", f"{work}/Caddyfile"],
    env={**os.environ, "HOME": work, "XDG_DATA_HOME": work, "XDG_CONFIG_HOME": work}, stderr=subprocess.DEVNULL)
try:
    for _ in range(200):
        try:
            client = socket.create_connection(("127.0.0.1", port), 5)
            break
        except OSError:
            time.sleep(0.05)
    client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    answer = b""
    while part := client.recv(65536):
        answer += part
finally:
    caddy.terminate()
    caddy.wait()
complete = answer.endswith(b"\r\n0\r\n\r\n")
version = subprocess.run(["caddy", "version"], capture_output=True, text=True, check=False).stdout.split()[0]
print(f"Caddy {version}: the server cut its answer, and the client's looks {'complete' if complete else 'cut'}: {answer[-30:]}")
if not complete:
    print("that is not what was seen before")
sys.exit(not complete)
PYTHON
python3 "$work/probe.py" "$work"
