//! Changes: the ordered, gap-free feed of what became public, was corrected or withdrawn (API "Reading the whole").
