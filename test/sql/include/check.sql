/*
 * A test case is an expression and what it must give.  try() evaluates one
 * and answers its text, or "ERROR " and the SQLSTATE; failure() answers the
 * whole error.  Cases are inserted into
 * the table "cases"; run() answers them with what was got and flags what is
 * wrong ("want" is a LIKE pattern).
 */
CREATE SCHEMA test;
SET search_path = test, public;

CREATE FUNCTION test.try(expr text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	res text;
	state text;
BEGIN
	EXECUTE 'SELECT (' || expr || ')::text' INTO res;
	RETURN res;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE;
	RETURN 'ERROR ' || state;
END
$$;

CREATE FUNCTION test.failure(expr text, OUT state text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
DECLARE
	res text;
BEGIN
	EXECUTE 'SELECT (' || expr || ')::text' INTO res;
	state := 'none';
	message := res;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
		detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END
$$;

CREATE TABLE test.cases (n int GENERATED ALWAYS AS IDENTITY, expr text, want text);

/* after each list: the cases, flagged where wrong; the list is emptied */
CREATE FUNCTION test.run() RETURNS TABLE (expr text, result text, wrong text) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY
		SELECT c.expr, coalesce(g.got, 'NULL'),
			CASE WHEN coalesce(g.got, 'NULL') NOT LIKE c.want THEN 'WANTED ' || c.want ELSE '' END
		FROM test.cases c, LATERAL (SELECT test.try(c.expr) AS got OFFSET 0) g
		ORDER BY c.n;
	DELETE FROM test.cases;
END
$$;
