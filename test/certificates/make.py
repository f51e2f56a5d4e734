"""Certificates for the tests, made anew for each build directory: make.py DIRECTORY

Keys and chains as PEM files:

    ca.pem                         the authority that the tests trust
    server.pem, server.key         localhost, 127.0.0.1 and ::1, with the intermediate certificate behind the leaf
    renewed.pem, renewed.key       the same names, for a server that loads its certificate again
    wrong_host.pem, wrong_host.key right but for its name, which is elsewhere.example
    expired.pem, expired.key       right but for its time
    client.pem, client.key         for a client that shows a certificate
    other_ca.pem                   an authority that signed none of these
"""
import pathlib
import subprocess
import sys
import tempfile

NAMES = "DNS:localhost,IP:127.0.0.1,IP:::1"
VALID = ("20240101000000Z", "20491231235959Z")
EXPIRED = ("20240101000000Z", "20240201000000Z")
SETTINGS = """
[ca]
default_ca = here
[here]
database = database
new_certs_dir = .
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
[any]
commonName = supplied
[req]
distinguished_name = names
prompt = no
[names]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


class Authority:
    """Makes keys, and has them signed, in a directory that goes when all is done."""

    def __init__(self, here):
        self.here = pathlib.Path(here)
        (self.here / "database").touch()

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.here, check=True, stdin=subprocess.DEVNULL,
                       stderr=subprocess.PIPE, text=True)

    def path(self, name):
        return self.here / name

    def certify(self, name, subject, section, issuer=None, extensions="", time=VALID):
        """NAME.key and NAME.pem; without an issuer it signs itself."""
        settings = f"{name}.cnf"
        self.path(settings).write_text(SETTINGS.replace(f"[{section}]", f"[{section}]\n{extensions}"))
        self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", f"{name}.key")
        self.openssl("req", "-new", "-config", settings, "-key", f"{name}.key", "-subj", f"/CN={subject}",
                     "-out", f"{name}.csr")
        signer = ["-cert", f"{issuer}.pem", "-keyfile", f"{issuer}.key"] if issuer else \
            ["-selfsign", "-keyfile", f"{name}.key"]
        self.openssl("ca", "-batch", "-notext", "-config", settings, "-extensions", section, *signer,
                     "-startdate", time[0], "-enddate", time[1], "-in", f"{name}.csr", "-out", f"{name}.pem")


def main():
    out = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as here:
        authority = Authority(here)
        authority.certify("ca", "Rill test authority", "authority")
        authority.certify("other_ca", "Another authority", "authority")
        authority.certify("intermediate", "Rill test intermediate", "authority", "ca")
        serves = f"extendedKeyUsage = serverAuth\nsubjectAltName = {NAMES}"
        authority.certify("server", "localhost", "leaf", "intermediate", serves)
        authority.certify("renewed", "renewed localhost", "leaf", "intermediate", serves)
        authority.certify("wrong_host", "elsewhere", "leaf", "intermediate",
                          "extendedKeyUsage = serverAuth\nsubjectAltName = DNS:elsewhere.example")
        authority.certify("expired", "expired", "leaf", "intermediate", serves, EXPIRED)
        authority.certify("client", "client", "leaf", "intermediate", "extendedKeyUsage = clientAuth")
        intermediate = authority.path("intermediate.pem").read_text()
        for name in ("ca", "other_ca"):
            (out / f"{name}.pem").write_text(authority.path(f"{name}.pem").read_text())
        for name in ("server", "renewed", "wrong_host", "expired", "client"):
            (out / f"{name}.pem").write_text(authority.path(f"{name}.pem").read_text() + intermediate)
            (out / f"{name}.key").write_text(authority.path(f"{name}.key").read_text())


try:
    main()
except subprocess.CalledProcessError as failure:
    sys.exit(f"{' '.join(failure.cmd)}:\n{failure.stderr}")
