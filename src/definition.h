/*-------------------------------------------------------------------------
 *
 * definition.h
 *	  What is defined for a tracked table, in this backend: its expressions
 *	  compiled, its metrics, policies, targets and promises.
 *
 * Compiled expressions cannot be evaluated while they are being evaluated (a
 * function in one may write to the same table), nor after an error in them: a
 * definition that is busy is left alone and read anew.
 *
 * A definition answers for one revision of the definitions, the one that the
 * active snapshot sees.  A pointer to it is good until the end of the
 * transaction.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_DEFINITION_H
#define SLA_DEFINITION_H

#include "sla_tracker.h"

#include "executor/executor.h"
#include "executor/spi.h"
#include "utils/jsonb.h"
#include "utils/rangetypes.h"

#include "calendar.h"
#include "core/clock.h"

/* Expressions of one column; NULL where none is given. */
typedef struct Rule
{
	Expr	   *expr;
	ExprState  *state;
	const char *definition;		/* of which it is the */
	const char *column;
} Rule;

/* A row of sla.promise. */
typedef struct Promise
{
	int32		id;
	int32		policy_id;
	int32		target_id;
	int32		metric_id;
	bool		is_current;
	int64		revision;
	int64		resync;			/* what is derived of an older revision may
								 * have another promise by now */
	char	   *policy;
	char	   *metric;
	char	   *calendar;		/* that an agreement gave, or empty */
	BusinessInterval *goal;		/* NULL: measure only */
	BusinessInterval *threshold;	/* NULL: the goal */
	char	   *due_by;			/* NULL, "close" or a local time, */
	int64		due_time;		/* which is this one */
	bool		has_cutoff;
	int64		cutoff;
	double		risk;			/* the first fraction of alert_at, or 1 */
	int			nalerts;
	double	   *alerts;			/* alert_at, ascending */
	CallCache	hours;			/* of the calendar */
} Promise;

typedef struct Policy
{
	int32		id;
	char	   *name;
	TimestampTz from;			/* in force from here */
	TimestampTz until;			/* until here */
	char	   *plan;			/* NULL: any */
	Rule		applies;
} Policy;

typedef struct Target
{
	int32		id;
	int			policy;			/* index of the policy's version; */
	int			metric;			/* of the metric */
	TimestampTz from;
	TimestampTz until;
	bool		has_goal;
	bool		has_calendar;	/* the goal names one */
	int			npromises;
	Promise   **promises;		/* the current ones, by calendar */
} Target;

typedef struct Metric
{
	int32		id;
	char	   *name;
	ClockRules	rules;
	Rule		start;
	Rule		stop;
	Rule		pause;
	Rule		cancel;
	Rule		start_at;
	Rule		stop_at;
	Rule		due_at;
	Rule		per;
	Rule		reason;
} Metric;

typedef struct Agreement
{
	int32		id;
	char	   *party;
	char	   *name;
	TimestampTz from;
	TimestampTz until;
	char	   *plan;
	char	   *calendar;
} Agreement;

/* A party whose agreements have changed. */
typedef struct MovedParty
{
	char	   *party;
	int64		revision;		/* clocks of an older one are followed anew */
} MovedParty;

/* A row of sla.exception that is approved. */
typedef struct Exception
{
	char	   *policy;			/* what it bears on; NULL: any */
	char	   *metric;
	char	   *party;
	char	   *item;
	Jsonb	   *labels;
	int			nspans;			/* the time that does not count */
	ClockSpan  *spans;
	BusinessInterval *extend_by;	/* may be NULL */
	bool		waive;
} Exception;

typedef struct Definition
{
	int32		id;				/* of sla.tracked; the key */
	int64		revision;		/* of all definitions; 0 when not good */
	MemoryContext context;
	Oid			relid;
	char	   *table;			/* its name, for the context of errors */
	ExprContext *econtext;		/* for the expressions, as long-lived as they */
	bool		busy;			/* an expression is being evaluated, or failed */
	Oid			owner;
	bool		warn;			/* on_error */
	bool		suspended;		/* made by another owner of the table; the
								 * rest is empty */
	char	   *time_zone;
	bool		wants_settings; /* some expression does */
	Bitmapset  *columns;		/* that expressions read, but for "at"; offset */
	Bitmapset  *item_columns;	/* that the item's does */
	Bitmapset  *item_nullable;	/* of these, that may be NULL in rows of their
								 * own */
	bool		whole_row;		/* some expression reads all */
	Rule		item;
	Rule		at;
	Rule		labels;
	Rule		party;
	Rule		responsible;	/* sla.tracked.owner */
	int			nmetrics;
	Metric	   *metrics;
	int			npolicies;		/* in order of rank */
	Policy	   *policies;
	int			ntargets;		/* in the order of their policies */
	Target	   *targets;
	int			npromises;		/* ascending id */
	Promise   **promises;
	int			nagreements;	/* by party, name, from */
	Agreement  *agreements;
	int			nexceptions;
	Exception  *exceptions;
	int			nmoved;			/* by party */
	MovedParty *moved;
	SPIPlanPtr	by_columns[3];	/* of tracked_row.c, for each RowLock; NULL
								 * until needed */
	SPIPlanPtr	by_text[3];
} Definition;

extern void definition_init(void);

/*
 * The revision of all definitions that the active snapshot sees: other ones have
 * another.
 */
extern int64 definition_revision(void);

/*
 * The definition of a tracked table as the active snapshot sees it, by its
 * number or its table; NULL when it is not tracked.
 */
extern Definition *definition_of(int32 id);
extern Definition *definition_of_table(Oid relid);

/* The same; an error when it is not tracked. */
extern Definition *definition_of_tracked(Oid relid);

/* A promise by its number, current or not; NULL when there is none. */
extern Promise *definition_promise(const Definition *definition, int32 id);

/* The current promise in place of one, or NULL. */
extern Promise *definition_heir(const Definition *definition, const Promise *promise);

/*
 * What a target promises under an agreement (or none), or NULL: a goal without a
 * calendar needs that of an agreement.
 */
extern Promise *definition_promise_of_target(const Target *target, const Agreement *agreement);

/*
 * An agreement of the party that is in force at an instant and has the plan, or
 * any; of several the first that has a calendar, else the first.  NULL if none.
 */
extern const Agreement *definition_agreement(const Definition *definition,
											 const char *party, TimestampTz at,
											 const char *plan);

/*
 * The revision of the last change of a party's agreements: clocks of an older one
 * do not know of it.  0 when it has been seen to.
 */
extern int64 definition_party_revision(const Definition *definition, const char *party);

#endif							/* SLA_DEFINITION_H */
