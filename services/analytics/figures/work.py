"""The figures of a practice's work, and of what stands still in it."""

from __future__ import annotations

from decimal import Decimal

from services.analytics.figures.model import Figure, Part, part_of, percent

WORK: tuple[Figure, ...] = (
    Figure(
        name="encounters",
        label="Encounters",
        unit="count",
        group="work",
        formula="the visits of the month",
        worded="{encounters} visits",
        definition="Visits that are complete and were sent to be billed.",
        parts=(part_of("encounters", "visits", "count", encounters=1),),
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
        parts=(part_of("patients", "patients", "count", patients=1),),
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
            part_of("video_visits", "visits by video", "count", video_visits=1),
            part_of("encounters", "visits", "count", encounters=1),
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
        parts=(part_of("work_rvus", "work RVUs", "rvu", work_rvu_hundredths=1),),
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
            part_of("missed", "missed appointments", "count", missed=1),
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
            part_of("cancelled", "cancelled appointments", "count", cancelled=1),
            part_of("booked", "booked appointments", "count", booked=1),
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
        parts=(part_of("completed", "appointments kept", "count", completed=1),),
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
        parts=(part_of("on_hold", "claims on hold", "count", claims_on_hold=1),),
        work_out=lambda r: r.parts["on_hold"],
    ),
    Figure(
        name="open_queries",
        label="Open queries",
        unit="count",
        group="waiting",
        formula="the queries opened that are neither answered nor withdrawn",
        worded="{open_queries} opened, neither answered nor withdrawn",
        definition="Visits that cannot be billed as they stand; the clinician or the front desk "
        "was asked.",
        parts=(part_of("open_queries", "open queries", "count", open_queries=1),),
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
        parts=(part_of("interfaces_down", "down", "count", "to-date", interfaces_down=1),),
        work_out=lambda r: r.parts["interfaces_down"],
    ),
)
