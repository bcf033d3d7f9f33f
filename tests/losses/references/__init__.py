"""Formulas of the classification losses, one module per family; each lists its `CASES`."""

import importlib
import pkgutil

CASES = [
    case
    for module in pkgutil.iter_modules(__path__, __name__ + ".")
    for case in importlib.import_module(module.name).CASES
]
