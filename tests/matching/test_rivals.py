"""Why an offer stands before another: where the points between them come from, in words."""

from types import SimpleNamespace

from django.utils import translation

from matching.selectors.terms import LINE_TERMS, rival_words

WEIGHTS = {
    "fit": 30.0,
    "price": 15.0,
    "lead_time": 15.0,
    "capacity": 10.0,
    "proximity": 15.0,
    "role": 5.0,
    "trust": 10.0,
}


def offer(rank: int, **terms: float) -> SimpleNamespace:
    return SimpleNamespace(rank=rank, **{key: terms.get(key, 0.5) for key in LINE_TERMS})


def test_the_best_is_told_against_the_second_and_the_others_against_the_best() -> None:
    first, second = offer(1, fit=0.8, lead_time=0.6, proximity=0.4), offer(2)
    with translation.override("en"):
        assert rival_words(first, second, "Second", WEIGHTS) == (
            "9.0 points ahead of number 2, Second; better: Fit +9.0, Lead time +1.5; worse: Proximity −1.5"
        )
        assert rival_words(second, first, "First", WEIGHTS).startswith(
            "9.0 points behind number 1, First; better: "
        )
    with translation.override("zh-hans"):
        assert (
            rival_words(first, second, "乙厂", WEIGHTS)
            == "比第 2 名（乙厂）高 9.0 分；胜在：契合 +9.0、交期 +1.5；不及：距离 −1.5"
        )


def test_at_most_three_terms_are_named_and_dust_is_not() -> None:
    with translation.override("en"):
        words = rival_words(
            offer(1, fit=0.6, price=0.6, lead_time=0.6, capacity=0.6), offer(2, trust=0.501), "B", WEIGHTS
        )
        assert "Capacity" not in words
        assert "worse" not in words
        assert rival_words(offer(1), offer(2), "B", WEIGHTS) == "level with number 2, B"
