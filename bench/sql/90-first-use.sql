-- Run in sessions of its own: what the first uses cost, in microseconds of wall.
DO $$
DECLARE
    began timestamptz;
    one   float8;
    two   float8;
    three float8;
    four  float8;
BEGIN
    -- what any session pays once: PL/pgSQL, the catalogs of timestamptz
    began := clock_timestamp();
    PERFORM timestamptz '2024-05-06 07:08:09+00' + interval '2 days';
    began := clock_timestamp();
    PERFORM timestamptz '2024-05-06 07:08:09+00' + interval '2 days';
    one := extract(epoch FROM clock_timestamp() - began) * 1e6;

    -- the library, the operator, the definition, the compilation
    began := clock_timestamp();
    PERFORM timestamptz '2024-05-06 07:08:09+00' + business_interval '8 bh @support';
    two := extract(epoch FROM clock_timestamp() - began) * 1e6;

    -- another calendar, the code being warm; then thirty years of it
    PERFORM business_seconds(timestamptz '2024-05-06 07:08:09+00', '2024-05-07 07:08:09+00', 'weekdays');
    began := clock_timestamp();
    PERFORM business_seconds(timestamptz '2024-05-06 07:08:09+00', '2024-05-07 07:08:09+00', 'cal_0007');
    three := extract(epoch FROM clock_timestamp() - began) * 1e6;
    began := clock_timestamp();
    PERFORM business_seconds(timestamptz '2010-01-01 00:00+00', '2040-01-01 00:00+00', 'cal_0013');
    four := extract(epoch FROM clock_timestamp() - began) * 1e6;

    INSERT INTO bench.first_use VALUES
        ('built-in + interval', one), ('first use in a session', two),
        ('first use of one more calendar', three), ('first use over thirty years', four);
END $$;
