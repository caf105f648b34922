/*-------------------------------------------------------------------------
 *
 * core_support.c
 *	  Memory, interrupts and error reporting for the core, and an error that several
 *	  files raise.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"

/* Longer input is truncated in messages. */
#define MAX_SHOWN_INPUT		200

static void *
core_palloc(void *context, size_t size)
{
	return MemoryContextAllocHuge((MemoryContext) context, size);
}

static void
core_check_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

CoreMem
sla_core_mem(void)
{
	CoreMem		mem = {core_palloc, core_check_interrupts, CurrentMemoryContext};

	return mem;
}

static int
core_sqlstate(CoreErrorKind kind)
{
	switch (kind)
	{
		case CORE_SYNTAX:
			return ERRCODE_INVALID_TEXT_REPRESENTATION;
		case CORE_RANGE:
			return ERRCODE_DATETIME_VALUE_OUT_OF_RANGE;
		case CORE_FIELD_RANGE:
			return ERRCODE_INTERVAL_FIELD_OVERFLOW;
		case CORE_FRACTION:
			return ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE;
		case CORE_UNSUPPORTED:
			return ERRCODE_FEATURE_NOT_SUPPORTED;
		case CORE_LIMIT:
			return ERRCODE_PROGRAM_LIMIT_EXCEEDED;
		case CORE_NOMEM:
			return ERRCODE_OUT_OF_MEMORY;
		case CORE_OK:
			break;
	}
	return ERRCODE_INTERNAL_ERROR;
}

/*
 * The core treats all text as UTF-8, so in another encoding it may have truncated a
 * quotation within a character.  If so, replace all non-ASCII bytes.
 */
static const char *
valid_detail(const CoreError *error)
{
	char	   *detail = pstrdup(error->detail);

	if (!pg_verify_mbstr(GetDatabaseEncoding(), detail, (int) strlen(detail), true))
		for (char *c = detail; *c != '\0'; c++)
			if (IS_HIGHBIT_SET(*c))
				*c = '?';
	return detail;
}

void
sla_report(const CoreError *error, const char *type, const char *input,
		   int length, Node *escontext)
{
	int			shown = pg_mbcliplen(input, length, MAX_SHOWN_INPUT);
	const char *dots = shown < length ? "..." : "";

	errsave(escontext,
			(errcode(core_sqlstate(error->kind)),
			 error->message[0] != '\0' ?
			 errmsg("%s: \"%.*s%s\"", error->message, shown, input, dots) :
			 errmsg("invalid input syntax for type %s: \"%.*s%s\"",
					type, shown, input, dots),
			 error->detail[0] != '\0' ? errdetail("%s", valid_detail(error)) : 0,
			 error->hint[0] != '\0' ? errhint("%s", error->hint) : 0));
}

void
sla_refuse_nulls(ArrayType *array)
{
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("array must not contain nulls")));
}
