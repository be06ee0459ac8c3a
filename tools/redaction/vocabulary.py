"""Words of names and values: under which a secret stands, and which tell of one without being it."""

#: The last word of a name that tells of a secret without being one: `token_count`, `password_reset`.
ABOUT = frozenset({
    "age", "algorithm", "arn", "at", "attempts", "audience", "bucket", "budget", "budgets", "changed",
    "class", "cost", "count", "counts", "created", "dir", "disabled", "enabled", "endpoint", "error",
    "errors", "exists", "expiration", "expired", "expires", "expiry", "failed", "failures", "field", "file",
    "files", "format", "header", "hint", "host", "id", "ids", "in", "info", "invalid", "issuer", "kind",
    "left", "len", "length", "less", "limit", "limits", "manager", "max", "method", "min", "missing",
    "mode", "mount", "name", "names", "namespace", "path", "policy", "prefix", "price", "provider", "rate",
    "ref", "refs", "remaining", "required", "reset", "rotated", "rotation", "rules", "scope", "scopes",
    "seconds", "service", "size", "source", "state", "status", "store", "total", "ttl", "type", "types",
    "updated", "uri", "url", "usage", "used", "validity", "valid", "version", "volume", "window",
})  # fmt: skip

#: Values that say how a secret is, not what it is: `token: expired`.
STATES = frozenset({
    "absent", "accepted", "active", "and", "bad", "be", "by", "changed", "configured", "correct", "default",
    "denied", "disabled", "does", "empty", "enabled", "error", "expired", "expires", "failed", "false",
    "for", "found", "has", "in", "incorrect", "inactive", "invalid", "is", "it", "malformed", "match",
    "mismatch", "missing", "n/a", "needed", "nil", "no", "none", "not", "null", "of", "off", "ok", "on",
    "optional", "or", "present", "provided", "redacted", "refused", "rejected", "required", "reset",
    "revoked", "rotated", "set", "stale", "the", "to", "true", "undefined", "unknown", "unset", "unused",
    "updated", "valid", "was", "will", "with", "without", "wrong", "yes",
})  # fmt: skip

#: Signs of a name under which a secret stands.
NAMES = (
    "pass", "pwd", "bindpw", "rootpw", "secret", "token", "credential", "_key", "-key", " key", "apikey",
    "appkey", "accesskey", "applicationkey", "privatekey", "accountkey", "authkey", "signingkey",
    "encryptionkey", "decryptionkey", "masterkey", "subscriptionkey", "functionskey", "storagekey",
    "webhookkey", "consumerkey", "licensekey", "unsealkey", "hmackey", "jwtkey", "sshkey", "deploykey",
    "integrationkey", "sharedkey", "sessid", "sessionid", "session_", "session-", "sessionkey",
    "sessioncookie", "connect.sid", "csrf", "xsrf", "jwt",
)  # fmt: skip

#: What may follow the last letter of a name, before its value: a quote in any writing, a space, a sign.
AFTER_NAME = (
    ":", "=", "\\", '"', "'", "`", "“", "”", "„", "‘", "’", "«", "»", "＂", "＇", "&", "%",
    *(chr(code) for code in range(0x3001) if chr(code).isspace()),
)  # fmt: skip
