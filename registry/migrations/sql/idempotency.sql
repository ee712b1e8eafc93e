-- What callers were answered opens no gate and is no evidence: the application keeps it for a day and throws it away.
grant select, insert, update, delete on idempotency_record to assay_app;
