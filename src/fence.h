/*-------------------------------------------------------------------------
 *
 * fence.h
 *	  Acting as another role, so that nothing of it leaks either way.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_FENCE_H
#define SLA_FENCE_H

#include "sla_tracker.h"

typedef struct Fence
{
	Oid			role;			/* as who we came */
	int			security;
	int			guc_level;
	bool		read_only;
	Oid			outer;			/* the fence that this one is in */
	SubTransactionId outer_subid;
} Fence;

/*
 * From here to fence_leave() the current role is "role", under a restriction
 * of security (nothing may be queued for later, no other role be set), and
 * settings made inside are undone.  An error leaves by itself: the end of the
 * transaction or subtransaction restores all.
 */
extern void fence_enter(Fence *fence, Oid role);

/* The same, and row-level security of the role's own tables is left aside. */
extern void fence_enter_no_rls(Fence *fence, Oid role);

/*
 * The same, and nothing can be written: for what others wrote and the role did
 * not ask for.
 */
extern void fence_enter_read_only(Fence *fence, Oid role);
extern void fence_leave(const Fence *fence);

/*
 * Behind whose fence the session is, whatever function of another's it is in there;
 * or InvalidOid.  A signal handler may ask.
 */
extern Oid	fence_role(void);

/*
 * Inside: the settings that expressions are evaluated under.  The search path
 * is pg_catalog, dates are ISO.  time_zone may be NULL: as it is.
 */
extern void fence_settings(const char *time_zone);

/* In it, too: little is to be read, whatever the planner thinks. */
extern void fence_no_jit(void);

/*
 * In it, too: rows are to be found by an index, also by a plan that was made when
 * the table was small.
 */
extern void fence_by_index(void);

/* The role that owns the extension's tables. */
extern Oid	fence_extension_owner(void);

/* Whose a function is. */
extern Oid	fence_function_owner(Oid function);

#endif							/* SLA_FENCE_H */
