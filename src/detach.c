/*-------------------------------------------------------------------------
 *
 * detach.c
 *	  Altering tables of other owners.
 *
 * Changing the type of a column checks the table's constraints again, which may call
 * functions of its owner.  So this runs as that owner, in a fence.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "access/table.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "fence.h"

/*
 * sla.alter_as_owner(relation regclass, action text) -> void
 *
 * Execute ALTER TABLE relation action.  "action" must be safe against injection.
 */
PG_FUNCTION_INFO_V1(sla_alter_as_owner);
Datum
sla_alter_as_owner(PG_FUNCTION_ARGS)
{
	Relation	rel = table_open(PG_GETARG_OID(0), AccessExclusiveLock);
	Oid			owner = rel->rd_rel->relowner;
	char	   *command = psprintf("ALTER TABLE %s %s",
								   quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)),
															  RelationGetRelationName(rel)),
								   text_to_cstring(PG_GETARG_TEXT_PP(1)));
	Fence		fence;

	table_close(rel, NoLock);
	fence_enter(&fence, owner);
	fence_settings(NULL);
	SPI_connect();
	if (SPI_execute(command, false, 0) < 0)
		elog(ERROR, "could not execute \"%s\"", command);
	SPI_finish();
	fence_leave(&fence);
	PG_RETURN_VOID();
}
