SELECT item, metric, policy, owner, due_at, remaining_text, is_breached FROM sla.report_open ORDER BY due_at LIMIT 100;
