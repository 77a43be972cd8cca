"""Names for annotations that `typing` has in newer versions of Python only."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self
elif sys.version_info >= (3, 11):
    from typing import Self
else:
    from typing import Any as Self

__all__ = ["Self"]
