import hashlib
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from registry.cards.artifacts import (
    FileEntry,
    file_set,
    is_left_out,
    manifest,
    manifest_digest,
    name_problem,
    root_digest,
)
from registry.exceptions import InvalidInput

# Digests and roots as published in the valid key and sigstore vectors of the model-signing specification, v1.0.
PUBLISHED = [
    (
        "bc9a717db6064a32cbe9eae6fc40651dd6d36ef1757183f590eff2b1765d7ebc",
        "92745110b1ab4368471cbe31664e10174e954b113a3df333db860317b2c6dec4",
    ),
    (
        "f6310066c7320497ea554260c32c43660bff648cb2a61194832cc086077085e1",
        "61d4849d9d90076d6215f4d525f13d6574af8e3f67aef3e6f36fc40a14fdd226",
    ),
]
SECOND_FILE = "32dcb1f8e1ae52d5963e56a6ba06ab58b424c15ed2a6b70d2feca1d089370028"

SAFE = st.characters(exclude_categories=["Cc", "Cs", "Cf", "Zl", "Zp"], exclude_characters="/\\:")
NAMES = st.lists(st.text(SAFE, min_size=1, max_size=4), min_size=1, max_size=3).map("/".join)


def entry(name, content=b"x"):
    return FileEntry(name=name, size=len(content), sha256=hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize(("first_file", "root"), PUBLISHED)
def test_the_root_is_the_one_the_specification_publishes(first_file, root):
    files = [
        FileEntry(name="signme-2", size=1, sha256=SECOND_FILE),
        FileEntry(name="signme-1", size=1, sha256=first_file),
    ]
    assert root_digest(files) == root


def test_the_root_of_a_single_file_is_not_the_files_own_digest():
    assert root_digest([entry("m")]) == hashlib.sha256(hashlib.sha256(b"x").digest()).hexdigest()


def test_a_rename_that_keeps_the_order_is_seen_by_the_manifest_alone():
    before, after = [entry("x.py.txt"), entry("y")], [entry("x.py"), entry("y")]
    assert root_digest(before) == root_digest(after)
    assert manifest_digest(before) != manifest_digest(after)


def test_the_manifest_lists_name_size_and_digest_in_name_order():
    digest = hashlib.sha256(b"x").hexdigest()
    assert manifest([entry("b"), entry("a/c"), entry("Z")]) == [
        {"name": "Z", "size": 1, "sha256": digest},
        {"name": "a/c", "size": 1, "sha256": digest},
        {"name": "b", "size": 1, "sha256": digest},
    ]


def test_empty_files_count():
    assert root_digest([entry("a"), entry("b", b"")]) != root_digest([entry("a")])


@given(st.lists(NAMES, min_size=1, max_size=6, unique=True), st.randoms())
def test_the_order_of_listing_changes_neither_digest(names, random):
    files = [entry(name, name.encode()) for name in names]
    try:
        expected = root_digest(files), manifest_digest(files)
    except InvalidInput:
        assume(False)
    random.shuffle(files)
    assert (root_digest(files), manifest_digest(files)) == expected


@given(NAMES)
def test_plain_relative_names_are_allowed(name):
    assume(not any(part in (".", "..") for part in name.split("/")))
    assert name_problem(name) is None


@given(st.text(max_size=30))
def test_whatever_name_is_allowed_stays_inside_its_folder(name):
    assume(name_problem(name) is None)
    parts = name.split("/")
    assert not any(part in ("", ".", "..") for part in parts)
    assert "\\" not in name
    assert not any(unicodedata.category(character) in ("Cc", "Cs") for character in name)
    name.encode("utf-8")


@pytest.mark.parametrize(
    "name",
    [
        "",
        None,
        7,
        "/etc/passwd",
        "C:/model",
        "c:model",
        "../model",
        "a/../b",
        "a/..",
        "..",
        ".",
        "./a",
        "a/./b",
        "a//b",
        "a/",
        "a\\b",
        "..\\b",
        "a\x00b",
        "a\nb",
        "a\x7fb",
        "a\x85b",
        "a\ud800b",
        "a\u2028b",
        "model\u202etxt.py",
        "a" * 1025,
        "é" * 513,
    ],
)
def test_unsafe_names_are_refused(name):
    assert name_problem(name) is not None
    with pytest.raises(InvalidInput):
        file_set([FileEntry(name=name, size=0, sha256="0" * 64)])


@pytest.mark.parametrize("name", ["...", "..a", "a..b", ".env", "sub/.git/x", "a b", "模型.bin", "ab:c", "a" * 1024])
def test_unusual_but_safe_names_are_allowed(name):
    assert name_problem(name) is None


def test_names_differ_by_case():
    assert len(file_set([entry("Model"), entry("model")])) == 2


@pytest.mark.parametrize(("name", "left_out"), [(".git/config", True), (".gitignore", True), ("a/.git", False)])
def test_version_control_at_the_top_is_left_out_and_nowhere_else(name, left_out):
    assert is_left_out(name) is left_out


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([], "between 1 and"),
        ([entry("a"), entry("a", b"y")], "listed twice"),
        ([entry("a"), entry("a/b")], "name of its folder"),
        ([entry("a"), entry("a-b"), entry("a/b")], "name of its folder"),
        ([entry(".gitattributes")], "version control"),
        ([FileEntry(name="a", size=-1, sha256="0" * 64)], "number of bytes"),
        ([FileEntry(name="a", size=True, sha256="0" * 64)], "number of bytes"),
        ([FileEntry(name="a", size=2**53, sha256="0" * 64)], "number of bytes"),
        ([FileEntry(name="a", size=1, sha256="0" * 63)], "64 lower-case"),
        ([FileEntry(name="a", size=1, sha256="A" * 64)], "64 lower-case"),
        ([FileEntry(name="a", size=1, sha256="0" * 64 + "\n")], "64 lower-case"),
    ],
)
def test_sets_that_could_be_read_in_two_ways_are_refused(files, said):
    with pytest.raises(InvalidInput, match=said):
        root_digest(files)


def test_every_bad_file_is_named_without_its_control_characters():
    with pytest.raises(InvalidInput) as refused:
        file_set([entry("a\x1b[2J"), entry("../b"), entry("good")])
    assert set(refused.value.errors) == {"a\\x1b[2J", "../b"}
    assert "\x1b" not in str(refused.value)
