/*-------------------------------------------------------------------------
 *
 * objective_report.h
 *	  Frequently used reports of objectives, implemented without SQL.
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
 * Put the rows of sla.objective_status() or sla.objective_alerts() into the result.  To
 * be called as the extension's owner.  Returns false if the objective is not supported
 * here, so that these SQL functions must be called.  "counts" has what the statement has
 * already counted for other objectives.
 */
extern bool objective_status_rows(ReturnSetInfo *result, Datum name, TimestampTz at, PieceCounts *counts);
extern bool objective_alert_rows(ReturnSetInfo *result, Datum name, TimestampTz at, PieceCounts *counts);

#endif							/* SLA_OBJECTIVE_REPORT_H */
