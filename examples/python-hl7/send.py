"""Register a patient by HL7 v2 over MLLP, and read what the acknowledgement says.

`send.py FILE` sends the messages of a file instead, each with this connection's sender and key.
Run it again with the same CONTROL_ID, and nothing happens twice.
"""

import os
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path

import hl7
from hl7.client import MLLPClient

HOST, _, PORT = os.environ["MAINSTAY_MLLP"].rpartition(":")
APPLICATION, FACILITY = os.environ["MAINSTAY_HL7_SENDER"].split("|")
KEY = os.environ["MAINSTAY_HL7_KEY"]

REGISTRATION = "\r".join(
    [
        "MSH|^~\\&|||MAINSTAY|MSO|||ADT^A04^ADT_A01||P|2.5.1",
        "EVN|A04|20260302120000-0500",
        "PID|1||30077^^^OUREHR^MR||Sample^Eve||19810614|F|||4 Elm Street^^Springfield^MA^01101",
        "PV1|1|O",
    ]
)


def addressed(text: str) -> hl7.Message:
    """The message as this connection sends it: MSH-3, MSH-4, the key in MSH-8, an id in MSH-10."""
    message = hl7.parse(text)
    msh = message.segment("MSH")
    msh[3], msh[4], msh[8] = APPLICATION, FACILITY, KEY
    msh[7] = f"{datetime.now(UTC):%Y%m%d%H%M%S}+0000"
    msh[10] = os.environ.get("CONTROL_ID") or uuid.uuid4().hex[:20]
    return message


def acknowledged(client: MLLPClient, message: hl7.Message) -> bool:
    """Send one message; AA means that it and all that it leads to is stored."""
    answer = hl7.parse(client.send_message(message).decode().strip("\x0b\x1c\r"))
    code, control_id = str(answer.segment("MSA")[1]), str(answer.segment("MSA")[2])
    print(code, control_id)
    for segment in answer:
        if str(segment[0]) == "ERR":
            print("  what to do:", segment[8])
    return code == "AA"


texts = [REGISTRATION]
if len(sys.argv) > 1:
    written = Path(sys.argv[1]).read_bytes().decode("utf-8-sig")
    lines = written.replace("\r\n", "\r").replace("\n", "\r").strip("\r")
    texts = ["MSH" + part for part in ("\r" + lines).split("\rMSH")[1:]]
with MLLPClient(HOST, int(PORT)) as client:
    outcomes = [acknowledged(client, addressed(text)) for text in texts]
sys.exit(0 if all(outcomes) else 1)
