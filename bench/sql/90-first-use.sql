-- Run in sessions of its own: what the first uses cost, in us on CPU.
DO $$
DECLARE
    read  int8;     -- what reading the clock costs
    one   int8;
    two   int8;
    three int8;
    four  int8;
    five  int8;
BEGIN
    read := 1000000;
    FOR i IN 1 .. 5 LOOP
        one := bench.cpu();
        read := least(read, bench.cpu() - one);
    END LOOP;

    -- what any session pays: an expression for PL/pgSQL and its operator
    one := bench.cpu();
    PERFORM timestamptz '2024-05-06 07:08:09+00' + interval '2 days';
    one := bench.cpu() - one - read;

    -- the same, and the library, the definition, the compilation
    two := bench.cpu();
    PERFORM timestamptz '2024-05-06 07:08:09+00' + business_interval '8 bh @support';
    two := bench.cpu() - two - read;

    -- one more calendar, in its first window, with the code warm
    PERFORM business_seconds(timestamptz '2024-05-06 07:08:09+00', '2024-05-07 07:08:09+00', 'weekdays');
    three := bench.cpu();
    PERFORM business_seconds(timestamptz '2024-05-06 07:08:09+00', '2024-05-07 07:08:09+00', 'cal_0020');
    three := bench.cpu() - three - read;

    -- and one in another time zone
    four := bench.cpu();
    PERFORM business_seconds(timestamptz '2024-05-06 07:08:09+00', '2024-05-07 07:08:09+00', 'cal_0005');
    four := bench.cpu() - four - read;

    -- and one over thirty years
    five := bench.cpu();
    PERFORM business_seconds(timestamptz '2011-06-01 00:00+00', '2037-06-01 00:00+00', 'cal_0040');
    five := bench.cpu() - five - read;

    INSERT INTO bench.first_use VALUES
        ('first + interval of a session', one / 1000.0), ('first + business_interval of a session', two / 1000.0),
        ('first use of one more calendar', three / 1000.0), ('first use of one more, in another zone', four / 1000.0),
        ('first use of one more, over thirty years', five / 1000.0);
END $$;
