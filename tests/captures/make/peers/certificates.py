"""Certificates as devices have them, into the folder argv[1]: portal (by a CA), pump (self-signed), old (expired)."""

import datetime
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

folder = Path(sys.argv[1])
NOW = datetime.datetime(2026, 11, 22, tzinfo=datetime.timezone.utc)
PARTS = {"C": NameOID.COUNTRY_NAME, "O": NameOID.ORGANIZATION_NAME, "OU": NameOID.ORGANIZATIONAL_UNIT_NAME, "CN": NameOID.COMMON_NAME, "serialNumber": NameOID.SERIAL_NUMBER}


def name(text):
    return x509.Name([x509.NameAttribute(PARTS[k], v) for k, v in (p.split("=") for p in text.split("/") if p)])


def certificate(subject, key, issuer, signer, start, days, names=(), authority=False):
    build = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key()).serial_number(x509.random_serial_number())
    build = build.not_valid_before(start).not_valid_after(start + datetime.timedelta(days=days))
    build = build.add_extension(x509.BasicConstraints(authority, None), True)
    if names:
        build = build.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), False)
    return build.sign(signer, hashes.SHA256())


def write(stem, key, *chain):
    (folder / f"{stem}.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()))
    (folder / f"{stem}.pem").write_bytes(b"".join(c.public_bytes(serialization.Encoding.PEM) for c in chain))


def new():
    return rsa.generate_private_key(65537, 2048)


ca_key, ca_name = new(), name("/C=DE/O=Northhill General Hospital/CN=Northhill Issuing CA 2")
ca = certificate(ca_name, ca_key, ca_name, ca_key, NOW - datetime.timedelta(days=400), 3650, authority=True)
write("ca", ca_key, ca)
key = ec.generate_private_key(ec.SECP256R1())
portal = certificate(name("/C=DE/O=Northhill General Hospital/CN=portal01.northhill.example"), key, ca_name, ca_key, NOW - datetime.timedelta(days=30), 365, ["portal01.northhill.example", "portal.northhill.example"])
write("portal", key, portal, ca)
key, subject = new(), name("/O=Baxter/OU=Spectrum IQ/CN=spectrum-iq-00912/serialNumber=00912-3371")
write("pump", key, certificate(subject, key, subject, key, NOW - datetime.timedelta(days=900), 3650))
key, subject = new(), name("/O=Axis Communications AB/CN=axis-accc8e447144")
write("old", key, certificate(subject, key, subject, key, NOW - datetime.timedelta(days=1500), 730))
