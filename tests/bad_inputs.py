"""Bad values for every setting of every option, and one job for each: what it says, and whether TensorFlow was needed.

`python -m tests.bad_inputs` reads lists of overrides as JSON and answers each in a process without TensorFlow.
"""

import itertools
import json
import sys
import tempfile
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import yaml
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf, open_dict

from lossexp.base.checks import Interval
from lossexp.config.messages import explain, explained
from lossexp.config.shipped import config_folder
from lossexp.config.signatures import signature
from lossexp.config.values import GROUPS, hint_of

CONF = Path(config_folder())
WRONG = {
    bool: ["maybe", "3", "null", "[]", "[true]"],
    int: ["abc", "1.5", "true", "nan", "null", "[[1]]", "{a: 1}", "99999999999999999999"],
    float: ["abc", "true", "nan", "null", "[[1]]", "{a: 1}"],
    str: ["3.5", "true", "null", "[x]", "{a: 1}"],
    list: ["abc", "3", "null", "[{a: 1}]", "[[[x]]]"],
    dict: ["abc", "3", "null"],
}
NEEDED = {  # what an option asks for before its other settings can be looked at
    ("dataset", "npz"): ["dataset.path=my.npz"],
    ("dataset", "tfds"): ["dataset.name=mnist"],
    ("dataset", "table"): ["dataset.path=my.csv", "dataset.target=kind"],
    ("dataset", "images"): ["dataset.path=my_pictures", "dataset.size=[8,8]"],
    ("dataset", "custom"): ["dataset.fn._target_=my_losses.data", "trusted_packages=[my_losses]"],
    ("noise", "asymmetric"): ["noise.map={7:1}"],
    ("noise", "matrix"): ["noise.T={7:{1:0.5}}"],
    ("loss", "custom"): ["loss.fn._target_=keras.losses.Huber"],
    ("model", "custom"): ["model.fn._target_=my_models.net", "trusted_packages=[my_models]"],
    ("model", "keras_file"): ["model.path=my.keras"],
    ("loss", "function"): ["loss.fn._target_=my_losses.wing", "trusted_packages=[my_losses]"],
}
SMALL = ("dataset.limit=60", "trainer.epochs=1", "trainer.progress=false", "tracking=none")


def settings() -> Iterator[tuple[list[str], str, typing.Any]]:
    """Each setting of each option once: the overrides that choose the option, `group.key`, and its hint."""
    seen = set()
    for group in GROUPS:
        for file in sorted((CONF / group).glob("*.yaml")):
            node = written(file)
            target, known = node["_target_"], signature(node["_target_"])
            for key in (str(key) for key in node if key not in ("_target_", "defaults", "fn")):
                if (target, key) not in seen:
                    seen.add((target, key))
                    chosen = [f"{group}={file.stem}", *NEEDED.get((group, file.stem), [])]
                    yield chosen, f"{group}.{key}", hint_of(target, key, known.parameters)


def written(file: Path) -> dict:
    """An option's content, after that of the options of its group that it begins with."""
    node = yaml.safe_load(file.read_text())
    first = [name for name in node.get("defaults", ()) if isinstance(name, str) and name != "_self_"]
    return {key: value for name in first for key, value in written(file.with_stem(name)).items()} | node


def generated() -> Iterator[tuple[list[str], str]]:
    """Overrides with one bad input each, and the setting that the answer must name."""
    for chosen, setting, hint in settings():
        for value in wrong(hint):
            yield [*chosen, f"{setting}={value}"], setting
        group, _, key = setting.partition(".")
        yield [*chosen, f"+{group}.{key[:-1]}_={1}"], f"{group}.{key[:-1]}_"


def wrong(hint: typing.Any) -> list[str]:
    """Values that a setting declared so cannot have: of other types, and outside its limits."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        limits = [limit for limit in arguments[1:] if isinstance(limit, Interval)]
        return wrong(arguments[0]) + [value for limit in limits for value in outside(limit)]
    if origin in (typing.Union, types.UnionType):
        alternatives = [wrong(a) for a in arguments if a is not type(None)]
        null = {"null"} if type(None) in arguments else set()
        return [v for v in alternatives[0] if v not in null and all(v in values for values in alternatives[1:])]
    if origin is typing.Literal:
        return ["sideways", "3.5", "[[1]]", "{a: 1}"]
    kind = origin or hint
    return WRONG[{Path: str, Sequence: list, tuple: list, Mapping: dict, Callable: dict}.get(kind, kind)]


def outside(limit: Interval) -> list[str]:
    low, high = (float(end) for end in limit.text[1:-1].split(","))
    below = [f"{low - 1:g}"] + ([f"{low:g}"] if limit.text[0] == "(" else []) if low > float("-inf") else []
    above = [f"{high + 1:g}"] + ([f"{high:g}"] if limit.text[-1] == ")" else []) if high < float("inf") else ["inf"]
    return below + (above if limit.text[-1] == ")" or high < float("inf") else [])


def answer(overrides: Sequence[str], folder: Path) -> dict:
    """What the command line says to these overrides. said: None where the job was done. told: without a traceback."""
    from lossexp.cli import job

    try:
        config = compose("config", overrides=[*SMALL, *overrides], return_hydra_config=True)
        with open_dict(config):
            config.output, config.hydra.runtime.output_dir = str(folder), str(folder / "run")
        HydraConfig.instance().set_config(config)
        plain = OmegaConf.masked_copy(config, [key for key in config if key != "hydra"])
        job(plain)
    except NeedsTensorFlow:
        return {"said": None, "told": False, "late": True}
    except Exception as error:  # whatever it is: whether the user would see a traceback is the question
        return {"said": explain(error), "told": explained(error, within=job), "late": False}
    return {"said": None, "told": False, "late": False}


class NeedsTensorFlow(BaseException):
    """TensorFlow, or what brings it along, is about to be imported."""


class NoTensorFlow:
    """An import hook that refuses TensorFlow."""

    def find_spec(self, name: str, path=None, target=None):
        if name.partition(".")[0] == "tensorflow":
            raise NeedsTensorFlow(name)


def main() -> None:
    sys.meta_path.insert(0, NoTensorFlow())
    GlobalHydra.instance().clear()
    with tempfile.TemporaryDirectory() as folder, initialize_config_dir(str(CONF), version_base="1.3"):
        answers = [answer(case, Path(folder) / str(i)) for i, case in enumerate(json.load(sys.stdin))]
    assert "tensorflow" not in sys.modules
    json.dump(answers, sys.stdout)


def sample(cases: Sequence, count: int) -> list:
    """Every n-th of the cases, `count` of them."""
    return list(itertools.islice(cases, 0, None, max(1, len(cases) // count)))[:count]


if __name__ == "__main__":
    main()
