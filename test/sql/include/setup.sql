/* what every test of the arithmetic begins with */
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sla_tracker;
RESET client_min_messages;
