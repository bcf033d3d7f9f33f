import pytest

from lossexp.base.names import legal_name, legal_part


@pytest.mark.parametrize(
    ("name", "legal"),
    [
        ("val/accuracy", "val/accuracy"),
        ("loss.gamma=2", "loss.gamma_2"),
        ("a//b", "a/b"),
        ("/a/", "a"),
        ("a/../b", "a/__/b"),
        ("a\\b@c[d]", "a_b_c_d_"),
        ("größe", "größe"),
        ("a\nb\t", "a_b_"),
        ("", "_"),
    ],
)
def test_legal_name(name, legal):
    assert legal_name(name) == legal


def test_parts_hold_no_separator():
    assert legal_part("T-shirt/top") == "T-shirt_top"


def test_names_are_cut():
    assert len(legal_name("x" * 1000)) == 250
