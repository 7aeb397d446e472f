-- Why: the way back from webhook_deliveries_dead.
DROP INDEX webhook_deliveries_dead;
