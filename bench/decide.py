"""One decision in Python, with its reason, against a set look-up and against a policy engine (cedarpy)."""

from __future__ import annotations

import random
import sys

from bench.support import ROOT, Result, best_of

PERSONS = {"small": 20_000, "large": 200_000}
REASK = 3


def main(size: str) -> None:
    from tillit.policy.decide import decide
    from tillit.policy.load import load
    from tillit.policy.rules import PersonState, compile_rules

    rules = compile_rules(load((ROOT / "policies" / "smart-media-solutions.yaml").read_text()))
    rule = rules["marketing.email"]
    rng = random.Random(1)
    bit = 1 << rule.bit
    persons = [
        PersonState(
            rng.choice((0, 1, 2, 4, 5)), 1, rng.choice((0, 0, 0, 1, 2)), rng.choice((0, bit)), rng.choice((0, 0, bit))
        )
        for _ in range(PERSONS[size])
    ]
    ours_s, decisions = best_of(REASK, lambda: [decide(rule, person) for person in persons])
    keys = [hash(person) for person in persons]
    members = set(keys[::2])
    set_s, _ = best_of(REASK, lambda: [key in members for key in keys])
    cedar_us, cedar_permits = _cedar(rule, persons[:200])
    ours_us = ours_s / len(persons) * 1e6

    result = Result("decide")
    result.check("every decision has a reason", all(decision.reason for decision in decisions))
    result.check("some are permitted, some are not", 0 < sum(d.permitted for d in decisions) < len(decisions))
    result.check("cedarpy decides alike", cedar_permits == [d.permitted for d in decisions[:200]])
    result.row("Tillit, with reason", f"{ours_us:.2f} µs", "1")
    result.row("look-up in a set", f"{set_s / len(persons) * 1e6:.3f} µs", f"{ours_s / set_s:.0f} × as long")
    result.row("cedarpy, policies parsed", f"{cedar_us:.1f} µs", f"{cedar_us / ours_us:.0f} × slower than Tillit")
    result.figures = {"decide_us": ours_us, "set_us": set_s / len(persons) * 1e6, "cedarpy_us": cedar_us}
    result.show()


def _cedar(rule: object, persons: list) -> tuple[float, list[bool]]:
    """Time one authorisation of cedarpy, with the same rule written as a Cedar policy."""
    import cedarpy

    defaults = [region for region in range(31) if rule.default_regions >> region & 1]
    consents = [region for region in range(31) if rule.consent_regions >> region & 1]
    policy = """permit(principal, action == Action::"send", resource) when {
        !context.restricted && !context.unreachable && ((context.region_default && !context.refused)
        || (context.region_consent && context.granted && !context.refused)) };"""
    requests = [
        {
            "principal": 'Person::"p"',
            "action": 'Action::"send"',
            "resource": 'Purpose::"marketing"',
            "context": {
                "restricted": bool(person.flags & 1),
                "unreachable": bool(person.flags & 2),
                "region_default": person.region in defaults,
                "region_consent": person.region in consents,
                "granted": bool(person.granted >> rule.bit & 1),
                "refused": bool(person.refused >> rule.bit & 1),
            },
        }
        for person in persons
    ]
    parsed = cedarpy.PolicySet.from_str(policy)
    answers = [cedarpy.is_authorized(request, parsed, []).allowed for request in requests]
    seconds, _ = best_of(REASK, lambda: [cedarpy.is_authorized(request, parsed, []) for request in requests])
    return seconds / len(requests) * 1e6, answers


if __name__ == "__main__":
    main(sys.argv[sys.argv.index("--size") + 1] if "--size" in sys.argv else "small")
