"""The figures of the scorecard. Everything belongs to the month of the visit (decision 5)."""

from __future__ import annotations

from decimal import Decimal

from services.analytics.figures.model import Figure, Part, Target, part_of, percent, ratio
from services.analytics.figures.work import WORK

MAP_KEYS = (
    "HFMA MAP Keys and MGMA benchmarks, as vendors of billing software quote them (November 2026)"
)

CHARGES = part_of("charges", "charges", "cents", charge_cents=1)
PAID = part_of(
    "paid", "payments from payers and patients", "cents", paid_cents=1, patient_paid_cents=1
)
ADJUSTED = part_of("adjusted", "contractual adjustments", "cents", adjusted_cents=1)
ADJUDICATED = part_of("adjudicated", "payers' decisions on claims", "count", adjudicated=1)

_OPEN = {
    "charge_cents": 1,
    "paid_cents": -1,
    "adjusted_cents": -1,
    "patient_cents": -1,
    "written_off_cents": -1,
}

FIGURES: tuple[Figure, ...] = (
    Figure(
        name="charges",
        label="Charges",
        unit="cents",
        group="money",
        formula="the charges of the month's visits",
        worded="{charges} charged",
        definition="What was charged for the visits of the month, at the practice's fee schedule.",
        parts=(CHARGES,),
        work_out=lambda r: r.parts["charges"],
    ),
    Figure(
        name="collections",
        label="Collections",
        unit="cents",
        group="money",
        formula="payments posted − payments taken back",
        worded="{paid} paid, net of what was taken back",
        definition="What payers and patients have paid so far for the visits of the month, "
        "whenever the money came. A patient's money counts when a claim takes it.",
        parts=(PAID,),
        work_out=lambda r: r.parts["paid"],
    ),
    Figure(
        name="adjusted",
        label="Adjusted",
        unit="cents",
        group="money",
        formula="contractual adjustments posted − adjustments taken back",
        worded="{adjusted} adjusted",
        definition="What payers' contracts, or corrections, take off the charges of the month.",
        parts=(ADJUSTED,),
        work_out=lambda r: r.parts["adjusted"],
    ),
    Figure(
        name="patient_share",
        label="Patients' share",
        unit="cents",
        group="money",
        formula="what payers leave to patients + charges of visits without a payer",
        worded="{patient} is the patients' to pay",
        definition="Copayments, deductibles and coinsurance (adjustment group PR), and the whole "
        "charge of a visit that the patient pays.",
        parts=(part_of("patient", "patients' share", "cents", patient_cents=1),),
        work_out=lambda r: r.parts["patient"],
    ),
    Figure(
        name="written_off",
        label="Written off",
        unit="cents",
        group="money",
        formula="balances given up − those taken back",
        worded="{written_off} was given up",
        definition="What was given up of the month's charges: bad debt, charity care, small "
        "balances, and claims lost by own fault. What payers' contracts take off is not in it.",
        parts=(part_of("written_off", "written off", "cents", written_off_cents=1),),
        work_out=lambda r: r.parts["written_off"],
    ),
    Figure(
        name="open",
        label="Open",
        unit="cents",
        group="money",
        formula="charges − paid − adjusted − patients' share − written off",
        worded="{open} is still open",
        definition="What no payer has decided yet of the month's charges, or has refused and is "
        "still worked on.",
        parts=(Part("open", "open of the month's charges", "cents", _OPEN),),
        work_out=lambda r: r.parts["open"],
    ),
    Figure(
        name="management_fee",
        label="MSO fee",
        unit="cents",
        group="money",
        formula="fees accrued − fees taken back",
        worded="{fee} accrued, net of what was taken back",
        definition="What the MSO has earned under its agreement from the payments for the month's "
        "visits.",
        parts=(part_of("fee", "management fee", "cents", fee_cents=1),),
        work_out=lambda r: r.parts["fee"],
    ),
    Figure(
        name="net_collection_rate",
        label="Net collection rate",
        unit="percent",
        group="quality",
        formula="payments ÷ (charges − contractual adjustments)",
        worded="{paid} paid ÷ {collectable} collectable",
        definition="The share of what may be collected that has been, from payers and patients; a "
        "recent month is low until its claims are decided and its patients have paid.",
        parts=(
            PAID,
            Part(
                "collectable",
                "charges less contractual adjustments",
                "cents",
                {"charge_cents": 1, "adjusted_cents": -1},
            ),
        ),
        work_out=lambda r: percent(r.parts["paid"], r.parts["collectable"]),
        target=Target("at least 95%", MAP_KEYS, "higher", Decimal(95)),
    ),
    Figure(
        name="denial_rate",
        label="Denial rate",
        unit="percent",
        group="quality",
        formula="denied claims ÷ claims that payers decided",
        worded="{denied} denied ÷ {adjudicated} decided",
        definition="How many of the payers' decisions refused the whole claim. A claim that is "
        "decided again counts again.",
        parts=(part_of("denied", "denied claims", "count", denied=1), ADJUDICATED),
        work_out=lambda r: percent(r.parts["denied"], r.parts["adjudicated"]),
        target=Target(
            "under 5%",
            MAP_KEYS,
            "lower",
            Decimal(5),
            Decimal(10),
            inclusive=False,
            warning="over 10% is a warning",
        ),
    ),
    Figure(
        name="clean_claim_rate",
        label="Clean-claim rate",
        unit="percent",
        group="quality",
        formula="claims settled on first pass ÷ claims that payers decided",
        worded="{clean} clean ÷ {adjudicated} decided",
        definition="How many of the payers' decisions settled a claim that they had never held "
        "back, with no line denied.",
        parts=(part_of("clean", "clean claims", "count", clean=1), ADJUDICATED),
        work_out=lambda r: percent(r.parts["clean"], r.parts["adjudicated"]),
        target=Target("at least 95%", MAP_KEYS, "higher", Decimal(95)),
    ),
    Figure(
        name="days_in_ar",
        label="Days in A/R",
        unit="days",
        group="quality",
        formula="open receivable of all months up to this one ÷ average daily charges",
        worded="{open_to_date} open ÷ ({charges_3m} charged ÷ {days} days)",
        definition="How many days of charges are still open. Average daily charges are those of "
        "the three service months that end with this one, over the calendar days of those of them "
        "in which anything was charged.",
        parts=(
            Part("open_to_date", "open of all months up to this one", "cents", _OPEN, "to-date"),
            part_of(
                "charges_3m", "charges of the three months", "cents", "three-months", charge_cents=1
            ),
        ),
        work_out=lambda r: ratio(r.parts["open_to_date"] * r.days, r.parts["charges_3m"]),
        target=Target(
            "30 to 40 days",
            MAP_KEYS,
            "lower",
            Decimal(40),
            Decimal(50),
            warning="over 50 is a warning",
        ),
    ),
    *WORK,
)

BY_NAME = {figure.name: figure for figure in FIGURES}
