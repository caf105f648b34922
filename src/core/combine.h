/*-------------------------------------------------------------------------
 *
 * combine.h
 *	  Expressions over the names of calendars: "berlin + denver - shutdown".
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_COMBINE_H
#define SLA_COMBINE_H

#include "core.h"
#include "hours.h"

typedef struct CombineNode
{
	HoursKind	kind;			/* HOURS_LEAF for a name */
	const char *name;			/* of a leaf, NUL-terminated */
	struct CombineNode *left;
	struct CombineNode *right;
} CombineNode;

/*
 * Parse an expression of names, "+" (either is open), "*" (both are), "-" (the
 * first is and the second is not) and parentheses; "*" binds tighter.  A name
 * consists of letters, digits, "_", ".", "/" and ":", or is in double quotes.
 * Returns NULL and fills in *error on failure.
 */
extern CombineNode *combine_parse(const char *text, size_t length,
								  CoreMem *mem, CoreError *error);

#endif							/* SLA_COMBINE_H */
