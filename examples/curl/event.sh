#!/bin/sh
# Registers a patient: one CloudEvent over HTTP, in structured mode.
# Run it again with the same EVENT_ID and PATIENT_ID, and the answer says that it is a duplicate.
set -eu
. "$(dirname "$0")/ids.sh"

curl --fail-with-body --silent --show-error "$MAINSTAY_URL/events" \
    --header "Authorization: Bearer $MAINSTAY_KEY" \
    --header "Content-Type: application/cloudevents+json" \
    --data @- <<EVENT
{
  "specversion": "1.0",
  "id": "${EVENT_ID:-$(new_id)}",
  "source": "/our-ehr/registration",
  "type": "interop.patient-registered.v1",
  "datacontenttype": "application/json",
  "data": {
    "practice_id": "$PRACTICE_ID",
    "patient_id": "${PATIENT_ID:-$(new_id)}",
    "mrn": "10077",
    "person": {"family": "Sample", "given": "Ada", "birth_on": "1980-05-17", "sex": "F"}
  }
}
EVENT
echo
