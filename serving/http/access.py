"""Who may ask for what: bearer tokens with scopes, from the environment. Without tokens only this machine may ask.

CVM_TOKENS has one entry for each token, between blanks: name:scope+scope:token, such as "shop:read:... anna:read+plan:...".
The name is written beside what its owner does. The scopes: read (answers, the desk), plan (action plans, marks on the desk),
admin (metrics).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address
from typing import Literal, get_args

from features.problems import BadConfig
from serving.http.refusals import Refused

Scope = Literal["read", "plan", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
COOKIE = "cvm_desk"
SHORTEST = 16  # characters of a token
ENTRY = re.compile(r"([\w.@-]+):([a-z+]+):(\S+)")
LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True)
class Token:
    """One secret, whose it is, and what it opens."""

    name: str
    scopes: frozenset[Scope]
    secret: str

    @property
    def session(self) -> str:
        """What a browser keeps once its user has shown the token: it opens the desk, and tells nothing of the token."""
        return hmac.new(self.secret.encode(), b"retention desk", sha256).hexdigest()


ANYBODY = Token("", frozenset(SCOPES), "")  # on this machine, where no tokens are needed


@dataclass(frozen=True)
class Access:
    """The tokens there are; none at all where only this machine may ask."""

    tokens: tuple[Token, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether nobody has to show a token."""
        return not self.tokens

    def of_bearer(self, secret: str) -> Token | None:
        """The token with this secret."""
        return _matching(secret, [(one, one.secret) for one in self.tokens])

    def of_session(self, session: str) -> Token | None:
        """The token that a browser has shown."""
        return _matching(session, [(one, one.session) for one in self.tokens])

    def enter(self, headers: Mapping[bytes, bytes], *needed: Scope, is_page: bool) -> Token:
        """The token of who asks. Raises Refused where she may not; of several scopes one is enough.

        Pages take the cookie of a browser, too. All tokens are looked at, whichever fits: the time tells nothing.
        """
        if self.is_open:
            _refuse_strangers(headers.get(b"host", b"").decode("latin-1"))
            return ANYBODY
        kind, _, shown = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        secret = shown.strip() if kind.lower() == "bearer" else ""
        token = self.of_bearer(secret) if secret else None
        if token is None and is_page:
            token = self.of_session(_cookie(headers))
        if token is None:
            said = "this token is not known" if secret else "send a token: Authorization: Bearer ..."
            raise Refused(
                401, "unknown_token" if secret else "no_token", said, headers={"www-authenticate": 'Bearer realm="cvm"'}
            )
        if not token.scopes.intersection(needed):
            raise Refused(
                403, "wrong_scope", f"the token of {token.name} does not open {_said(needed)}; it opens {_said(token.scopes)}"
            )
        return token


def read_access(tokens: str) -> Access:
    """From the text of CVM_TOKENS. Raises BadConfig naming each entry that is wrong, never its secret."""
    found, problems = [], []
    for k, entry in enumerate(tokens.split()):
        fits = ENTRY.fullmatch(entry)
        if not fits:
            problems.append(f"CVM_TOKENS: entry {k + 1}: expected name:scope+scope:token")
            continue
        name, scopes, secret = fits.groups()
        if unknown := set(scopes.split("+")) - set(SCOPES):
            problems.append(f"CVM_TOKENS: entry {k + 1}: no scope {', '.join(sorted(unknown))}; valid: {', '.join(SCOPES)}")
        if len(secret) < SHORTEST:
            problems.append(
                f"CVM_TOKENS: entry {k + 1}: a token has at least {SHORTEST} characters, e.g. of: openssl rand -hex 24"
            )
        found.append(Token(name, frozenset(one for one in SCOPES if one in scopes.split("+")), secret))
    if problems:
        raise BadConfig(problems)
    return Access(tuple(found))


def refuse_open_doors(access: Access, hosts: Iterable[str]) -> None:
    """Raises BadConfig where others than this machine could ask without a token."""
    others = sorted({host for host in hosts if not is_loopback(host)})
    if others and access.is_open:
        raise BadConfig(
            f"{', '.join(others)}: others could ask from there, and CVM_TOKENS names no token; set it, or bind to 127.0.0.1"
        )


def _matching(shown: str, secrets: Iterable[tuple[Token, str]]) -> Token | None:
    """The token whose secret was shown; digests of one length are compared, in constant time, and all of them."""
    found, own = None, sha256(shown.encode("utf-8", "surrogateescape")).digest()
    for token, secret in secrets:
        if hmac.compare_digest(own, sha256(secret.encode()).digest()):
            found = token
    return found


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _refuse_strangers(host: str) -> None:
    """A page of another site, whose name was made to point here, must not read what is open to this machine."""
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    if name not in LOCAL_NAMES:
        raise Refused(403, "wrong_host", "without tokens only http://127.0.0.1 and http://localhost are answered")


def _cookie(headers: Mapping[bytes, bytes]) -> str:
    """Taken by hand: the standard library gives up on all where another application's is odd."""
    pairs = (one.strip().partition("=") for one in headers.get(b"cookie", b"").decode("latin-1").split(";"))
    return next((value for name, _, value in pairs if name == COOKIE), "")


def _said(scopes: Iterable[Scope]) -> str:
    return ", ".join(sorted(scopes))
