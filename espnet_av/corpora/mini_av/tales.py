"""The tale grammar of `mini_av`: who does what to what, where and when, in ten languages."""

from __future__ import annotations

from typing import NamedTuple

from espnet_av.corpora.mini_av.grammar import COMMANDS
from espnet_av.corpora.mini_av.slots import Grammar


class Tale(NamedTuple):
    """What a sentence says, as an index into the phrases of each slot."""

    time: int
    who: int
    action: int
    what: int
    where: int


class Phrases(NamedTuple):
    """How one language says it. No phrase depends on another: each has the case that it needs."""

    voice: str
    """Voice name of the speech engine."""
    time: tuple[str, ...]
    who: tuple[str, ...]
    action: tuple[str, ...]
    what: tuple[str, ...]
    where: tuple[str, ...]
    order: tuple[str, ...]
    """Order of the slots in a sentence."""


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in text.split("|"))


LEXICONS = {
    "de": Phrases(
        "de",
        _phrases("heute | nachts | im winter | jetzt"),
        _phrases(
            "der hund | die katze | der junge | das mädchen | der lehrer | der arzt | der bauer"
            " | die königin"
        ),
        _phrases("sieht | kauft | malt | versteckt | liebt | findet"),
        _phrases(
            "ein haus | einen apfel | einen ball | einen hut | einen brief | einen fisch | ein buch"
            " | einen ring"
        ),
        _phrases("im garten | daheim | am fluss | in der stadt | in der schule | auf dem berg"),
        ("time", "action", "who", "what", "where"),
    ),
    "en": Phrases(
        "en-us",
        _phrases("today | at night | in winter | now"),
        _phrases(
            "the dog | the cat | the boy | the girl | the teacher | the doctor | the farmer"
            " | the queen"
        ),
        _phrases("sees | buys | paints | hides | loves | finds"),
        _phrases("a house | an apple | a ball | a hat | a letter | a fish | a book | a ring"),
        _phrases(
            "in the garden | at home | by the river | in the city | at school | on the mountain"
        ),
        ("who", "action", "what", "where", "time"),
    ),
    "es": Phrases(
        "es",
        _phrases("hoy | de noche | en invierno | ahora"),
        _phrases(
            "el perro | el gato | el niño | la niña | el maestro | el médico | el granjero"
            " | la reina"
        ),
        _phrases("ve | compra | pinta | esconde | ama | encuentra"),
        _phrases(
            "una casa | una manzana | una pelota | un sombrero | una carta | un pescado | un libro"
            " | un anillo"
        ),
        _phrases(
            "en el jardín | en su hogar | junto al río | en la ciudad | en la escuela"
            " | sobre la montaña"
        ),
        ("where", "who", "action", "what", "time"),
    ),
    "fr": Phrases(
        "fr",
        _phrases("aujourd'hui | la nuit | en hiver | maintenant"),
        _phrases(
            "le chien | le chat | le garçon | la fille | le maître | le médecin | le paysan"
            " | la reine"
        ),
        _phrases("voit | achète | peint | cache | aime | trouve"),
        _phrases(
            "une maison | une pomme | un ballon | un chapeau | une lettre | un poisson | un livre"
            " | une bague"
        ),
        _phrases(
            "dans le jardin | chez soi | près de la rivière | en ville | à l'école"
            " | sur la montagne"
        ),
        ("time", "who", "action", "what", "where"),
    ),
    "id": Phrases(
        "id",
        _phrases("hari ini | malam hari | musim dingin | sekarang"),
        _phrases(
            "si anjing | si kucing | anak lelaki | anak perempuan | pak guru | pak dokter"
            " | pak tani | sang ratu"
        ),
        _phrases("melihat | membeli | melukis | menyembunyikan | mencintai | menemukan"),
        _phrases(
            "sebuah rumah | sebuah apel | sebuah bola | sebuah topi | sepucuk surat | seekor ikan"
            " | sebuah buku | sebuah cincin"
        ),
        _phrases("di kebun | di kediaman | dekat sungai | di kota | di sekolah | di atas gunung"),
        ("who", "action", "what", "where", "time"),
    ),
    "it": Phrases(
        "it",
        _phrases("oggi | di notte | in inverno | adesso"),
        _phrases(
            "il cane | il gatto | il ragazzo | la ragazza | il maestro | il dottore"
            " | il contadino | la regina"
        ),
        _phrases("vede | compra | dipinge | nasconde | ama | trova"),
        _phrases(
            "una casa | una mela | una palla | un cappello | una lettera | un pesce | un libro"
            " | un anello"
        ),
        _phrases(
            "nel giardino | tra le mura | vicino al fiume | in città | a scuola | sulla montagna"
        ),
        ("who", "action", "what", "time", "where"),
    ),
    "nl": Phrases(
        "nl",
        _phrases("vandaag | in de nacht | in de winter | nu"),
        _phrases(
            "de hond | de kat | de jongen | het meisje | de leraar | de dokter | de boer"
            " | de koningin"
        ),
        _phrases("ziet | koopt | schildert | verbergt | bemint | vindt"),
        _phrases(
            "een huis | een appel | een bal | een hoed | een brief | een vis | een boek | een ring"
        ),
        _phrases("in de tuin | thuis | bij de rivier | in de stad | op school | op de berg"),
        ("time", "action", "who", "where", "what"),
    ),
    "pt": Phrases(
        "pt-br",
        _phrases("hoje | à noite | no inverno | agora"),
        _phrases(
            "o cão | o gato | o menino | a menina | o professor | o médico | o fazendeiro"
            " | a rainha"
        ),
        _phrases("vê | compra | pinta | esconde | ama | encontra"),
        _phrases(
            "uma casa | uma maçã | uma bola | um chapéu | uma carta | um peixe | um livro | um anel"
        ),
        _phrases("no jardim | no lar | perto do rio | na cidade | na escola | na montanha"),
        ("time", "who", "action", "what", "where"),
    ),
    "ru": Phrases(
        "ru",
        _phrases("сегодня | ночью | зимой | сейчас"),
        _phrases("собака | кошка | мальчик | девочка | учитель | врач | фермер | королева"),
        _phrases("видит | покупает | рисует | прячет | любит | находит"),
        _phrases("дом | яблоко | мяч | шляпу | письмо | рыбу | книгу | кольцо"),
        _phrases("в саду | у себя | у реки | в городе | в школе | на горе"),
        ("time", "where", "who", "action", "what"),
    ),
    "tr": Phrases(
        "tr",
        _phrases("bugün | geceleyin | kışın | şimdi"),
        _phrases("köpek | kedi | oğlan | kız | öğretmen | doktor | çiftçi | kraliçe"),
        _phrases("görüyor | alıyor | boyuyor | saklıyor | seviyor | buluyor"),
        _phrases(
            "bir ev | bir elma | bir top | bir şapka | bir mektup | bir balık | bir kitap"
            " | bir yüzük"
        ),
        _phrases("bahçede | yuvasında | nehirde | şehirde | okulda | dağda"),
        ("time", "who", "where", "what", "action"),
    ),
}
"""Language code -> its phrases: languages of mBART-50, English to translate into."""

TALES = Grammar(LEXICONS, Tale)
GRAMMARS = {"commands": COMMANDS, "tales": TALES}
"""Name in a configuration -> what is said."""
