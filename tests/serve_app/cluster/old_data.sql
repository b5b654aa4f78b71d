create schema "Old ones";
create type mood as enum ('sad', 'glad');
create function twice(integer) returns integer immutable language sql as 'select $1 * 2';
create table customers (
    id bigint generated always as identity primary key,
    name text not null unique,
    mood mood,
    doubled integer generated always as (twice(3)) stored,
    weight double precision,
    seen timestamptz,
    photo bytea
);
create table "Old ones"."Order ""x""" (
    id serial primary key,
    customer bigint not null references customers,
    parent integer references "Old ones"."Order ""x""",
    lines jsonb
);
create table calls (at date, note text) partition by range (at);
create table calls_2024 partition of calls for values from ('2024-01-01') to ('2025-01-01');
create table calls_2025 partition of calls for values from ('2025-01-01') to ('2026-01-01');
create table nothing (id integer);
create table alike (word text);
create table keyed (
    mood mood, word text, at timestamptz, ratio double precision, raw bytea, amount numeric(9, 3),
    day date, note text, primary key (mood, word, at, ratio, raw, amount, day)
);
create domain short_text as text check (length(value) < 9);
create table by_domain (id short_text primary key);
create view glad as select * from customers where mood = 'glad';
create materialized view counted as select count(*) as n from customers;
insert into customers (name, mood, weight, seen, photo)
select
    'name ' || n || E' \t \\N \n ünï',
    case when n % 3 > 0 then 'glad'::mood end,
    n / 7.0::double precision,
    '2024-03-31 01:30+00'::timestamptz + n * interval '1 hour 1 us',
    decode(md5(n::text), 'hex')
from generate_series(1, 3000) as n;
insert into "Old ones"."Order ""x""" (customer, parent, lines)
select n, case when n > 1 then n - 1 end, jsonb_build_object('a"', n, 'b', null)
from generate_series(1, 500) as n;
insert into calls select '2024-06-01'::date + n, 'note' from generate_series(1, 400) as n;
insert into keyed
select
    case n % 2 when 0 then 'glad'::mood else 'sad' end,
    'w ' || n % 3 || E'"\\,',
    '2024-10-27 00:59:59.999999+00'::timestamptz + n % 5 * interval '30 min',
    n % 4 / 3.0::double precision,
    decode(md5((n % 6)::text), 'hex'),
    n / 1000.0,
    '2024-02-29'::date - n,
    'ünï ' || n
from generate_series(1, 400) as n;
insert into by_domain select 'd' || n from generate_series(1, 60) as n;
insert into alike select 'same' from generate_series(1, 100);
select setval('customers_id_seq', 9000);
refresh materialized view counted;
