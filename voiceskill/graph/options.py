"""What can be tuned about a graph."""

from __future__ import annotations

import msgspec


class GraphOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Options of the graph compiler. Costs are negative natural logarithms, added along a path.

    Unknown words were tuned with ``benchmarks/refusal_by_ear.py`` on 57 questions and 46 other
    sentences by two development voices that the model never heard (Kokoro am_eric and bf_alice),
    clean, model en-cramp, 2,000 words, 2026-11-22, 2-core x86-64 virtual machine:

    ====================  ===========  ================  ========================
    .                     word errors  questions: no     other sentences: no
                                       ``<unk>``         ``<unk>`` / known words
    ====================  ===========  ================  ========================
    no unknown words         12.4 %        100.0 %          100.0 % / 92.2 %
    the defaults             13.6 %         94.7 %           19.6 % / 25.5 %
    entry cost 12            11.2 %        100.0 %           47.8 % / 53.1 %
    ====================  ===========  ================  ========================

    With a phone scale of 0.4 or 0.5, or a phone trigram, nothing tried was better on one count
    without being clearly worse on the other.
    """

    order: int = 3
    """Length of the longest n-gram, 2 or 3."""
    discount: float = 0.7
    """Kneser-Ney discount ``D``; larger trusts the shorter histories more."""
    least_trigram_count: int = 1
    """Trigrams seen less often than this are left to the backoff."""
    silence_cost: float = 0.7
    """Of a silence between two words."""
    blank_cost: float = 0.08
    """Of each blank frame inside a word, so that a long pause goes to silence, which costs none
    and which the endpointer sees."""
    unseen_pair_cost: float = 3.0
    """Added where two words follow each other that never do in the content, if ``unknown``."""
    unknown: bool = True
    """Whether speech outside the content can come out as ``<unk>``."""
    unknown_entry_cost: float = 9.0
    """Of the first unknown word after known ones or at the start."""
    unknown_again_cost: float = 0.0
    """Of each further unknown word in a row."""
    unknown_phone_scale: float = 0.7
    """What the phone model's costs inside an unknown word are multiplied by."""
    unknown_phone_order: int = 2
    """Length of the longest phone n-gram inside an unknown word, 2 or 3."""
    unknown_least_count: int = 4
    """Phone n-grams seen less often than this in the dictionary are left to the backoff."""
    pronunciations: dict[str, list[str]] = {}
    """Pronunciations by the content's author in ARPAbet, such as ``{"voltarol": ["V OW L"]}``."""
