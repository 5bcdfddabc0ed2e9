#!/bin/sh
# Sends three CloudEvents at once. Each is taken or refused by itself, in their order: the patient is
# registered and expected, and the third event, of a patient whom nobody registered, is refused.
set -eu
. "$(dirname "$0")/ids.sh"
PATIENT_ID=${PATIENT_ID:-$(new_id)}

booked() {
    cat <<EVENT
  {
    "specversion": "1.0",
    "id": "$(new_id)",
    "source": "/our-ehr/schedule",
    "type": "interop.appointment-booked.v1",
    "data": {
      "practice_id": "$PRACTICE_ID",
      "appointment_id": "$(new_id)",
      "patient_id": "$1",
      "starts_at": "2027-03-03T17:30:00Z",
      "starts_on": "2027-03-03"
    }
  }
EVENT
}

curl --fail-with-body --silent --show-error "$MAINSTAY_URL/events" \
    --header "Authorization: Bearer $MAINSTAY_KEY" \
    --header "Content-Type: application/cloudevents-batch+json" \
    --data @- <<BATCH
[
  {
    "specversion": "1.0",
    "id": "$(new_id)",
    "source": "/our-ehr/registration",
    "type": "interop.patient-registered.v1",
    "data": {
      "practice_id": "$PRACTICE_ID",
      "patient_id": "$PATIENT_ID",
      "mrn": "10078",
      "person": {"family": "Sample", "given": "Bo", "birth_on": "1982-01-09", "sex": "M"}
    }
  },
$(booked "$PATIENT_ID"),
$(booked "$(new_id)")
]
BATCH
echo
