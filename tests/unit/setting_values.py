"""Load settings from values that are valid by default."""

from collections.abc import Mapping

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from gate.errors import ConfigError
from gate.settings import Settings, load_settings

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def pem(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = RSA_KEY,
    encryption: KeySerializationEncryption | None = None,
) -> str:
    """Spell a key as the .pem file does that GitHub hands out."""
    return key.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, encryption or NoEncryption()
    ).decode()


ENVIRON = {
    "GATE_GITHUB_APP_ID": "12345",
    "GATE_GITHUB_PRIVATE_KEY": pem(),
    "GATE_GITHUB_WEBHOOK_SECRET": "hush-hush-hush-hush",
}


def load(changes: Mapping[str, str] | None = None, *, without: str = "") -> Settings:
    """Load settings that are valid but for `changes`, reading no file."""
    environ = {name: value for name, value in ENVIRON.items() if name != without}
    return load_settings({**environ, **(changes or {})}, env_file=None)


def problems(changes: Mapping[str, str] | None = None, *, without: str = "") -> tuple[str, ...]:
    """Load settings that must be refused and give what is wrong with them."""
    with pytest.raises(ConfigError) as caught:
        load(changes, without=without)
    return caught.value.problems
