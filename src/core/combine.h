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
	HoursKind	kind;			/* HOURS_LEAF: a name */
	const char *name;			/* of a leaf, terminated */
	struct CombineNode *left;
	struct CombineNode *right;
} CombineNode;

/*
 * Parse an expression of names, "+" (either is open), "*" (both are), "-" (the
 * first but not the second is) and parentheses; "*" binds tighter.  A name is
 * letters, digits, "_", ".", "/", ":" or is put into double quotes.  Returns
 * NULL and fills *error when it is not of that form.
 */
extern CombineNode *combine_parse(const char *text, size_t length,
								  CoreMem *mem, CoreError *error);

#endif							/* SLA_COMBINE_H */
