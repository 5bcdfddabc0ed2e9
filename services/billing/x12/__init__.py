"""X12 005010 as billing speaks it: pure codecs, from bytes to frozen dataclasses and back.

Nothing here does I/O beyond reading the stream it is given. Guides: 837P X222A1, 999 X231A1,
277CA X214, 276 and 277 X212, 835 X221A1, 270 and 271 X279A1; TA1 X12.5.
"""

from services.billing.x12.adjustments import AdjustmentMeaning, meaning_of
from services.billing.x12.answer_codes import StatusMeaning, in_words, meaning_of_status
from services.billing.x12.characters import plain_text
from services.billing.x12.eligibility import (
    AnsweredPerson,
    Benefit,
    EligibilityAnswer,
    Rejection,
)
from services.billing.x12.errors import RefusedElementError, X12Error
from services.billing.x12.identify import TransactionName, identify, name_of
from services.billing.x12.provider_adjustments import (
    ProviderAdjustmentMeaning,
    meaning_of_provider_adjustment,
)
from services.billing.x12.read_271 import read_271
from services.billing.x12.read_277 import StatusAnswer, ToldStatus, read_277
from services.billing.x12.read_277ca import BatchStatus, ClaimStatus, Status, read_277ca
from services.billing.x12.read_835 import read_835
from services.billing.x12.read_837p import read_837p, read_batches
from services.billing.x12.read_999 import GroupAnswer, TransactionAnswer, read_999
from services.billing.x12.read_ta1 import InterchangeAnswer, read_ta1
from services.billing.x12.remittance import (
    ProviderAdjustment,
    Remittance835Event,
    RemittanceHeader,
    RemittanceTrailer,
    RemittedAdjustment,
    RemittedClaim,
    RemittedLine,
    Unbalanced,
)
from services.billing.x12.write_270 import write_270
from services.billing.x12.write_837p import write_837p

__all__ = [
    "AdjustmentMeaning",
    "AnsweredPerson",
    "BatchStatus",
    "Benefit",
    "ClaimStatus",
    "EligibilityAnswer",
    "GroupAnswer",
    "InterchangeAnswer",
    "ProviderAdjustment",
    "ProviderAdjustmentMeaning",
    "RefusedElementError",
    "Rejection",
    "Remittance835Event",
    "RemittanceHeader",
    "RemittanceTrailer",
    "RemittedAdjustment",
    "RemittedClaim",
    "RemittedLine",
    "Status",
    "StatusAnswer",
    "StatusMeaning",
    "ToldStatus",
    "TransactionAnswer",
    "TransactionName",
    "Unbalanced",
    "X12Error",
    "identify",
    "in_words",
    "meaning_of",
    "meaning_of_provider_adjustment",
    "meaning_of_status",
    "name_of",
    "plain_text",
    "read_271",
    "read_277",
    "read_277ca",
    "read_835",
    "read_837p",
    "read_999",
    "read_batches",
    "read_ta1",
    "write_270",
    "write_837p",
]
