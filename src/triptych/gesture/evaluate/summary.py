"""Metrics in a few lines for people."""

from collections.abc import Mapping
from typing import Any


def summary(metrics: Mapping[str, Any]) -> str:
    """One line a number, with its interval."""
    lines = []
    for name in ("macro_f1", "sign_seen_where_none", "hands_found", "sure_faces_found"):
        if name in metrics:
            low, high = metrics[f"{name}_ci95"]
            lines.append(f"{name:24} {metrics[name]:.3f}  [{low:.3f}, {high:.3f}]")
    if "events" in metrics:
        events = metrics["events"]
        low, high = events["recall_ci95"]
        lines.append(f"{'events found':24} {events['recall']:.3f}  [{low:.3f}, {high:.3f}]")
        low, high = events["in_time_ci95"]
        lines.append(f"{'events within 0.8 s':24} {events['in_time']:.3f}  [{low:.3f}, {high:.3f}]")
        lines.append(f"{'wrong events':24} {events['wrong']}")
        lines.append(f"{'time to trigger (s)':24} {events['time_to_trigger_s']:.2f}")
        lines.append(f"{'time to clear (s)':24} {events['time_to_clear_s']:.2f}")
        low, high = metrics["false_activations_per_hour_ci95"]
        rate = metrics["false_activations_per_hour"]
        lines.append(f"{'false activations / h':24} {rate:.2f}  [{low:.2f}, {high:.2f}]")
        for kind, row in metrics["false_by_kind"].items():
            lines.append(f"  {kind:22} {row['false']} in {row['hours'] * 60:.1f} minutes")
    return "\n".join(lines)
