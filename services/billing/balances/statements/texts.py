"""The words of a statement, in English and Spanish."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from services.billing.balances.statements.model import Language

Words = Mapping[str, str]

_EN: Words = {
    "statement": "Statement",
    "second-statement": "Second statement",
    "third-statement": "Third statement",
    "final-notice": "Final notice",
    "to": "For",
    "account": "Account",
    "number": "Statement number",
    "issued": "Date",
    "due": "Please pay by",
    "amount_due": "Amount due",
    "summary": "Summary",
    "previous": "Balance of the last statement",
    "new": "New since then",
    "payments_since": "Your payments since then",
    "other": "Other changes since then",
    "visits": "Your visits",
    "visit": "Visit of {day}",
    "visit_with": "Visit of {day} with {clinician}",
    "service": "Service",
    "amount": "Amount",
    "units": "{service}, {units} times",
    "charge": "Total charge",
    "insurance_paid": "Paid by {payer}",
    "adjusted": "Taken off under the insurance contract",
    "forgiven": "Written off by the practice",
    "paid": "Already paid by you",
    "share": "Your share that is open",
    "why": "Why you owe this: {reasons}.",
    "deductible": "{amount} is your deductible, what you pay each year before your plan pays",
    "coinsurance": "{amount} is your coinsurance, your percentage of the allowed price",
    "copayment": "{amount} is your copayment, your fixed part of a visit",
    "not-covered": "{amount} is for something that your plan leaves to you",
    "self-pay": "no insurance was billed for this visit",
    "by_insurer": "your insurance left this amount to you",
    "payments": "Payments received",
    "cash": "Cash",
    "check": "Check",
    "card": "Card",
    "agency": "By the collection agency",
    "aging": "How long this has been open",
    "age_0": "Up to 30 days",
    "age_1": "31 to 60 days",
    "age_2": "61 to 90 days",
    "age_3": "Over 90 days",
    "how": "How to pay",
    "how_online": "Online: {url}",
    "how_phone": "By phone: {phone}. Ask there, too, if you need more time or a payment plan.",
    "how_mail": "By check to {practice}, {address}. Please write the statement number on it.",
    "help": "If you cannot pay",
    "help_text": "We have financial assistance for patients with low income. Ask us for an "
    "application before this is due; we will not send the balance to anybody else while we "
    "look at it.",
    "help_plan": "Ask us for a payment plan. You may also ask us about any line that you do not "
    "understand, or that you think is wrong; while we look at it you need not pay it.",
    "offer": "Help with this bill",
    "offer_text": "You may get free or reduced-price care. The financial assistance policy of "
    "{hospital} covers our services there. The policy, an application and a summary in plain "
    "language are free: call {phone} or see {url}.",
    "offer_days": "You may apply within 240 days of the first bill for a visit. While we look at "
    "your application nobody collects.",
    "rights": "Your rights",
    "estimate": "Your good faith estimate for this visit was {expected}; billed were {billed}.",
    "dispute": "Because that is $400 or more above the estimate, you may dispute the bill through "
    "the federal patient-provider process within 120 days of your first bill for this visit "
    "(45 CFR 149.620). See cms.gov/nosurprises or call 1-800-985-3059.",
    "no_estimate": "If you have no insurance or do not use it, you may ask for a good faith "
    "estimate before any visit (45 CFR 149.610).",
    "emergency": "We are not in this plan's network. For emergency services you owe no more than "
    "your plan's in-network cost sharing (45 CFR 149.410). If you think that this bill asks for "
    "more, tell us or see cms.gov/nosurprises.",
    "facility": "We are not in this plan's network. For services at a hospital or surgical center "
    "of its network you owe no more than in-network cost sharing, unless you agreed to more in "
    "writing beforehand (45 CFR 149.420). If you think that this bill asks for more, tell us or "
    "see cms.gov/nosurprises.",
    "final_day": "We do not give it to an agency before {day}.",
    "final_text": "This is the last notice before the balance may be given to a collection agency. "
    "Please call us if you cannot pay it, or if you think that it is wrong.",
}

_ES: Words = {
    "statement": "Estado de cuenta",
    "second-statement": "Segundo estado de cuenta",
    "third-statement": "Tercer estado de cuenta",
    "final-notice": "Último aviso",
    "to": "Para",
    "account": "Cuenta",
    "number": "Número de estado de cuenta",
    "issued": "Fecha",
    "due": "Pague antes del",
    "amount_due": "Cantidad por pagar",
    "summary": "Resumen",
    "previous": "Saldo del último estado de cuenta",
    "new": "Nuevo desde entonces",
    "payments_since": "Sus pagos desde entonces",
    "other": "Otros cambios desde entonces",
    "visits": "Sus visitas",
    "visit": "Visita del {day}",
    "visit_with": "Visita del {day} con {clinician}",
    "service": "Servicio",
    "amount": "Cantidad",
    "units": "{service}, {units} veces",
    "charge": "Cargo total",
    "insurance_paid": "Pagado por {payer}",
    "adjusted": "Descontado por el contrato con el seguro",
    "forgiven": "Condonado por el consultorio",
    "paid": "Ya pagado por usted",
    "share": "Su parte por pagar",
    "why": "Por qué debe esto: {reasons}.",
    "deductible": "{amount} es su deducible, lo que usted paga cada año antes de que pague su plan",
    "coinsurance": "{amount} es su coseguro, su porcentaje del precio permitido",
    "copayment": "{amount} es su copago, su parte fija de una visita",
    "not-covered": "{amount} es por algo que su plan deja a su cargo",
    "self-pay": "no se cobró a ningún seguro por esta visita",
    "by_insurer": "su seguro dejó esta cantidad a su cargo",
    "payments": "Pagos recibidos",
    "cash": "Efectivo",
    "check": "Cheque",
    "card": "Tarjeta",
    "agency": "Por la agencia de cobranza",
    "aging": "Desde cuándo se debe",
    "age_0": "Hasta 30 días",
    "age_1": "De 31 a 60 días",
    "age_2": "De 61 a 90 días",
    "age_3": "Más de 90 días",
    "how": "Cómo pagar",
    "how_online": "En línea: {url}",
    "how_phone": "Por teléfono: {phone}. Llame también si necesita más tiempo o un plan de pagos.",
    "how_mail": "Con cheque a {practice}, {address}. Escriba en él el número de estado de cuenta.",
    "help": "Si no puede pagar",
    "help_text": "Tenemos ayuda económica para pacientes de bajos ingresos. Pídanos una solicitud "
    "antes de la fecha de pago; mientras la revisamos no enviaremos el saldo a nadie más.",
    "help_plan": "Pídanos un plan de pagos. También puede preguntarnos por cualquier línea que no "
    "entienda o que crea equivocada; mientras la revisamos no tiene que pagarla.",
    "offer": "Ayuda con esta cuenta",
    "offer_text": "Es posible que reciba atención gratuita o a menor precio. La política de ayuda "
    "económica de {hospital} cubre nuestros servicios allí. La política, una solicitud y un "
    "resumen en lenguaje sencillo son gratuitos: llame al {phone} o vea {url}.",
    "offer_days": "Puede solicitarla dentro de los 240 días de la primera factura de una visita. "
    "Mientras revisamos su solicitud nadie cobra.",
    "rights": "Sus derechos",
    "estimate": "Su estimación de buena fe para esta visita fue {expected}; se cobraron {billed}.",
    "dispute": "Como eso supera la estimación en $400 o más, usted puede disputar la factura en el "
    "proceso federal entre pacientes y proveedores dentro de los 120 días de su primera factura "
    "por esta visita (45 CFR 149.620). Vea cms.gov/nosurprises o llame al 1-800-985-3059.",
    "no_estimate": "Si no tiene seguro o no lo usa, puede pedir una estimación de buena fe antes "
    "de cualquier visita (45 CFR 149.610).",
    "emergency": "No estamos en la red de este plan. Por servicios de emergencia usted no debe más "
    "que el costo compartido de la red de su plan (45 CFR 149.410). Si cree que esta factura pide "
    "más, díganoslo o vea cms.gov/nosurprises.",
    "facility": "No estamos en la red de este plan. Por servicios en un hospital o centro "
    "quirúrgico de su red usted no debe más que el costo compartido de la red, a menos que antes "
    "haya aceptado más por escrito (45 CFR 149.420). Si cree que esta factura pide más, díganoslo "
    "o vea cms.gov/nosurprises.",
    "final_day": "No lo daremos a una agencia antes del {day}.",
    "final_text": "Este es el último aviso antes de que el saldo pueda pasar a una agencia de "
    "cobranza. Llámenos si no puede pagarlo o si cree que está equivocado.",
}

_MONTHS: Mapping[Language, tuple[str, ...]] = {
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September",
           "October", "November", "December"),
    "es": ("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
           "octubre", "noviembre", "diciembre"),
}  # fmt: skip


def words_of(language: Language) -> Words:
    return _ES if language == "es" else _EN


def write_day(day: date, language: Language) -> str:
    """Such as `March 5, 2026`, or `5 de marzo de 2026`."""
    month = _MONTHS[language][day.month - 1]
    if language == "es":
        return f"{day.day} de {month} de {day.year}"
    return f"{month} {day.day}, {day.year}"
