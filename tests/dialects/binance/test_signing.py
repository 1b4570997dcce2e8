"""A request is good if the holder of the key has signed it, by a clock of the server; in whatever form."""

import base64
import hashlib
import hmac
from urllib.parse import quote, quote_plus, urlencode

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from feed.dialects.binance.errors import BinanceError
from feed.dialects.binance.signing import signed_http, signed_params
from feed.dialects.credentials import Credentials
from feed.model.grants import Grant
from feed.server.publickey import public_key

# Keys, requests and signatures as the exchange's documents print them.
API_KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
BEGINNING = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC"
END = "quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
WHOLE = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
MIXED = "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77"
BY_SOCKET = "cc15477742bd704c29492d96c7ead9414dfd8e0ec4a00f947bb5bb454ddbd08a"
NOW = 1_499_827_319_559_000_000
SIGNER = Credentials(grant=Grant(name="bot"), mark="m", secret=SECRET)

ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def holder(private):
    """What is known of whoever signs with a private key."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = private.public_key().public_bytes(serialization.Encoding.PEM, form).decode()
    return Credentials(grant=Grant(name="bot"), mark="m", public_key=public_key(pem))


def by_hmac(text):
    return hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()


def by_ed25519(text):
    return base64.b64encode(ED25519.sign(text.encode())).decode()


def by_rsa(text):
    return base64.b64encode(RSA.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()


SCHEMES = {"HMAC": (SIGNER, by_hmac), "Ed25519": (holder(ED25519), by_ed25519), "RSA": (holder(RSA), by_rsa)}


def refusal(signed, credentials=SIGNER, clocks=(NOW,)):
    """Code and text of what is wrong with a request; None when nothing is."""
    try:
        signed.check(credentials, [(now, now) for now in clocks])
    except BinanceError as problem:
        return problem.number, problem.message
    return None


# --- as the documents print it -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "body"),
    [
        (f"{BEGINNING}&{END}&signature={WHOLE}", ""),
        ("", f"{BEGINNING}&{END}&signature={WHOLE}"),
        (BEGINNING, f"{END}&signature={MIXED}"),
        (f"{BEGINNING}&{END}&signature={WHOLE.upper()}", ""),
        (f"signature={WHOLE}&{BEGINNING}&{END}", ""),
    ],
    ids=["query", "form", "both", "in capitals", "signature first"],
)
def test_the_published_examples_are_good(query, body):
    """In the query, in a form, in both of them with nothing between."""
    assert refusal(signed_http(query, body)) is None


def test_the_published_example_of_the_websocket_api_is_good():
    """The parameters sorted by name, whatever their order was."""
    params = {
        "symbol": "BTCUSDT",
        "side": "SELL",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.01000000",
        "price": "52000.00",
        "newOrderRespType": "ACK",
        "recvWindow": 100,
        "timestamp": 1645423376532,
        "apiKey": API_KEY,
        "signature": BY_SOCKET,
    }
    now = 1_645_423_376_532_000_000
    assert refusal(signed_params(params), clocks=(now,)) is None
    params["price"] = "52000.01"
    assert refusal(signed_params(params), clocks=(now,)) == (
        -1022,
        "Signature for this request is not valid.",
    )


# --- as clients do it --------------------------------------------------------------------------------

NAMES = st.sampled_from(["symbol", "newClientOrderId", "price", "a", "z"])
VALUES = st.text(st.characters(codec="utf-8"), max_size=12)
FIELDS = st.dictionaries(NAMES, VALUES, max_size=4)


def encoded_then_signed(fields, sign):
    """As ccxt does: encode, sign that, encode the signature."""
    query = urlencode({"timestamp": NOW // 10**6, **fields, "recvWindow": 10000})
    return f"{query}&signature={quote(sign(query), safe=chr(126) + '()*!.' + chr(39))}"


def signed_then_encoded(fields, sign):
    """As python-binance does: sort, sign the plain values, encode all of it, the encoded signature again."""
    params = sorted({"timestamp": str(NOW // 10**6), **fields, "recvWindow": "10000"}.items())
    signature = quote(sign("&".join(f"{name}={value}" for name, value in params)), safe="~()*!.'")
    return urlencode([*params, ("signature", signature)])


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("client", [encoded_then_signed, signed_then_encoded])
@given(fields=FIELDS, split=st.integers(0, 9))
def test_both_forms_are_good_wherever_they_stand(scheme, client, fields, split):
    """Signed before or after it was encoded, in the query, in the body, or cut in two at a parameter."""
    credentials, sign = SCHEMES[scheme]
    text = client(fields, sign)
    assert refusal(signed_http(text, ""), credentials) is None
    assert refusal(signed_http("", text), credentials) is None
    pieces = text.split("&")
    query, body = pieces[:split], pieces[split:]
    cut = refusal(signed_http("&".join(query), "&".join(body)), credentials)
    # Nothing stands between query and body, which changes what was signed.
    assert cut == (None if not query or not body or body == pieces[-1:] else (-1022, cut[1]))


@pytest.mark.parametrize("scheme", SCHEMES)
@given(fields=FIELDS, name=NAMES, value=VALUES)
def test_a_request_that_was_changed_is_refused(scheme, fields, name, value):
    """Another value, a parameter more, a parameter less."""
    credentials, sign = SCHEMES[scheme]
    text = encoded_then_signed(fields, sign)
    changed = text.replace("timestamp", f"{name}={quote_plus(value)}&timestamp", 1)
    assert refusal(signed_http(changed, ""), credentials) == (
        -1022,
        "Signature for this request is not valid.",
    )


JSON = st.one_of(
    st.booleans(),
    st.integers(0, 2**63 - 1),
    st.text(st.characters(codec="utf-8"), max_size=10),
)


def plain(params):
    """As ccxt signs: values as they are, booleans in small letters."""
    return "&".join(f"{name}={_plain(value)}" for name, value in sorted(params.items()))


def _plain(value):
    return str(value).lower() if isinstance(value, bool) else value


def encoded(params):
    """As python-binance signs."""
    return urlencode(sorted(params.items()))


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("client", [plain, encoded])
@given(params=st.dictionaries(NAMES, JSON, max_size=4), limits=st.booleans())
def test_params_are_signed_sorted_and_in_both_forms(scheme, client, params, limits):
    """Numbers as they were written, booleans in either spelling, texts encoded or not."""
    credentials, sign = SCHEMES[scheme]
    params |= {"apiKey": API_KEY, "timestamp": NOW // 10**6, "returnRateLimits": limits}
    sent = {**params, "signature": sign(client(params))}
    assert refusal(signed_params(sent), credentials) is None
    assert refusal(signed_params({**sent, "more": 1}), credentials)[0] == -1022


# --- what is missing, wrong, or late -----------------------------------------------------------------


def ask(**fields):
    """A request that is signed as it should be, with some parameters of its own."""
    query = "&".join(f"{name}={value}" for name, value in fields.items())
    return signed_http(f"{query}&signature={by_hmac(query)}", "")


MS = NOW // 10**6
AHEAD = (-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
OUTSIDE = (-1021, "Timestamp for this request is outside of the recvWindow.")
LATE = 1_700_000_000_000_000_000  # another clock, years on


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"timestamp": MS}, None),
        ({"timestamp": MS + 999}, None),
        ({"timestamp": MS + 1000}, AHEAD),
        ({"timestamp": MS - 5000}, None),
        ({"timestamp": MS - 5001}, OUTSIDE),
        ({"timestamp": MS - 5001, "recvWindow": 5001}, None),
        ({"timestamp": MS - 60_000, "recvWindow": 60_000}, None),
        ({"timestamp": MS * 1000}, None),
        ({"timestamp": MS * 1000 + 999_999}, None),
        ({"timestamp": MS * 1000 - 100_500, "recvWindow": "100.5"}, None),
        ({"timestamp": MS * 1000 - 100_501, "recvWindow": "100.5"}, OUTSIDE),
        ({"timestamp": MS, "recvWindow": 60_001}, (-1131, "recvWindow must be less than 60000.")),
        (
            {"timestamp": MS, "recvWindow": "much"},
            (
                -1100,
                (
                    "Illegal characters found in parameter 'recvWindow'; "
                    "legal range is '^[0-9]{1,12}(\\.[0-9]{1,3})?$'."
                ),
            ),
        ),
        (
            {"timestamp": "now"},
            (
                -1100,
                "Illegal characters found in parameter 'timestamp'; legal range is '^[0-9]{1,20}$'.",
            ),
        ),
        ({"timestamp": 9 * 10**19}, (-1108, "Parameter 'timestamp' overflowed.")),
        ({"timestamp": LATE // 10**6}, None),
        ({"timestamp": LATE // 10**6 - 6000}, OUTSIDE),
        ({"timestamp": LATE // 10**6 + 1000}, AHEAD),
        (
            {"symbol": "BTCUSDT"},
            (-1102, "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed."),
        ),
    ],
)
def test_a_timestamp_is_good_by_either_clock_within_its_window(fields, answer):
    """That of the wall, and that of the market: a client of today works in a replay of another year."""
    assert refusal(ask(**fields), clocks=(NOW, LATE)) == answer


@pytest.mark.parametrize("text", [f"timestamp={MS}", f"timestamp={MS}&signature="])
def test_a_request_without_a_signature_is_no_signed_request(text):
    """It is told which parameter is missing."""
    missing = "Mandatory parameter 'signature' was not sent, was empty/null, or malformed."
    assert refusal(signed_http(text, "")) == (-1102, missing)


@pytest.mark.parametrize("scheme", SCHEMES)
@given(signature=st.text(st.characters(codec="utf-8"), min_size=1, max_size=100))
def test_whatever_else_is_sent_as_a_signature_is_a_wrong_one(scheme, signature):
    """Percent signs without end, half a base64, another alphabet: refused, not a crash."""
    credentials, _ = SCHEMES[scheme]
    text = f"timestamp={MS}&signature={quote_plus(signature)}"
    assert refusal(signed_http(text, ""), credentials)[0] == -1022
    assert refusal(signed_params({"timestamp": MS, "signature": signature}), credentials)[0] == -1022


def test_a_key_that_signs_nothing_signs_no_request():
    """One without a secret and public key, and one whose algorithm the exchange does not know."""
    for credentials in (
        Credentials(grant=Grant(name="reader"), mark="m"),
        holder(ec.generate_private_key(ec.SECP256R1())),
    ):
        rejected = (-2015, "Invalid API-key, IP, or permissions for action.")
        assert refusal(ask(timestamp=MS), credentials) == rejected


def test_a_signature_is_not_shown():
    """Nor what it covers."""
    shown = repr(ask(timestamp=MS, symbol="BTCUSDT"))
    assert by_hmac(f"timestamp={MS}&symbol=BTCUSDT") not in shown
    assert "BTCUSDT" not in shown


def test_numbers_of_params_are_covered_as_they_were_written():
    """A float has more than one spelling, and the one on the wire was signed."""
    text = f'{{"quantity":0.10,"price":1e-5,"timestamp":{MS}}}'
    params = msgspec.json.Decoder(float_hook=str).decode(text)
    signature = by_hmac(f"price=1e-5&quantity=0.10&timestamp={MS}")
    assert refusal(signed_params({**params, "signature": signature})) is None
