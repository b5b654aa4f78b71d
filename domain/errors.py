"""Every error that crosses a room's border.

GardenosError
├── UnauthenticatedError         nobody we know                             401
├── ForbiddenError               known, but not allowed to                  403
├── InvalidInputError            the caller sent what cannot be used       422
│   └── PayloadTooLargeError     … and it is too large                      413
├── NotFoundError                no such lead, task or agent                404
├── ConflictError                the state of the thing forbids it          409
│   ├── LeadExistsError          the lead_id is taken by another lead
│   └── IdempotencyConflictError the key was used for another request
├── UnavailableError             try again later                            503
│   ├── DatabaseUnavailableError
│   └── OverloadedError          a bounded queue is full                    429
├── DeadlineExceededError        the caller's time is over                  504
├── AgentError                   an agent could not do the task
└── ConfigurationError           a setting is wrong; the start stops

Errors cross processes by pickle: every class hands all its arguments, in order, to
``super().__init__`` and takes them by position.
"""

from domain.failures import is_retryable


class GardenosError(Exception):
    """Root of the tree; catch it to catch everything of ours."""


class UnauthenticatedError(GardenosError):
    """A request carries no credential that we know.

    Args:
        why: What is missing or wrong, without any part of the credential.
        allowed: What would be accepted, in words.
    """

    def __init__(self, why: str, allowed: str) -> None:
        super().__init__(why, allowed)
        self.why = why
        self.allowed = allowed

    def __str__(self) -> str:
        return f"{self.why}; allowed: {self.allowed}"


class ForbiddenError(GardenosError):
    """A caller is known and may not do this.

    Args:
        lacking: Scopes that are missing, joined by commas.
    """

    def __init__(self, lacking: str) -> None:
        super().__init__(lacking)
        self.lacking = lacking

    def __str__(self) -> str:
        return f"the caller lacks: {self.lacking}"


class InvalidInputError(GardenosError):
    """Something the caller sent cannot be used.

    Args:
        field: Dotted path of the field, for example ``budget.currency``.
        got: What came, shortened; never a person's contact.
        allowed: What would be accepted, in words.
    """

    def __init__(self, field: str, got: str, allowed: str) -> None:
        super().__init__(field, got, allowed)
        self.field = field
        self.got = got
        self.allowed = allowed

    def __str__(self) -> str:
        return f"{self.field}: got {self.got}; allowed: {self.allowed}"


class PayloadTooLargeError(InvalidInputError):
    """A body or field is larger than its bound; same arguments as its parent."""


class NotFoundError(GardenosError):
    """There is no such thing for this tenant.

    Args:
        what: Kind of thing, for example ``lead``.
        name: The identifier that was asked for.
    """

    def __init__(self, what: str, name: str) -> None:
        super().__init__(what, name)
        self.what = what
        self.name = name

    def __str__(self) -> str:
        return f"no {self.what} {self.name!r}"


class ConflictError(GardenosError):
    """The present state of a thing forbids the request.

    Args:
        what: Kind of thing, for example ``task``.
        name: Its identifier.
        why: The state it is in and what may be done instead.
    """

    def __init__(self, what: str, name: str, why: str) -> None:
        super().__init__(what, name, why)
        self.what = what
        self.name = name
        self.why = why

    def __str__(self) -> str:
        return f"{self.what} {self.name!r}: {self.why}"


class LeadExistsError(ConflictError):
    """A lead of that id is stored with other content; same arguments as its parent."""


class IdempotencyConflictError(ConflictError):
    """An idempotency key came again with another request; same arguments as its parent."""


class UnavailableError(GardenosError):
    """Something we depend on cannot serve now.

    Args:
        what: What is unavailable, in words that hold no secret.
        retry_after_s: Seconds after which another try is worth it.
    """

    def __init__(self, what: str, retry_after_s: float) -> None:
        super().__init__(what, retry_after_s)
        self.what = what
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return f"{self.what}; try again in {self.retry_after_s:g} s"


class DatabaseUnavailableError(UnavailableError):
    """The database does not answer or is changing its leader; arguments of its parent."""


class OverloadedError(UnavailableError):
    """A bounded queue is full; arguments of its parent."""


class DeadlineExceededError(GardenosError):
    """The absolute deadline of a request has passed.

    Args:
        what: What was waited for.
        deadline_unix_s: The deadline, seconds since 1970.
    """

    def __init__(self, what: str, deadline_unix_s: float) -> None:
        super().__init__(what, deadline_unix_s)
        self.what = what
        self.deadline_unix_s = deadline_unix_s

    def __str__(self) -> str:
        return f"{self.what}: the deadline has passed"


class AgentError(GardenosError):
    """An agent could not do a task.

    Args:
        code: Constant name of the failure, for example ``payload_invalid``.
        detail: What happened, in words that hold no secret and no personal data.
        retryable: Whether another attempt may end otherwise; for a code that stands in
            :mod:`domain.failures` the table decides.
        retry_after_s: Seconds before which another attempt is in vain, where somebody said so.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        retryable: bool = False,  # noqa: FBT001, FBT002 - pickles by position
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(code, detail, retryable, retry_after_s)
        self.code = code
        self.detail = detail
        self.retryable = is_retryable(code, said=retryable)
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


class ConfigurationError(GardenosError):
    """A setting is wrong, so the process must not start.

    Args:
        field: Name of the setting as the user writes it.
        got: What was given; ``<hidden>`` for secrets.
        allowed: What would be accepted, in words.
    """

    def __init__(self, field: str, got: str, allowed: str) -> None:
        super().__init__(field, got, allowed)
        self.field = field
        self.got = got
        self.allowed = allowed

    def __str__(self) -> str:
        return f"{self.field}: got {self.got}; allowed: {self.allowed}"
