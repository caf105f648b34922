/*-------------------------------------------------------------------------
 *
 * module.c
 *	  The module magic block, configuration parameters and initialization.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "calendar.h"
#include "deadline.h"
#include "definition.h"
#include "due_queue.h"
#include "own_indexes.h"
#include "own_relation.h"
#include "owner_watch.h"
#include "rollup_delta.h"
#include "rollup_trigger.h"
#include "settling.h"
#include "sources.h"
#include "track.h"
#include "visibility.h"
#include "worker.h"

#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "sla_tracker",.version = SLA_TRACKER_VERSION);
#else
PG_MODULE_MAGIC;
#endif

PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	DefineCustomStringVariable("sla_tracker.calendar",
							   "Calendar of a business_interval that names none.",
							   NULL, &sla_calendar_setting, NULL,
							   PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("sla_tracker.calendar_cache",
							"Memory of a session for compiled calendars.",
							NULL, &sla_calendar_cache_kb, 128 * 1024, 256, MAX_KILOBYTES,
							PGC_USERSET, GUC_UNIT_KB, NULL, NULL, NULL);
	worker_init();
	owner_watch_init();
	due_queue_setting();
	MarkGUCPrefixReserved("sla_tracker");
	calendar_init();
	deadline_init();
	own_relation_init();
	own_indexes_init();
	definition_init();
	settling_init();
	sources_init();
	track_init();
	visibility_init();
	rollup_delta_init();
	rollup_trigger_init();
}

/* sla.library_version() -> text */
PG_FUNCTION_INFO_V1(sla_library_version);
Datum
sla_library_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(SLA_TRACKER_VERSION));
}

/*
 * sla.cache_stats() -> setof (hours, calendars, from_at, to_at, bytes,
 *		compilations, compile_microseconds)
 *
 * The calendars that this session has compiled.
 */
PG_FUNCTION_INFO_V1(sla_cache_stats);
Datum
sla_cache_stats(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	uint32		cursor = 0;
	HoursImage *image;

	InitMaterializedSRF(fcinfo, 0);
	while ((image = hours_image_next(&cursor)) != NULL)
	{
		const Timeline *timeline = image->timeline;
		Datum		values[7];
		bool		nulls[7] = {0};

		values[0] = PointerGetDatum(cstring_to_text_with_len(image->text, image->length));
		values[1] = Int32GetDatum(image->nrefs);
		nulls[2] = nulls[3] = timeline == NULL;
		if (timeline != NULL)
		{
			values[2] = TimestampTzGetDatum(timeline->base);
			values[3] = TimestampTzGetDatum(timeline->end);
		}
		values[4] = Int64GetDatum(timeline != NULL ? (int64) timeline->bytes : 0);
		values[5] = Int32GetDatum(image->ncompiles);
		values[6] = Float8GetDatum(image->compile_usecs);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
