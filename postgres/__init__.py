"""Storage in PostgreSQL: pool, migrations, stores behind the domain's ports, embedded server.

Belongs here: everything that speaks SQL (in named ``.sql`` files) and the processes of the
embedded server. Must not come here: rules of the business, Ray, HTTP, the environment.
May import domain, asyncpg, pydantic and orjson; nobody else imports asyncpg.
"""
