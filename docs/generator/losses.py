"""Writes docs/losses.md: every option of conf/loss with formula, source, parameters, use and curve.

Formulas, sources and parameters come from the classes, families and advice from families.yaml.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from pathlib import Path

import yaml
from omegaconf import OmegaConf

from benchmarks.focal_accuracy import table
from docs.generator import curves, docstrings
from lossexp.base.errors import InputError
from lossexp.config import build, locate
from lossexp.losses import Loss, as_loss
from lossexp.losses.base.multiclass import MulticlassLoss

HERE = Path(__file__).parent
OPTIONS = HERE.parents[1] / "conf" / "loss"
PAGE = HERE.parents[1] / "docs" / "losses.md"
NOT_SHOWN = ("_target_", "reduction", "class_counts")
YEAR = re.compile(r"\b(19|20)\d\d\b")
OUTPUTS = {1: "1 output", 2: "2 outputs", 99: "K - 1 outputs", 100: "K outputs", 101: "K + 1 outputs"}
SHARED = {
    **docstrings.arguments(MulticlassLoss),
    "class_counts": "training examples per class; an experiment takes them from the training split.",
    "reduction": "as in Keras 3: `sum_over_batch_size` (the mean), `mean_with_sample_weight`, `sum`, `none`.",
}


def main() -> None:
    """Writes the page and its pictures."""
    warnings.simplefilter("ignore")
    families = all_families()
    drawn = [curves.draw_overrides(overrides(f), picture_name(f)) for f in families if "drawn" in f]
    sections = [family_section(family, drawn) for family in families]
    curves.keep_only(set(drawn))
    text = (HERE / "losses.md").read_text()
    filled = {
        "SHARED": shared_parameters(),
        "CONTENTS": contents(families),
        "FAMILIES": "\n\n".join(sections),
    }
    for name, part in {**filled, "ACCURACY": table()}.items():
        text = text.replace(f"<!-- {name} -->", part)
    PAGE.write_text(text)


def all_families() -> list[dict]:
    """families.yaml, and one more family for options that it does not know."""
    families = yaml.safe_load((HERE / "families.yaml").read_text())
    known = {option for family in families for option in family["when"]}
    new = sorted(path.stem for path in OPTIONS.glob("*.yaml") if path.stem not in known)
    return families + ([{"title": "Others", "text": "", "when": dict.fromkeys(new, "")}] if new else [])


def shared_parameters() -> str:
    rows = [f"| `{name}` | {cell(text)} |" for name, text in SHARED.items()]
    return "\n".join(["| parameter | meaning |", "|---|---|", *rows])


def contents(families: list[dict]) -> str:
    rows = [f"| {link(f['title'])} | {', '.join(map(link, f['when']))} |" for f in families]
    return "\n".join(["| family | options |", "|---|---|", *rows])


def family_section(family: dict, drawn: list[Path]) -> str:
    """Adds the pictures it draws to `drawn`."""
    parts = [f"## {family['title']}", family["text"].strip()]
    if "drawn" in family:
        parts += [image(picture_name(family)), f"`python -m lossexp.curves {overrides(family)}`"]
    for option, when in family["when"].items():
        loss = built(option)
        path = curves.draw_option(option, loss, family.get("settings", "")) if loss else None
        drawn += [path] if path else []
        parts += [option_section(option, loss, when), image(option) if path else ""]
    return "\n\n".join(filter(None, parts))


def option_section(option: str, loss: Loss | None, when: str) -> str:
    config = OmegaConf.to_container(OmegaConf.load(OPTIONS / f"{option}.yaml"))
    target = config["_target_"]
    cls = locate(target, "loss")
    documented = target.startswith("lossexp.") and loss is not None
    text = docstrings.text(cls) if documented else ""
    sourced = YEAR.search(text) or not YEAR.search(comment(option))
    parts = [
        f"### {option}",
        " · ".join([f"`{target}`", *facts(loss)]),
        "" if text and sourced and targets()[target] == 1 else comment(option),
        text,
        f"**When:** {when}" if when else "",
        parameters(cls, config) if target.startswith("lossexp.") else keras_parameters(config),
    ]
    return "\n\n".join(filter(None, parts))


def facts(loss: Loss | None) -> list[str]:
    """Tasks, labels, outputs and needs, a few words each."""
    if loss is None:
        return []
    link_name = loss.link if isinstance(loss.link, str) else loss.link["name"]
    parts = [
        ", ".join(loss.tasks),
        f"labels {loss.labels}",
        f"{OUTPUTS[loss.num_outputs(100)]} ({link_name})",
    ]
    parts += [f"{loss.head} head"] if loss.head != "linear" else []
    return parts + (["needs class counts"] if loss.needs_counts else [])


def built(option: str) -> Loss | None:
    """The option's loss; None where its config is for the user to fill."""
    try:
        return as_loss(build(OmegaConf.load(OPTIONS / f"{option}.yaml"), "loss"))
    except InputError:
        return None


def targets() -> Counter:
    """How many options each class has."""
    return Counter(OmegaConf.load(path)["_target_"] for path in OPTIONS.glob("*.yaml"))


def parameters(cls: type, config: dict) -> str:
    """A table of the option's own parameters, and the names of shared ones."""
    shown = [key for key in config if key not in NOT_SHOWN]
    own = [key for key in shown if not docstrings.is_shared(cls, key)]
    rows = [row(names, config, meaning) for meaning, names in _by_meaning(cls, own).items()]
    shared = [f"`{key}`" for key in shown if key not in own]
    parts = ["\n".join(["| parameter | in this option | meaning |", "|---|---|---|", *rows])] if rows else []
    return "\n\n".join(parts + ([f"{'Also' if rows else 'Parameters:'} {', '.join(shared)}."] if shared else []))


def row(names: list[str], config: dict, meaning: str) -> str:
    """Parameters with one description."""
    given = (value(config[name]) for name in names)
    return f"| {', '.join(f'`{name}`' for name in names)} | {', '.join(given)} | {cell(meaning)} |"


def _by_meaning(cls: type, names: list[str]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name in names:
        grouped.setdefault(docstrings.meaning(cls, name), []).append(name)
    return grouped


def keras_parameters(config: dict) -> str:
    shown = [f"`{key}: {value(config[key])}`" for key in config if key not in NOT_SHOWN]
    return f"Set to {', '.join(shown)}." if shown else ""


def comment(option: str) -> str:
    """The comment that opens the option's file."""
    lines = (OPTIONS / f"{option}.yaml").read_text().splitlines()
    return " ".join(line.lstrip("# ") for line in lines[: next(i for i, x in enumerate(lines) if x[:1] != "#")])


def value(given: object) -> str:
    if isinstance(given, dict):  # a part that the user names
        return "???"
    return "null" if given is None else str(given).lower() if isinstance(given, bool) else str(given)


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def link(title: str) -> str:
    return f"[{title}](#{slug(title)})"


def slug(title: str) -> str:
    """A heading's anchor."""
    return "".join(c for c in title.lower().replace(" ", "-") if c.isalnum() or c in "-_")


def image(name: str) -> str:
    return f"![{name}](images/losses/{name}.png)"


def picture_name(family: dict) -> str:
    return f"family-{slug(family['title'])}"


def overrides(family: dict) -> str:
    return " ".join(filter(None, [family["drawn"], family.get("settings")]))


if __name__ == "__main__":
    main()
