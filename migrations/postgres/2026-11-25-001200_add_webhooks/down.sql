-- Why: without webhooks nobody is told, and nothing waits to be.
DROP TABLE webhook_attempts;
DROP TABLE webhook_deliveries;
DROP TABLE outbox_events;
DROP TABLE outbox_heads;
DROP TABLE webhook_subscriptions;
