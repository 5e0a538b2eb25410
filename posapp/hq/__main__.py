"""`python -m posapp.hq ...`: the same as `posapp hq ...`."""

from __future__ import annotations

import sys

from posapp.hq.commands import main

if __name__ == "__main__":
    sys.exit(main())
