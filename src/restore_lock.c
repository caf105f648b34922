/*-------------------------------------------------------------------------
 *
 * restore_lock.c
 *	  A lock that keeps sla.tick() from running while a dump is restored.
 *
 * A dump is restored table by table, and sla.tick() must not act on a part of it: for
 * example on clocks when the alerts already raised for them are still missing.  As a
 * restoring session cannot know which table is the last one, it holds the lock until it
 * ends.  The lock is of a kind that cannot be taken by SQL commands.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "catalog/pg_extension.h"
#include "commands/extension.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"

/*
 * The lock is on a fictitious object of the extension; sla.status() looks for the same
 * one.  With USER_LOCKMETHOD, a session lock survives the failure of a transaction.
 */
static void
set_tag(LOCKTAG *tag)
{
	SET_LOCKTAG_OBJECT(*tag, MyDatabaseId, ExtensionRelationId, get_extension_oid("sla_tracker", false), 1);
	tag->locktag_lockmethodid = USER_LOCKMETHOD;
}

/*
 * sla.restore_begins() -> trigger
 *
 * BEFORE trigger on tables that sla.tick() acts on, which fires only in a restore.  It
 * waits until running ticks have ended.
 */
PG_FUNCTION_INFO_V1(sla_restore_begins);
Datum
sla_restore_begins(PG_FUNCTION_ARGS)
{
	LOCKTAG		tag;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by trigger manager", "restore_begins")));
	set_tag(&tag);
	(void) LockAcquire(&tag, RowExclusiveLock, true, false);
	return PointerGetDatum(NULL);
}

/*
 * sla.may_tick() -> boolean
 *
 * False while another session restores a dump, and behind a fence: a tick in a procedure
 * that a tick calls would believe that this call has ended its session.  If true, nobody
 * can restore a dump until the end of this transaction.
 */
PG_FUNCTION_INFO_V1(sla_may_tick);
Datum
sla_may_tick(PG_FUNCTION_ARGS)
{
	LOCKTAG		tag;

	(void) fcinfo;
	PreventCommandIfReadOnly("sla.tick()");
	/* avoid a deadlock with DROP EXTENSION, which also locks this first */
	LockDatabaseObject(ExtensionRelationId, get_extension_oid("sla_tracker", false), 0, AccessShareLock);
	set_tag(&tag);
	PG_RETURN_BOOL(!InSecurityRestrictedOperation() &&
				   LockAcquire(&tag, ShareLock, false, true) != LOCKACQUIRE_NOT_AVAIL);
}
