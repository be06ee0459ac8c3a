"""The patterns that ship: secrets and personal data, in the order in which they are taken out.

The same secret gets the same placeholder whatever it stands in, so everything that is only known by what
stands around it has one name, `secret`. IP addresses stay: without them nobody finds a host, and a private one
says little. The prefixes follow the rules of Gitleaks (MIT, https://github.com/gitleaks/gitleaks), compared by hand.
"""

from tools.redaction.pattern import Pattern
from tools.redaction.vocabulary import AFTER_NAME, NAMES

# fmt: off
PATTERNS = (
    Pattern(
        name="private-key", hints=("private key", "mii", "mhc", "mc4caq", "mig"),
        pattern=r"""-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-{1,5}(?:(?:[^"'<>-]|-(?!----))*+-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-{1,5}|(?:(?:\\++[nrt]|\s)*+(?:(?:Proc-Type|DEK-Info|Version|Comment|Hash):[^\n\\"]*+|[A-Za-z0-9+/=_]{16,}+))*+(?:(?:\\++[nrt]|\s)*+(?:[A-Za-z0-9+/=]{1,80}+(?:\\++[nrt]|\s)*+)?-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-{1,5}|(?:\\++[nrt]|\s)*+[A-Za-z0-9+/=]{1,80}+(?=\s*+(?:$|["'<…])))?)""",
    ),
    Pattern(
        name="private-key", hints=("private key",),
        pattern=r"(?<![A-Za-z0-9+/=])(?:[A-Za-z0-9+/=]{16,}+(?:\\++[nrt]|\s)*+){0,100}+(?:[A-Za-z0-9+/=]{1,80}+(?:\\++[nrt]|\s){0,8}+)?-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-{1,5}",
    ),
    Pattern(
        name="private-key", hints=("mii", "mhc", "mc4caq", "mig"),
        pattern=r"\b(?:MII[A-Z][A-Za-z0-9+/]{2}IBA[AD]|MHcCAQEE|MC4CAQAwBQYDK2Vw|MIG[A-Za-z0-9+/]AgEA)[A-Za-z0-9+/=]{12,}+(?:(?:\\++[nrt]|\s)*+[A-Za-z0-9+/=]{16,}+)*+",
    ),
    Pattern(name="token", hints=("nxs_",), pattern=r"{{begin}}nxs_[0-9a-f]{12}_[\w-]{20,}"),
    Pattern(
        name="token", hints=("eyj",),
        pattern=r"{{begin}}eyJ[\w-]{8,}\.[\w-]{2,}(?:\.[\w-]*){0,4}",
    ),
    Pattern(
        name="token", hints=("eyjhbgcioi", "eyj0exaioijkv1qi", "eyjriji", "eyjrijoi", "zxlk"),
        pattern=r"{{begin}}(?:eyJ(?:hbGciOi|0eXAiOiJKV1Qi|rIjoi)[\w-]{12,}|ZXlK[\w+/-]{24,})",
    ),
    Pattern(
        name="secret", hints=("kind: secret", 'kind: "secret'),
        pattern=r"(?m)(?<![\w.-])(?:stringData|data):[ \t]*\r?\n(?:[ \t]+[^\n]{0,5000}(?:\n|\Z))+",
        each=r"""(?m)^[ \t]+[\w.-]+:[ \t]*["']?(?P<it>[^\s"'<>|]+)""",
    ),
    Pattern(
        name="api-key", hints=("akia", "asia", "abia", "acca", "a3t"),
        pattern="{{begin}}(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{12,16}(?![a-z])",
    ),
    Pattern(
        name="secret", hints=("<api-key-",),
        pattern=r"""<api-key-[0-9a-f]{4}>[\s:,;/|"']{1,4}(?P<it>(?=[A-Za-z0-9/+]*[A-Z0-9/+])[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])""",
    ),
    # Nothing else begins like these.
    Pattern(
        name="api-key",
        prefixes=(
            "api_org_", "p8e-", "fm1r_", "fm1a_", "fm2_", "sm_aat_", "sm_pat_", "sm_sat_", "ico-", "tk-us-",
            "sha256~", "EAAA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "gldt-",
            "glft-", "glsoat-", "glrt-", "glcbt-", "glimt-", "glptt-", "glagent-", "gloas-", "glffct-",
            "glrtr-", "GR1348941", "glc_", "glsa_", "xapp-", "whsec_", "shpat_", "shpca_", "shppa_",
            "shpss_", "dop_v1_", "doo_v1_", "dor_v1_", "dckr_pat_", "dckr_oat_", "hvs.", "hvb.", "hvr.",
            "NRAK-", "NRJS-", "NRII-", "NRAL-", "lin_api_", "PMAK-", "pul-", "rubygems_", "sk-ant-",
            "sk-proj-", "sk-svcacct-", "sk-or-", "sk-admin-", "ya29.", "GOCSPX-", "AGE-SECRET-KEY-",
            "sq0atp-", "sq0csp-", "xkeysib-", "xsmtpsib-", "sntrys_", "sntryu_", "tskey-", "phc_", "phx_",
            "pscale_tkn_", "pscale_pw_", "pscale_oauth_", "gsk_", "pplx-", "nvapi-", "FlyV1 fm", "fo1_",
            "HRKU-", "ATATT3", "ATCTT3", "ATBB", "CCIPAT_", "bkua_", "sbp_", "sb_secret_", "vcp_", "nfp_",
            "figd_", "figu_", "dp.pt.", "dp.st.", "dp.ct.", "dp.sa.", "dp.scim.", "dp.audit.", "ops_eyJ",
            "dt0c01.", "dt0s01.", "dt0s16.", "EZAK", "EZTK", "fio-u-", "duffel_test_", "duffel_live_",
            "sgp_", "tfp_", "LTAI", "patcd_", "clojars_", "CLOJARS_", "prefect_", "pnu_", "pnb_", "pnpm_",
            "rdme_", "shippo_live_", "shippo_test_", "ntn_", "T3BlbkFJ", "pypi-AgE", "EAAM", "EAAC", "xai-",
            "r8_", "sk_", "rk_", "pk_", "hf_", "npm_", "pypi-", "sk-", "pk-", "rk-", "AIza", "AKC",
            "secret_", "tvly-", "lsv2_pt_", "lsv2_sk_", "langsmith_", "wandb_v1_", "jina_", "voyage_",
            "ABSK", "bedrock-api-key-", "aio_", "ory_at_", "ory_st_", "ory_pat_", "squ_", "sqp_", "sqa_",
        ),
        check="random",
    ),
    Pattern(
        name="api-key", hints=("xox",),
        pattern=r"{{begin}}xox[a-z][.-][\w.-]{8,}",
    ),
    Pattern(
        name="api-key", hints=("k_live_", "k_test_", "k_prod_", "flwseck", "flwpubk"),
        pattern=r"{{begin}}(?:[srp]k_(?:live|test|prod)_|FLW(?:SECK|PUBK)(?:_TEST)?-)\w{8,}",
    ),
    Pattern(
        name="api-key", hints=("a3-", "s-s4t2", "_mmk", "4b1d", "cmvmd", "pat.", "api-"),
        pattern=r"{{begin}}(?:A3-[A-Z0-9]{6}-[A-Z0-9-]{20,}|s-s4t2\w{2}-[0-9a-f]{32,}|\w{6}_\w{29}_mmk|4b1d[A-Za-z0-9]{38}|cmVmd[A-Za-z0-9]{40,}|pat\.[\w-]{22}\.\w{24}\.\w{20}|API-[A-Z0-9]{26})(?![A-Za-z0-9])",
    ),
    Pattern(
        name="api-key", hints=("sg.",),
        pattern=r"{{begin}}SG\.[\w-]{16,}(?:\.[\w-]*)?",
    ),
    Pattern(
        name="api-key", hints=("hooks.slack", "hooks%2e"),
        pattern=r"(?i)hooks\.slack(?:-gov)?\.com{{slash}}(?:services|workflows|triggers){{slash}}(?:\w+{{slash}})+(?P<it>[\w-]{8,})(?![\w-]|{{slash}})",
    ),
    Pattern(
        name="api-key", hints=("webhook",),
        pattern=r"(?i)discord(?:app)?\.com{{slash}}api{{slash}}(?:v\d+{{slash}})?webhooks{{slash}}\d+{{slash}}(?P<it>[\w-]{8,})",
    ),
    Pattern(
        name="api-key", hints=("webhook",),
        pattern=r"(?i)webhook\.office\.com{{slash}}webhookb2{{slash}}[\w@-]+{{slash}}IncomingWebhook{{slash}}(?P<it>\w{8,}{{slash}}[\w-]+)",
    ),
    # Addresses whose path lets in whoever knows it.
    Pattern(
        name="api-key",
        hints=(
            "alert.victorops.com", "hooks.zapier.com", "events.pagerduty.com", "maker.ifttt.com", "hc-ping.com",
            "/bot/v2/hook", "/webhook/send", "webhook.office.com",
        ),
        pattern=r"(?i)(?:alert\.victorops\.com/integrations/[\w-]+/\d+/alert|hooks\.zapier\.com/hooks/catch/\d+|events\.pagerduty\.com/integration|maker\.ifttt\.com/trigger/[\w-]+/(?:json/)?with/key|hc-ping\.com|open-apis/bot/v2/hook|webhook/send\?key=|outlook\.webhook\.office\.com/webhook)(?:/|(?<==))(?P<it>[\w@-]{6,})",
    ),
    Pattern(
        name="secret",
        hints=("$2a$", "$2b$", "$2y$", "$1$", "$5$", "$6$", "$y$", "$apr1$", "$argon2", "{ssha", "pbkdf2"),
        pattern=r"(?:\$(?P<it>(?:2[aby]|[156y]|apr1|argon2(?:id|i|d))\$[\w./$=,+-]{20,})|(?i:\{ssha\d*\})[\w+/=]{20,}|pbkdf2[\w:-]*\$\d+\$[\w./+=-]+\$[\w./+=-]{16,})",
    ),
    Pattern(name="api-key", hints=("key-",), pattern=r"{{begin}}key-[0-9a-f]{32}(?![A-Za-z0-9-])"),
    Pattern(
        name="api-key", hints=("routing_key", "routingkey", "service_key", "servicekey"),
        pattern=r"""(?i)(?:routing|service)_?key{{quote}}?\s{0,3}{{assign}}\s{0,3}{{quote}}?(?P<it>(?=[a-z]*\d)[0-9a-z]{32})(?![0-9a-z])""",
    ),
    Pattern(
        name="api-key", hints=("x-honeycomb-team",),
        pattern=r"""(?i)x-honeycomb-team{{quote}}?\s{0,3}[:=]\s{0,3}{{quote}}?(?P<it>[\w-]{20,})""",
    ),
    Pattern(
        name="api-key", numbers=r"[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27}",
        pattern=r"{{begin}}[MNO](?=[\w-]*\d)[\w-]{23,27}\.[\w-]{6}\.[\w-]{27,40}(?![\w.-])",
    ),
    Pattern(
        name="api-key", numbers=r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}",
        pattern=r"{{begin}}pat[A-Za-z0-9]{14}\.[0-9a-f]{64}(?![0-9a-z])",
    ),
    Pattern(
        name="api-key", numbers=r"[0-2]/[0-9]{16}:[0-9a-f]{32}",
        pattern=r"(?<!\d)[0-2]/\d{16}:(?P<it>[0-9a-f]{32})(?![0-9a-z])",
    ),
    Pattern(
        name="api-key", hints=(":aa", "%3aaa"),
        pattern=r"(?<!\d)\d{5,16}(?::|%3A)(?P<it>AA[\w-]{30,})",
    ),
    Pattern(
        name="api-key", hints=("atlasv1",),
        pattern=r"\b\w{8,}\.atlasv1\.[\w=-]{16,}",
    ),
    Pattern(
        name="api-key", hints=("q~",),
        pattern=r"(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{20,}",
    ),
    Pattern(
        name="api-key", hints=("-us",),
        pattern=r"(?<![0-9a-f])[0-9a-f]{32}-us\d{1,2}\b",
    ),
    Pattern(
        name="api-key", hints=("dapi", "oy2", "v1.0-"),
        pattern=r"(?<![A-Za-z0-9])(?:dapi[0-9a-f]{32}|oy2[a-z0-9]{43}|v1\.0-[0-9a-f]{24}-[0-9a-f]{40,})",
    ),
    Pattern(
        name="api-key", hints=("1//0",),
        pattern=r"\b1//0[\w-]{20,}",
    ),
    # What is only known by what stands around it.
    Pattern(
        name="secret", hints=("@", "%40"),
        pattern=r"""(?i)(?::(?:\\{0,31}/){2}|%3A%2F%2F)(?:(?!%3A)[^\s/@:"'<>\\])*?(?::|%3A)(?!\d+[/?\#])(?P<it>(?:(?!%40)[^\s<>"'\\`/?\#]|[/?\#](?=[^\s<>"'\\`@/]{0,200}@)){1,400}?(?:@(?=[^\s<>"'\\`/@]{0,200}@)[^\s<>"'\\`/@]{0,200}){0,5})(?=@[\w.\[-]|%40)""",
    ),
    Pattern(
        name="secret", hints=("@",),
        pattern=r"://(?P<it>(?=[\w.~%+-]*\d)[\w.~%+-]{16,})(?=@[\w.\[-])",
    ),
    Pattern(
        name="secret", hints=("@tcp(", "@unix("),
        pattern=r"""(?<=\w):(?P<it>[^\s:/"'<>\\]+)(?=@(?:tcp|unix)\()""",
    ),
    Pattern(
        name="secret", hints=("jdbc:oracle", "@//"),
        pattern=r"""(?i)(?:\bjdbc:oracle:\w+:|\bsqlplus\s+)[^/\s"'<>]+/(?P<it>[^@\s"'<>\\]+)(?=@)""",
    ),
    Pattern(
        name="secret", hints=("cookie",),
        pattern=r"(?i)\bcookies?{{quote}}?\s{0,3}[:=]\s{0,3}\[?{{quote}}?(?:(?!{{quote}})[^\n\r\\])+",
        each=r"""(?:(?<=[;,:\s"'])|^)(?P<key>[\w.%$!*+|~-]+)=(?P<it>[^;,\s"'<>]+)""",
        check="cookie",
    ),
    Pattern(
        name="secret", hints=("authorization",),
        pattern=r"""(?i)authorization(?P<kq>{{quote}})?\s{0,3}[:=]\s{0,3}\[?(?P<open>{{quote}})?(?:(?P<scheme>[a-z][\w-]{2,24})(?:\s|%20)+)?(?P<bare>[^\s"'`,;<>\\{}\[\]]+)""",
        check="header",
    ),
    Pattern(
        name="secret", hints=("bearer",),
        pattern=r"(?i)\bbearer(?:\s|%20)+(?!\w+=\w)(?P<it>[\w.~+/%=-]{6,})",
        check="mixed",
    ),
    Pattern(
        name="secret", hints=("basic",),
        pattern=r"(?i)\bbasic(?:\s|%20)+(?P<it>[\w+/%-]{6,}={0,2})",
        check="basic",
    ),
    Pattern(
        name="secret", hints=tuple(f"auth{after}" for after in AFTER_NAME),
        pattern=r"(?i)\b_?auth(?P<kq>{{quote}})?\s{0,3}[:=]\s{0,3}(?P<open>{{quote}})?(?P<bare>[\w+/-]{6,}={0,2})",
        check="basic",
    ),
    Pattern(
        name="secret", hints=("auth plain", "auth login", "auth xoauth2"),
        pattern=r"(?i)\bauth (?:plain|login|xoauth2)\s+(?P<it>[\w+/-]{6,}={0,2})",
    ),
    Pattern(
        name="secret", hints=("digest ",),
        pattern=r'(?i)\bdigest\s+username=.{0,600}?\bresponse=\\{0,31}"?(?P<it>[0-9a-f]{16,})',
    ),
    Pattern(
        name="secret", hints=("sig=", "sig%3d", "signature", "hmac", "x-amz-", "x-goog-", "x-oss-"),
        pattern=r"""(?i)(?:[?&;,\s"']|%26|%3F|\\u0026|^)(?:sig|signature|hmac|x-(?:amz|goog|oss|cos|tos)-(?:signature|credential|security-token))(?:=|%3D)(?P<it>(?:(?!%26)[^&\s"'<>\\;,])+)""",
        check="long",
    ),
    Pattern(
        name="secret",
        hints=("key=", "code=", "auth=", "ticket=", "sid=", "assertion=", "samlresponse=", "samlrequest="),
        pattern=r"(?i)[?&](?:key|code|auth|ticket|sid|(?:client_)?assertion|SAML(?:Response|Request))=(?P<it>[\w.%+/=-]{20,})",
        check="random",
    ),
    Pattern(
        name="secret",
        hints=NAMES,
        pattern=r"""(?i)(?P<word>{{word}})(?P<tail>[\w.-]{0,40})(?:\[[^\]\n]{0,20}\])?(?P<kq>{{quote}})?(?P<sep>\s{0,3}{{assign}}[ \t]{0,3})(?:\[\s{0,3})?(?:{{quoted}}|(?P<e>&quot;|%22|%27)(?P<encoded>(?:(?!(?P=e))[^\s"'\\<])+)(?=(?P=e))|[“„‘«＂＇](?P<curly>[^”’»＂＇\n<]+)(?=[”’»＂＇])|(?P<open>{{quote}})?(?P<bare>{{value}}))""",
        check="assigned",
    ),
    Pattern(
        name="secret",
        hints=NAMES,
        pattern=r'(?i)(?P<n>\\{0,31}")(?:name|key|header)(?P=n)\s{0,3}:\s{0,3}(?P=n)[\w.-]{0,40}(?P<word>{{word}})(?P<tail>[\w.-]{0,40})(?P=n)(?P<sep>\s{0,3},\s{0,12}(?P=n)value(?P=n)\s{0,3}:\s{0,3}){{quoted}}',
        check="assigned",
    ),
    Pattern(
        name="secret", hints=("authorization", "cookie"),
        pattern=r'(?i)(?P<n>\\{0,31}")(?:name|key|header)(?P=n)\s{0,3}:\s{0,3}(?P=n)[\w.-]{0,40}(?P<word>authorization|cookie)(?P<tail>[\w.-]{0,40})(?P=n)(?P<sep>\s{0,3},\s{0,12}(?P=n)value(?P=n)\s{0,3}:\s{0,3}){{quoted}}',
        check="assigned",
    ),
    Pattern(
        name="secret",
        hints=NAMES,
        pattern=r"""(?i)\bname:\s{1,3}["']?[\w.-]{0,40}(?P<word>{{word}})(?P<tail>[\w.-]{0,40})["']?(?P<sep>\s{1,40}value:\s{1,3})(?:{{quoted}}|(?P<bare>{{value}}))""",
        check="assigned",
    ),
    Pattern(
        name="secret",
        hints=NAMES,
        pattern=r"""(?i)<(?:\w+:)?[\w.-]{0,40}?(?P<word>{{word}})(?P<tail>[\w.-]{0,40})(?:\s[^<>]{0,200})?>\s{0,12}(?P<it>[^<>\s"'\\][^<>"'\\]{0,4000}?)\s{0,12}</""",
        check="assigned",
    ),
    Pattern(
        name="secret",
        hints=NAMES,
        pattern=r"""(?i)(?:name|key)=\\{0,31}["'][\w.:-]{0,40}(?P<word>{{word}})(?P<tail>[\w.-]{0,40})\\{0,31}["'](?P<sep>\s{1,3}value=){{quoted}}""",
        check="assigned",
    ),
    Pattern(
        name="secret",
        hints=NAMES,
        pattern=r"""(?i)(?<![\w-])--?[\w-]{0,40}?(?P<word>{{word}})(?P<tail>[\w-]{0,40})(?P<sep>["']?,?\s{1,3})(?:{{quoted}}|(?P<bare>(?!-){{value}}))""",
        check="flag",
    ),
    Pattern(
        name="secret", hints=("mysql", "maria", "sshpass", "redis-cli"),
        pattern=r"""(?i)\b(?:(?:mysql|maria)[\w-]*\b[^\n|;&"'<>]{0,300}?\s-p|sshpass\s+-p\s{0,3}|redis-cli\b[^\n|;&"'<>]{0,300}?\s(?:-a|--pass)\s+)(?:{{quoted}}|(?P<bare>(?!-){{value}}))""",
        check="chosen",
    ),
    Pattern(
        name="secret", hints=(" -u", " --user"),
        pattern=r"""(?i)\s(?:-u|--user(?:name)?)[ =]{0,3}["']?[^\s"'<>]+["']?\s+-p[ =]?(?:{{quoted}}|(?P<bare>(?!-){{value}}))""",
        check="chosen",
    ),
    Pattern(
        name="secret", hints=("-u", "--user", "--proxy-user"),
        pattern=r"""(?i)(?<!\S)(?:-u|--user|--proxy-user)[ =]{0,3}["']?(?P<user>[^\s:"'<>\\]*):(?P<it>{{value}})""",
        check="chosen",
    ),
    Pattern(
        name="secret",
        hints=("requirepass", "masterauth", "pass:", "identified by", "password", "passwd", "passphrase"),
        pattern=r"(?i)\b(?:requirepass|masterauth|identified by|identified with \w+ by)\s{1,3}(?:{{quoted}}|(?P<bare>{{value}}))",
        check="chosen",
    ),
    Pattern(
        name="secret", hints=("pass:",),
        pattern=r"(?i)-pass(?:in|out)?\s{1,3}pass:(?P<it>{{value}})",
    ),
    Pattern(
        name="secret", hints=("passw", "passphrase"),
        pattern=r"(?i)\bpass(?:word|wd|phrase)\s{1,3}(?:{{quoted}}|[“„‘«](?P<curly>[^”’»\n<]+)(?=[”’»]))",
        check="chosen",
    ),
    Pattern(
        name="secret", hints=("pass", "pwd", "secret", "token", "credential", " key"),
        pattern=r"""(?i)\b(?P<word>pass(?:word|wd|phrase|code)|pwd|(?:\w+ )?secret|(?:\w+ )?token|credentials?|(?:api|access|private|account|secret) key)(?: (?:for|of) (?:the )?(?:user )?[\w.@-]+)?\s{1,3}(?:is|was set to|is set to|was|are|set to|changed to|to be|reads|equals)(?: now)?:?\s{1,3}{{quote}}?(?P<it>(?!{{quote}}|\\|<){{bare}}*[^\s"'`“”‘’«»,;&<>(){}\[\]\\.:!?])""",
        check="stated",
    ),
    Pattern(
        name="secret", hints=("passw", "passphrase", "token ", " key"),
        pattern=r"""(?i)\b(?P<word>pass(?:word|wd|phrase)|token|api key|access key)\s{1,3}(?P<it>(?!{{quote}}|\\|<){{bare}}*[^\s"'`“”‘’«»,;&<>(){}\[\]\\.:!?])""",
        check="named",
    ),
    Pattern(
        name="email", hints=("@",),
        pattern=r"(?<![\w.+-])(?<!://)(?!git@)[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[^\W\d_][\w-]*(?![\w-]|\.\w|::)",
        personal=True,
    ),
    Pattern(
        name="iban",
        numbers="[A-Z]{2}[0-9]{2} ?[A-Z0-9]{4}",
        pattern=r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b",
        check="iban", personal=True,
    ),
    Pattern(
        name="card",
        numbers="[0-9](?:[ -]?[0-9]){12}",
        pattern=r'(?:(?P<kq>\\{0,31}")\s{0,3}:\s{0,3})?(?<![\w.-])(?P<bare>[3-6]\d(?:[ -]?\d){11,17})(?![\w-]|\.\d)',
        check="luhn", personal=True,
    ),
)
