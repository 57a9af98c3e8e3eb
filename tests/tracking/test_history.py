"""Ten years of the dated record, told by publishers in three languages, and the turns a historian would name.

Facts and dates come from the project's record of sources; every word here is ours. Each line is one article.
"""

from __future__ import annotations

from tests.tracking.newsroom import Newsroom

# (when, holder, stance, publisher, language, quote); "~" before a publisher: it prints the wire named after it.
ARTICLES = [
    ("2015-09-18 15:00", "USA/pentagon", "support", "Herald", "en", "agreed to go on talking about keeping the two forces apart"),
    ("2015-09-18 16:00", "RUS/mod", "support", "Вестник", "ru", "стороны смотрят на большинство вопросов одинаково"),
    ("2015-09-28 23:00", "RUS/kremlin", "support", "Вестник", "ru", "у нас есть общие задачи, и решать их надо вместе"),
    ("2015-10-07 14:00", "USA/pentagon", "oppose", "Herald", "en", "we will not cooperate with a strategy that is flawed"),
    ("2015-10-07 17:30", "USA/pentagon", "oppose", "النهار الجديد", "ar", "لن نتعاون مع استراتيجية خاطئة"),
    ("2015-10-13 10:00", "RUS/kremlin", "support", "كوكب", "ar", "عرض إرسال وفد رفيع إلى واشنطن"),
    ("2015-10-14 18:00", "USA/white_house", "oppose", "Herald", "en", "we have no interest in joining them"),
    ("2015-10-20 16:00", "USA/pentagon", "support", "Herald", "en", "signed a memorandum on the safety of flights"),
    ("2015-10-20 17:00", "RUS/mod", "support", "Вестник", "ru", "подписан меморандум о безопасности полётов"),
    ("2015-10-20 21:00", "USA/pentagon", "support", "كوكب", "ar", "وقعت مذكرة لسلامة الطيران"),
    ("2016-02-12 08:00", "USA/state", "support", "Herald", "en", "a halt to hostilities should begin within a week"),
    ("2016-02-12 09:00", "RUS/mfa", "support", "Вестник", "ru", "рабочая группа начнёт сегодня"),
    ("2016-02-16 19:00", "USA/pentagon", "conditional", "Herald", "en", "a test that Russia must pass first"),
    ("2016-02-22 20:00", "USA/white_house", "support", "Herald", "en", "a chance worth taking"),
    ("2016-02-22 21:00", "USA/white_house", "support", "كوكب", "ar", "فرصة تستحق المحاولة"),
    ("2016-02-22 19:00", "SYR-OPP", "conditional", "النهار الجديد", "ar", "نقبل الهدنة إذا رُفع الحصار"),
    ("2016-02-23 11:00", "SYR/mfa", "support", "كوكب", "ar", "نقبل وقف الأعمال القتالية"),
    ("2016-05-20 10:00", "RUS/mod", "support", "Вестник", "ru", "предлагаем совместные удары с 25 мая"),
    ("2016-05-20 18:00", "USA/pentagon", "oppose", "Herald", "en", "we do not coordinate operations with the Russians"),
    ("2016-05-20 20:00", "USA/pentagon", "oppose", "Вестник", "ru", "мы не координируем операции с русскими"),
    ("2016-05-20 20:30", "USA/state", "neutral", "Herald", "en", "there is no accord, only talk about the truce"),
    ("2016-06-20 12:00", "RUS/mod", "oppose", "Вестник", "ru", "терпение кончается: нам не называют целей"),
    ("2016-06-30 13:00", "USA/pentagon", "conditional", "النهار الجديد", "ar", "سنعمل مع الروس إذا فعلوا الصواب"),
    ("2016-06-30 15:00", "USA/state", "conditional", "النهار الجديد", "ar", "مستعدون للحديث إن أثبتوا هدفهم"),
    ("2016-06-30 15:30", "USA/white_house", "oppose", "النهار الجديد", "ar", "دعمهم للنظام هو العائق"),
    ("2016-06-30 20:00", "USA/pentagon", "conditional", "Herald", "en", "we would work with them if they did the right thing"),
    ("2016-06-30 21:00", "USA/white_house", "oppose", "Herald", "en", "their support for the regime stands in the way"),
    ("2016-07-14 17:00", "USA/white_house", "conditional", "Herald", "en", "welcome, provided it is kept to the extremists"),
    ("2016-07-15 22:00", "USA/state", "support", "Вестник", "ru", "мы согласовали ряд шагов"),
    ("2016-07-15 23:00", "USA/state", "support", "Herald", "en", "we agreed on a series of steps"),
    ("2016-07-26 12:00", "USA/pentagon", "oppose", "Herald", "en", "deeply doubtful about working with Moscow"),
    ("2016-08-26 21:00", "USA/state", "neutral", "Herald", "en", "the open points go to the experts"),
    ("2016-08-26 22:00", "RUS/mfa", "neutral", "Вестник", "ru", "окончательной договорённости нет"),
    ("2016-09-09 23:00", "USA/state", "support", "Herald", "en", "the plan begins with a truce on Monday"),
    ("2016-09-09 23:30", "USA/state", "support", "كوكب", "ar", "الخطة تبدأ بهدنة يوم الاثنين"),
    ("2016-09-09 23:40", "RUS/mfa", "support", "Вестник", "ru", "пять документов позволят координировать действия"),
    ("2016-09-10 09:00", "SYR", "support", "كوكب", "ar", "وافقت الحكومة على الترتيب"),
    ("2016-09-15 18:00", "USA/pentagon", "conditional", "Herald", "en", "nothing military until the convoys get through"),
    ("2016-09-15 19:00", "RUS/mod", "oppose", "Вестник", "ru", "Вашингтон не сдерживает своих"),
    ("2016-09-17 23:00", "RUS/mfa", "oppose", "Вестник", "ru", "удар ставит перемирие под угрозу"),
    ("2016-09-17 23:30", "RUS/mfa", "oppose", "Herald", "en", "the strike puts the truce at risk"),
    ("2016-09-19 15:00", "SYR/mod", "suspend", "كوكب", "ar", "انتهت الهدنة"),
    ("2016-09-19 15:20", "SYR/mod", "suspend", "Вестник", "ru", "режим тишины завершён"),
    ("2016-09-19 20:00", "USA/state", "conditional", "Herald", "en", "we would extend it if Moscow kept its side"),
    ("2016-09-22 18:00", "USA/pentagon", "oppose", "Herald", "en", "no intention of sharing intelligence"),
    ("2016-10-03 18:00", "USA/state", "suspend", "Herald", "en", "suspends the bilateral channels on the truce"),
    ("2016-10-03 18:10", "USA/state", "suspend", "Вестник", "ru", "приостанавливает двусторонние каналы"),
    ("2016-10-03 18:20", "USA/state", "suspend", "النهار الجديد", "ar", "علقت القنوات الثنائية"),
    ("2016-10-15 20:00", "USA/state", "neutral", "كوكب", "ar", "جلسة بناءة لكنها متوترة"),
    ("2017-01-23 14:00", "RUS/mod", "support", "Вестник", "ru", "первый совместный удар под Эль-Бабом"),
    ("2017-01-28 20:00", "USA/white_house", "support", "Herald", "en", "both spoke of working together"),
    ("2017-02-16 12:00", "USA/pentagon", "oppose", "Herald", "en", "we are in no position to work with them"),
    ("2017-04-07 12:00", "RUS/mfa", "suspend", "Вестник", "ru", "приостанавливает действие меморандума"),
    ("2017-04-07 12:30", "RUS/mfa", "suspend", "كوكب", "ar", "علقت موسكو العمل بالمذكرة"),
    ("2017-04-12 20:00", "RUS/kremlin", "conditional", "Вестник", "ru", "вернёмся, если цель подтвердят"),
    ("2017-05-06 17:00", "RUS/mod", "support", "Вестник", "ru", "меморандум возвращается в полном объёме"),
    ("2017-06-19 15:00", "RUS/mod", "suspend", "Вестник", "ru", "вновь прекращает взаимодействие"),
    ("2017-06-19 15:30", "RUS/mod", "suspend", "Herald", "en", "again halts the memorandum"),
    ("2017-06-23 11:00", "RUS/mod", "support", "كوكب", "ar", "أبلغت الأميركيين عبر الخط"),
    ("2018-07-16 18:00", "USA/white_house", "support", "Herald", "en", "we will work on Syria together"),
    ("2018-07-20 18:00", "USA/white_house", "neutral", "Herald", "en", "nothing concrete was promised"),
]  # fmt: skip

# What a historian with these articles on the desk would list.
TURNS = [
    ("2015-10-07", "USA/pentagon", "support", "oppose", "confirmed"),
    ("2015-10-20", "USA/pentagon", "oppose", "support", "confirmed"),
    ("2016-02-16", "USA/pentagon", "support", "conditional", "reported"),
    ("2016-02-22", "USA/white_house", "oppose", "support", "confirmed"),
    ("2016-05-20", "USA/pentagon", "conditional", "oppose", "confirmed"),
    ("2016-05-20", "USA/state", "support", "neutral", "reported"),
    ("2016-06-20", "RUS/mod", "support", "oppose", "reported"),
    ("2016-06-30", "USA/pentagon", "oppose", "conditional", "confirmed"),
    ("2016-06-30", "USA/state", "neutral", "conditional", "reported"),
    ("2016-06-30", "USA/white_house", "support", "oppose", "confirmed"),
    ("2016-07-14", "USA/white_house", "oppose", "conditional", "reported"),
    ("2016-07-15", "USA/state", "conditional", "support", "confirmed"),
    ("2016-07-26", "USA/pentagon", "conditional", "oppose", "reported"),
    ("2016-08-26", "RUS/mfa", "support", "neutral", "reported"),
    ("2016-08-26", "USA/state", "support", "neutral", "reported"),
    ("2016-09-09", "RUS/mfa", "neutral", "support", "reported"),
    ("2016-09-09", "USA/state", "neutral", "support", "confirmed"),
    ("2016-09-15", "USA/pentagon", "oppose", "conditional", "reported"),
    ("2016-09-17", "RUS/mfa", "support", "oppose", "confirmed"),
    # The army's first word, but Syria had accepted the plan: a turn of the country, told by one of its institutions.
    ("2016-09-19", "SYR/mod", "support", "suspend", "confirmed"),
    ("2016-09-19", "USA/state", "support", "conditional", "reported"),
    ("2016-09-22", "USA/pentagon", "conditional", "oppose", "reported"),
    ("2016-10-03", "USA/state", "conditional", "suspend", "confirmed"),
    ("2016-10-15", "USA/state", "suspend", "neutral", "reported"),
    ("2017-01-23", "RUS/mod", "oppose", "support", "reported"),
    ("2017-01-28", "USA/white_house", "conditional", "support", "reported"),
    ("2017-04-07", "RUS/mfa", "oppose", "suspend", "confirmed"),
    ("2017-04-12", "RUS/kremlin", "support", "conditional", "reported"),
    ("2017-06-19", "RUS/mod", "support", "suspend", "confirmed"),
    ("2017-06-23", "RUS/mod", "suspend", "support", "reported"),
    ("2018-07-20", "USA/white_house", "support", "neutral", "reported"),
]


def newsroom() -> Newsroom:
    room = Newsroom()
    for at, holder, stance, publisher, language, quote in ARTICLES:
        room.say(at, holder, stance, publisher, language=language, quote=quote)
    return room


def test_the_turns_are_those_that_a_historian_would_name() -> None:
    assert newsroom().turns == sorted(TURNS)


def test_every_change_shows_both_quotes_and_who_published_them() -> None:
    changes = newsroom().changes.values()
    assert len(changes) >= 25
    assert all(change.before.event.quote != "…" and change.after.event.quote != "…" for change in changes)
    assert all(change.before.event.stance is not change.after.event.stance for change in changes)
    assert all(change.publishers[0] == change.after.publisher for change in changes)


def test_three_languages_confirm_each_other() -> None:
    suspended = next(change for change in newsroom().changes.values() if f"{change.at:%Y-%m-%d}" == "2016-10-03")
    assert suspended.publishers == ("Herald", "Вестник")
    assert suspended.confirmed_at is not None
    assert suspended.after.language == "en"


def test_the_split_of_june_2016_is_shown_on_the_country() -> None:
    room = Newsroom()
    for at, holder, stance, publisher, language, quote in ARTICLES:
        if at < "2016-07":
            room.say(at, holder, stance, publisher, language=language, quote=quote)
    usa = room.track("USA")
    assert usa.stance == "oppose", "the White House outweighs the others"
    assert usa.split == ("pentagon=conditional",), "the State Department's turn waits for a second voice"
