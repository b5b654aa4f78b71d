create database %I owner gardenos_owner template template0 encoding 'UTF8'
