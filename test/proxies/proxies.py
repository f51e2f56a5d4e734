"""Proxies in front of a server: each is a class that takes its configuration from docs/deploy.md, so that what is tested is
what is recommended. They live in a directory and at a port of their own, on 127.0.0.1, and end with the test."""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

DEPLOY = (pathlib.Path(__file__).parent / "../../docs/deploy.md").resolve()
#: Where the server is in the configurations of docs/deploy.md.
ORIGIN = "127.0.0.1:5800"


def recommended(language):
    """The block of docs/deploy.md in this language."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", DEPLOY.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    if len(blocks) != 1:
        raise RuntimeError(f"{DEPLOY} has {len(blocks)} blocks of {language}, not one")
    return blocks[0]


def replaced(text, old, new):
    """`text` with `new` in place of `old`, which must be in it."""
    if old not in text:
        raise RuntimeError(f"the configuration has no '{old}': {text}")
    return text.replace(old, new)


given_ports = set()


def free_port():
    """A port that nobody listens on right now, and that was not given to another proxy."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in given_ports:
            given_ports.add(port)
            return port


def find(*names):
    """The first of these programs that is installed, or None."""
    for name in names:
        path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
        if path:
            return path
    return None


class Proxy:
    """A proxy that is running. Derived classes give `programs`, the names it is installed by, `language`, that of its block
    in docs/deploy.md, and `command`, which writes its configuration into `self.directory` and returns what starts it in the
    foreground."""

    programs = ()
    language = None
    #: Whether it closes the connection to the server as soon as its client has left; if not, only when it writes to it for
    #: the second time.
    tells_at_once = True
    #: Whether it answers a GET that it has sent over a connection which the server was just closing.
    repeats_get = True
    #: The address that it connects to the server from. What comes from 127.0.0.3 begins with a PROXY protocol header.
    source = "127.0.0.1"
    #: Whether a stream that the server cuts looks complete to the client.
    hides_cuts = False

    def __init__(self, origin):
        """`origin` is the port of the server behind it, on 127.0.0.1."""
        self.origin = origin
        for attempt in range(3):  # somebody may take the port before the proxy does
            try:
                self.start()
                return
            except RuntimeError:
                if attempt == 2:
                    raise

    def start(self):
        self.port = free_port()
        self.directory = tempfile.mkdtemp(prefix="rill-proxy-")
        os.chmod(self.directory, 0o755)  # some give up root
        self.log = open(os.path.join(self.directory, "output"), "w+b")
        homes = ("HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
        self.process = subprocess.Popen(
            self.command(find(*self.programs)),
            cwd=self.directory,
            env={**os.environ, **{name: self.directory for name in homes}},
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

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @classmethod
    def installed(cls):
        return find(*cls.programs) is not None

    def command(self, program):
        raise NotImplementedError

    def configuration(self):
        """What docs/deploy.md recommends, in front of this server."""
        return replaced(recommended(self.language), ORIGIN, f"127.0.0.1:{self.origin}")

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


class Nginx(Proxy):
    programs = ("nginx",)
    language = "nginx"

    def command(self, program):
        site = replaced(self.configuration(), "listen 80;", f"listen 127.0.0.1:{self.port};")
        user = "user nobody nogroup;" if os.geteuid() == 0 else ""
        temporary = "\n".join(
            f"    {name}_temp_path {self.directory}/{name};"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        return [program, "-e", "/dev/stderr", "-p", self.directory, "-c", self.write("nginx.conf", f"""
daemon off;
{user}
worker_processes 1;
pid {self.directory}/pid;
error_log /dev/stderr;
events {{ }}
http {{
    access_log off;
{temporary}
    include {self.write("site.conf", site)};
}}
""")]


class HAProxy(Proxy):
    programs = ("haproxy",)
    language = "haproxy"

    def configuration(self):
        return replaced(super().configuration(), "bind :80", f"bind 127.0.0.1:{self.port}")

    def command(self, program):
        return [program, "-db", "-f", self.write("haproxy.cfg", self.configuration())]


class HAProxyPatient(HAProxy):
    """Without the option that has it watch its clients."""

    tells_at_once = False

    def configuration(self):
        return replaced(super().configuration(), "option abortonclose", "")


class HAProxySendProxy(HAProxy):
    """It begins each connection to the server with the client's address, in version 1 of the PROXY protocol."""

    source = "127.0.0.3"
    how = "send-proxy"

    def configuration(self):
        server = f"server rill 127.0.0.1:{self.origin}"
        return replaced(super().configuration(), server, f"{server} {self.how} source {self.source}")


class HAProxySendProxyV2(HAProxySendProxy):
    how = "send-proxy-v2"


class Caddy(Proxy):
    programs = ("caddy",)
    language = "caddyfile"
    hides_cuts = True

    def command(self, program):
        site = replaced(
            self.configuration(), "http://events.example {", f"http://:{self.port} {{\n    bind 127.0.0.1")
        return [program, "run", "--adapter", "caddyfile", "--config", self.write("Caddyfile", f"""{{
    admin off
    auto_https off
    storage file_system {self.directory}
}}
{site}""")]


class Apache(Proxy):
    programs = ("apache2", "httpd")
    language = "apache"
    tells_at_once = False
    repeats_get = False

    def command(self, program):
        modules = next(
            (d for d in ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules") if os.path.isdir(d)), "modules")
        loads = "\n".join(
            f"LoadModule {name}_module {modules}/mod_{name}.so"
            for name in ("mpm_event", "authz_core", "headers", "proxy", "proxy_http"))
        user = "User nobody\nGroup nogroup" if os.geteuid() == 0 else ""
        site = replaced(self.configuration(), "*:80", f"127.0.0.1:{self.port}")
        return [program, "-DFOREGROUND", "-f", self.write("apache.conf", f"""
{loads}
{user}
ServerName localhost
ServerRoot {self.directory}
DefaultRuntimeDir {self.directory}
PidFile {self.directory}/pid
ErrorLog /dev/stderr
Listen 127.0.0.1:{self.port}
{site}""")]


class Varnish(Proxy):
    programs = ("varnishd",)
    language = "vcl"

    def configuration(self):
        vcl = recommended(self.language)
        return replaced(vcl, '.host = "127.0.0.1"; .port = "5800";', f'.host = "127.0.0.1"; .port = "{self.origin}";')

    def command(self, program):
        vcl = self.write("default.vcl", self.configuration())
        return [program, "-F", "-j", "none", "-a", f"127.0.0.1:{self.port}", "-f", vcl, "-s", "malloc,10m",
                "-n", os.path.join(self.directory, "work")]


#: All that can be tested.
PROXIES = (Nginx, HAProxy, HAProxyPatient, HAProxySendProxy, HAProxySendProxyV2, Caddy, Apache, Varnish)
