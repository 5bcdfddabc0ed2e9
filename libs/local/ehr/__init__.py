"""An EHR's listener on this machine: takes HL7 v2 over MLLP, keeps it and acknowledges it."""
