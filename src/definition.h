/*-------------------------------------------------------------------------
 *
 * definition.h
 *	  Cache of what is defined for a tracked table: its metrics, policies, targets
 *	  and promises, with compiled expressions.
 *
 * A compiled expression cannot be evaluated recursively (a function in it may write
 * to the same table), nor after it has raised an error.  So a Definition whose
 * expressions are in use is marked busy, and then others get one of their own.
 *
 * A Definition is valid for one revision of all definitions, namely the one that
 * the active snapshot sees.  A pointer to it remains valid until the end of the
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

/* The expression in a column of a definition; NULL if the column is null. */
typedef struct Rule
{
	Expr	   *expr;
	ExprState  *state;
	const char *definition;		/* table of schema sla, for messages */
	const char *column;			/* column of it */
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
	int64		resync;			/* clocks derived under an older revision may
								 * have to get another promise ... */
	TimestampTz resync_at;		/* ... because of an edit at this time */
	char	   *policy;
	char	   *metric;
	char	   *calendar;		/* given by an agreement, or empty */
	BusinessInterval *goal;		/* NULL: only measure */
	BusinessInterval *threshold;	/* NULL: same as the goal */
	char	   *due_by;			/* NULL, "close" or a local time */
	int64		due_time;		/* that local time, in microseconds */
	bool		has_cutoff;
	int64		cutoff;
	double		risk;			/* the first fraction of alert_at, or 1 */
	int			nalerts;
	double	   *alerts;			/* alert_at, ascending */
	CallCache	hours;			/* for the hours of the calendar */
} Promise;

/* A version of a policy: a row of sla.policy. */
typedef struct Policy
{
	int32		id;
	char	   *name;
	TimestampTz from;			/* in force from here ... */
	TimestampTz until;			/* ... until here (exclusive) */
	char	   *plan;			/* NULL: any */
	Rule		applies;
} Policy;

/* A row of sla.target together with a version of its policy. */
typedef struct Target
{
	int32		id;
	int			policy;			/* index of the policy's version */
	int			metric;			/* index of the metric */
	TimestampTz from;
	TimestampTz until;
	bool		has_goal;
	bool		has_calendar;	/* the goal names one */
	int			npromises;
	Promise   **promises;		/* the current ones, one for each calendar */
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

/* A row of sla.moved_party: a party whose agreements have changed. */
typedef struct MovedParty
{
	char	   *party;
	int64		revision;		/* rows of clocks derived under an older one
								 * must be followed anew ... */
	TimestampTz edited_at;		/* ... because of an edit at this time */
} MovedParty;

/* An approved row of sla.exception; NULL means that it applies to any. */
typedef struct Exception
{
	char	   *policy;
	char	   *metric;
	char	   *party;
	char	   *item;
	Jsonb	   *labels;
	int			nspans;
	ClockSpan  *spans;			/* time that does not count */
	BusinessInterval *extend_by;	/* or NULL */
	bool		waive;
} Exception;

typedef struct Definition
{
	int32		id;				/* sla.tracked.id; the hash key */
	int64		revision;		/* of all definitions; 0 if not valid for
								 * other statements */
	MemoryContext context;
	Oid			relid;
	char	   *table;			/* its name, for error contexts */
	ExprContext *econtext;		/* for evaluating the expressions */
	bool		busy;			/* an expression is being evaluated, or has
								 * failed */
	Oid			owner;			/* of the table */
	bool		warn;			/* on_error = 'warn' */
	bool		suspended;		/* confirmed by a previous owner of the table
								 * only; the rest is empty */
	char	   *time_zone;
	bool		wants_settings; /* some expression depends on settings */
	Bitmapset  *columns;		/* read by any expression but "at"; offset by
								 * FirstLowInvalidHeapAttributeNumber */
	Bitmapset  *item_columns;	/* read by the expression for the item */
	Bitmapset  *item_nullable;	/* those of them that may be null, where null
								 * keys are distinct */
	bool		whole_row;		/* some expression reads the whole row */
	Rule		item;
	Rule		at;
	Rule		labels;
	Rule		party;
	Rule		responsible;	/* sla.tracked.owner */
	int			nmetrics;
	Metric	   *metrics;
	int			npolicies;		/* sorted by rank */
	Policy	   *policies;
	int			ntargets;		/* sorted like their policies */
	Target	   *targets;
	int			npromises;		/* sorted by id */
	Promise   **promises;
	int			nagreements;	/* sorted by party, name, from */
	Agreement  *agreements;
	int			nexceptions;
	Exception  *exceptions;
	int			nmoved;			/* sorted by party */
	MovedParty *moved;
	SPIPlanPtr	by_columns[3];	/* plans of tracked_row.c, for each RowLock;
								 * NULL until needed */
	SPIPlanPtr	by_text[3];
} Definition;

extern void definition_init(void);

/*
 * A number that identifies the state of all definitions that the active snapshot
 * sees.
 */
extern int64 definition_revision(void);

/*
 * The definition of a tracked table as the active snapshot sees it, by its id or
 * its table; NULL if there is none.
 */
extern Definition *definition_of(int32 id);
extern Definition *definition_of_table(Oid relid);

/* The same; an error if the table is not tracked. */
extern Definition *definition_of_tracked(Oid relid);

/* A promise by its id, current or not; NULL if there is none. */
extern Promise *definition_promise(const Definition *definition, int32 id);

/* The current promise that has replaced one after its target was edited, or NULL. */
extern Promise *definition_heir(const Definition *definition, const Promise *promise);

/*
 * The promise of a target under an agreement (may be NULL).  NULL if there is none:
 * a goal without a calendar needs an agreement that gives one.
 */
extern Promise *definition_promise_of_target(const Target *target, const Agreement *agreement);

/*
 * An agreement of a party (may be NULL) that is in force at an instant and has the
 * given plan, or any plan if that is NULL.  If there are several, prefer the first
 * one that has a calendar, else the first one.  NULL if there is none.
 */
extern const Agreement *definition_agreement(const Definition *definition,
											 const char *party, TimestampTz at,
											 const char *plan);

/* The agreement with this id; NULL if there is none. */
extern const Agreement *definition_agreement_by_id(const Definition *def, int32 id);

/*
 * The revision of the last change of a party's agreements; clocks derived under an
 * older one have not been updated for it.  0 if all have been.
 */
extern const MovedParty *definition_moved_party(const Definition *definition, const char *party);
extern int64 definition_party_revision(const Definition *definition, const char *party);

#endif							/* SLA_DEFINITION_H */
