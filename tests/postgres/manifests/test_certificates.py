"""The script's certificates are what members, backups and etcd accept, and no more."""

import re
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

from tests.postgres.manifests.shipped import MANIFESTS, of_kind, rendered

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


def make(folder: Path, *, days: str = "365") -> None:
    """Run the script."""
    subprocess.run(
        ["sh", str(MANIFESTS / "make-certificates.sh"), str(folder)],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "DAYS": days},
        check=True,
        timeout=60,
    )


def load(path: Path) -> x509.Certificate:
    """Read a certificate."""
    return x509.load_pem_x509_certificate(path.read_bytes())


def common_names(certificate: x509.Certificate) -> list[str]:
    """Return the subject's common names."""
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return [str(each.value) for each in found]


def alternative_names(certificate: x509.Certificate) -> set[str]:
    """Return the host names that a certificate is for."""
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return set(extension.value.get_values_for_type(x509.DNSName))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder in which everything was made, etcd's part from an authority of its own."""
    folder = tmp_path_factory.mktemp("certificates")
    make(folder)
    shutil.copy(folder / "authority.crt", folder / "etcd-ca.crt")
    shutil.copy(folder / "authority.key", folder / "etcd-ca.key")
    make(folder)
    return folder


@pytest.mark.parametrize("name", ["postgres", "backup", "etcd-client"])
def test_a_certificate_serves_both_ends_and_signs_nothing(folder: Path, name: str) -> None:
    certificate = load(folder / f"{name}.crt")

    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(usage) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    constraints = certificate.extensions.get_extension_for_oid(ExtensionOID.BASIC_CONSTRAINTS)
    assert constraints.value == x509.BasicConstraints(ca=False, path_length=None)
    certificate.verify_directly_issued_by(load(folder / "authority.crt"))


def test_every_service_and_member_is_named(folder: Path) -> None:
    services = {
        each["metadata"]["name"]
        for each in of_kind(rendered("volume"), "Service")
        # Prometheus reads ages in the clear, which are no secret.
        if [port["name"] for port in each["spec"]["ports"]] != ["metrics"]
    }
    named = alternative_names(load(folder / "postgres.crt")) | alternative_names(
        load(folder / "backup.crt")
    )

    for service in services:
        assert {service, f"{service}.gardenos.svc"} <= named
    for member in range(3):
        assert f"postgres-cluster-{member}.postgres-cluster" in named


def test_each_end_is_the_one_that_pgbackrest_lets_in(folder: Path) -> None:
    texts = [
        text
        for each in of_kind(rendered("volume"), "ConfigMap")
        for text in each["data"].values()
        if "tls-server-auth" in text
    ]
    allowed = {line for text in texts for line in re.findall(r"tls-server-auth=([\w-]+)=", text)}

    assert allowed == {
        *common_names(load(folder / "postgres.crt")),
        *common_names(load(folder / "backup.crt")),
    }


def test_the_one_for_etcd_has_no_common_name(folder: Path) -> None:
    assert common_names(load(folder / "etcd-client.crt")) == []


def test_a_second_run_renews_and_keeps_the_authority(tmp_path: Path) -> None:
    make(tmp_path, days="1")
    authority, first = load(tmp_path / "authority.crt"), load(tmp_path / "postgres.crt")

    make(tmp_path)

    assert load(tmp_path / "authority.crt") == authority
    assert load(tmp_path / "postgres.crt").not_valid_after_utc > first.not_valid_after_utc


def test_nobody_else_may_read_a_key(folder: Path) -> None:
    keys = list(folder.glob("*.key"))

    assert len(keys) == 5
    assert all(key.stat().st_mode & 0o077 == 0 for key in keys)
    for name in ("postgres", "backup"):
        ssl.create_default_context().load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
