/*-------------------------------------------------------------------------
 *
 * retain.c
 *	  Checking which items still exist, so that clocks of others may be deleted.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "attempt.h"
#include "definition.h"
#include "tracked_row.h"

typedef struct Present
{
	Oid			relid;
	int			nitems;
	char	  **items;
	bool	   *present;
} Present;

static void
find_items(void *argument)
{
	Present    *present = argument;
	Definition *def = definition_of_table(present->relid);
	RowReader	reader;

	if (def == NULL)
		return;
	if (def->suspended)
	{
		memset(present->present, true, present->nitems * sizeof(bool));
		return;
	}
	rows_open(&reader, present->relid);
	rows_have_items(&reader, def, present->nitems, present->items, present->present);
	rows_close(&reader);
}

/*
 * sla.items_present(relation, items) -> boolean[]
 *
 * Which of these items exist in a table?  If it is no longer tracked, none.  If its
 * definitions are suspended or raise an error, that is not known, so report all as
 * existing.
 */
PG_FUNCTION_INFO_V1(sla_items_present);
Datum
sla_items_present(PG_FUNCTION_ARGS)
{
	Present		present = {PG_GETARG_OID(0)};
	Datum	   *items;
	Datum	   *result;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &items, NULL,
					  &present.nitems);
	present.items = palloc(present.nitems * sizeof(char *));
	present.present = palloc0(present.nitems * sizeof(bool));
	for (int i = 0; i < present.nitems; i++)
		present.items[i] = TextDatumGetCString(items[i]);
	if (attempt(find_items, &present) != 0)
		memset(present.present, true, present.nitems * sizeof(bool));

	result = palloc(present.nitems * sizeof(Datum));
	for (int i = 0; i < present.nitems; i++)
		result[i] = BoolGetDatum(present.present[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(result, present.nitems, BOOLOID, 1, true, TYPALIGN_CHAR));
}
