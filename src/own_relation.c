/*-------------------------------------------------------------------------
 *
 * own_relation.c
 *	  Cache of the OIDs of the extension's own relations.
 *
 * They are needed several times in each statement on a tracked table.  Each is cached
 * until the relation, or any schema, changes.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "own_relation.h"

#include "catalog/namespace.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "relation_watch.h"

static const char *const names[] = {
	[OWN_REVISION] = "revision",
	[OWN_ROW_SECURITY] = "row_security",
	[OWN_CLOCK_STATE] = "clock_state",
	[OWN_CLOCK_STATE_PKEY] = "clock_state_pkey",
	[OWN_CLOCK_STATE_ITEM_IDX] = "clock_state_item_idx",
	[OWN_CLOCK_STATE_CLOCK_ID_SEQ] = "clock_state_clock_id_seq",
	[OWN_CLOCK_DUE_NEW] = "clock_due_new",
	[OWN_ALERT] = "alert",
	[OWN_ALERT_CLOCK_IDX] = "alert_clock_idx",
	[OWN_MOVED_PARTY] = "moved_party",
	[OWN_PROMISE] = "promise",
	[OWN_PROMISE_UNSETTLED_IDX] = "promise_unsettled_idx",
	[OWN_ROLLUP] = "rollup",
	[OWN_ROLLUP_PKEY] = "rollup_pkey",
	[OWN_ROLLUP_BUCKET] = "rollup_bucket",
	[OWN_ROLLUP_BUCKET_PKEY] = "rollup_bucket_pkey",
	[OWN_ROLLUP_DELTA] = "rollup_delta",
	[OWN_ROLLUP_DELTA_OBJECTIVE_IDX] = "rollup_delta_objective_idx",
};

static Oid	known[lengthof(names)]; /* InvalidOid if not cached */

static void
relation_changed(Oid relid)
{
	for (size_t i = 0; i < lengthof(known); i++)
		if (known[i] == relid || !OidIsValid(relid))
			known[i] = InvalidOid;
}

static void
schema_callback(Datum arg, int cacheid, uint32 hashvalue)
{
	(void) arg;
	(void) cacheid;
	(void) hashvalue;
	memset(known, 0, sizeof(known));
}

void
own_relation_init(void)
{
	relation_watch(relation_changed);
	CacheRegisterSyscacheCallback(NAMESPACEOID, schema_callback, (Datum) 0);
}

Oid
own_relation(OwnRelation which)
{
	Oid			relid = known[which];

	if (OidIsValid(relid))
		return relid;
	relid = get_relname_relid(names[which], get_namespace_oid("sla", false));
	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation \"sla.%s\" does not exist", names[which]),
				 errhint("Drop and create the extension, or restore its tables.")));
	known[which] = relid;
	return relid;
}
