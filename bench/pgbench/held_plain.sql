\set ms random(1, 400)
BEGIN;
INSERT INTO bench.held_plain (at, status, ms) VALUES (now(), 200, :ms);
\sleep 2 ms
COMMIT;
