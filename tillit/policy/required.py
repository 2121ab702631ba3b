"""What the program itself relies on: purposes and categories every policy document must declare."""

#: Purposes under which the code of the product reads or writes. Without one of them a part stands still.
CODE_PURPOSES: frozenset[str] = frozenset(
    {
        "audience.administer",
        "audience.import",
        "delivery.operate",
        "marketing.email",
        "measurement.email",
        "people.confirm",
        "preferences.manage",
        "rights.fulfil",
        "service.message",
    }
)

#: What each of those purposes reads, by category. ``rights.fulfil`` reads every category there is.
CODE_CATEGORIES: dict[str, frozenset[str]] = {
    "audience.administer": frozenset(
        "contact identity demographics occupation preferences correspondence interaction device".split()
    ),
    "audience.import": frozenset("contact identity demographics occupation preferences".split()),
    "delivery.operate": frozenset("contact preferences correspondence interaction".split()),
    "marketing.email": frozenset("contact identity demographics occupation preferences correspondence".split()),
    "measurement.email": frozenset("interaction device correspondence".split()),
    "people.confirm": frozenset("contact identity preferences correspondence request".split()),
    "preferences.manage": frozenset("contact identity preferences correspondence".split()),
    "service.message": frozenset("contact identity correspondence".split()),
}

#: Purposes that must stay possible for everybody, whatever they refused: without them nobody could
#: refuse, be answered, or be left in peace.
STANDING_PURPOSES: frozenset[str] = frozenset(
    {
        "audience.administer",
        "audience.import",
        "delivery.operate",
        "people.confirm",
        "preferences.manage",
        "rights.fulfil",
    }
)

#: Purposes that reach the person by a message, so an unreachable person is left out.
SENDING_PURPOSES: frozenset[str] = frozenset({"marketing.email", "people.confirm", "service.message"})
