"""Option files of the user's own that cannot be read: file, line, what is wrong and what would work."""

import pytest

from lossexp.curves.command import main as draw
from tests.command import answer
from tests.config.test_command_line import refused

FOCAL = "_target_: lossexp.losses.Focal\n"
GOOD = "# fine\n" + FOCAL + "gamma: 2.0\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (FOCAL + "\tgamma: 2\n", "mine.yaml, line 2: a tab where the line is indented. Indent with spaces."),
        (GOOD + "gamma: 3\n", "mine.yaml, line 4: found duplicate key gamma"),
        (FOCAL + "   gamma: 2\n", "mine.yaml, line 2: mapping values are not allowed here"),
        (FOCAL + "alpha: [1, 2\ngamma: 2\n", "mine.yaml, line 3: expected ',' or ']'"),
        (FOCAL + "gamma: *x\n", "mine.yaml, line 2: found undefined alias"),
        (FOCAL + "---\na: 1\n", "mine.yaml, line 2: expected a single document"),
        (GOOD.encode() + b"name: caf\xe9\n", "mine.yaml, line 4: byte 0xe9 is no UTF-8"),
        (b"gamma: \0\n", "mine.yaml: special characters are not allowed"),
        ("", "mine.yaml must hold a mapping with a line such as _target_"),
        ("- a\n- b\n", "mine.yaml must hold a mapping"),
        ("only words\n", "mine.yaml must hold a mapping"),
        ("defaults:\n  - nope\n  - _self_\n" + GOOD, "mine.yaml, line 2: the defaults list names loss/nope"),
        ("defaults:\n  - /model: nope\n" + GOOD, "mine.yaml, line 2: There is no option 'nope' in group 'model'"),
        ("defaults: focal\n" + GOOD, "Invalid defaults list in 'loss/mine'"),
        (FOCAL + "gamma: ${nope.x}\n", "loss.gamma=${nope.x}: Interpolation key 'nope.x' not found"),
        (FOCAL + "gamma: ${nope\n", "mine.yaml: gamma: this interpolation cannot be read"),
        ("3\n", "mine.yaml: Invalid loaded object type: int"),
        (FOCAL + "null: 3\n", "mine.yaml: the config: Incompatible key type"),
        ("# @package\n" + FOCAL, "mine.yaml: Expected header format"),
        ("defaults: [mine]\n" + FOCAL, "loss/mine: this config holds itself"),
        (FOCAL + "alpha: &x [1, *x]\n", "mine.yaml: loss/mine: this config holds itself"),
        (FOCAL + "_partial_: true\n", "loss._partial_=true: give false"),
        (FOCAL + "gamma: '1e-3'\n", "loss.gamma='1e-3': give a number"),
        ("foo: 1\n" + GOOD, "loss.foo: lossexp.losses.Focal takes no argument 'foo'"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_line(content, said, tmp_path):
    (tmp_path / "conf" / "loss").mkdir(parents=True)
    content = content if isinstance(content, bytes) else content.encode()
    (tmp_path / "conf" / "loss" / "mine.yaml").write_bytes(content)
    assert said in refused("--config-dir", "conf", "loss=mine", "tracking=none", folder=tmp_path)
    drawn = answer(lambda: draw(["--config-dir", "conf", "loss=mine"]), folder=tmp_path)
    assert said in drawn.words


def test_a_key_of_a_file_that_sets_the_whole_config_means_something_too(tmp_path):
    (tmp_path / "conf" / "loss").mkdir(parents=True)
    (tmp_path / "conf" / "loss" / "mine.yaml").write_text("# @package _global_\nfoo: 1\nloss:\n  " + FOCAL)
    assert "foo is no setting" in refused("--config-dir", "conf", "loss=mine", folder=tmp_path)
