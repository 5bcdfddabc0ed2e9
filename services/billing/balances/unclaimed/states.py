"""What the states' laws say of a customer's credit that nobody claims, as far as it was read.

Each rule names what it was read in. It holds from the day that the text says, or, where the text
says none, from the day on which it was collected; what an earlier law said is not known here. A
state that is not in the table is unknown: a person asks counsel, and the practice sets its own.

Read, and left out because it does not say enough, or says two things, of a patient's credit:
California (the cut-off is the holder's fiscal year), Connecticut (the letter counts from the
dormancy, Conn. Gen. Stat. 3-65a(a)), Nebraska, New Mexico and North Carolina (a shorter time where
the credit comes of a retail sale), New York (dates that the comptroller prescribes, Abandoned
Property Law 1315), Georgia and Illinois (the law in force was not read).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from services.billing.balances.unclaimed.model import Rule

COLLECTED = date(2026, 2, 15)
"""When the codes were collected of which the text names no day."""

_RULES = (
    Rule(
        state="DC",
        effective_on=date(1998, 3, 20),
        dormancy_months=36,
        cut_off="06-30",
        report_due="10-31",
        letter_from_cents=50_00,
        letter_latest_days=60,
        letter_earliest_days=120,
        source="D.C. Code 41-103(a), (b) (credit balances); 41-117(d), (e)",
    ),
    Rule(
        state="FL",
        effective_on=COLLECTED,
        dormancy_months=60,
        cut_off="12-31",
        report_due="04-30",
        letter_from_cents=50_00,
        letter_latest_days=60,
        letter_earliest_days=120,
        none_below_cents=10_00,
        source="Fla. Stat. 717.102(1); 717.117(3) (credit balances), (5), (6)",
    ),
    Rule(
        state="IA",
        effective_on=date(2023, 12, 23),
        dormancy_months=36,
        cut_off="06-30",
        report_due="10-31",
        letter_from_cents=50_00,
        source="Iowa Code 2024, 556.9(1); 556.11(4), (5)",
    ),
    Rule(
        state="MI",
        effective_on=date(2024, 7, 23),
        dormancy_months=36,
        cut_off="03-31",
        report_due="07-01",
        letter_from_cents=50_00,
        letter_latest_days=60,
        letter_earliest_days=365,
        source="Mich. Comp. Laws 567.223(1); 567.238(4), (5)",
    ),
    Rule(
        state="MO",
        effective_on=date(2015, 1, 1),
        dormancy_months=60,
        cut_off="06-30",
        report_due="10-31",
        letter_from_cents=50_00,
        letter_earliest_days=365,
        source="Mo. Rev. Stat. 447.535(1); 447.536; 447.539",
    ),
    Rule(
        state="MS",
        effective_on=COLLECTED,
        dormancy_months=60,
        cut_off="06-30",
        report_due="10-31",
        letter_from_cents=None,
        source="Miss. Code 89-12-15; 89-12-23",
    ),
    Rule(
        state="OH",
        effective_on=date(2024, 10, 9),
        dormancy_months=36,
        cut_off="06-30",
        report_due="10-31",
        letter_from_cents=50_00,
        letter_latest_days=30,
        source="Ohio Rev. Code 169.03; Ohio Department of Commerce, October 9, 2024 (a patient's "
        "credit: three years without an appointment)",
    ),
    Rule(
        state="PA",
        effective_on=date(2016, 9, 12),
        dormancy_months=36,
        cut_off="12-31",
        report_due="04-15",
        letter_from_cents=50_00,
        letter_latest_days=60,
        letter_earliest_days=120,
        source="72 P.S. 1301.10(1); 1301.10a(a); 1301.11(d)",
    ),
    Rule(
        state="SC",
        effective_on=date(2011, 6, 7),
        dormancy_months=60,
        cut_off="06-30",
        report_due="10-31",
        letter_from_cents=50_00,
        letter_earliest_days=120,
        source="S.C. Code 27-18-30(A); 27-18-180(D), (E)",
    ),
    Rule(
        state="SD",
        effective_on=COLLECTED,
        dormancy_months=36,
        cut_off="06-30",
        report_due="10-31",
        letter_from_cents=50_00,
        source="S.D. Codified Laws 43-41B-1 (credit balances); 43-41B-2; 43-41B-18",
    ),
    Rule(
        state="TX",
        effective_on=date(2017, 9, 1),
        dormancy_months=36,
        cut_off="03-01",
        report_due="07-01",
        letter_from_cents=250_01,
        letter_latest_days=61,
        source="Tex. Prop. Code 72.101(a); 74.101(a); 74.1011(a) (on or before May 1)",
    ),
    Rule(
        state="VA",
        effective_on=COLLECTED,
        dormancy_months=60,
        cut_off="06-30",
        report_due="10-31",
        letter_from_cents=100_00,
        letter_latest_days=60,
        source="Va. Code 55.1-2501; 55.1-2515(A) (credit balances); 55.1-2524",
    ),
    Rule(
        state="WA",
        effective_on=date(2026, 1, 1),
        dormancy_months=36,
        cut_off="06-30",
        report_due="10-31",
        letter_from_cents=50_00,
        letter_latest_days=60,
        letter_earliest_days=180,
        source="RCW 63.30.040(4), (6); 63.30.240(1); 63.30.280(1)",
    ),
    Rule(
        state="WY",
        effective_on=COLLECTED,
        dormancy_months=60,
        cut_off="06-30",
        report_due="11-01",
        letter_from_cents=50_00,
        letter_earliest_days=120,
        source="Wyo. Stat. 34-24-103(a); 34-24-118(d), (e)",
    ),
)
STATES: Mapping[str, Rule] = {rule.state: rule for rule in _RULES}
