"""Write the email of an alert: the same alert has the same id, however often it is written.

All emails of one incident refer to an id that no email has: mail clients put emails with the same
reference into one thread, whichever arrived first or was lost.
"""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from typing import Final

from gate.domain.model.alert import Alert
from gate.notify.outline import Room, outline
from gate.notify.text_and_html import render_html, render_text

_ROOM: Final = Room(items=50, words=500)
_POLICY: Final = SMTP.clone(cte_type="7bit")
"""Plain ASCII on the wire: not every server accepts more."""


def write_letter(
    alert: Alert, sender: Address, recipients: tuple[Address, ...], home: str | None = None
) -> EmailMessage:
    """Write text and HTML, the text first, since mail clients show the last part that they can.

    `home` is the host name in the ids, so that two gates with one sender never share an id; the
    sender's domain by default.
    """
    content = outline(alert, _ROOM)
    letter = EmailMessage(policy=_POLICY)
    letter["From"] = sender
    letter["To"] = recipients
    # The outline has neither line ends nor control characters: nothing can begin another header.
    letter["Subject"] = content.title
    letter["Date"] = alert.timestamp
    home = home if home is not None and not home.startswith("[") else sender.domain
    thread = _id("incident", alert.incident, home)
    letter["Message-ID"] = _id("alert", alert.key, home)
    letter["In-Reply-To"] = thread
    letter["References"] = thread
    # RFC 3834: mail servers send no out-of-office replies to automatic mail.
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(render_text(content))
    letter.add_alternative(render_html(content), subtype="html")
    return letter


def _id(kind: str, name: str, home: str) -> str:
    """Return an id for a name, whatever characters it has (RFC 5322, section 3.6.4)."""
    digest = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"<{kind}.{digest}@{home}>"
