"""The settings about people: part of ``settings.Settings``."""

from ipaddress import ip_network
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode

from control_plane.domain.oidc import Rules
from control_plane.domain.people import Registration


class PeopleSettings(BaseSettings):
    """Who may sign in, and how."""

    mode: Literal["local", "hosted"] = Field(
        default="local",
        description="local: one person, who holds the token that is printed at the start. hosted: accounts.",
    )
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^/\s]+)?$",
        description="Origin that people open, such as https://forge.example. With https, cookies are for TLS only.",
    )
    session_sec: int = Field(default=30 * 86400, ge=60, description="How long a browser session lasts.")
    registration: Registration = Field(
        default=Registration.CLOSED,
        description="Who may make an account: closed (administrators make them), invite (by invitation), open (anybody).",
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Addresses or networks of proxies whose X-Forwarded-For is believed, separated by commas.",
    )
    argon2_memory_kib: int = Field(default=65536, ge=8, description="Memory that hashing a password takes, in KiB.")
    argon2_passes: int = Field(default=3, ge=1, description="Passes over that memory.")
    audit_days: int = Field(default=365, ge=0, description="Days that entries of the audit log are kept; 0: for good.")
    metrics_token: str = Field(
        default="",
        pattern=r"^([!-~]{16,})?$",
        description="Bearer token that /metrics takes besides administrators, 16 characters or more. Empty: none.",
        repr=False,
    )
    metrics_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="Further port that serves /metrics alone, to whoever can reach it, without a token. 0: none.",
    )
    metrics_host: str = Field(default="127.0.0.1", description="Address that this further port listens on.")
    oidc_issuer: str = Field(
        default="",
        pattern=r"^(https?://\S+)?$",
        description="Issuer of an OpenID Connect provider that people sign in by. Empty: passwords only.",
    )
    oidc_client_id: str = Field(default="", description="Our client id at the provider.")
    oidc_client_secret: str = Field(
        default="", description="Our client secret at the provider. Empty: a public client.", repr=False
    )
    oidc_name: str = Field(default="Single sign-on", description="What the sign-in button calls the provider.")
    oidc_scopes: str = Field(default="openid email profile", description="Scopes to ask the provider for.")
    oidc_allow: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Who is let in by the provider: @domain of a checked e-mail address, or claim=value; separated by "
        "commas. Empty: nobody.",
    )
    oidc_roles: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Roles by claim, as claim=value:role, separated by commas; the first that fits counts, at each "
        "sign-in.",
    )

    oidc_group_claim: str = Field(
        default="groups",
        min_length=1,
        description="Claim whose values make people members of the courses that name one; a dot leads into an object.",
    )

    @field_validator("trusted_proxies", "oidc_allow", "oidc_roles", mode="before")
    @classmethod
    def _split_words(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ip_network(network, strict=False)
        return value

    @model_validator(mode="after")
    def _oidc_is_whole(self) -> "PeopleSettings":
        Rules.parse(self.oidc_allow, self.oidc_roles)
        if self.oidc_issuer and not self.oidc_client_id:
            message = "AIMFORGE_OIDC_ISSUER is set, so AIMFORGE_OIDC_CLIENT_ID has to be, too."
            raise ValueError(message)
        return self

    @property
    def oidc_rules(self) -> Rules:
        """Who is let in by the provider, and as what."""
        return Rules.parse(self.oidc_allow, self.oidc_roles)

    @property
    def public_host(self) -> str:
        """Host name that people open; empty when it is not set."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def over_tls(self) -> bool:
        """Whether people come by https."""
        return self.public_url.startswith("https://")
