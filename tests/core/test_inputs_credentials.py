"""Secrets in addresses: used by the process they were given to, never written down."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.ingest.credentials import cleaned, conceal, put_away, reveal, without_secrets
from core.ingest.fetching import open_place
from core.ingest.naming import canonical, is_there, last_part, shown

SECRETS = [
    "https://me:hunter2@host/data/",
    "https://host/a.zip?X-Amz-Credential=AKIAhunter2&X-Amz-Signature=hunter2&part=3",
    "https://acct.blob.core.windows.net/c/a.tar?sv=2024-01-01&se=2026&sr=c&sp=r&sig=hunter2%3D",
    "https://storage.googleapis.com/b/o.zip?GoogleAccessId=x&Expires=1&Signature=hunter2",
    "https://host/x?token=hunter2",
    "https://host/x?api_key=hunter2",
    "https://host/x#access_token=hunter2",
    "https://host/x?hunter2hunter2hunter2hunter2",
    "s3://KEY:hunter2@bucket/x",
    "fsspec:ftp://me:hunter2@host/x",
    "fsspec:zip://*.png::https://me:hunter2@host/a.zip",
    'roots:["https://me:hunter2@host/x", "/data"]',
    "HTTPS://me:hunter2@HOST/x",
]


@pytest.mark.parametrize("source", SECRETS)
def test_nothing_of_a_secret_is_left(source):
    hidden = conceal(source)
    assert "hunter2" not in hidden
    assert conceal(hidden) == hidden
    assert "hunter2" not in conceal(f"error while reading {source}: no answer")


@pytest.mark.parametrize(
    "source",
    ["/data/a@b/c", "s3://bucket/a b/c", "https://host/list?page=2&size=100", "sample:digits",
     "coco:/data/a.json?images=/data/x", "https://${USER}:${PASS}@host/x",
     "https://host/a.zip?sig=${SIG}", "C:\\data\\x", "roots:[\"/a\", \"/b\"]"],
)  # fmt: skip
def test_what_has_no_secret_stays_as_it_is(source):
    assert conceal(source) == source


@given(st.text(alphabet=st.characters(codec="ascii", categories=("L", "N")), min_size=6))
def test_a_password_of_any_letters_is_hidden(word):
    assert f":{word}@" not in conceal(f"https://user:{word}@host/x")
    assert f"={word}" not in conceal(f"https://host/x?token={word}")


def test_the_process_that_was_given_a_secret_uses_it_for_all_below():
    hidden = put_away("https://me:hunter2@host.one/data")
    assert hidden == "https://***@host.one/data"
    assert reveal(hidden) == "https://me:hunter2@host.one/data"
    assert reveal(f"{hidden}/a/b.png") == "https://me:hunter2@host.one/data/a/b.png"


def test_another_process_is_told_how_to_name_it():
    with pytest.raises(InputError, match=r"credentials are not stored.*\$\{USER\}"):
        reveal("https://***@never.given/x")


def test_variables_are_looked_up_when_they_are_used(monkeypatch):
    source = "https://${VT_USER}:${VT_PASS}@host/x"
    assert put_away(source) == source
    with pytest.raises(InputError, match="VT_USER is not set"):
        reveal(source)
    monkeypatch.setenv("VT_USER", "me")
    monkeypatch.setenv("VT_PASS", "hunter2")
    assert reveal(source) == "https://me:hunter2@host/x"


def test_a_message_of_a_path_without_its_protocol_is_cleaned_too():
    assert "hunter2" not in cleaned('Invalid bucket name "KEY:hunter2@b"', "KEY:hunter2@b/x")


@pytest.mark.parametrize("address", ["s3://KEY:hunter2@bucket/x", "gs://KEY:hunter2@bucket/x"])
def test_a_bucket_takes_no_credentials_in_its_address(address):
    with pytest.raises(
        InputError, match="an address of a bucket holds no credentials; set "
    ) as caught:
        open_place(put_away(address))
    assert "hunter2" not in str(caught.value)


def test_messages_of_libraries_are_cleaned_of_the_addresss_secrets():
    address = "https://me:hunter2@host/a?sig=s3cr3t"
    text = cleaned("cannot get hunter2 with\n s3cr3t, Bearer abcdefgh1234", address)
    assert "hunter2" not in text
    assert "s3cr3t" not in text
    assert "abcdefgh1234" not in text


def test_what_is_named_is_the_same_for_other_credentials():
    names = {without_secrets(one) for one in (
        "https://a:b@host/x.zip?sig=1&v=2", "https://c:d@host/x.zip?sig=2&v=2",
        "https://host/x.zip?v=2", "https://${A}:${B}@host/x.zip?v=2",
    )}  # fmt: skip
    assert names == {"https://host/x.zip?v=2"}


# -- what a person types -------------------------------------------------------------------------


def test_paths_become_absolute_and_addresses_stay(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert canonical("a/b") == str(tmp_path / "a/b")
    assert canonical("coco:x.json?images=pics&cut=box") == (
        f"coco:{tmp_path}/x.json?images={tmp_path}/pics&cut=box"
    )
    (tmp_path / "odd?images=x").mkdir()
    assert canonical("yolo:odd?images=x") == f"yolo:{tmp_path}/odd?images=x"
    assert canonical("s3://b/k") == "s3://b/k"
    assert canonical("ftp://host/x") == "fsspec:ftp://host/x"
    assert canonical("sample:digits") == "sample:digits"
    both = canonical(["a", "https://me:hunter2@host/x"])
    assert both == f'roots:["{tmp_path}/a", "https://***@host/x"]'
    assert shown(both) == f"{tmp_path}/a, https://***@host/x"
    assert canonical(["a", "a"]) == str(tmp_path / "a")


def test_no_source_and_an_empty_one_are_refused():
    for wrong in ("", "  ", [], ["/a", " "]):
        with pytest.raises(InputError, match="no source given"):
            canonical(wrong)
    with pytest.raises(InputError, match="JSON list"):
        canonical("roots:/a,/b")


def test_sets_are_named_by_the_last_part(tmp_path):
    assert last_part("https://me:pw@host/data/wings.tar.gz?sig=1") == "wings"
    assert last_part("s3://bucket/folder/") == "folder"
    assert last_part('roots:["/a/cats", "/b/dogs"]') == "cats + dogs"
    (tmp_path / "v1.2").mkdir()
    assert last_part(str(tmp_path / "v1.2")) == "v1.2"


def test_only_a_path_can_be_seen_to_be_missing(tmp_path):
    assert not is_there(str(tmp_path / "no"))
    assert is_there(str(tmp_path))
    assert is_there("s3://b/x")
