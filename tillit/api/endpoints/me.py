"""The key itself."""

from datetime import datetime

from ninja import Router
from pydantic import BaseModel, Field

from tillit.accounts.keys import PER_MINUTE
from tillit.accounts.models import ApiKey, Workspace
from tillit.api.access import KeyRequest
from tillit.api.routes import reads

router = Router(tags=["key"])


class KeyShown(BaseModel):
    """What the key that is used may do."""

    id: int
    name: str
    workspace: int
    workspace_name: str
    role: str
    purposes: list[str]
    recipient: str = Field(description="Whom what is read goes to, of the policy's recipients; empty for yourselves.")
    expires_at: datetime | None
    requests_per_minute: int


@reads(router, "/key", response=KeyShown)
def get_key(request: KeyRequest) -> KeyShown:
    """What the key may do. A first call to see that everything works."""
    key: ApiKey = request.auth
    return KeyShown(
        id=key.pk,
        name=key.name,
        workspace=key.workspace_id,
        workspace_name=Workspace.objects.get(pk=key.workspace_id).name,
        role=key.role,
        purposes=key.purposes,
        recipient=key.recipient,
        expires_at=key.expires_at,
        requests_per_minute=PER_MINUTE,
    )
