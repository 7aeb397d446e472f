-- Why: a unit's items are also those that it helps with, in all plans of all wards.
CREATE INDEX item_coordinators_by_unit ON item_coordinators (unit_id, item_id);
