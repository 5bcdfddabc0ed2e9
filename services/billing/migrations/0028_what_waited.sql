-- A file in a mailbox is taken when it is as it was at the look before: then nobody writes it.

ALTER TABLE mailbox_look ADD COLUMN waiting jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN mailbox_look.waiting IS
    'Name, size and time of each file that was there: services/billing/exchange/port.py, Waiting';
