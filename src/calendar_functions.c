/*-------------------------------------------------------------------------
 *
 * calendar_functions.c
 *	  SQL functions on the definitions of calendars.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "calendar.h"
#include "core/combine.h"

/* Append the names in an expression to a list, in order and without duplicates. */
static List *
collect_names(const CombineNode *node, List *names)
{
	ListCell   *cell;

	if (node->kind != HOURS_LEAF)
		return collect_names(node->right, collect_names(node->left, names));
	foreach(cell, names)
	{
		if (strcmp(lfirst(cell), node->name) == 0)
			return names;
	}
	return lappend(names, unconstify(char *, node->name));
}

/* sla.combined_calendars(text) -> text[]: the names in a combination */
PG_FUNCTION_INFO_V1(sla_combined_calendars);
Datum
sla_combined_calendars(PG_FUNCTION_ARGS)
{
	text	   *expression = PG_GETARG_TEXT_PP(0);
	CoreMem		mem = sla_core_mem();
	CoreError	error = {0};
	CombineNode *node = combine_parse(VARDATA_ANY(expression), VARSIZE_ANY_EXHDR(expression),
									  &mem, &error);
	List	   *names;
	Datum	   *elements;
	ListCell   *cell;
	int			n = 0;

	if (node == NULL)
		sla_report(&error, "combination of calendars", VARDATA_ANY(expression),
				   VARSIZE_ANY_EXHDR(expression), NULL);
	names = collect_names(node, NIL);
	elements = palloc(list_length(names) * sizeof(Datum));
	foreach(cell, names)
		elements[n++] = CStringGetTextDatum(lfirst(cell));
	PG_RETURN_ARRAYTYPE_P(construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * sla.day_hours(text) -> text
 *
 * The canonical form of the hours of a holiday.  As there is no printer for spans
 * alone, print a value with a single rule, and remove the time zone.
 */
PG_FUNCTION_INFO_V1(sla_day_hours);
Datum
sla_day_hours(PG_FUNCTION_ARGS)
{
	static const char prefix[] = "TZ=UTC ";
	text	   *hours = PG_GETARG_TEXT_PP(0);
	CoreMem		mem = sla_core_mem();
	CoreError	error = {0};
	HoursRule	rule = {0};
	HoursExpr	expr = {0};
	char	   *canonical;
	size_t		length;

	if (!hours_parse_spans(VARDATA_ANY(hours), VARSIZE_ANY_EXHDR(hours), &mem,
						   &rule.nspans, &rule.spans, &error))
		sla_report(&error, "hours of a day", VARDATA_ANY(hours), VARSIZE_ANY_EXHDR(hours), NULL);
	rule.off = rule.nspans == 0;
	strcpy(expr.zone, "UTC");
	expr.nrules = 1;
	expr.rules = &rule;
	canonical = hours_print(&expr, &mem, &length);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(canonical + strlen(prefix),
											  (int) (length - strlen(prefix))));
}

/* sla.calendar_hours(text) -> business_hours */
PG_FUNCTION_INFO_V1(sla_calendar_hours);
Datum
sla_calendar_hours(PG_FUNCTION_ARGS)
{
	text	   *name = PG_GETARG_TEXT_PP(0);
	CallCache  *cache = call_cache(fcinfo, 0);
	HoursImage *image = calendar_image(cache, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name),
									   cache->constant);

	PG_RETURN_TEXT_P(cstring_to_text_with_len(image->text, image->length));
}
