/*-------------------------------------------------------------------------
 *
 * objective_report.h
 *	  The reports of objectives that are asked for all the time, without SQL.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_OBJECTIVE_REPORT_H
#define SLA_OBJECTIVE_REPORT_H

#include "sla_tracker.h"

#include "nodes/execnodes.h"
#include "utils/timestamp.h"

#include "piece_counts.h"

/*
 * The rows of sla.objective_status() and sla.objective_alerts(), as the owner of
 * the extension; false where the objective is one for these functions.  "counts" is
 * what the statement has counted of other objectives.
 */
extern bool objective_status_rows(ReturnSetInfo *result, Datum name, TimestampTz at, PieceCounts *counts);
extern bool objective_alert_rows(ReturnSetInfo *result, Datum name, TimestampTz at, PieceCounts *counts);

#endif							/* SLA_OBJECTIVE_REPORT_H */
