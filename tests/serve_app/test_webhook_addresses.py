"""Which addresses a webhook may reach, and what it signs."""

import time
from ipaddress import ip_network
from uuid import UUID

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from domain.errors import InvalidInputError
from domain.ids import DEFAULT_TENANT
from serve_app.webhooks.addresses import read_url, refusal
from serve_app.webhooks.lookups import Lookups
from serve_app.webhooks.schedule import Answer
from serve_app.webhooks.sender import Sender
from serve_app.webhooks.settings import WebhookSettings
from serve_app.webhooks.signatures import new_secret, signed_headers

SETTINGS = WebhookSettings()
NAME = UUID(int=7)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1", "224.0.0.1"),
        *("255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "fec0::1"),
        *("::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "240.0.0.1"),
    ],
)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert refusal(address, ()) is not None


def test_public_addresses_and_networks_that_are_named_are_allowed() -> None:
    assert refusal("1.1.1.1", ()) is None
    assert refusal("2606:4700::1111", ()) is None
    assert refusal("::ffff:10.0.0.1", (ip_network("10.0.0.0/8"),)) is None


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.com/", "ftp://example.com/", "https://example.com:22/", "https:///x"),
        *("https://a:b@example.com/", "https://a@example.com/", "https://example.com./"),
        *("https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://127.1/"),
        *("https://\uff11\uff12\uff17.0.0.1/", "https://b\u00fccher.example/"),
        *("https://example.com\\@10.0.0.1/", "https://example.com/#x", "https://ex ample.com/"),
    ],
)
def test_a_url_that_hides_where_it_leads_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError):
        read_url(url, SETTINGS)


async def test_a_name_that_moves_inside_after_the_check_is_not_called() -> None:
    answers = iter([["1.1.1.1"], ["127.0.0.1"]])

    def rebinding(host: str, port: int) -> list[str]:
        return next(answers)

    async with Lookups(SETTINGS, rebinding) as lookups:
        sender = Sender(SETTINGS, lookups)
        await sender.check(DEFAULT_TENANT, "https://example.com/hook")
        answer = await sender.post(
            DEFAULT_TENANT, "https://example.com/hook", headers={}, body=b"{}"
        )
    assert isinstance(answer, Answer)
    assert answer.status is None
    assert str(answer.error).startswith("refused: example.com at 127.0.0.1")


def test_an_independent_library_verifies_old_and_new_secret_and_no_other() -> None:
    old, new = new_secret(), new_secret()
    headers = signed_headers(NAME, b'{"a":1}', (new, old), now_s=time.time())
    for secret in (old, new):
        assert Webhook(secret).verify(b'{"a":1}', headers) == {"a": 1}
    for secret, body in ((new_secret(), b'{"a":1}'), (new, b'{"a":2}')):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, headers)
