#!/bin/sh
# Registers a patient: a FHIR R4 transaction bundle over HTTP.
# Run it again with the same CHART_NUMBER, and nothing is said twice.
set -eu

curl --fail-with-body --silent --show-error "$MAINSTAY_URL/fhir" \
    --header "Authorization: Bearer $MAINSTAY_FHIR_KEY" \
    --header "Content-Type: application/fhir+json" \
    --data @- <<BUNDLE
{
  "resourceType": "Bundle",
  "type": "transaction",
  "entry": [
    {
      "fullUrl": "urn:uuid:0a1ee1f1-6b8f-4a94-9a51-9c8a3f6f2b7e",
      "request": {"method": "POST", "url": "Patient"},
      "resource": {
        "resourceType": "Patient",
        "identifier": [
          {
            "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]},
            "system": "urn:example:our-ehr",
            "value": "${CHART_NUMBER:-20077}"
          }
        ],
        "name": [{"family": "Sample", "given": ["Dee"]}],
        "gender": "female",
        "birthDate": "1979-11-03"
      }
    }
  ]
}
BUNDLE
echo
