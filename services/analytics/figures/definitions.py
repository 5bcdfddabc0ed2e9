"""The figures of the scorecard. Everything belongs to the month of the visit (decision 5)."""

from __future__ import annotations

from decimal import Decimal

from services.analytics.figures.model import Figure, Part, Target, Unit, percent, ratio

MAP_KEYS = (
    "HFMA MAP Keys and MGMA benchmarks, as vendors of billing software quote them (November 2026)"
)


def _one(name: str, label: str, unit: Unit, **counters: int) -> Part:
    return Part(name, label, unit, counters)


CHARGES = _one("charges", "charges", "cents", charge_cents=1)
PAID = _one("paid", "payments from payers", "cents", paid_cents=1)
ADJUSTED = _one("adjusted", "contractual adjustments", "cents", adjusted_cents=1)
ADJUDICATED = _one("adjudicated", "payers' decisions on claims", "count", adjudicated=1)

_OPEN = {"charge_cents": 1, "paid_cents": -1, "adjusted_cents": -1, "patient_cents": -1}

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
        definition="What payers have paid so far for the visits of the month, whenever the money "
        "came. Patients' own payments are not posted yet.",
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
        parts=(_one("patient", "patients' share", "cents", patient_cents=1),),
        work_out=lambda r: r.parts["patient"],
    ),
    Figure(
        name="open",
        label="Open",
        unit="cents",
        group="money",
        formula="charges − paid − adjusted − patients' share",
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
        parts=(_one("fee", "management fee", "cents", fee_cents=1),),
        work_out=lambda r: r.parts["fee"],
    ),
    Figure(
        name="net_collection_rate",
        label="Net collection rate",
        unit="percent",
        group="quality",
        formula="payments ÷ (charges − contractual adjustments)",
        worded="{paid} paid ÷ {collectable} collectable",
        definition="The share of what may be collected that has been. Patients' own payments are "
        "not posted yet, so their share counts as not collected; a recent month is low until its "
        "claims are decided.",
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
        parts=(_one("denied", "denied claims", "count", denied=1), ADJUDICATED),
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
        parts=(_one("clean", "clean claims", "count", clean=1), ADJUDICATED),
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
            Part(
                "charges_3m",
                "charges of the three months",
                "cents",
                {"charge_cents": 1},
                "three-months",
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
    Figure(
        name="encounters",
        label="Encounters",
        unit="count",
        group="work",
        formula="the visits of the month",
        worded="{encounters} visits",
        definition="Visits that are complete and were sent to be billed.",
        parts=(_one("encounters", "visits", "count", encounters=1),),
        work_out=lambda r: r.parts["encounters"],
    ),
    Figure(
        name="patients",
        label="Patients",
        unit="count",
        group="work",
        formula="the patients who had a visit",
        worded="{patients} patients",
        definition="Each patient once, under whichever charts the visits came: charts that were "
        "merged are one patient, and two again once they are parted.",
        parts=(_one("patients", "patients", "count", patients=1),),
        work_out=lambda r: r.parts["patients"],
    ),
    Figure(
        name="video_share",
        label="Visits by video",
        unit="percent",
        group="work",
        formula="visits by video ÷ visits",
        worded="{video_visits} by video ÷ {encounters} visits",
        definition="How many of the month's visits were telehealth: their place of service is 02 "
        "or 10.",
        parts=(
            _one("video_visits", "visits by video", "count", video_visits=1),
            _one("encounters", "visits", "count", encounters=1),
        ),
        work_out=lambda r: percent(r.parts["video_visits"], r.parts["encounters"]),
    ),
    Figure(
        name="work_rvus",
        label="Work RVUs",
        unit="rvu",
        group="work",
        formula="the work RVUs of the month's visits",
        worded="{work_rvus} work RVUs",
        definition="Clinicians' work in relative value units, as credited to their pay.",
        parts=(_one("work_rvus", "work RVUs", "rvu", work_rvu_hundredths=1),),
        work_out=lambda r: Decimal(r.parts["work_rvus"]).scaleb(-2),
    ),
    Figure(
        name="no_show_rate",
        label="No-show rate",
        unit="percent",
        group="work",
        formula="missed appointments ÷ booked appointments that were not cancelled",
        worded="{missed} missed ÷ {standing} booked and not cancelled",
        definition="How many of the appointments on the month's days the patient did not come to. "
        "Appointments still to come count as booked, those booked in error do not.",
        parts=(
            _one("missed", "missed appointments", "count", missed=1),
            Part(
                "standing",
                "booked appointments that were not cancelled",
                "count",
                {"booked": 1, "cancelled": -1},
            ),
        ),
        work_out=lambda r: percent(r.parts["missed"], r.parts["standing"]),
    ),
    Figure(
        name="cancellation_rate",
        label="Cancellation rate",
        unit="percent",
        group="work",
        formula="cancelled appointments ÷ booked appointments",
        worded="{cancelled} cancelled ÷ {booked} booked",
        definition="How many of the appointments on the month's days were cancelled, by whomever. "
        "An appointment that was moved counts where it was moved to.",
        parts=(
            _one("cancelled", "cancelled appointments", "count", cancelled=1),
            _one("booked", "booked appointments", "count", booked=1),
        ),
        work_out=lambda r: percent(r.parts["cancelled"], r.parts["booked"]),
    ),
    Figure(
        name="appointments_kept",
        label="Appointments kept",
        unit="count",
        group="work",
        formula="the appointments whose visit took place",
        worded="{completed} kept",
        definition="Booked appointments whose patient came, as the EHR says it: with the schedule, "
        "the end of the visit or its charges.",
        parts=(_one("completed", "appointments kept", "count", completed=1),),
        work_out=lambda r: r.parts["completed"],
    ),
    Figure(
        name="claims_on_hold",
        label="Claims on hold",
        unit="count",
        group="waiting",
        formula="the claims held that are not released yet",
        worded="{on_hold} held and not yet released",
        definition="Claims that wait for a fact, such as a clinician's enrollment with the payer; "
        "each goes out by itself when the fact is heard.",
        parts=(_one("on_hold", "claims on hold", "count", claims_on_hold=1),),
        work_out=lambda r: r.parts["on_hold"],
    ),
    Figure(
        name="open_queries",
        label="Open queries",
        unit="count",
        group="waiting",
        formula="the queries opened that are not answered yet",
        worded="{open_queries} opened and not yet answered",
        definition="Visits that cannot be billed as they stand; the clinician was asked.",
        parts=(_one("open_queries", "open queries", "count", open_queries=1),),
        work_out=lambda r: r.parts["open_queries"],
    ),
    Figure(
        name="interfaces_down",
        label="Interfaces down",
        unit="count",
        group="waiting",
        formula="the connections to EHRs that went down and are not up again",
        worded="{interfaces_down} down",
        definition="Live connections to the practice's EHRs that have been silent for longer than "
        "they should, or whose messages are mostly refused; counted from the month in which each "
        "went down until it is up again.",
        parts=(
            Part("interfaces_down", "interfaces down", "count", {"interfaces_down": 1}, "to-date"),
        ),
        work_out=lambda r: r.parts["interfaces_down"],
    ),
)

BY_NAME = {figure.name: figure for figure in FIGURES}
