"""Register a patient by writing one CloudEvent to the ingest topic; `--structured` for that mode.

Run it again with the same EVENT_ID and PATIENT_ID, and nothing happens twice.
"""

import hashlib
import hmac
import json
import os
import sys
import uuid
from datetime import UTC, datetime

from confluent_kafka import Producer

KEY = os.environ["MAINSTAY_KEY"]  # msk_<practice>_<connection>_<secret>
PRACTICE_ID = str(uuid.UUID(KEY.split("_")[1]))
PATIENT_ID = os.environ.get("PATIENT_ID") or str(uuid.uuid4())


def signature(headers: dict, value: bytes) -> str:
    """HMAC-SHA-256 with the SHA-256 of the key, so that the key itself is never on a broker."""
    signed = "".join(
        headers.get(name, "") + "\n" for name in ("content-type", "ce_id", "ce_source", "ce_type")
    )
    key = hashlib.sha256(KEY.encode()).digest()
    return hmac.new(key, signed.encode() + value, hashlib.sha256).hexdigest()


attributes = {
    "specversion": "1.0",
    "id": os.environ.get("EVENT_ID") or str(uuid.uuid4()),
    "source": "/our-ehr/registration",
    "type": "interop.patient-registered.v1",
    "time": datetime.now(UTC).isoformat(),
}
data = {
    "practice_id": PRACTICE_ID,
    "patient_id": PATIENT_ID,
    "mrn": "10077",
    "person": {"family": "Sample", "given": "Ada", "birth_on": "1980-05-17", "sex": "F"},
}
if "--structured" in sys.argv:
    headers = {"content-type": "application/cloudevents+json; charset=UTF-8"}
    value = json.dumps({**attributes, "datacontenttype": "application/json", "data": data}).encode()
else:
    headers = {"content-type": "application/json"}
    headers |= {f"ce_{name}": text for name, text in attributes.items()}
    value = json.dumps(data).encode()
headers["mainstay-connection"] = KEY[:69]  # the key without its secret
headers["mainstay-signature"] = signature(headers, value)

failures = []
# A cluster asks for more: security.protocol, sasl.* or ssl.*, as its operator gave them to you.
producer = Producer({"bootstrap.servers": os.environ["MAINSTAY_KAFKA"], "enable.idempotence": True})
producer.produce(
    "interop.ingest",
    value,
    key=PATIENT_ID,  # one patient's events stay in order
    headers=list(headers.items()),
    on_delivery=lambda error, _: error and failures.append(error),
)
if producer.flush(30) or failures:
    sys.exit(f"not written: {failures or 'no answer from Kafka'}")
print(attributes["id"], PATIENT_ID)
