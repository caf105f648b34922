/*-------------------------------------------------------------------------
 *
 * import_holidays.c
 *	  sla.import_holidays(): importing an iCalendar feed as holidays.
 *
 * This and ical.c are a separate library, sla_tracker_ical, so that only sessions that
 * import something load libical.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "sla_tracker_ical",.version = SLA_TRACKER_VERSION);
#else
PG_MODULE_MAGIC;
#endif

PG_FUNCTION_INFO_V1(sla_import_holidays);

#ifdef USE_LIBICAL

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "core/hours.h"
#include "ical.h"
#include "sla_tracker.h"

/*
 * The time zone of a calendar: that of its opening hours, or UTC if it combines others.
 * An error if there is no such calendar.
 */
static pg_tz *
calendar_zone(text *calendar)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {PointerGetDatum(calendar)};
	const char *zone = "UTC";
	pg_tz	   *result;
	Datum		hours;
	bool		isnull;

	if (SPI_execute_with_args("SELECT hours::pg_catalog.text FROM sla.calendar"
							  " WHERE name OPERATOR(pg_catalog.=) $1",
							  1, types, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read sla.calendar");
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("calendar \"%s\" does not exist", text_to_cstring(calendar)),
				 errhint("Insert it into sla.calendar first.")));

	hours = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	if (!isnull)
	{
		char	   *source = TextDatumGetCString(hours);
		CoreMem		mem = sla_core_mem();
		CoreError	error;
		HoursExpr  *expr = hours_parse(source, strlen(source), &mem, &error);

		if (expr == NULL)
			sla_report(&error, "business_hours", source, strlen(source), NULL);
		while (expr->zone[0] == '\0')
			expr = expr->left;
		zone = expr->zone;
	}
	result = pg_tzset(zone);
	if (result == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" not recognized", zone)));
	return result;
}

/*
 * sla.import_holidays(calendar text, ics text, since date, until date) -> int
 *
 * Insert a holiday for each date in [since, until) that an event of the feed covers and
 * that is not a holiday of the calendar yet.  Returns the number of rows inserted.  Runs
 * with the privileges of the caller.
 */
Datum
sla_import_holidays(PG_FUNCTION_ARGS)
{
	text	   *calendar = PG_GETARG_TEXT_PP(0);
	text	   *ics = PG_GETARG_TEXT_PP(1);
	DateADT		since = PG_GETARG_DATEADT(2);
	DateADT		until = PG_GETARG_DATEADT(3);
	Oid			types[] = {TEXTOID, DATEARRAYOID, TEXTARRAYOID};
	Datum		values[3];
	Datum	   *dates;
	Datum	   *names;
	bool	   *nulls;
	IcalDay    *days;
	int			ndays;
	int			lower_bound = 1;
	int64		inserted;

	if (since > until)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the range of dates ends before it starts"),
				 errdetail("Holidays are imported from \"since\" on and before \"until\".")));

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	days = ical_days(text_to_cstring(ics), since, until, calendar_zone(calendar), &ndays);

	dates = palloc(ndays * sizeof(Datum));
	names = palloc(ndays * sizeof(Datum));
	nulls = palloc(ndays * sizeof(bool));
	for (int i = 0; i < ndays; i++)
	{
		dates[i] = DateADTGetDatum(days[i].date);
		nulls[i] = days[i].summary == NULL;
		names[i] = nulls[i] ? (Datum) 0 : CStringGetTextDatum(days[i].summary);
	}
	values[0] = PointerGetDatum(calendar);
	values[1] = PointerGetDatum(construct_array(dates, ndays, DATEOID, sizeof(DateADT),
												true, TYPALIGN_INT));
	values[2] = PointerGetDatum(construct_md_array(names, nulls, 1, &ndays, &lower_bound,
												   TEXTOID, -1, false, TYPALIGN_INT));
	if (SPI_execute_with_args("INSERT INTO sla.holiday (calendar, day, name)"
							  " SELECT $1, day, name"
							  " FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3))"
							  " AS feed (day, name)"
							  " ON CONFLICT DO NOTHING",
							  3, types, values, NULL, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "could not insert into sla.holiday");
	inserted = (int64) SPI_processed;
	SPI_finish();

	PG_RETURN_INT32((int32) inserted);
}

#else							/* !USE_LIBICAL */

/* Without libical, the function just raises an error. */
Datum
sla_import_holidays(PG_FUNCTION_ARGS)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("importing iCalendar data is not supported by this build"),
			 errdetail("This functionality requires sla_tracker to be built with libical."),
			 errhint("Install libical's development files (Debian: libical-dev) and build sla_tracker again.")));
	PG_RETURN_NULL();			/* keep compiler quiet */
}

#endif							/* USE_LIBICAL */
