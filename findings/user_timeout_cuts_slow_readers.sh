#!/usr/bin/env bash
# Linux 6.18: TCP_USER_TIMEOUT ends a connection whose peer acknowledges data every few seconds.
#
# RFC 5482 and tcp(7): it is the time that transmitted data may remain unacknowledged, or buffered data may remain
# untransmitted because of a zero window. A peer that reads slowly from a small buffer closes its window again and again. The
# system counts from the first probe of the window, and begins anew only when the window has room for all of the first segment
# that waits. That segment may have 64 KiB, so its time runs out however much the peer has acknowledged meanwhile.
#
# Why it matters: the option is recommended for finding dead peers, and cuts slow ones that are alive: here a peer that reads
# 10 KB a second from a buffer of 16 KiB, with a time-out of 8 s, though no 4 s go by without an acknowledgement.
#
# Needs Linux and Python 3.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/probe.py" <<'PYTHON'
import fcntl, platform, select, socket, struct, sys, threading, time

SIOCOUTQ, TIMEOUT, RATE, SECONDS = 0x5411, 8, 10_000, 25

def run(timeout):
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, timeout * 1000)
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    reader.connect(listener.getsockname())
    writer, _ = listener.accept()
    writer.setblocking(False)
    done = threading.Event()

    def read():
        begin, got = time.monotonic(), 0
        while not done.is_set():
            due = int((time.monotonic() - begin) * RATE) - got
            if due > 0:
                try:
                    got += len(reader.recv(due))
                except OSError:
                    return
            time.sleep(0.05)

    thread = threading.Thread(target=read)
    thread.start()
    begin = last = time.monotonic()
    written = acknowledged = 0
    longest, failure = 0.0, None
    try:
        while time.monotonic() - begin < SECONDS:
            try:
                written += writer.send(b"x" * 65536)
            except BlockingIOError:
                select.select([], [writer], [], 0.1)
            left = struct.unpack("i", fcntl.ioctl(writer, SIOCOUTQ, bytes(4)))[0]
            now = time.monotonic()
            if written - left != acknowledged:
                acknowledged, last = written - left, now
            longest = max(longest, now - last)
    except OSError as error:
        failure = error
    done.set()
    reader.close()
    thread.join()
    said = f"ended after {time.monotonic() - begin:.0f} s by {failure}" if failure else f"open after {SECONDS} s"
    print(f"TCP_USER_TIMEOUT {timeout or 'unset'}: {said}; {acknowledged} bytes acknowledged, never {longest + 0.05:.1f} s without one")
    return failure is not None and longest < timeout / 2 if timeout else failure is None

print(f"Linux {platform.release()}")
seen = [run(0), run(TIMEOUT)]
if not all(seen):
    print("that is not what was seen before")
sys.exit(not all(seen))
PYTHON
python3 "$work/probe.py"
