-- The roles and what each may do with the database as a whole. Rights on tables are granted by the migrations.
-- Safe to run again; run by an administrator inside Assay's own database, after the roles exist.

GRANT assay_owner TO assay_migrator;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA IF NOT EXISTS assay AUTHORIZATION assay_owner;
GRANT USAGE ON SCHEMA assay TO assay_app, assay_auditor, assay_worker, assay_notary;

ALTER ROLE assay_owner SET search_path = assay, pg_temp;
ALTER ROLE assay_migrator SET search_path = assay, pg_temp;
ALTER ROLE assay_app SET search_path = assay, pg_temp;
ALTER ROLE assay_auditor SET search_path = assay, pg_temp;
ALTER ROLE assay_worker SET search_path = assay, pg_temp;
ALTER ROLE assay_notary SET search_path = assay, pg_temp;

-- The web answers people: nothing it asks may take long, and nothing may hold sealing back by sitting in a transaction.
ALTER ROLE assay_app SET statement_timeout = '2s';
ALTER ROLE assay_app SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE assay_worker SET statement_timeout = '60s';
ALTER ROLE assay_worker SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE assay_notary SET statement_timeout = '60s';
ALTER ROLE assay_notary SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE assay_auditor SET statement_timeout = '10min';
ALTER ROLE assay_auditor SET idle_in_transaction_session_timeout = '10min';
ALTER ROLE assay_auditor SET default_transaction_read_only = on;
