"""Where MLflow's pages show runs."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from lossexp.tracking.uri import is_server, ui_command, without_password


def where(uri: str, experiment_id: str | None, run_id: str | None) -> str:
    """What to type, or open, to look at a run, or all of them; empty for a server that has not answered."""
    if not is_server(uri):
        return ui_command(uri)
    if experiment_id is None:
        return ""
    address = f"{without_password(uri).rstrip('/')}/#/experiments/{experiment_id}"
    return f"{address}/runs/{run_id}" if run_id else address


def page(experiment_id: str | None, tags: Mapping[str, str], metric: str, ascending: bool) -> str:
    """See `Tracker.page`; empty for a store that has not answered."""
    if experiment_id is None:
        return ""
    # Without an order of its own the page would show the parents of these runs, and the runs only on a click.
    order = {"orderByKey": f"metrics.`{metric}`", "orderByAsc": str(ascending).lower()}
    condition = " and ".join(f"tags.`{name}` = '{value}'" for name, value in tags.items())
    query = {"workflowType": "machine_learning", "searchFilter": condition, **order}
    return f"#/experiments/{experiment_id}/runs?{urlencode(query, quote_via=quote)}"
