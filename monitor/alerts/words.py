"""The words of an alert in English, Arabic and Russian, side by side, so that a change to one shows what the others lack."""

from __future__ import annotations

from types import MappingProxyType

from monitor.model import Language

_COLUMNS = (Language.EN, Language.AR, Language.RU)

WORDS = MappingProxyType({
    # stances
    "support": ("support", "تأييد", "за"),
    "conditional": ("conditional", "قبول مشروط", "при условии"),
    "neutral": ("neutral", "حياد", "нейтрально"),
    "oppose": ("oppose", "معارضة", "против"),
    "suspend": ("suspend", "تعليق", "приостановка"),
    # levels and outcomes
    "reported": ("reported", "خبر لم يتأكد", "сообщается"),
    "confirmed": ("confirmed", "مؤكد", "подтверждено"),
    "contradicted": ("contradicted", "متنازع عليه", "оспорено"),
    "withdrawn": ("withdrawn", "سُحب", "отозвано"),
    "corrected": ("corrected", "تصحيح", "исправлено"),
    # the frame
    "comma": (", ", "، ", ", "),
    "quoted": ("“{quote}”", "«{quote}»", "«{quote}»"),
    "turn": ("{before} → {after}", "من {before} إلى {after}", "{before} → {after}"),
    "subject": ("{holder}: {turn} ({state})", "{holder}: {turn} ({state})", "{holder}: {turn} ({state})"),
    "before": ("Before", "سابقًا", "Прежде"),
    "now": ("Now", "الآن", "Теперь"),
    "why": ("Why you get this", "سبب هذا التنبيه", "Почему пришло это сообщение"),
    "read": ("Read from the text", "ما استُند إليه في النص", "На чём основано"),
    "conditions": ("Conditions", "الشروط", "Условия"),
    "voices": ("Independent publishers", "ناشرون مستقلون", "Независимые издания"),
    "copies": ("Copies, not counted", "نُسخ لم تُحتسب", "Перепечатки, не в счёт"),
    "copy_of": ("{copy} (copy of {original})", "{copy} (نسخة عن {original})", "{copy} (перепечатка: {original})"),
    "topic": ("Topic", "الموضوع", "Тема"),
    "open": ("Open the article", "افتح المقال", "Открыть статью"),
    "more": ("More", "للمزيد", "Подробнее"),
    "changes": ("{count} changes: {holders}", "{count} تغيّرات: {holders}", "Изменений: {count} ({holders})"),
    "together": (
        "One message for what came together: {reason}.",
        "رسالة واحدة لما اجتمع: {reason}.",
        "Одно сообщение обо всём, что собралось: {reason}.",
    ),
    "instead": (
        "This came through {way} instead of {channel}: {reason}.",
        "وصل هذا عبر {way} بدلًا من {channel}: {reason}.",
        "Пришло через {way} вместо {channel}: {reason}.",
    ),
    "again": (
        "Told again: nothing has changed since it was first told on {day}.",
        "تذكير: لم يتغير شيء منذ إرساله أول مرة في {day}.",
        "Повторно: с первого сообщения ({day}) ничего не изменилось.",
    ),
    "first_seen": ("published", "نُشر", "опубликовано"),
    "no_speaker": ("no speaker named", "لم يُذكر متحدث", "говорящий не назван"),
    "test": ("TEST", "تجربة", "ПРОВЕРКА"),
    # why
    "why_reported": (
        "One publisher carries it so far: {names}. A second independent publisher would confirm it.",
        "أورده ناشر واحد حتى الآن: {names}. ويتأكد إذا أورده ناشر مستقل ثانٍ.",
        "Пока это сообщает одно издание: {names}. Второе независимое издание подтвердит это.",
    ),
    "why_several": (
        "Independent publishers that carry it so far: {count}, with more asked for ({names}).",
        "عدد الناشرين المستقلين الذين أوردوه حتى الآن {count}، والمطلوب أكثر ({names}).",
        "Независимых изданий пока {count}, требуется больше ({names}).",
    ),
    "why_confirmed": (
        "Independent publishers that carry it: {count} ({names}).",
        "عدد الناشرين المستقلين الذين أوردوه {count} ({names}).",
        "Независимых изданий, которые это сообщают: {count} ({names}).",
    ),
    "why_own": (
        "{names} is the actor's own outlet; its word on itself needs no second publisher.",
        "{names} هو المنبر الرسمي للطرف نفسه، ولا يحتاج كلامه عن نفسه إلى ناشر ثانٍ.",
        "{names} — собственный источник этой стороны, второго издания не требуется.",
    ),
    "why_single": (
        "Carried by {names}; one voice is enough under the policy in force.",
        "أورده {names}، وتكفي جهة واحدة وفق القاعدة المعمول بها.",
        "Сообщает {names}; по действующим правилам достаточно одного издания.",
    ),
    "why_contradicted": (
        "Another publisher reports the earlier stance still. What was reported stands in doubt.",
        "لا يزال ناشر آخر يورد الموقف السابق، فالخبر موضع شك.",
        "Другое издание по-прежнему сообщает прежнюю позицию: сообщение под сомнением.",
    ),
    "why_corrected": (
        "An analyst corrected what this alert rested on: {reason}. It does not hold as it was told.",
        "صحّح محلل ما استند إليه هذا التنبيه: {reason}. فلا يصح كما ورد.",
        "Аналитик исправил то, на чём основано это сообщение: {reason}. В прежнем виде оно неверно.",
    ),
    "why_withdrawn": (
        "The publisher changed its article: it no longer says so.",
        "غيّر الناشر مقاله ولم يعد يقول ذلك.",
        "Издание изменило статью: этого в ней больше нет.",
    ),
    # the digest
    "day": ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y"),  # hyphens would turn a date around in an Arabic line
    "digest": ("Stances on {day}: {count} moved", "المواقف في {day}: تحرك {count}", "Позиции на {day}: изменений {count}"),
    "moved": ("What moved", "ما الذي تغير", "Что изменилось"),
    "waiting": ("Waiting for a second publisher", "بانتظار ناشر ثانٍ", "Ждёт второго издания"),
    "in_dispute": ("Disputed", "روايات متعارضة", "Противоречивые сообщения"),
    "stands": ("Where they stand", "أين يقفون", "Кто где стоит"),
    "split": ("split", "انقسام", "раскол"),
    "since": ("since {day}", "منذ {day}", "с {day}"),
    "silent": ("Not heard for {days} days", "لم يُسمع منهم منذ {days} يومًا", "Не слышно {days} дней"),
    "last_heard": ("last heard on {day}", "آخر كلام في {day}", "последнее слово {day}"),
    "through_time": ("Stances through time", "المواقف عبر الزمن", "Позиции во времени"),
    "nothing": ("nothing", "لا شيء", "ничего"),
    # actors
    "USA": ("United States", "الولايات المتحدة", "США"),
    "RUS": ("Russia", "روسيا", "Россия"),
    "SYR": ("Syria", "سوريا", "Сирия"),
    "SYR-OPP": ("Syrian opposition", "المعارضة السورية", "Сирийская оппозиция"),
    "SDF": ("Syrian Democratic Forces", "قوات سوريا الديمقراطية", "Сирийские демократические силы"),
    "TUR": ("Turkey", "تركيا", "Турция"),
    "IRN": ("Iran", "إيران", "Иран"),
    "ISR": ("Israel", "إسرائيل", "Израиль"),
    "SAU": ("Saudi Arabia", "السعودية", "Саудовская Аравия"),
    "QAT": ("Qatar", "قطر", "Катар"),
    "JOR": ("Jordan", "الأردن", "Иордания"),
    "FRA": ("France", "فرنسا", "Франция"),
    "GBR": ("United Kingdom", "بريطانيا", "Великобритания"),
    "DEU": ("Germany", "ألمانيا", "Германия"),
    "EU": ("European Union", "الاتحاد الأوروبي", "Евросоюз"),
    "UNO": ("United Nations", "الأمم المتحدة", "ООН"),
    "NATO": ("NATO", "الناتو", "НАТО"),
    "EGY": ("Egypt", "مصر", "Египет"),
    "IRQ": ("Iraq", "العراق", "Ирак"),
    "LBN": ("Lebanon", "لبنان", "Ливан"),
    "CHN": ("China", "الصين", "Китай"),
    "ARE": ("United Arab Emirates", "الإمارات", "ОАЭ"),
    "ITA": ("Italy", "إيطاليا", "Италия"),
    "ESP": ("Spain", "إسبانيا", "Испания"),
    "UKR": ("Ukraine", "أوكرانيا", "Украина"),
    "KAZ": ("Kazakhstan", "كازاخستان", "Казахстан"),
    "KWT": ("Kuwait", "الكويت", "Кувейт"),
    "OMN": ("Oman", "سلطنة عمان", "Оман"),
    "JPN": ("Japan", "اليابان", "Япония"),
    "AUS": ("Australia", "أستراليا", "Австралия"),
    "CAN": ("Canada", "كندا", "Канада"),
    "IND": ("India", "الهند", "Индия"),
    "BEL": ("Belgium", "بلجيكا", "Бельгия"),
    "NLD": ("Netherlands", "هولندا", "Нидерланды"),
    "DNK": ("Denmark", "الدنمارك", "Дания"),
    "POL": ("Poland", "بولندا", "Польша"),
    "NZL": ("New Zealand", "نيوزيلندا", "Новая Зеландия"),
    "CHE": ("Switzerland", "سويسرا", "Швейцария"),
    "SWE": ("Sweden", "السويد", "Швеция"),
    # institutions
    "white_house": ("White House", "البيت الأبيض", "Белый дом"),
    "state": ("State Department", "وزارة الخارجية", "Госдепартамент"),
    "pentagon": ("Pentagon", "البنتاغون", "Пентагон"),
    "congress": ("Congress", "الكونغرس", "Конгресс"),
    "cia": ("CIA", "وكالة المخابرات المركزية", "ЦРУ"),
    "kremlin": ("Kremlin", "الكرملين", "Кремль"),
    "mfa": ("foreign ministry", "وزارة الخارجية", "МИД"),
    "mod": ("defence ministry", "وزارة الدفاع", "Минобороны"),
    "security_council": ("security council", "مجلس الأمن القومي", "Совет безопасности"),
    "presidency": ("presidency", "الرئاسة", "администрация президента"),
    "pm": ("prime minister", "رئاسة الوزراء", "премьер-министр"),
    "pmo": ("prime minister's office", "مكتب رئيس الوزراء", "канцелярия премьера"),
    "special_envoy": ("special envoy", "المبعوث الخاص", "спецпосланник"),
    "treasury": ("Treasury", "وزارة الخزانة", "Минфин"),
    "federation_council": ("Federation Council", "مجلس الاتحاد", "Совет Федерации"),
    "duma": ("State Duma", "مجلس الدوما", "Госдума"),
    "government": ("government", "الحكومة", "правительство"),
    "intelligence": ("foreign intelligence", "الاستخبارات الخارجية", "внешняя разведка"),
    "parliament": ("parliament", "البرلمان", "парламент"),
    "snsc": ("Supreme National Security Council", "المجلس الأعلى للأمن القومي", "Высший совет национальной безопасности"),
    "president": ("presidency", "الرئاسة", "президент"),
    "chancellor": ("Chancellery", "المستشارية", "канцлер"),
    "secretary_general": ("secretary-general", "الأمين العام", "генсек"),
})  # fmt: skip


def say(name: str, language: Language) -> str:
    """The word in that language; English for others; the name itself when the table has none."""
    row = WORDS.get(name)
    if row is None:
        return name
    return row[_COLUMNS.index(language)] if language in _COLUMNS else row[0]


def holder_name(holder: str, language: Language) -> str:
    """`United States / Pentagon` for USA/pentagon; what the table does not know stays as it is."""
    return " / ".join(say(part, language) for part in holder.split("/"))


def right_to_left(language: Language) -> bool:
    return language is Language.AR
