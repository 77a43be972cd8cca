"""Pays wages once each, however often it is killed: `wages.py <journal> <callback URL> <number of wages>`.

The journal is the path of a SQLite file, or a URL that begins with `postgresql://`.
Ends when every wage is paid, or its outcome cannot be found out by this program.
"""

from __future__ import annotations

import sys
import time

from kopokopo import Destination, InProgressError, KopoKopo, KopoKopoError, OutcomeUnknownError
from stores import journal_at


def main() -> None:
    place, callback_url, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    k2 = KopoKopo.from_env(journal=journal_at(place)).with_options(timeout=2.0, max_retries=0)
    left = set(range(1, count + 1))
    unknown: set[int] = set()
    while left:
        for wage in sorted(left):
            try:
                k2.send_money.create(
                    idempotency_key=f"wage-{wage}",
                    destinations=[
                        Destination.MobileWallet(
                            phone_number=f"+254722{100000 + wage}",
                            amount=wage,
                            description="Wages",
                            network="Safaricom",
                        )
                    ],
                    callback_url=callback_url,
                )
                left.discard(wage)
            except OutcomeUnknownError:
                # The result, if there is one, arrives within the second pass.
                if wage in unknown:
                    left.discard(wage)
                unknown.add(wage)
            except InProgressError:
                pass
            except KopoKopoError as error:
                print(error.kind, file=sys.stderr)
        time.sleep(0.5)


main()
