/*-------------------------------------------------------------------------
 *
 * role.c
 *	  The type sla.role: like regrole, but accepts names of roles that do not exist.
 *
 * regrole rejects the name of a role that does not exist, and then an entire table of a
 * dump cannot be restored.  Here such a name is read as InvalidOid.  So is a number,
 * which may belong to a different role in this cluster.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "libpq/pqformat.h"
#include "utils/acl.h"
#include "utils/fmgrprotos.h"

/* The role of a name in the format of regroleout(), or InvalidOid. */
static Oid
role_of(const char *written)
{
	char	   *name = pstrdup(written);
	char	   *to = name;

	if (written[0] == '-' || (written[0] >= '0' && written[0] <= '9'))
		return InvalidOid;
	if (written[0] != '"')
		return get_role_oid(written, true);
	for (const char *from = written + 1; *from != '\0' && (*from != '"' || *++from == '"'); from++)
		*to++ = *from;
	*to = '\0';
	return get_role_oid(name, true);
}

PG_FUNCTION_INFO_V1(sla_role_in);
Datum
sla_role_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_OID(role_of(PG_GETARG_CSTRING(0)));
}

/* The binary format is the name, too: a logical replica may have other OIDs. */
PG_FUNCTION_INFO_V1(sla_role_recv);
Datum
sla_role_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int			length;

	PG_RETURN_OID(role_of(pq_getmsgtext(buf, buf->len - buf->cursor, &length)));
}

PG_FUNCTION_INFO_V1(sla_role_send);
Datum
sla_role_send(PG_FUNCTION_ARGS)
{
	char	   *name = DatumGetCString(DirectFunctionCall1(regroleout, PG_GETARG_DATUM(0)));
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendtext(&buf, name, strlen(name));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}
