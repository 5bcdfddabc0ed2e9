"""What the segments and fields that EHRs send are called, in our words, for people who look.

Places as in HL7 v2.5.1 chapters 2, 3, 4, 6, 7, 9 and 10; a place without a name here is shown by
its number.
"""

from __future__ import annotations

import re

SITE_DEFINED = re.compile(r"Z[A-Z0-9]{2}")


def segment_name(segment: str) -> str:
    if SITE_DEFINED.fullmatch(segment):
        return "site-defined"
    return _SEGMENTS.get(segment, ("", ""))[0]


def field_name(segment: str, number: int) -> str:
    """Empty where the field has no name here."""
    names = _FIELDS.get(segment, ())
    return names[number - 1] if number <= len(names) else ""


_SEGMENTS = {
    "MSH": (
        "message header",
        "field separator|other separators|sending application|sending facility"
        "|receiving application|receiving facility|sent at|security|message type|control id"
        "|processing id|version|sequence number|continuation|accept acknowledgement"
        "|application acknowledgement|country|character set|language|escape scheme|profile",
    ),
    "EVN": (
        "event",
        "event type|recorded at|planned for|reason|operator|occurred at|facility",
    ),
    "PID": (
        "patient",
        "set id|external id|chart numbers|other ids|name|mother's maiden name|birth date|sex|alias"
        "|race|address|county|home phone|work phone|language|marital status|religion"
        "|account number|social security number|driver's licence|mother's ids|ethnic group"
        "|birth place|multiple birth|birth order|citizenship|veteran|nationality|died at|died"
        "|identity unknown|identity reliability|updated at|updated by",
    ),
    "PD1": (
        "patient, more",
        "living dependency|living arrangement|primary facility|primary care clinician|student"
        "|handicap|living will|organ donor|separate bill|duplicate patient|publicity|protected",
    ),
    "NK1": (
        "next of kin",
        "set id|name|relationship|address|phone|work phone|contact role|from|to|job title"
        "|job code|employee number|organization|marital status|sex|birth date",
    ),
    "PV1": (
        "visit",
        "set id|patient class|location|admission type|preadmit number|prior location"
        "|attending clinician|referring clinician|consulting clinician|service|temporary location"
        "|preadmit test|readmission|admit source|ambulatory status|VIP|admitting clinician"
        "|patient type|visit number|financial class|charge price|courtesy|credit rating"
        "|contract|contract from|contract amount|contract period|interest|bad debt|bad debt from"
        "|bad debt agency|transferred amount|recovered amount|account deleted|account deleted on"
        "|discharge disposition|discharged to|diet|servicing facility|bed status|account status"
        "|pending location|prior temporary location|admitted at|discharged at|balance|charges"
        "|adjustments|payments|alternate visit id|visit indicator|other clinicians",
    ),
    "PV2": (
        "visit, more",
        "prior pending location|accommodation|admit reason|transfer reason|valuables"
        "|valuables location|user code|expected admission|expected discharge|expected stay"
        "|actual stay|description|referral source|previous service|employment illness|purge status"
        "|purge on|special program|retention|insurance plans|publicity|protection|clinic"
        "|patient status|visit priority|previous treatment|expected disposition|signed on"
        "|first similar illness",
    ),
    "IN1": (
        "insurance",
        "set id|plan|company|company name|company address|contact|company phone|group number"
        "|group name|group employer id|group employer|plan from|plan to|authorization|plan type"
        "|insured's name|relationship to patient|insured's birth date|insured's address"
        "|benefits assigned|coordination|coordination priority|notice of admission"
        "|notice of admission on|eligibility report|eligibility report on|release code"
        "|pre-admit certification|verified at|verified by|agreement type|billing status"
        "|lifetime reserve|delay before lifetime reserve|company plan|policy number"
        "|deductible|policy limit|policy day limit|semi-private rate|private rate"
        "|insured's employment|insured's sex|insured's employer address|verification|prior plan"
        "|coverage type|handicap|insured's ids",
    ),
    "IN2": (
        "insurance, more",
        "insured's employee id|insured's social security number|insured's employer"
        "|employer information|mail claim to|Medicare card|Medicaid name|Medicaid number"
        "|military sponsor|military sponsor id",
    ),
    "GT1": (
        "guarantor",
        "set id|number|name|spouse|address|home phone|work phone|birth date|sex|type|relationship"
        "|social security number|from|to|priority|employer",
    ),
    "DG1": (
        "diagnosis",
        "set id|coding method|code|description|diagnosed at|type|major category|related group"
        "|group approved|group review|outlier type|outlier days|outlier cost|grouper version"
        "|priority|diagnosing clinician|classification|confidential|attested at|id|action",
    ),
    "PR1": (
        "procedure",
        "set id|coding method|code|description|performed at|functional type|minutes"
        "|anesthesiologist|anesthesia|anesthesia minutes|surgeon|practitioner|consent|priority"
        "|diagnosis|modifiers|related group type|tissue type|id|action",
    ),
    "FT1": (
        "charge",
        "set id|transaction id|batch id|date of service|posted at|transaction type|transaction code"
        "|description|alternate description|quantity|extended amount|unit amount|department|plan"
        "|insurance amount|location|fee schedule|patient type|diagnoses|performed by|ordered by"
        "|unit cost|filler's order|entered by|procedure|modifiers|reason for ABN",
    ),
    "SCH": (
        "appointment",
        "placer's id|filler's id|occurrence|placer's group|schedule id|event reason"
        "|appointment reason|appointment type|duration|duration units|timing|placer's contact"
        "|placer's phone|placer's address|placer's location|filler's contact|filler's phone"
        "|filler's address|filler's location|entered by|entered by phone|entered at location"
        "|parent placer's id|parent filler's id|filler's status|placer's order|filler's order",
    ),
    "TQ1": (
        "timing",
        "set id|quantity|repeat pattern|explicit time|relative time|service duration|starts at"
        "|ends at|priority|condition|instruction|conjunction|occurrence duration|occurrences",
    ),
    "RGS": ("resource group", "set id|action|group id"),
    "AIS": (
        "appointment: service",
        "set id|action|service|starts at|offset|offset units|duration|duration units|substitution"
        "|filler's status|placer's supplement|filler's supplement",
    ),
    "AIP": (
        "appointment: clinician",
        "set id|action|person|role|group|starts at|offset|offset units|duration|duration units"
        "|substitution|filler's status",
    ),
    "AIL": (
        "appointment: place",
        "set id|action|location|location type|location group|starts at|offset|offset units"
        "|duration|duration units|substitution|filler's status",
    ),
    "AIG": (
        "appointment: resource",
        "set id|action|resource|resource type|resource group|quantity|quantity units|starts at"
        "|offset|offset units|duration|duration units|substitution|filler's status",
    ),
    "MRG": (
        "merged patient",
        "prior chart numbers|prior alternate ids|prior account number|prior external id"
        "|prior visit number|prior alternate visit id|prior name",
    ),
    "OBR": (
        "order",
        "set id|placer's order|filler's order|service|priority|requested at|observed from"
        "|observed to|volume|collected by|specimen action|danger|clinical information"
        "|specimen received at|specimen source|ordered by|callback phone|placer's field 1"
        "|placer's field 2|filler's field 1|filler's field 2|reported at|charge|section|status",
    ),
    "OBX": (
        "observation",
        "set id|value type|what was observed|sub id|value|units|reference range|abnormal flags"
        "|probability|abnormality nature|status|range effective at|access checks|observed at"
        "|producer|observer|method|equipment|analyzed at",
    ),
    "TXA": (
        "document",
        "set id|type|presentation|activity at|activity by|originated at|transcribed at|edited at"
        "|originator|assigned authenticator|transcriber|document number|parent document"
        "|placer's order|filler's order|file name|completion|confidentiality|availability|storage"
        "|change reason|authenticated by|copied to",
    ),
    "MSA": (
        "acknowledgement",
        "code|control id answered|text|expected sequence number|delayed|error condition",
    ),
    "ERR": (
        "error",
        "code and location|location|HL7 condition|severity|application code|application parameters"
        "|diagnostics|what to do|inform|override type|override reason|help desk",
    ),
    "FHS": ("file header", ""),
    "BHS": ("batch header", ""),
}
"""Segment → its name, and the names of its fields in their order."""

_FIELDS = {name: tuple(told[1].split("|")) for name, told in _SEGMENTS.items()}
