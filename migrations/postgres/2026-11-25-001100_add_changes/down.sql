-- Why: takes the feed away; the publications themselves say what is public.
DROP TABLE changes;
DROP TABLE change_heads;
DROP FUNCTION refuse_feed_change();
