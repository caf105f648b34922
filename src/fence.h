/*-------------------------------------------------------------------------
 *
 * fence.h
 *	  Running code as another role, in isolation from the session.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_FENCE_H
#define SLA_FENCE_H

#include "sla_tracker.h"

/* What fence_leave() has to restore. */
typedef struct Fence
{
	Oid			role;			/* the role before */
	int			security;		/* and its security context */
	int			guc_level;
	bool		read_only;
	Oid			outer;			/* role of the enclosing fence */
	SubTransactionId outer_subid;
} Fence;

/*
 * Until fence_leave(), run as "role", as a security-restricted operation (no
 * deferred triggers may be queued, no other role be set).  Settings changed inside
 * are restored by fence_leave().  After an error it need not be called: the abort
 * of the transaction or subtransaction restores everything.
 */
extern void fence_enter(Fence *fence, Oid role);

/* The same, and bypass row-level security that is forced on the role's own tables. */
extern void fence_enter_no_rls(Fence *fence, Oid role);

/*
 * The same, and read-only: for expressions written by others, run as a role that did
 * not ask for it.
 */
extern void fence_enter_read_only(Fence *fence, Oid role);
extern void fence_leave(const Fence *fence);

/*
 * The role of the innermost fence that we are in, even if a function in it has
 * switched to another role; InvalidOid if we are in none.  Safe to be called from a
 * signal handler.
 */
extern Oid	fence_role(void);

/*
 * To be called inside a fence: make the settings under which expressions are
 * evaluated, such as a search path of pg_catalog, and ISO dates.  time_zone may be
 * NULL, which leaves it as it is.
 */
extern void fence_settings(const char *time_zone);

/* Inside a fence: make these settings of a session. */
extern void fence_settings_of(const char *search_path, const char *time_zone);

/* Inside a fence: disable JIT, which does not pay if little is read. */
extern void fence_no_jit(void);

/*
 * Inside a fence: discourage sequential scans, because a cached plan made while the
 * table was small would keep using one.
 */
extern void fence_by_index(void);

/* The role that owns the extension's tables. */
extern Oid	fence_extension_owner(void);

/* The owner of a function. */
extern Oid	fence_function_owner(Oid function);

#endif							/* SLA_FENCE_H */
