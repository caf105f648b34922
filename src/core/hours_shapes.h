/*-------------------------------------------------------------------------
 *
 * hours_shapes.h
 *	  The different days that a leaf of opening hours makes, each kept once.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_HOURS_SHAPES_H
#define SLA_HOURS_SHAPES_H

#include "hours.h"
#include "hours_memory.h"

#define NO_SHAPE		UINT32_MAX

/* A growing array of sorted, disjoint spans. */
typedef struct DaySpans
{
	HoursSpan  *span;
	int			n;
	int			size;
} DaySpans;

/* The shapes of a plan, hashed, and the one being made; zeroes but for memory and plan at first. */
typedef struct DayShapes
{
	PlanMemory	memory;
	DayPlan    *plan;			/* has the shapes */
	int			size;
	int			npieces;
	int			slots;			/* a power of two; a slot is an index plus 1 */
	uint32_t   *slot;

	/* the one being made */
	DaySpans	own;
	DaySpans	spill;

	/* work space */
	DaySpans	operand;		/* for the caller */
	DaySpans	merged;
	DayPiece   *piece;
	int			pieces_size;
} DayShapes;

/*
 * Get the parts of spans that lie inside their date or, if "spill", after it,
 * sorted and merged.  No spans at all mean the whole day.
 */
extern bool day_spans_cut(DayShapes *s, DaySpans *list, int nspans, const HoursSpan *spans,
						  bool spill);

/* Set *list to its union with *with, or subtract *minus from it. */
extern bool day_spans_add(DayShapes *s, DaySpans *list, const DaySpans *with);
extern bool day_spans_subtract(DayShapes *s, DaySpans *list, const DaySpans *minus);

/* Find or make the shape that consists of s->own and s->spill; NO_SHAPE on failure. */
extern uint32_t day_shapes_intern(DayShapes *s);

/* Load a shape into s->own and s->spill. */
extern bool day_shapes_load(DayShapes *s, uint32_t number);

/* The shape of the own part of a rule or holiday, without spill. */
extern uint32_t day_shapes_of_spans(DayShapes *s, int nspans, const HoursSpan *spans);

extern uint32_t day_shapes_empty(DayShapes *s);

/* Has a shape any hours that are no spill? */
extern bool day_shapes_has_own(const DayShapes *s, uint32_t shape);

#endif							/* SLA_HOURS_SHAPES_H */
