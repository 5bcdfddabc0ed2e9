"""What a procedure code is, in plain words.

The sections that codes are numbered in are known to everybody; the code list's own descriptions are
licensed and are not reproduced. A code of no section here is a "service" with its code.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from services.billing.balances.statements.model import Language


class _Section(NamedTuple):
    first: int
    last: int
    en: str
    es: str


_SECTIONS = (
    _Section(100, 1999, "Anesthesia", "Anestesia"),
    _Section(10004, 69990, "Procedure", "Procedimiento"),
    _Section(70010, 79999, "X-ray or imaging", "Radiografía o imagen"),
    _Section(80047, 89398, "Laboratory test", "Prueba de laboratorio"),
    _Section(90460, 90474, "Giving a vaccine", "Aplicación de una vacuna"),
    _Section(90476, 90759, "Vaccine", "Vacuna"),
    _Section(90785, 90899, "Mental health care", "Atención de salud mental"),
    _Section(92002, 92499, "Eye care", "Atención de la vista"),
    _Section(93000, 93799, "Heart test", "Prueba del corazón"),
    _Section(97010, 97799, "Therapy", "Terapia"),
    _Section(99202, 99215, "Office visit", "Consulta médica"),
    _Section(99221, 99239, "Hospital visit", "Visita en el hospital"),
    _Section(99281, 99285, "Emergency room visit", "Visita de urgencias"),
    _Section(99381, 99429, "Preventive visit", "Visita preventiva"),
)
_LETTERS = {
    "G0438": ("Yearly wellness visit", "Visita anual de bienestar"),
    "G0439": ("Yearly wellness visit", "Visita anual de bienestar"),
    "G0444": ("Depression screening", "Prueba de depresión"),
    "G0463": ("Clinic visit", "Consulta en la clínica"),
}
_OTHER = {"en": "Medical service", "es": "Servicio médico"}


def plain_words(procedure_code: str, language: Language) -> str:
    """Such as `Office visit`; the code itself where nothing is known of it."""
    if known := _LETTERS.get(procedure_code):
        return known[language == "es"]
    if re.fullmatch("[0-9]{5}", procedure_code):
        number = int(procedure_code)
        for section in _SECTIONS:
            if section.first <= number <= section.last:
                return section.es if language == "es" else section.en
    return f"{_OTHER[language]} {procedure_code}"
