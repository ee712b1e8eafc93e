"""Rules for personal data that words announce or consist of: a street, a date of birth, a number named as somebody's.

Each pattern runs in time linear in the text and finds nothing without letters. Standard library only.
"""

import re

from evaluators.language.pii_checks import Rule, announced_phone, anything, birth, number, spelled

MONTH = r"(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]{0,6}"
DATE_OF_BIRTH = (
    r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d\d-\d\d"
    rf"|\d{{1,2}}\.?(?:st|nd|rd|th)?(?: of)? {MONTH}\.?,?(?: \d{{4}})?"
    rf"|{MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?"
)
STREETS = (
    "Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Court|Ct|Close|Way|Place|Pl|Square|Terrace|Crescent|Boulevard|Blvd"
    "|Parkway|Pkwy|Gardens|Grove|Row|Hill|Mews|Walk|Circle|Alley|Quay|Highway|Broadway"
)
PARTICLES = "(?:(?:de|del|della|des|di|da|do|du|la|las|le|les|los) |[dl]['’]){0,3}"
SPELLED = "(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)"
CALLED = "(?:my|his|her|their|contact|new|old) number"
# What a number is of a person by, alone or only with "number", "no.", "id" or a colon behind it.
PAPERS = (
    r"passport|driv(?:er['’]?s?|ing) licen[cs]e|(?:licen[cs]e|number|registration) plate|nhs|medicare|mrn"
    r"|medical record|(?:national|identity|employee|student|staff|personal|patient|customer|client|member|voter|tax) id"
    r"|(?:identity|id|residence|insurance|health) card|steuer-?id|steuernummer|personnummer|patient|account|acct"
    r"|aadhaar|cpf|dni|nie|bsn|pesel|curp|sort code|cvv|cvc"
)
NUMBERED = (
    r"tax(?:payer)?|(?:social |health |national )?insurance|policy|licen[cs]e|employee|student|personnel|membership"
    r"|staff|customer|client|member|ni|nif|pin|social security|identity|identification"
)
IS = r"(?: is| was|:| =| #)?"
ILLNESSES = (
    r"HIV|diabet\w+|cancer|tumou?r|depressi\w+|schizophreni\w+|epilep\w+|pregnan\w+|diagnos\w+|hepatitis|asthma"
    r"|alcoholi\w+|bipolar|dementia|leuka?emia"
)
WORDED = (
    Rule(
        "email",
        "e-mail address",
        re.compile(
            r"(?<![\w.%+-])[\w.%+-]{1,64} ?(?:\[at\]|\(at\)|\{at\}|<at>) ?[\w-]{1,63}"
            r"(?: ?(?:\[dot\]|\(dot\)|\{dot\}|<dot>|\.| dot ) ?[\w-]{2,63}){1,3}"
            r"|\b\w{1,64}(?: dot \w{1,64}){0,2} at \w{1,63}(?: dot \w{2,63}){1,3}\b",
            re.IGNORECASE,
        ),
        anything,
        is_worded=True,
    ),
    Rule(
        "phone",
        "telephone number",
        re.compile(
            rf"\b(?:(?:(?:phone|telephone|tel|mobile|cell|fax|whatsapp|hotline|landline|handy|{CALLED})"
            r"\.?(?: number| no\.?| nr\.?)?(?: is| was|:| =)?"
            r"|(?:call|text|ring|dial|phone|reach|fax|message)(?: [A-Za-z.'’]{1,20}){0,3}? (?:on|at|under|via|:)) ?"
            r"|(?:call|text|ring|dial):? )"
            r"(?P<value>[+(]{0,2}\d(?:[ ()./-]{0,2}\d){6,14})(?![\w]|[.,-]\d)",
            re.IGNORECASE,
        ),
        announced_phone,
        is_worded=True,
    ),
    Rule(
        "phone",
        "telephone number",
        re.compile(rf"\b(?:{SPELLED}\b[ ,-]{{0,2}}){{7,15}}", re.IGNORECASE),
        spelled,
        is_worded=True,
    ),
    Rule(
        "birth",
        "date of birth",
        re.compile(
            r"\b(?i:born|d\.?o\.?b\.?|date of birth|birth ?date|birthday)\b"
            rf"[^\d\n!?]{{0,40}}?(?<!\d)(?P<value>{DATE_OF_BIRTH})(?!\d)"
        ),
        birth,
        is_worded=True,
    ),
    Rule(
        "address",
        "postal address",
        re.compile(
            r"(?<![\w.,-])\d{1,5}[A-Za-z]?,? (?:(?:[A-Z][\w'’.-]{1,30}|[NSEW]\.?|\d{1,3}(?:st|nd|rd|th)) ){1,3}"
            rf"(?:{STREETS})\b"
            r"|\b[A-ZÄÖÜ][\w-]{1,40}(?:stra(?:ß|ss)e|str\.|weg|allee|platz|gasse|damm|ufer|straat|laan|gracht|plein)"
            r" \d{1,4}[a-z]?\b"
            r"|(?<![\w.,-])\d{1,4}(?: bis)?,? (?:rue|avenue|boulevard|place|chemin|quai|impasse|allée)"
            rf" {PARTICLES}[A-ZÉÈ]\w+"
            rf"|\b(?:Calle|Avenida|Plaza|Via|Viale|Piazza|Corso|Rua|ul\.) {PARTICLES}"
            r"(?:[A-Z]\w{1,30},? ){1,3}\d{1,4}\b"
            r"|\bP\.? ?O\.? Box \d{1,6}\b"
            r"|(?<![\w-])(?:[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2})(?![\w-])"
            r"|(?<=, )[A-Z]{2} \d{5}(?:-\d{4})?(?!\d)"
        ),
        anything,
        is_worded=True,
    ),
    Rule(
        "number",
        "number of a document or account",
        re.compile(
            rf"(?<![\w-])(?i:(?:{PAPERS})(?: number| no\.?| nr\.?| id| code)?{IS}"
            rf"|(?:{NUMBERED})(?:(?: number| no\.?| nr\.?| id| code){IS}|:| #| is))[ (#]{{0,2}}(?i:no\.? |nr\.? )?"
            r"(?P<value>(?:[A-Z]{1,3}[ -][A-Z]{0,3} ?)?(?=[\w./-]{0,24}\d)[\w./-]{1,24}"
            r"(?: (?=[\w./-]{0,24}\d)[\w./-]{1,24}){0,4}\b)"
        ),
        number,
        is_worded=True,
    ),
    Rule(
        "profile",
        "profile in a network",
        re.compile(
            r"\b(?:instagram|facebook|twitter|tiktok|snapchat|linkedin|github)\.com/(?:in/|@)?[\w.-]{3,40}"
            r"|\bt\.me/\w{3,40}"
            r"|\b(?:user ?name|screen name|handle|skype(?: name)?)(?: is|:) "
            r"(?P<value>@?(?=[\w.:-]{0,30}[\d_:])[\w.:-]{2,39}\w)",
            re.IGNORECASE,
        ),
        anything,
        is_worded=True,
    ),
    Rule(
        "health",
        "state of health of a person",
        re.compile(
            r"\b(?:(?:Mr|Mrs|Ms|Miss|Dr)\.? |(?i:patient):? )[A-Z][\w'’-]{1,30}(?: [A-Z][\w'’-]{1,30}){0,2}\b"
            rf"[^.!?\n]{{0,40}}?\b(?i:{ILLNESSES})\b"
        ),
        anything,
        is_worded=True,
    ),
)
