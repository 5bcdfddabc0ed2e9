"""Read a domain topic with a plain Kafka client; each event has its effect once.

Kafka and Mainstay's relay deliver at least once. `ce_sequence` (epoch, hyphen, number; zero-padded,
so it sorts as text) goes up by one within a partition: what is not above the last one handled was
handled. Keep that place where the effect is kept, in one transaction; here both are in SQLite.

    python read.py interop.patients [seconds without an event after which to stop]
"""

import os
import sqlite3
import sys

from confluent_kafka import Consumer

topic = sys.argv[1]
patience = float(sys.argv[2]) if len(sys.argv) > 2 else None

kept = sqlite3.connect(os.environ.get("STATE", "events.sqlite3"))
kept.executescript("""
CREATE TABLE IF NOT EXISTS place (topic, partition, sequence, PRIMARY KEY (topic, partition));
CREATE TABLE IF NOT EXISTS effect (topic, key, events, PRIMARY KEY (topic, key));
""")


def handle(record) -> str:
    """The effect and the place move together; returns what became of the record."""
    headers = {name: value.decode() for name, value in record.headers()}
    sequence = headers["ce_sequence"]
    where = (record.topic(), record.partition())
    with kept:  # one transaction
        found = kept.execute("SELECT sequence FROM place WHERE topic = ? AND partition = ?", where)
        last = (found.fetchone() or ("",))[0]
        if sequence[:4] < last[:4]:
            # A restored Mainstay raises its epoch, so an older one cannot be right. Do not skip it.
            sys.exit(f"epoch {sequence[:4]} after {last[:4]} on {where}: ask Mainstay's operator")
        if sequence <= last:
            return f"{sequence} seen before"
        kept.execute("INSERT OR REPLACE INTO place VALUES (?, ?, ?)", (*where, sequence))
        if headers["ce_type"] == "mainstay.epoch-begun.v1":
            return f"{sequence} begins an epoch"  # a mark, no event
        kept.execute(
            "INSERT INTO effect VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET events = events + 1",
            (record.topic(), record.key().decode()),
        )
    return f"{sequence} handled {headers['ce_type']} {record.key().decode()}"


consumer = Consumer(
    {
        "bootstrap.servers": os.environ["MAINSTAY_KAFKA"],
        "group.id": os.environ.get("GROUP", "our-ehr"),
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
    }
)
consumer.subscribe([topic])
idle = 0.0
try:
    while patience is None or idle < patience:
        record = consumer.poll(0.5)
        if record is None:
            # Joining the group takes a while; only then does silence mean that there is nothing.
            idle += 0.5 if consumer.assignment() else 0
            continue
        if record.error():
            sys.exit(str(record.error()))
        idle = 0.0
        print(handle(record), flush=True)
        consumer.commit(record, asynchronous=False)  # only a hint of where to go on
finally:
    consumer.close()
