"""What the program itself relies on: purposes and categories every policy document must declare."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Purposes under which the code of the product reads or writes. Without one of them a part stands still.
CODE_PURPOSES: frozenset[str] = frozenset(
    {
        "audience.administer",
        "audience.import",
        "delivery.operate",
        "marketing.email",
        "measurement.email",
        "people.confirm",
        "policy.notify",
        "preferences.manage",
        "rights.fulfil",
        "service.message",
    }
)

#: What each of those purposes reads, by category. ``rights.fulfil`` reads every category there is.
CODE_CATEGORIES: dict[str, frozenset[str]] = {
    "audience.administer": _words(
        "contact identity demographics occupation preferences correspondence interaction device"
    ),
    "audience.import": _words("contact identity demographics occupation preferences"),
    "delivery.operate": _words("contact preferences correspondence interaction"),
    "marketing.email": _words("contact identity demographics occupation preferences correspondence"),
    "measurement.email": _words("interaction device correspondence"),
    "people.confirm": _words("contact identity preferences correspondence request"),
    "policy.notify": _words("contact identity preferences correspondence"),
    "preferences.manage": _words("contact identity preferences correspondence"),
    "service.message": _words("contact identity correspondence"),
}

#: Purposes that must stay possible for everybody, whatever they refused: without them nobody could
#: refuse, be answered, or be left in peace.
STANDING_PURPOSES: frozenset[str] = frozenset(
    {
        "audience.administer",
        "audience.import",
        "delivery.operate",
        "people.confirm",
        "policy.notify",
        "preferences.manage",
        "rights.fulfil",
    }
)

#: Purposes that reach the person by a message, so an unreachable person is left out.
SENDING_PURPOSES: frozenset[str] = frozenset({"marketing.email", "people.confirm", "policy.notify", "service.message"})
