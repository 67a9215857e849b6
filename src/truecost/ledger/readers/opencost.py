"""GPU hours of a Kubernetes cluster by OpenCost (or Kubecost): pages of /allocation, and its CSV.

A row is what one allocation (a pod, a namespace, idle nodes) had of the cluster in a window. Only its GPUs
are counted: CPU, memory and disks of the same pod are not in it. `gpuCost` with its adjustment is the
amount; OpenCost writes 0 where it has no price for the GPU, which is unknown, so the hours are priced by
what such a chip rents for. The CSV tells a mean number of GPUs and no hours, so there it is the amount
alone.
Source: https://opencost.io/docs/integrations/api, seen 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from truecost.ledger.readers.buckets import identity
from truecost.ledger.readers.chips import AtFirstUse, instance_chip, instance_cloud, named_chip
from truecost.ledger.readers.counts import labels
from truecost.ledger.readers.reader import LABELS, TEXT, Reader, Record, quoted

_LABELS_OF_CHIPS = (
    "nvidia_com_gpu_product",
    "cloud_google_com_gke_accelerator",
    "gpu_product",
    "accelerator",
)
_LABELS_OF_NODES = ("node_kubernetes_io_instance_type", "beta_kubernetes_io_instance_type", "instance_type")
_OWN = (
    "name", "start", "end", "Date", "namespace", "cluster", "node", "controller", "controllerName", "pod",
    "container", "gpuHours", "gpu_hours", "gpuCost", "gpu_cost", "gpuCostAdjustment", "GPUs", "gpuModel",
    "gpu_model", "gpuType", "gpu_type", "gpu", "nodeType", "node_type", "instanceType", "instance_type",
    "provider", "region", "user", "customer", "feature", "task", "labels",
)  # fmt: skip
_PROPERTIES = (
    'STRUCT("cluster" VARCHAR, "node" VARCHAR, "namespace" VARCHAR, "controller" VARCHAR, "pod" VARCHAR,'
    f' "container" VARCHAR, "providerID" VARCHAR, "labels" {LABELS})'
)
_ALLOCATION = {
    **dict.fromkeys(_OWN, TEXT),
    "window": 'STRUCT("start" VARCHAR, "end" VARCHAR)',
    "properties": _PROPERTIES,
    "gpuAllocation": 'STRUCT("gpuModel" VARCHAR, "gpuDevice" VARCHAR)',
}
_TYPED = ", ".join(f"{quoted(one)} {kind}" for one, kind in _ALLOCATION.items())
_SPELLED = ", ".join(quoted(one) for one in _ALLOCATION)
RELATION = f"""
SELECT line, {_SPELLED} FROM lines WHERE data IS NULL
UNION ALL
SELECT line, {", ".join(f"one.{quoted(name)}" for name in _ALLOCATION)} FROM (
    SELECT line, unnest(map_values(step)) AS one FROM (SELECT line, unnest(data) AS step FROM lines)
)
"""
"""SQL of the allocations of a page: `data` has a map of them for each step of the window."""


def _claims(record: Record) -> bool:
    if isinstance(record.get("data"), list):
        return any("gpuHours" in one and "cpuCoreHours" in one for one in _allocations(record["data"]))
    names = {name.lower() for name in record}
    who = {"namespace", "pod", "node", "cluster", "controller", "controllername"}
    counted = {"gpuhours", "gpu_hours", "gpucost", "gpu_cost"} & names
    return bool(counted and who & names) or {"name", "gpuhours"} <= names


def _allocations(steps: list[Any]) -> Iterator[Record]:
    for step in steps:
        for one in cast("Record", step).values() if isinstance(step, dict) else ():
            if isinstance(one, dict):
                yield cast("Record", one)


def _first(*given: str) -> str:
    return f"coalesce({', '.join(f'nullif({one}, {chr(39) * 2})' for one in given)})"


def _label(*names: str) -> str:
    """SQL of the first of several labels, of the page or of a column of JSON."""
    own = "TRY_CAST(TRY_CAST(labels AS JSON) AS MAP(VARCHAR, VARCHAR))"
    found = [f"{of}['{name}']" for name in names for of in ("properties.labels", own)]
    return f"coalesce({', '.join(found)})"


_HOURS = _first('"gpuHours"', '"gpu_hours"')
_COST = _first('"gpuCost"', '"gpu_cost"')
_NAMESPACE = _first("namespace", "properties.namespace")
_CLUSTER = _first("cluster", "properties.cluster")
_CONTROLLER = _first("controller", '"controllerName"', "properties.controller")
_START = _first('"start"', '"window"."start"', '"Date"')
_END = _first('"end"', '"window"."end"')
_CHIP = _first(
    '"gpuAllocation"."gpuModel"', '"gpuModel"', '"gpu_model"', '"gpuType"', '"gpu_type"', '"gpu"',
    _label(*_LABELS_OF_CHIPS),
)  # fmt: skip
_NODE = _first('"nodeType"', '"node_type"', '"instanceType"', '"instance_type"', _label(*_LABELS_OF_NODES))
_WHO = ("name", _NAMESPACE, _CLUSTER, _CONTROLLER, _first("pod", "properties.pod"))
_WHERE = (_first("container", "properties.container"), _first("node", "properties.node"), _CHIP, _NODE)
_AMOUNT = (
    f"CASE WHEN TRY_CAST({_COST} AS DECIMAL(38, 15)) IS NULL THEN {_COST} ELSE CAST(nullif(TRY("
    f'CAST({_COST} AS DECIMAL(38, 15)) + coalesce(TRY_CAST("gpuCostAdjustment" AS DECIMAL(38, 15)), 0)), 0)'
    " AS VARCHAR) END"
)


def _columns() -> dict[str, str]:
    kept = (
        ("namespace", _NAMESPACE),
        ("cluster", _CLUSTER),
        ("team", _label("team")),
        ("project", _label("project")),
    )
    node = f"coalesce({_NODE}, {_CHIP})"
    return {
        "ts": _START,
        "provider": f"coalesce(lower({_first('provider')}), {instance_cloud(node)},"
        " CASE split_part(properties.providerID, ':', 1) WHEN 'aws' THEN 'aws' WHEN 'gce' THEN 'google'"
        " WHEN 'azure' THEN 'azure' END)",
        "model": f"coalesce({instance_chip(node)}, {named_chip(_CHIP)}, {named_chip(_NODE)},"
        f" {_CHIP}, {_NODE})",
        "request_id": f"CASE WHEN coalesce({', '.join(_WHO)}) IS NOT NULL THEN"
        f" {identity('allocation', (_START, _END, *_WHO, *_WHERE))} END",
        "chip_hours": _HOURS,
        "stated_usd": _AMOUNT,
        "kind": "'fleet'",
        "region": "region",
        "user": f"coalesce({_first('user')}, {_label('user')})",
        "customer": f"coalesce({_first('customer')}, {_label('customer')})",
        "feature": f"coalesce({_first('feature')}, {_label('feature', 'app', 'app_kubernetes_io_name')},"
        f" {_CONTROLLER}, {_NAMESPACE}, {_first('name')})",
        "task": f"coalesce({_first('task')}, {_label('task')})",
        "tags": labels(kept),
    }


def _used(count: str) -> str:
    """SQL: whether a count is told and not 0, or is no number, which is told later."""
    return f"coalesce(TRY_CAST({count} AS DOUBLE) <> 0, {count} IS NOT NULL)"


READER = Reader(
    name="opencost",
    what="GPU hours of a cluster by OpenCost, JSON of its API or CSV; what has no GPU is passed over",
    fields={**_ALLOCATION, "data": f"MAP(VARCHAR, STRUCT({_TYPED}))[]"},
    columns=AtFirstUse(_columns),
    mine=f"{_used(_HOURS)} OR {_used(_COST)} OR {_used(_first('GPUs'))}",
    claims=_claims,
    lines="SELECT *",
    relation=RELATION,
    taken=f"data IS NOT NULL OR coalesce({_HOURS}, {_COST}) IS NOT NULL",
    table=True,
    sums=True,
)
