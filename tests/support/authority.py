"""An authority of certificates of its own, and servers of plain sockets, with TLS or without."""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Talk = Callable[[socket.socket], object]
"""What is done with a connection, which is closed afterwards."""


class Authority:
    """Files in a folder: ``authority.pem``, and certificates for 127.0.0.1 that it has signed."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.file = folder / "trusted", folder / "trusted" / "authority.pem"
        self.folder.mkdir()
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority of our own")])
        signs = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        certificate = (
            self._builder(self._name, self._key, timedelta(days=1))
            .add_extension(x509.BasicConstraints(True, None), critical=True)
            .add_extension(signs, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (self.folder / "README").write_text("Not a certificate.")
        self.hashed = folder / "hashed"
        self.hashed.mkdir()
        (self.hashed / f"{_hash_of(self._name)}.0").write_bytes(self.file.read_bytes())
        self.good, self.expired = folder / "good.pem", folder / "expired.pem"
        self._sign(self.good, timedelta(days=1))
        self._sign(self.expired, timedelta(hours=-1))

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, valid_for: timedelta
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=2))
            .not_valid_after(now + valid_for)
        )

    def _sign(self, file: Path, valid_for: timedelta) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a service")])
        addresses = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        of_authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        certificate = (
            self._builder(subject, key, valid_for)
            .add_extension(addresses, critical=False)
            .add_extension(of_authority, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        file.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )


def _hash_of(name: x509.Name) -> str:
    """The name of a file by which OpenSSL finds an authority in a folder."""
    [relative] = name.rdns
    [attribute] = relative
    text = " ".join(str(attribute.value).lower().split()).encode()

    def der(tag: int, content: bytes) -> bytes:
        return bytes([tag, len(content)]) + content

    common_name = der(0x30, bytes.fromhex("0603550403") + der(0x0C, text))
    digest = hashlib.sha1(der(0x31, common_name)).digest()
    return f"{int.from_bytes(digest[:4], 'little'):08x}"


class Server:
    """Does the same with each connection, after a TLS handshake if there is a certificate."""

    def __init__(self, talk: Talk, certificate: Path | None = None) -> None:
        self._talk = talk
        self.closing = threading.Event()
        self.connections = 0
        self._context: ssl.SSLContext | None = None
        if certificate is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            if self._context is None:
                self._talk(connection)
            else:
                with self._context.wrap_socket(connection, server_side=True) as secured:
                    self._talk(secured)

    def close(self) -> None:
        self.closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def says(response: bytes) -> Talk:
    """Hear a request and answer it."""

    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(response)

    return talk


def response(body: bytes = b"[]", status: str = "200 OK", media_type: str = "application/json") -> bytes:
    """A whole response, after which the connection is closed."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body
