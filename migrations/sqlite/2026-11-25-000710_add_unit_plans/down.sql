-- Why: back to plans of the ward alone.
DROP TABLE unit_plan_links;
DROP TABLE unit_plan_items;
DROP TABLE unit_plans;
