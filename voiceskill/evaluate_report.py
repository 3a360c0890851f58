"""An evaluation as tables for a person and as plain values for a program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rich.table import Table

from voiceskill.evaluate_score import (
    Outcome,
    Result,
    Tally,
    asked_for,
    noise_level,
    tally,
)

BREAKDOWNS: dict[str, Callable[[Result], str]] = {
    "set": lambda result: result.case.group.split("/")[0],
    "kind": lambda result: result.case.group,
    "voice": lambda result: result.case.voice,
    "noise": noise_level,
    "intent": asked_for,
}
"""What the figures can be divided by."""

STAGES = ("listen", "recognise", "decide", "total")


@dataclass(frozen=True, slots=True)
class Report:
    """All results of one evaluation, in the order of the cases."""

    results: tuple[Result, ...]

    @property
    def total(self) -> Tally:
        """Counts over everything."""
        return tally(self.results)

    def mistakes(self) -> list[Result]:
        """Every case that did not end right, worst first."""
        order = (
            Outcome.WRONG,
            Outcome.MISSED,
            Outcome.FAILED,
            Outcome.FALSE_ALARM,
            Outcome.REFUSED,
        )
        return sorted(
            (r for r in self.results if r.outcome is not Outcome.RIGHT),
            key=lambda r: order.index(r.outcome),
        )

    def tables(self, breakdowns: tuple[str, ...] = ("set", "voice", "noise")) -> list[Table]:
        """Return the summary, one table per breakdown, and the latencies where timed."""
        tables = [_table("all", {"all": self.total})]
        for name in breakdowns:
            groups = tally(self.results).by(BREAKDOWNS[name])
            if len(groups) > 1:
                tables.append(_table(name, groups))
        latencies = _latencies(self.total)
        return [*tables, latencies] if latencies.row_count else tables

    def mistakes_table(self, limit: int | None = None) -> Table:
        """Return the mistakes, each with what was heard and what came of it."""
        table = Table(title="mistakes", title_justify="left")
        for heading in ("outcome", "case", "said", "heard", "expected", "got", "score", "why"):
            table.add_column(heading, overflow="fold")
        for result in self.mistakes()[:limit]:
            table.add_row(
                result.outcome.value,
                result.case.name,
                result.case.text if result.case.audio else "",
                result.heard,
                "|".join(result.case.accepted) or result.case.expect.value,
                result.red_flag or result.intent or "-",
                f"{result.score:.0f}",
                " ".join(filter(None, (result.cause, result.reason))),
            )
        return table

    def as_json(self) -> dict[str, object]:
        """Return everything as JSON-ready values: figures, breakdowns, and every case."""
        return {
            "all": figures(self.total),
            **{
                f"by_{name}": {k: figures(t) for k, t in self.total.by(key).items()}
                for name, key in BREAKDOWNS.items()
            },
            "cases": [_case(result) for result in self.results],
        }


def figures(counts: Tally) -> dict[str, float | int | None]:
    """Return the figures of a tally; rates are none where nothing was counted."""
    return {
        "cases": len(counts.results),
        "questions": counts.questions,
        "right": counts.right,
        "right_share": _share(counts.right, counts.questions),
        "refused": counts.refused,
        "wrong": counts.wrong,
        "off_topic": counts.off_topic,
        "off_topic_answered": counts.off_topic_answered,
        "off_topic_answered_share": _share(counts.off_topic_answered, counts.off_topic),
        "red_flags": counts.dangers,
        "red_flags_caught": counts.caught,
        "red_flag_recall": _share(counts.caught, counts.dangers),
        "red_flags_named_rightly": counts.named_rightly,
        "failed": counts.failed,
        "false_alarms": counts.false_alarms,
        "false_alarm_share": _share(counts.false_alarms, counts.harmless),
        "answered_wrongly": counts.answered_wrongly,
        "answered_wrongly_share": _share(counts.answered_wrongly, len(counts.results)),
        "cost": counts.cost,
        "word_error_rate": counts.word_error_rate,
        "real_time_factor": counts.real_time_factor,
        **{f"{stage}_seconds_p50": counts.latency(stage, 0.5) for stage in STAGES},
        **{f"{stage}_seconds_p95": counts.latency(stage, 0.95) for stage in STAGES},
    }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _case(result: Result) -> dict[str, object]:
    return {
        "case": result.case.name,
        "set": result.case.group,
        "half": result.case.half.value,
        "voice": result.case.voice,
        "noise": noise_level(result),
        "text": result.case.text,
        "expected": result.case.expect.value,
        "accepted": list(result.case.accepted),
        "outcome": result.outcome.value,
        "heard": result.heard,
        "intent": result.intent,
        "red_flag": result.red_flag,
        "reason": result.reason,
        "cause": result.cause.value if result.cause else None,
        "score": result.score,
        "word_errors": result.word_errors,
        "words": result.words,
        "audio_seconds": result.audio_seconds,
        "stage_seconds": result.stage_seconds,
    }


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} % ({part}/{whole})" if whole else "-"


def _table(title: str, groups: dict[str, Tally]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(title, no_wrap=True)
    for heading in (
        "right intent",
        "refused",
        "wrong",
        "off-topic answered",
        "red flags caught",
        "false alarms",
        "word errors",
        "real-time factor",
        "cost",
    ):
        table.add_column(heading, justify="right")
    for name, counts in groups.items():
        errors, factor = counts.word_error_rate, counts.real_time_factor
        table.add_row(
            name,
            _percent(counts.right, counts.questions),
            _percent(counts.refused, counts.questions),
            _percent(counts.wrong, counts.questions),
            _percent(counts.off_topic_answered, counts.off_topic),
            _percent(counts.caught, counts.dangers),
            _percent(counts.false_alarms, counts.harmless),
            "-" if errors is None else f"{100 * errors:.1f} %",
            "-" if factor is None else f"{factor:.3f}",
            str(counts.cost),
        )
    return table


def _latencies(counts: Tally) -> Table:
    table = Table(title="seconds per case", title_justify="left")
    for heading in ("stage", "median", "p95"):
        table.add_column(heading, justify="left" if heading == "stage" else "right")
    for stage in STAGES:
        middle, late = counts.latency(stage, 0.5), counts.latency(stage, 0.95)
        if middle is not None and late is not None:
            table.add_row(stage, f"{middle:.4f}", f"{late:.4f}")
    return table
