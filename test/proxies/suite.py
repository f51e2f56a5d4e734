#!/usr/bin/env python3
"""Real proxies between clients and a server of ours, configured as docs/deploy.md says.

    suite.py PROXIED_SERVER [NAME...]    with names of proxies or of cases, only those"""

import concurrent.futures
import sys

import endings
import streams
from proxies import PROXIES

#: All proxies go through a case side by side, but through this one alone, since it measures.
ALONE = streams.one_by_one
#: This one goes on beside all others.
BESIDE = streams.idle
CASES = (ALONE, streams.resumed, streams.torn, streams.forwarded, streams.named, endings.leaving, endings.draining, endings.closing, BESIDE)


def chosen(from_all, names):
    """Those with these names; all, if none has one."""
    return [each for each in from_all if each.__name__ in names] or list(from_all)


def failure(case, kind, program):
    """What is wrong, or None."""
    try:
        case(kind, program)
    except Exception as problem:  # whatever it is, the other cases go on
        return f"{type(problem).__name__}: {problem}"
    return None


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    program, names = sys.argv[1], sys.argv[2:]
    cases, kinds = chosen(CASES, names), chosen(PROXIES, names)
    skipped = [kind for kind in kinds if not kind.installed()]
    for kind in skipped:
        print(f"skipped {kind.__name__}: not installed")
    kinds = [kind for kind in kinds if kind not in skipped]

    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(2 * len(PROXIES)) as pool:

        def begin(case, kind):
            return case, kind, pool.submit(failure, case, kind, program)

        beside = [begin(BESIDE, kind) for kind in kinds] if BESIDE in cases else []
        for case in [case for case in cases if case is not BESIDE] + [BESIDE]:
            if case is BESIDE:
                results = beside
            elif case is ALONE:
                results = []
                for kind in kinds:
                    results.append(begin(case, kind))
                    results[-1][2].result()
            else:
                results = [begin(case, kind) for kind in kinds]
            for case, kind, result in results:
                problem = result.result()
                passed += problem is None
                failed += problem is not None
                if problem:
                    print(f"FAILED: behind {kind.__name__}: {case.__name__}: {problem}", flush=True)
    print(f"{passed} passed, {failed} failed, {len(skipped) * len(cases)} skipped")
    return failed > 0 or passed == 0


if __name__ == "__main__":
    sys.exit(main())
