"""Proxies in front of a server: each is a class that says how it is configured and started. They live in a directory
and at a port of their own, and end with the test."""

import os
import shutil
import socket
import subprocess
import tempfile
import time


def free_port():
    """A port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def find(*names):
    """The first of these programs that is installed, or None."""
    for name in names:
        path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
        if path:
            return path
    return None


class Proxy:
    """A proxy that is running. Derived classes give `programs`, the names it is installed by, and `command`, which
    writes its configuration into `self.directory` and returns what starts it in the foreground."""

    programs = ()
    #: Seconds beyond those of the comments within which it tells that its client has left.
    patience = 1.5

    def __init__(self, origin):
        """`origin` is the port of the server behind it, on 127.0.0.1."""
        self.origin, self.port = origin, free_port()
        self.directory = tempfile.mkdtemp(prefix="rill-proxy-")
        os.chmod(self.directory, 0o755)  # some give up root
        self.log = open(os.path.join(self.directory, "output"), "w+b")
        self.process = subprocess.Popen(
            self.command(find(*self.programs)),
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            self.wait_until_it_listens()
        except BaseException:
            self.stop()
            raise

    @classmethod
    def installed(cls):
        return find(*cls.programs) is not None

    def command(self, program):
        raise NotImplementedError

    def write(self, name, text):
        """A file of its configuration; its path."""
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def wait_until_it_listens(self):
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{type(self).__name__} does not start: {self.output()}") from None
                time.sleep(0.05)

    def output(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def stop(self):
        """Ends it, and removes its directory."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        shutil.rmtree(self.directory, ignore_errors=True)


class HAProxy(Proxy):
    programs = ("haproxy",)
    options = ""

    def command(self, program):
        return [program, "-db", "-f", self.write("haproxy.cfg", f"""
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    {self.options}
listen all
    bind 127.0.0.1:{self.port}
    server origin 127.0.0.1:{self.origin}
""")]


class HAProxyAbortOnClose(HAProxy):
    """It closes the connection to the server as soon as its client has left."""

    options = "option abortonclose"


class Apache(Proxy):
    programs = ("apache2", "httpd")

    def command(self, program):
        modules = next(
            (d for d in ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules") if os.path.isdir(d)), "modules")
        loads = "\n".join(
            f"LoadModule {name}_module {modules}/mod_{name}.so"
            for name in ("mpm_event", "authz_core", "proxy", "proxy_http"))
        user = "User nobody\nGroup nogroup" if os.geteuid() == 0 else ""
        return [program, "-DFOREGROUND", "-f", self.write("apache.conf", f"""
{loads}
{user}
ServerName localhost
ServerRoot {self.directory}
DefaultRuntimeDir {self.directory}
PidFile {self.directory}/pid
ErrorLog /dev/stderr
Listen 127.0.0.1:{self.port}
ProxyPass / http://127.0.0.1:{self.origin}/ flushpackets=on
""")]


class Varnish(Proxy):
    """As it is to be set for event streams: with `pass`, it often knows only at the third write."""

    programs = ("varnishd",)
    how = "pipe"

    def command(self, program):
        vcl = self.write("default.vcl", f"""
vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{self.origin}"; }}
sub vcl_recv {{ return ({self.how}); }}
""")
        return [program, "-F", "-j", "none", "-a", f"127.0.0.1:{self.port}", "-f", vcl, "-s", "malloc,10m",
                "-n", os.path.join(self.directory, "work")]


#: All that can be tested.
PROXIES = (HAProxy, HAProxyAbortOnClose, Apache, Varnish)
