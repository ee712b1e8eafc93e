import pytest

from evaluators.contract import FileRef, Subject, SubjectError
from evaluators.inputs.files import of_role


def held(**names: str) -> Subject:
    files = {role: FileRef(path="/x", sha256="0" * 64, name=name) for role, name in names.items()}
    return Subject(kind="files", files={role.replace("__", "/"): ref for role, ref in files.items()})


def test_files_of_a_role_go_by_their_names() -> None:
    assert list(of_role(held(model="deep/net.onnx", model__signature="signature"), "model")) == [
        "net.onnx",
        "signature",
    ]


def test_two_files_of_one_name_are_refused() -> None:
    with pytest.raises(SubjectError, match="two files of the model are called 'net'"):
        of_role(held(model="net", model__net="net"), "model")
