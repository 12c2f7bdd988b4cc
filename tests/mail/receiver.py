"""A mail server that isn't ours: aiosmtpd takes what comes, and Python's own reader of mail reads it.

    python3 tests/mail/receiver.py [CERTIFICATE KEY]

Writes the port it listens at, then one JSON object a line for each message. With a certificate it asks for STARTTLS and for
the user `shop` with the password `s3cret`.
"""

import email
import email.policy
import json
import ssl
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


def say(what):
    print(json.dumps(what), flush=True)


def flaws(data):
    """What Python's reader of mail takes exception to when it is told to be strict."""
    try:
        message = email.message_from_bytes(data, policy=email.policy.SMTP.clone(raise_on_defect=True))
        for own in message.walk():
            list(own.items())
            if not own.is_multipart():
                own.get_content()
        return []
    except Exception as flaw:
        return [repr(flaw)]


def part(message, kind):
    body = message.get_body(preferencelist=(kind,))
    return body.get_content() if body else None


class Handler:
    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        parts = list(message.walk())
        say({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": [[name, str(value)] for name, value in message.items()],
            "raw": [line for line in envelope.original_content.decode("ascii", "replace").split("\r\n") if line.lower().startswith("list-")],
            "kinds": [own.get_content_type() for own in parts],
            "text": part(message, "plain"),
            "html": part(message, "html"),
            "defects": flaws(envelope.original_content)
            + [str(defect) for own in parts for defect in own.defects]
            + [str(defect) for own in parts for value in own.values() for defect in getattr(value, "defects", [])],
            "encrypted": session.ssl is not None,
            "user": session.auth_data.login.decode() if session.auth_data else None,
        })
        return "250 taken"


def known(server, session, envelope, mechanism, data):
    is_known = isinstance(data, LoginPassword) and (data.login, data.password) == (b"shop", b"s3cret")
    return AuthResult(success=is_known, auth_data=data if is_known else None, handled=is_known)


options = {}
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    options = {
        "tls_context": context,
        "require_starttls": True,
        "auth_required": True,
        "authenticator": known,
    }
controller = Controller(Handler(), hostname="127.0.0.1", port=0, **options)
try:
    controller.start()
except Exception:
    # Its own look whether it listens goes to port 0; what counts is that it does.
    pass
say({"port": controller.server.sockets[0].getsockname()[1]})
threading.Event().wait()
