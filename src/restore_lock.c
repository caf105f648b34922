/*-------------------------------------------------------------------------
 *
 * restore_lock.c
 *	  While a dump is restored sla.tick() does nothing.
 *
 * What it acts on comes table by table: clocks before the alerts that were raised
 * of them, for how long history is kept before the rows that keep it.  So a session
 * that restores holds a lock until it ends, since nothing tells it which table is
 * the last.  Nobody else can take that lock.
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
 * An object of the extension that has no other locks, as sla.status() knows too.  By the
 * method of users, a lock lasts when a transaction of the session fails.
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
 * Before rows of a dump come into what sla.tick() acts on.  It waits for those ticks
 * that run.
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
 * False while another session restores; else none does until the end of this
 * transaction.
 */
PG_FUNCTION_INFO_V1(sla_may_tick);
Datum
sla_may_tick(PG_FUNCTION_ARGS)
{
	LOCKTAG		tag;

	(void) fcinfo;
	PreventCommandIfReadOnly("sla.tick()");
	/* (DROP EXTENSION locks it first: none waits for the other after that) */
	LockDatabaseObject(ExtensionRelationId, get_extension_oid("sla_tracker", false), 0, AccessShareLock);
	set_tag(&tag);
	PG_RETURN_BOOL(LockAcquire(&tag, ShareLock, false, true) != LOCKACQUIRE_NOT_AVAIL);
}
