"""Text that is not UTF-8: which encoding it is taken for, in single lines, in files and in long texts."""

import pytest

from classifier.encodings import Decoder, declared_charset

POLISH = [
    "Rada miasta zamknęła wczoraj dwie kliniki w dolinie.",
    "Mieszkańcy czekali cztery godziny, żeby zabrać głos.",
    "Burmistrz powiedział, że pieniędzy już nie ma.",
    "Decyzja zapadła późnym wieczorem.",
    "Łódź",
]
CZECH = [
    "Rada města včera zavřela dvě kliniky v údolí.",
    "Obyvatelé čekali čtyři hodiny, aby mohli promluvit.",
    "Vláda schválila návrh zákona",
    "Žluťoučký kůň",
]
HUNGARIAN = ["A városi tanács tegnap bezárta a völgy két rendelőjét.", "Az ülés későn ért véget, döntés nem született."]
WESTERN = [
    "Café",
    "“Smart” quotes – and dashes",
    "L’œuvre a été dévoilée à la mairie",
    "Der Rat schloss gestern zwei Kliniken; die Bürger müssen nun fahren.",
    "¿Por que?",
    "Señora Peña’s café in São Paulo",
    "A câmara fechou ontem duas clínicas; não há solução.",
    "Kommunalbestyrelsen lukkede i går to klinikker på øen.",
    "Fjármálaráðuneytið sagði þetta í gær",
    "20 m³ of water, 5½ kg, 30°C, £5 and €6",
    "voted¹ and²",
]


@pytest.mark.parametrize("text", [POLISH[0], POLISH[1], POLISH[3], POLISH[4], CZECH[0], *CZECH[2:], HUNGARIAN[0]])
def test_a_line_is_windows_1250_where_only_its_languages_have_all_letters(text):
    assert Decoder().decode(text.encode("cp1250")) == text


@pytest.mark.parametrize("text", WESTERN)
def test_a_line_is_windows_1252_where_a_western_language_has_all_letters(text):
    decoder = Decoder()

    assert decoder.decode(text.encode("cp1252")) == text
    assert decoder.encoding == "cp1252"


@pytest.mark.parametrize("lines", [POLISH, CZECH, HUNGARIAN], ids=["polish", "czech", "hungarian"])
def test_a_line_that_could_be_either_is_what_the_lines_before_were(lines):
    decoder = Decoder()

    assert [decoder.decode(line.encode("cp1250")) for line in lines] == lines


@pytest.mark.parametrize("encoding", ["cp1250", "iso8859_2"])
@pytest.mark.parametrize("lines", [POLISH, CZECH, HUNGARIAN], ids=["polish", "czech", "hungarian"])
def test_a_long_text_of_central_europe_is_read(lines, encoding):
    text = "\n".join(lines * 30)

    assert Decoder().decode(text.encode(encoding)) == text


@pytest.mark.parametrize("texts", [WESTERN, *([text] for text in WESTERN)])
def test_a_long_text_of_the_west_is_read(texts):
    text = "\n".join(texts * 300)

    assert Decoder().decode(text.encode("cp1252")) == text


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "Совет города закрыл две больницы и одну школу в долине."),
        ("cp1253", "Το συμβούλιο έκλεισε χθες δύο κλινικές στην κοιλάδα."),
        ("cp1254", "Belediye meclisi dün iki kliniği kapattı; halk şaşkın."),
        ("cp1256", "قرر المجلس إغلاق العيادات في الوادي أمس"),
        ("cp932", "議会は診療所の閉鎖を決めた。住民は怒った。"),
        ("gb18030", "议会决定关闭诊所。居民们很生气。"),
    ],
)
def test_other_scripts_are_detected(encoding, text):
    assert Decoder().decode(text.encode(encoding)) == text


def test_what_is_utf8_is_read_so_whatever_is_declared():
    decoder = Decoder()

    assert decoder.decode("Žluťoučký".encode(), "koi8_r") == "Žluťoučký"
    assert decoder.encoding is None


def test_a_declaration_that_fits_badly_is_not_believed():
    assert Decoder().decode("“Café” closed, señor".encode("cp1252"), "euc_jp") == "“Café” closed, señor"


@pytest.mark.parametrize(
    ("page", "charset"),
    [
        (b'<meta charset="KOI8-R">', "koi8_r"),
        (b"<meta http-equiv='Content-Type' content='text/html; charset=Windows-1250'>", "cp1250"),
        (b'<?xml version="1.0" encoding="iso-8859-2"?>', "iso8859_2"),
        (b"<meta name=x content=y><META CHARSET = latin1 >", "cp1252"),
        (b"<p charset=koi8-r>", None),
        (b"<meta charset=>", None),
        (b"<meta charset=rot13>", None),
    ],
)
def test_the_charset_of_a_page_stands_in_its_head(page, charset):
    assert declared_charset(page) == charset
