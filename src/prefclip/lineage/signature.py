"""Signed statements: DSSE envelopes with ed25519, and the check that the records are still the signed ones.

Make a key pair with OpenSSL: ``openssl genpkey -algorithm ed25519 -out private.pem`` and
``openssl pkey -in private.pem -pubout -out public.pem``.
"""

import base64
import binascii
import hashlib
import json
from pathlib import Path

from prefclip.lineage.checks import remake
from prefclip.lineage.findings import Finding
from prefclip.lineage.hashing import hash_files
from prefclip.lineage.index import SIGNED_STATEMENT, Index
from prefclip.lineage.project import RESULTS, LineageError, Project
from prefclip.lineage.record import SUFFIX, record_name

PAYLOAD_TYPE = "application/vnd.in-toto+json"
LARGEST_STATEMENT = 256 * 1024 * 1024
AGAIN = "sign the records again"


def sign(payload: bytes, private_key: str | Path) -> dict:
    """Return a DSSE envelope of ``payload``. Raises LineageError for a file that is no ed25519 private key."""
    key = _key(private_key, "private", password=None)
    signature = {"keyid": _key_id(key.public_key()), "sig": base64.b64encode(key.sign(_encoded(payload))).decode()}
    return {"payload": base64.b64encode(payload).decode(), "payloadType": PAYLOAD_TYPE, "signatures": [signature]}


def signed_payload(envelope: bytes, public_key: str | Path) -> bytes | None:
    """Return the payload if the key signed the envelope, else None. Raises LineageError for no ed25519 public key."""
    from cryptography.exceptions import InvalidSignature

    key = _key(public_key, "public")
    try:
        values = json.loads(envelope)
        payload = base64.b64decode(values["payload"], validate=True)
        signatures = [base64.b64decode(entry["sig"], validate=True) for entry in values["signatures"]]
        if values["payloadType"] != PAYLOAD_TYPE:
            return None
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        return None
    for signature in signatures:
        try:
            key.verify(signature, _encoded(payload))
        except InvalidSignature:
            continue
        return payload
    return None


def check_statement(
    project: Project, public_key: str | Path, statement: str | Path | None, artifacts: list[str] | None
) -> list[Finding]:
    """Compare records with the signed statement, by default ``results/statement.dsse.json``.

    ``artifacts`` limits the check to theirs; None means everything that the statement covers and everything recorded.
    Raises LineageError for a missing statement or an unusable key.
    """
    path = Path(statement) if statement else project.root / RESULTS / SIGNED_STATEMENT
    try:
        with path.open("rb") as stream:
            envelope = stream.read(LARGEST_STATEMENT)
    except OSError as error:
        remedy = "make it with `prefclip audit export --format intoto --sign KEY -o results`"
        what = f"no signed statement ({error.strerror}); {remedy}, or name it: --statement"
        raise LineageError(f"{path}: {what}.") from error
    name = project.name(path)
    payload = signed_payload(envelope, public_key)
    if payload is None:
        again = "get the statement from where it was published, or sign the records again"
        return [Finding(name, "tampered", f"the signature is not one of {public_key} over its content", again)]
    try:
        covered = {entry["name"]: entry["digest"]["sha256"] for entry in json.loads(payload)["subject"]}
    except (ValueError, KeyError, TypeError) as error:
        what = f"signed, but no statement about files ({error!r})"
        return [Finding(name, "unverifiable", what, AGAIN)]
    recorded = Index(project).everything() if artifacts is None else artifacts
    records = {record_name(item) for item in recorded}
    if artifacts is None:
        records |= {item for item in covered if item.endswith(SUFFIX)}
    findings = []
    for record, now in hash_files(project.open, sorted(records)).items():
        artifact = record.removesuffix(SUFFIX)
        if record not in covered and not now.problem:
            findings.append(Finding(artifact, "unverifiable", "no signature covers its record", AGAIN))
        elif record in covered and now.problem:
            findings.append(Finding(artifact, "missing", f"its signed record {now.message}", remake(artifact)))
        elif record in covered and now.sha256 != covered[record]:
            findings.append(Finding(artifact, "tampered", "its record is not the signed one", remake(artifact)))
    return findings


def _encoded(payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: type and payload with their lengths."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def _key_id(public_key) -> str:
    _, serialization = _cryptography()
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(public_key.public_bytes(*form)).hexdigest()


def _key(path: str | Path, kind: str, **options):
    ed25519, serialization = _cryptography()
    try:
        with Path(path).open("rb") as stream:
            key = getattr(serialization, f"load_pem_{kind}_key")(stream.read(64 * 1024), **options)
    except OSError as error:
        raise LineageError(f"{path}: cannot read this key ({error.strerror}); name a PEM file.") from error
    except (ValueError, TypeError) as error:
        raise LineageError(f"{path}: no unencrypted PEM {kind} key ({error}).") from error
    if not isinstance(key, getattr(ed25519, f"Ed25519{kind.title()}Key")):
        raise LineageError(
            f"{path}: not an ed25519 {kind} key; `openssl genpkey -algorithm ed25519` makes a private one."
        )
    return key


def _cryptography():
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise LineageError("signatures need the package cryptography: pip install 'prefclip[lineage]'.") from error
    return ed25519, serialization
