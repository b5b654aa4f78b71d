-- How many rows, and the sums of two independent 64-bit hashes over their text, which do not depend on the order.
select count(*) as rows, coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text as first,
    coalesce(sum(hashtextextended(t::text, 1)::numeric), 0)::text as second
from {table} t
