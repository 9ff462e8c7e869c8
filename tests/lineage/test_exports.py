"""Exports are what their own readers accept: PROV by prov, in-toto by securesystemslib, RO-Crate by its validator."""

import io
import json
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from demo_project import RAW, RUN

from prefclip.lineage import surroundings
from prefclip.lineage.export.intoto import export_intoto
from prefclip.lineage.export.prov import export_prov
from prefclip.lineage.export.rocrate import export_rocrate
from prefclip.lineage.project import LineageError
from prefclip.lineage.signature import check_statement, signed_payload

TABLE = f"{RUN}/tables/typographic.csv"
CONTEXTS = json.loads((Path(__file__).parent / "data/ro_crate_context.json").read_text())
PROFILE = "provenance-run-crate-0.5"


def test_prov_reads_it_back(demo, tmp_path):
    from prov.model import ProvActivity, ProvDocument, ProvEntity, ProvGeneration, ProvUsage

    document = ProvDocument.deserialize(str(export_prov(demo.project, tmp_path)), format="json")
    count = {
        kind: len(list(document.get_records(kind))) for kind in (ProvEntity, ProvActivity, ProvGeneration, ProvUsage)
    }
    assert count == {ProvEntity: 14, ProvActivity: 9, ProvGeneration: 13, ProvUsage: 16}
    assert len(document.get_record(f"file:{RAW}")) == 1


def test_prov_of_one_target(demo, tmp_path):
    text = export_prov(demo.project, tmp_path, [f"{RUN}/images/animals.npy"]).read_text()
    assert "manifest" in text and "train" not in text


def test_statement_names_every_artifact_and_record(demo, tmp_path):
    path = export_intoto(demo.project, tmp_path)
    statement = json.loads(path.read_text())
    assert path.name == "statement.json" and statement["_type"] == "https://in-toto.io/Statement/v1"
    names = [subject["name"] for subject in statement["subject"]]
    assert len(names) == 26 and TABLE in names and f"{TABLE}.prov.json" in names
    dependencies = statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert RAW in [entry.get("name") for entry in dependencies]
    assert [entry["digest"]["gitCommit"] for entry in dependencies if entry["name"] == "source"]


def test_tampered_run_is_not_exported(demo, tmp_path):
    demo.flip(TABLE)
    for export in (export_intoto, export_rocrate):
        with pytest.raises(LineageError, match="is not what"):
            export(demo.project, tmp_path / export.__name__)
    demo.path(f"{TABLE}.prov.json").write_text("{")
    with pytest.raises(LineageError, match="audit verify"):
        export_prov(demo.project, tmp_path)
    shutil.rmtree(demo.path("results"))
    with pytest.raises(LineageError, match="no lineage records"):
        export_prov(demo.project, tmp_path)


@pytest.fixture
def keys(tmp_path) -> tuple[Path, Path]:
    return write_keys(tmp_path, ed25519.Ed25519PrivateKey.generate(), "key")


def write_keys(folder: Path, key, name: str) -> tuple[Path, Path]:
    private, public = folder / f"{name}.pem", folder / f"{name}.pub.pem"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    private.write_bytes(key.private_bytes(*form))
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    public.write_bytes(key.public_key().public_bytes(*form))
    return private, public


@pytest.fixture
def signed(demo, keys) -> Path:
    return export_intoto(demo.project, "results", private_key=keys[0])


def test_others_can_check_the_signature(signed, keys):
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import SSlibKey

    envelope = Envelope.from_dict(json.loads(signed.read_text()))
    key = serialization.load_pem_public_key(keys[1].read_bytes())
    (signature,) = envelope.signatures.values()
    key = SSlibKey.from_crypto(key, keyid=signature.keyid)
    key.verify_signature(signature, envelope.pae())
    assert json.loads(envelope.payload)["subject"]


def states(demo, key: Path, artifacts: list[str] | None = None) -> dict[str, str]:
    return {one.artifact: one.state for one in check_statement(demo.project, key, None, artifacts)}


def test_signed_run_is_ok(demo, signed, keys):
    assert signed.name == "statement.dsse.json" and states(demo, keys[1]) == {}


def test_run_made_again_is_not_the_signed_one(demo, signed, keys, monkeypatch):
    monkeypatch.setattr(surroundings, "now", lambda: "2031-01-01T00:00:00+00:00")
    demo.figure()  # a new time, a new seal
    assert states(demo, keys[1]) == {f"{RUN}/figures/bars.png": "tampered"}
    assert states(demo, keys[1], [TABLE]) == {}


def test_deleted_and_added_records(demo, signed, keys):
    demo.path(f"{TABLE}.prov.json").unlink()
    demo.path(TABLE).unlink()
    demo.stage("figure", [RAW], {f"{RUN}/figures/more.png": b"x"})
    assert states(demo, keys[1]) == {TABLE: "missing", f"{RUN}/figures/more.png": "unverifiable"}


def test_edited_statement_or_foreign_key(demo, signed, keys, tmp_path):
    _, stranger = write_keys(tmp_path, ed25519.Ed25519PrivateKey.generate(), "stranger")
    assert states(demo, stranger) == {"results/statement.dsse.json": "tampered"}
    for text in ("", "[]", "{}", signed.read_text().replace('"payload":"', '"payload":"AAAA')):
        signed.write_text(text)
        assert states(demo, keys[1]) == {"results/statement.dsse.json": "tampered"}


def test_unusable_keys(demo, signed, keys, tmp_path):
    private, public = write_keys(tmp_path, rsa.generate_private_key(65537, 2048), "rsa")
    for key in (public, tmp_path / "nothing.pem", demo.path(TABLE)):
        with pytest.raises(LineageError, match=r"pem|csv"):
            signed_payload(b"{}", key)
    for key in (private, keys[1], tmp_path / "nothing.pem"):
        with pytest.raises(LineageError, match="pem"):
            export_intoto(demo.project, tmp_path, private_key=key)
    signed.unlink()
    with pytest.raises(LineageError, match="no signed statement"):
        check_statement(demo.project, keys[1], None, None)


@pytest.fixture(scope="session")
def cached_contexts(tmp_path_factory) -> Path:
    """The validator's HTTP cache with the contexts it would otherwise fetch."""
    requests_cache = pytest.importorskip("requests_cache")
    import requests
    import urllib3

    class Shelf(requests.adapters.HTTPAdapter):
        def send(self, request, **_):
            body = io.BytesIO(json.dumps(CONTEXTS[request.url]).encode())
            headers = {"Content-Type": "application/ld+json"}
            return self.build_response(request, urllib3.HTTPResponse(body, headers, 200, preload_content=False))

    path = tmp_path_factory.mktemp("contexts") / "cache"
    session = requests_cache.CachedSession(str(path), backend="sqlite", expire_after=-1)
    session.mount("https://", Shelf())
    every = "application/ld+json, application/json, */*;q=0.1"
    for url in (name for name in CONTEXTS if name.startswith("https:")):
        for accept in (None, "application/ld+json", "application/ld+json, application/json", every):
            session.get(url, headers={"Accept": accept} if accept else {})
    session.close()
    return path


def problems(crate: Path, cache: Path) -> list[str]:
    """What the validator finds at level required, offline."""
    from rocrate_validator.services import validate

    settings = {
        "rocrate_uri": str(crate),
        "profile_identifier": PROFILE,
        "requirement_severity": "REQUIRED",
        "offline": True,
        "cache_path": str(cache),
    }
    return [f"{issue.check.name}: {issue.message}" for issue in validate(settings).get_issues()]


def remove(link: str, kind: str, crate: Path) -> None:
    """Remove one link from the first entity of a type."""
    path = crate / "ro-crate-metadata.json"
    values = json.loads(path.read_text())
    entity = next(one for one in values["@graph"] if kind in one["@type"] and link in one)
    del entity[link]
    path.write_text(json.dumps(values))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_crate_is_valid_and_a_broken_one_is_not(demo, tmp_path, cached_contexts):
    from rocrate.rocrate import ROCrate

    crate = tmp_path / "crate"
    export_rocrate(demo.project, crate)
    assert problems(crate, cached_contexts) == []
    read = ROCrate(crate)
    assert read.mainEntity.id == "workflow/Snakefile" and read.get(TABLE)["sha256"]
    for link, kind in (
        ("instrument", "CreateAction"),
        ("object", "OrganizeAction"),
        ("workExample", "HowToStep"),
        ("mainEntity", "Dataset"),
    ):
        broken = tmp_path / f"{kind}-{link}"
        shutil.copytree(crate, broken)
        remove(link, kind, broken)
        assert problems(broken, cached_contexts), f"without {link} of {kind}"
    (crate / TABLE).unlink()
    assert problems(crate, cached_contexts)


def test_crate_links_every_file_to_the_run_that_made_it(demo, tmp_path):
    graph = json.loads(export_rocrate(demo.project, tmp_path / "crate").read_text())["@graph"]
    entities = {one["@id"]: one for one in graph}
    assert len(entities) == len(graph)
    runs = [one for one in graph if one["@type"] == "CreateAction" and one["@id"] != "#run"]
    made = {link["@id"] for one in runs for link in one["result"]}
    used = {link["@id"] for one in runs for link in one["object"]}
    assert len(runs) == 9 and len(made) == 13 and RAW in used - made
    assert all(link in entities for link in made | used)
    assert (tmp_path / "crate" / RAW).read_bytes() == demo.path(RAW).read_bytes()


def test_large_files_stay_where_they_are(demo, tmp_path, monkeypatch):
    monkeypatch.setattr("prefclip.lineage.export.rocrate.LARGEST_COPY", 400)
    text = export_rocrate(demo.project, tmp_path / "crate").read_text()
    assert "ni:///sha-256;" in text and not (tmp_path / "crate" / RAW).exists()


def test_crate_goes_into_a_new_folder(demo, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").touch()
    with pytest.raises(LineageError, match="not empty"):
        export_rocrate(demo.project, tmp_path / "full")
    demo.path("workflow/Snakefile").unlink()
    with pytest.raises(LineageError, match="workflow/Snakefile: is missing"):
        export_rocrate(demo.project, tmp_path / "crate")
    assert not (tmp_path / "crate").exists()
