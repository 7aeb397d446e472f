-- Why: operators watch what was given up, which is little among all that arrived.
CREATE INDEX webhook_deliveries_dead ON webhook_deliveries (subscription_id) WHERE state = 'dead';
