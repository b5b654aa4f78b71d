"""Every setting of the product; the only reader of the environment.

Order, strongest first: arguments, environment (``GARDENOS_HTTP__PORT=8000``), the YAML file that
``GARDENOS_SETTINGS_FILE`` names, defaults.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from actors.settings import API_KEY_VARIABLE, ModelSettings, WritingSettings
from deployments.settings import DEFAULT_AGENTS, AgentSettings, QueueSettings
from domain.errors import ConfigurationError
from postgres.backup_settings import BackupSettings
from postgres.cluster_settings import (
    ETCD_PASSWORD_VARIABLE,
    PATRONI_PASSWORD_VARIABLE,
    ClusterSettings,
)
from postgres.settings import ADMIN_URL_VARIABLE, MIGRATION_URL_VARIABLE, DatabaseSettings
from scoring.settings import ScoringSettings
from serve_app.addresses import is_loopback
from serve_app.auth.settings import HS256_SECRET_VARIABLE, AuthSettings
from serve_app.events.settings import EventSettings
from serve_app.settings_file import FILE_VARIABLE, read_settings_file
from serve_app.webhooks.settings import WebhookSettings
from serve_app.wording import kind_of_value

PREFIX = "GARDENOS_"
DATABASE_URL_VARIABLE = "GARDENOS_DATABASE_URL"
CALLER_KEY_VARIABLE = "GARDENOS_API_KEY"
IMPORT_URL_VARIABLE = "GARDENOS_IMPORT_URL"
SECRET_VARIABLES = frozenset(
    {
        DATABASE_URL_VARIABLE,
        MIGRATION_URL_VARIABLE,
        ADMIN_URL_VARIABLE,
        API_KEY_VARIABLE,
        CALLER_KEY_VARIABLE,
        HS256_SECRET_VARIABLE,
        ETCD_PASSWORD_VARIABLE,
        PATRONI_PASSWORD_VARIABLE,
        IMPORT_URL_VARIABLE,
    }
)
"""Variables that hold a secret: settings name them, the process that needs one reads it."""

KEY_BY_REFERENCE = (
    f"api_key_file or api_key_variable, which name where the key is, or {API_KEY_VARIABLE} in the"
    " environment; settings hold no secret"
)
URL_BY_REFERENCE = (
    f"url_file or url_variable, which name where the address is, or {DATABASE_URL_VARIABLE} in the"
    " environment; settings hold no secret"
)
SECRET_BY_REFERENCE = (
    "hs256_secret_file or hs256_secret_variable, which name where the secret is, or"
    f" {HS256_SECRET_VARIABLE} in the environment; settings hold no secret"
)
"""Where a secret goes that somebody looked for a place for."""

HIDDEN_WORDS = ("url", "key", "password", "secret", "token")


class Section(BaseModel):
    """A group of settings: immutable, and closed against names nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class HttpSettings(Section):
    """The HTTP face."""

    host: Annotated[str, Field(pattern=r"^[0-9A-Za-z.:\[\]-]+$", max_length=255)] = Field(
        default="127.0.0.1",
        description="Address to listen on; not loopback only where `auth.mode` is not `none`.",
    )
    port: Annotated[int, Field(ge=1, le=65535)] = Field(default=8000, description="TCP port.")
    haproxy: bool = Field(
        default=True,
        description="Whether a local start on Linux puts HAProxy in front, which takes a tenth of"
        " the CPU of Ray's own proxy; elsewhere there is only the latter.",
    )
    max_body_bytes: Annotated[int, Field(ge=1024, le=64 * 2**20)] = Field(
        default=2**20, description="Largest body of a single request, in bytes."
    )
    max_batch_body_bytes: Annotated[int, Field(ge=1024, le=256 * 2**20)] = Field(
        default=16 * 2**20, description="Largest body of a batch, in bytes."
    )
    max_batch_items: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=1000, description="Most tasks in one batch."
    )
    max_header_bytes: Annotated[int, Field(ge=1024, le=2**20)] = Field(
        default=32 * 1024, description="Largest headers of a request together, in bytes."
    )
    default_timeout_s: Annotated[float, Field(gt=0, le=600)] = Field(
        default=70.0, description="Time for a request that names none, in seconds."
    )
    max_timeout_s: Annotated[float, Field(gt=0, le=3600)] = Field(
        default=300.0, description="Longest time a request may ask for, in seconds."
    )


class IngressSettings(Section):
    """The replicas that answer HTTP and hold the queue; each has its own database connections."""

    min_replicas: Annotated[int, Field(ge=1, le=64)] = Field(
        default=1, description="Replicas kept while idle."
    )
    max_replicas: Annotated[int, Field(ge=1, le=64)] = Field(
        default=1, description="Replicas at most."
    )
    max_surge_percent: Annotated[int, Field(ge=0, le=100)] = Field(
        default=100,
        description="Replicas an update starts before it stops old ones, per hundred of them; 0 "
        "stops first and refuses callers meanwhile where there is one replica.",
    )
    target_ongoing: Annotated[float, Field(gt=0, le=10_000)] = Field(
        default=256.0, description="Open requests per replica that autoscaling aims at."
    )
    max_ongoing_requests: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=4096, description="Open requests per replica, long polls included."
    )
    max_queued_requests: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=4096,
        description="Requests that may wait for a replica with fewer open ones; more get 429.",
    )
    cpus: Annotated[float, Field(ge=0, le=64)] = Field(
        default=0.0, description="Cores Ray reserves for a replica; 0 reserves none."
    )

    @model_validator(mode="after")
    def _replicas_are_ordered(self) -> Self:
        if self.min_replicas > self.max_replicas:
            raise ValueError(
                f"min_replicas {self.min_replicas} is above max_replicas {self.max_replicas}"
            )
        return self


class RetentionSettings(Section):
    """How long finished tasks are kept; leads and their analyses stay until they are deleted."""

    finished_tasks_s: Annotated[float, Field(ge=60, le=10 * 365 * 86_400)] = Field(
        default=30 * 86_400.0, description="Seconds a finished task can be read."
    )
    look_s: Annotated[float, Field(gt=0, le=86_400)] = Field(
        default=60.0, description="Seconds between two looks for tasks past that."
    )
    batch: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=1000, description="Tasks deleted by one statement."
    )


class DashboardSettings(Section):
    """Ray's dashboard of a local start; it listens on loopback."""

    enabled: bool = Field(default=True, description="Whether a local start brings it.")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(
        default=8265, description="TCP port; the next free one is taken where it is in use."
    )


class UsageSettings(Section):
    """What the report of usage compares with."""

    compare_with: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None,
        description="Model whose price the cost is held against; the price table's own choice"
        " where absent.",
    )


class Environment(EnvSettingsSource):
    """The environment, which may hold no ``GARDENOS_`` variable that nobody declared."""

    def __call__(self) -> dict[str, Any]:
        """Return the settings that variables give.

        Raises:
            ConfigurationError: A variable is none of ours.
        """
        sections = set(self.settings_cls.model_fields)
        for name in sorted(os.environ):
            if not name.upper().startswith(PREFIX):
                continue
            if name.upper() in SECRET_VARIABLES | {FILE_VARIABLE}:
                continue
            section = name[len(PREFIX) :].lower().split("__")[0]
            if section not in sections:
                known = {f"{PREFIX}{one.upper()}" for one in sections}
                names = sorted(known | SECRET_VARIABLES | {FILE_VARIABLE})
                allowed = "variables " + ", ".join(names)
                raise ConfigurationError(name, "an unknown setting", allowed)
        found = super().__call__()
        return _without_secrets(found)


def _without_secrets(found: dict[str, Any]) -> dict[str, Any]:
    """Take back what a secret's variable put into a section of the same name.

    A secret that stands in the JSON of a whole section stays, to be refused by its name.
    """
    for variable in SECRET_VARIABLES & {name.upper() for name in os.environ}:
        section, _, name = variable[len(PREFIX) :].lower().partition("__")
        values = found.get(section)
        if name and isinstance(values, dict):
            values.pop(name, None)
            if not values:
                del found[section]
    return found


class Settings(BaseSettings):
    """All settings, one section a room."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        allow_inf_nan=False,
        title="GardenOS settings",
    )

    http: HttpSettings = HttpSettings()
    auth: AuthSettings = AuthSettings()
    ingress: IngressSettings = IngressSettings()
    retention: RetentionSettings = RetentionSettings()
    events: EventSettings = EventSettings()
    webhooks: WebhookSettings = WebhookSettings()
    dashboard: DashboardSettings = DashboardSettings()
    database: DatabaseSettings = DatabaseSettings()
    cluster: ClusterSettings = ClusterSettings()
    backups: BackupSettings = BackupSettings()
    queue: QueueSettings = QueueSettings()
    agents: dict[str, AgentSettings] = Field(
        default_factory=lambda: {str(kind): one for kind, one in DEFAULT_AGENTS.items()},
        min_length=1,
        description="One pool an agent kind, by its name.",
    )
    scoring: ScoringSettings = Field(default_factory=ScoringSettings)
    model: ModelSettings = ModelSettings()
    writing: WritingSettings = WritingSettings()
    usage: UsageSettings = UsageSettings()
    data_folder: Path = Field(
        default=Path(".gardenos"), description="Where the embedded database keeps its files."
    )

    @model_validator(mode="before")
    @classmethod
    def _agents_keep_their_defaults(cls, values: Any) -> Any:
        """Let a source name one field of a known agent without repeating the others."""
        given = values.get("agents") if isinstance(values, dict) else None
        if not isinstance(given, dict):
            return values
        agents: dict[str, Any] = {
            str(kind): one.model_dump(exclude_unset=True) for kind, one in DEFAULT_AGENTS.items()
        }
        for kind, one in given.items():
            merged = isinstance(one, dict) and kind in agents
            agents[kind] = {**agents[kind], **one} if merged else one
        return {**values, "agents": agents}

    @model_validator(mode="after")
    def _strangers_stay_outside(self) -> Self:
        """Stop the start where the service would listen to everyone and ask nobody who he is."""
        if not is_loopback(self.http.host) and not self.auth.keeps_strangers_out:
            allowed = (
                "a loopback address such as 127.0.0.1, or GARDENOS_AUTH__MODE set to api_key or"
                " jwt: without authentication the service must not be reachable from other machines"
            )
            raise ConfigurationError(_as_written(["http", "host"]), self.http.host[:80], allowed)
        return self

    @model_validator(mode="after")
    def _models_fit_together(self) -> Self:
        """Stop the start where a kind's settings do not fit, or a key has nowhere to go."""
        asked = {kind: model_of(kind, one, self.model) for kind, one in self.agents.items()}
        for kind, model in asked.items():
            limit_s = self.agents[kind].attempt_limit_s
            if model is not None and limit_s <= model.run_limit_s:
                allowed = (
                    f"more than model.run_limit_s, {model.run_limit_s:g}: an attempt that is given"
                    " up while it waits for a model is paid for again"
                )
                field = _as_written(["agents", kind, "attempt_limit_s"])
                raise ConfigurationError(field, f"{limit_s:g}", allowed)
        idle = not self.model.is_configured and all(one is None for one in asked.values())
        if idle and os.environ.get(API_KEY_VARIABLE):
            got = f"nothing, although {API_KEY_VARIABLE} is set"
            allowed = (
                "the address of the provider, with GARDENOS_MODEL__NAME beside it;"
                " or no key, to run offline"
            )
            raise ConfigurationError("GARDENOS_MODEL__BASE_URL", got, allowed)
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return arguments, environment and the one file; nothing else is read."""
        del env_settings, dotenv_settings, file_secret_settings
        sources: list[PydanticBaseSettingsSource] = [init_settings, Environment(settings_cls)]
        path = os.environ.get(FILE_VARIABLE)
        if path:
            sources.append(InitSettingsSource(settings_cls, read_settings_file(Path(path))))
        return tuple(sources)


def model_of(kind: str, agent: AgentSettings, model: ModelSettings) -> ModelSettings | None:
    """Return the model settings of an agent kind, or None where it asks nobody.

    Raises:
        ConfigurationError: What the kind overrides does not fit to section ``model``.
    """
    try:
        return agent.model.applied_to(model)
    except ValidationError as error:
        fault = error.errors()[0]
        path = ["agents", kind, "model", *(str(part) for part in fault["loc"])]
        raise ConfigurationError(
            _as_written(path), _got(path, fault["input"]), _allowed(fault)
        ) from error


def database_url(database: DatabaseSettings) -> str | None:
    """Return the address of the database that the settings refer to; None means the embedded one.

    Secret, as are the next two: it may hold a password. All raise ConfigurationError where the
    settings name a file that cannot be read.
    """
    return read_url(database.url_file, "database.url_file", database.url_variable)


def migration_url(database: DatabaseSettings) -> str | None:
    """Return the address over which tables are changed; None where it is the application's own."""
    file, variable = database.migration_url_file, database.migration_url_variable
    return read_url(file, "database.migration_url_file", variable)


def admin_url(database: DatabaseSettings) -> str:
    """Return a superuser's address; ConfigurationError where the settings name none."""
    file, variable = database.admin_url_file, database.admin_url_variable
    found = read_url(file, "database.admin_url_file", variable)
    if not found:
        field = variable or "database.admin_url_file"
        raise ConfigurationError(field, "nothing", "the URL of a superuser, on the primary")
    return found


def read_url(file: Path | None, field: str, variable: str | None) -> str | None:
    """Return the address that a file holds, where one is named, else a variable; a secret."""
    if file is None:
        return os.environ.get(variable or "") or None
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        got = f"{file}, which cannot be read"
        raise ConfigurationError(field, got, "a readable file") from error


def secret_of(variable: str) -> str | None:
    """Return the secret that a variable named by the settings holds, or None where it is unset."""
    return os.environ.get(variable) or None


def caller_key() -> str | None:
    """Return the key or token that commands send; a secret.

    Raises:
        ConfigurationError: It could not stand in a header.
    """
    found = os.environ.get(CALLER_KEY_VARIABLE, "").strip()
    if found and not (found.isascii() and found.isprintable() and " " not in found):
        allowed = "a key of gardenos keys create, or a token, in one line"
        raise ConfigurationError(CALLER_KEY_VARIABLE, "<hidden>", allowed)
    return found or None


def hs256_secret(auth: AuthSettings) -> bytes | None:
    """Return the secret shared with the issuer, without blanks around it; None where none is.

    Raises:
        ConfigurationError: The settings name a file that cannot be read.
    """
    if auth.hs256_secret_file is not None:
        try:
            return auth.hs256_secret_file.read_bytes().strip() or None
        except OSError as error:
            got = f"{auth.hs256_secret_file} ({error.strerror})"
            raise ConfigurationError("auth.hs256_secret_file", got, "a readable file") from error
    return os.environ.get(auth.hs256_secret_variable, "").strip().encode() or None


def load_settings(overrides: Mapping[str, Any] | None = None) -> Settings:
    """Return the settings of this process.

    Args:
        overrides: Sections by name, as the command line gives them; the strongest source.

    Raises:
        ConfigurationError: Names the field as the user wrote it, what came, what is allowed.
    """
    try:
        return Settings(**dict(overrides or {}))
    except ValidationError as error:
        raise _first_fault(error) from error
    except SettingsError as error:
        raise _unreadable(error) from error


def _first_fault(error: ValidationError) -> ConfigurationError:
    fault = error.errors()[0]
    path = [str(part) for part in fault["loc"]]
    if fault["type"] == "extra_forbidden":
        allowed = "declared settings only"
        if path[-1] == "api_key":
            allowed = KEY_BY_REFERENCE
        elif path == ["database", "url"]:
            allowed = URL_BY_REFERENCE
        elif path == ["auth", "hs256_secret"]:
            allowed = SECRET_BY_REFERENCE
        return ConfigurationError(_as_written(path), "an unknown setting", allowed)
    if fault["type"] == "model_type":
        got = kind_of_value(fault["input"])
        return ConfigurationError(_as_written(path), got, "a group of settings by their names")
    return ConfigurationError(_as_written(path), _got(path, fault["input"]), _allowed(fault))


def _got(path: Sequence[str], value: object) -> str:
    """Return what came, without secrets: of a group of settings only the names."""
    if any(word in path[-1] for word in HIDDEN_WORDS):
        return "<hidden>"
    if isinstance(value, Mapping):
        return "a group of " + ", ".join(sorted(str(name) for name in value))
    return repr(value)[:80]


def _allowed(fault: Mapping[str, Any]) -> str:
    return str(fault["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")


def _as_written(path: Sequence[str]) -> str:
    variable = PREFIX + "__".join(path).upper()
    return variable if variable in {name.upper() for name in os.environ} else ".".join(path)


def _unreadable(error: SettingsError) -> ConfigurationError:
    named = str(error).split('"')
    section = named[1] if len(named) > 1 else ""
    variables = [name for name in os.environ if name.upper().startswith(PREFIX + section.upper())]
    field = variables[0] if len(variables) == 1 else PREFIX + section.upper()
    return ConfigurationError(field, "a value that cannot be read", "JSON for lists and objects")
