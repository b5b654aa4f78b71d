-- Whether this database was set up by the files beside this one, and we are who owns its tables.
select to_regnamespace('gardenos') is not null and current_user = 'gardenos_owner'
