"""What a store should hear of a run, kept in the run's folder."""

import pytest

from lossexp.tracking.journal import Journal, Opening

OPENING = Opening("http://127.0.0.1:5000", "lossexp", None, "a", {"training": "1"}, 1.5)
HERE, THERE = "http://name:secret@127.0.0.1:5000", "http://127.0.0.1:6000"


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path)
    journal.begin(OPENING)
    return journal


def test_what_is_told_is_read_in_its_order(journal):
    journal.add("tags", {"loss": "focal"})
    journal.add("artifact", journal.run_dir / "figures" / "a.png", "figures")
    assert journal.opening == OPENING
    assert journal.lines() == [["tags", {"loss": "focal"}], ["artifact", "figures/a.png", "figures"]]


def test_a_torn_line_is_left_out(journal):
    with journal.path.open("a") as file:
        file.write('["tags", {"lo')
    assert (journal.opening, journal.lines()) == (OPENING, [])


@pytest.mark.parametrize("content", ["", "{}\n", "[]\n", "3\n", "no JSON\n", '{"uri": 1}\n', '"text"\n'])
def test_what_is_no_journal_has_no_opening(content, tmp_path):
    Journal(tmp_path).path.write_text(content)
    assert Journal(tmp_path).opening is None
    assert not Journal(tmp_path).kept_back


def test_a_store_has_what_is_told_before_it_is_known_to_have_all(journal):
    assert journal.unsent(HERE) is None
    journal.add("sent", "http://name:***@127.0.0.1:5000")
    assert journal.is_sent(HERE)
    assert not journal.is_sent(THERE)
    assert not journal.kept_back
    journal.add("tags", {"sweep.1": "true"})
    assert journal.unsent(HERE) == [["tags", {"sweep.1": "true"}]]
    assert journal.kept_back


def test_files_outside_of_the_folder_are_refused(journal, tmp_path_factory):
    secret = tmp_path_factory.mktemp("home") / "secret"
    secret.write_text("x")
    (journal.run_dir / "link").symlink_to(secret)
    (journal.run_dir / "folder").mkdir()
    (journal.run_dir / "folder" / "link").symlink_to(secret)
    for place in (str(secret), "link", "folder", f"../{secret.parent.name}/secret"):
        with pytest.raises(ValueError, match="outside"):
            journal.file(place)
    (journal.run_dir / "mine").write_text("x")
    assert journal.file("mine").read_text() == "x"
