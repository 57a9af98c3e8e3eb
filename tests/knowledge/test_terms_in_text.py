"""What the terms find in a sentence: one meaning in three languages, and nothing in words that only look alike."""

from __future__ import annotations

from functools import cache

import pytest

from monitor.analysis.reading import Vocabulary, read
from monitor.model import Language
from monitor.settings import load_knowledge


@cache
def vocabulary(language: Language) -> Vocabulary:
    knowledge = load_knowledge()
    topic = knowledge.topic("us-russia-syria")
    return Vocabulary.of(knowledge.languages[language], topic.themes, knowledge.concepts)


def concepts(text: str, language: Language) -> set[str]:
    return {cue.concept for cue in read(text, title=None, vocabulary=vocabulary(language)).cues}


SAME_MEANING = [
    ("suspend", "علقت الوزارة العمل بالمذكرة.", "The ministry is suspending the memorandum.", "Действие меморандума приостановлено."),
    ("reject", "سترفض الوزارة هذا العرض.", "They had rejected the offer.", "Предложение было отвергнуто."),
    ("resume", "يستأنف الخبراء عملهم.", "The experts resumed their work.", "Эксперты возобновят работу."),
    ("notify", "أخطرت القيادة الطرف الآخر.", "The command notified the other side.", "Командование уведомило другую сторону."),
    ("hinder", "تعرقل الشروط الجديدة العمل.", "New terms are hampering the work.", "Новые условия препятствуют работе."),
    ("too_early", "من السابق لأوانه الحكم.", "It is too early to judge.", "Судить об этом преждевременно."),
    ("decline_comment", "وسئل فامتنع عن التعليق.", "The ministry declined to comment.", "В ведомстве отказались комментировать."),
    ("open_to", "لا يستبعد الوزير ذلك.", "He remains open to it.", "Министр не исключает этого."),
    ("unwilling", "الوزارة ليست مستعدة لذلك.", "They are not ready for it.", "Ведомство не готово к этому."),
    ("distrust", "لا نثق بالطرف الآخر.", "We do not trust the other side.", "Мы не доверяем другой стороне."),
    ("walk_out", "غادر القاعة قبل النهاية.", "The delegation stormed out.", "Делегация покинула зал."),
    ("veto", "استخدم المندوب حق النقض.", "The envoy vetoed it.", "Постпред наложил вето."),
    ("only_condition", "لن نعود إلا إذا توقف القصف.", "We return only if the shelling stops.", "Вернемся, только если прекратится обстрел."),
    ("background_time", "حدث ذلك قبل أشهر.", "That was months ago.", "Это было несколько месяцев назад."),
    ("joint", "اتفق الجانبان على ذلك.", "Both sides settled it.", "Обе стороны согласны."),
    ("nonofficial", "يقول محلل في مركز أبحاث.", "An analyst at a think tank says so.", "Так думает политолог."),
    ("no_result", "انتهت الجولة دون التوصل إلى شيء.", "The round ended without a deal.", "Стороны так и не пришли к соглашению: в тупике."),
    ("until", "لن نجلس إليهم قبل أن يصمت السلاح.", "No seat is taken until the guns are silent.", "Прежде чем сесть за стол, пусть замолчат пушки."),
    ("no_negation", "لا يزال الوزير ملتزما.", "Not only the minister is bound by it.", "Не только министр связан этим."),
    ("stop_war", "دعا إلى وقف القصف.", "He asked them to stop the bombing.", "Он призвал прекратить бомбардировки."),
    ("await_proof", "نريد أفعالا لا أقوالا.", "We want deeds not words.", "Пусть докажут это на деле."),
]  # fmt: skip


@pytest.mark.parametrize(("concept", "arabic", "english", "russian"), SAME_MEANING)
def test_one_meaning_is_found_in_three_languages(concept: str, arabic: str, english: str, russian: str) -> None:
    assert concept in concepts(arabic, Language.AR)
    assert concept in concepts(english, Language.EN)
    assert concept in concepts(russian, Language.RU)


LOOKALIKES = [
    (Language.AR, "concession", "كان الوزير في المدينة."),  # كأن, "as if", folds to "was"
    (Language.AR, "support_back", "وصل بايدن إلى المدينة."),  # أيد, "backed", inside Biden
    (Language.AR, "postpone", "وصل الوفد الآخر ثم وفد أخرى."),  # أخر, "delayed", is "other"
    (Language.AR, "launch", "تحدث أحمد الشرع أمس."),  # شرع, "began", is a surname
    (Language.AR, "carry_out", "سافر وفي حقيبته ورقة."),  # وفى, "kept its word", is "and in"
    (Language.AR, "leave", "وصل الوزير التركي."),  # ترك, "left", inside Turkish
    (Language.AR, "only_condition", "غير أن الوزير قال إن الأمر لم ينته."),  # "that … not" is no "unless"
    (Language.AR, "threaten", "اجتمع مندوبو مناطق خفض التصعيد."),  # de-escalation is no escalation
    (Language.EN, "state", "He lives in the United States."),
    (Language.EN, "end", "The talks went on over dinner."),
    (Language.EN, "support_back", "He went back home."),
    (Language.EN, "condition", "They stopped at once."),
    (Language.EN, "near_negation", "He said only a few words."),
    (Language.AR, "guarantee", "كان ضمن الوفد."),  # ضمن, "guaranteed", is "within"
    (Language.AR, "criticise", "سقطت قذيفة على خان شيخون."),  # خان, "betrayed", is a town's name
    (Language.AR, "sanction", "قالت منظمة حظر الأسلحة الكيميائية."),  # the organisation's name
    (Language.AR, "suspend", "شدد على أن الهدنة ثابتة."),
    (Language.AR, "condition", "شدد على أن الهدنة ثابتة."),  # "stressed that", no "provided that"
    (Language.AR, "negation", "قال غير بيدرسن."),  # the envoy's name
    (Language.EN, "support_back", "The Syria Support Group sat down."),
    (Language.EN, "discuss", "The High Negotiations Committee left."),
    (Language.RU, "support_back", "Группа поддержки Сирии собралась."),
    (Language.RU, "official_generic", "Это было после обеда."),  # "после" has a reading as "посол"
    (Language.RU, "joint_pair", "Об этом сказал глава государства."),  # one head of state is no pair
    (Language.RU, "withdraw", "Они пришли к выводу, что дело в погоде."),  # a conclusion, no pull-out
    (Language.RU, "want", "Он ушел, хотя было рано."),  # "хотя" has a reading as "хотеть"
    (Language.RU, "near_negation", "Он сказал лишь несколько слов."),
]


@pytest.mark.parametrize(("language", "concept", "text"), LOOKALIKES)
def test_words_that_only_look_alike_find_nothing(language: Language, concept: str, text: str) -> None:
    assert concept not in concepts(text, language)


LONGER_WINS = [
    (Language.EN, "rule_out", "agree", "They ruled out any talk of it."),
    (Language.EN, "unwilling", "ready", "They are not ready."),
    (Language.RU, "unwilling", "ready", "Они не готовы."),
    (Language.RU, "open_to", "rule_out", "Этого не исключают."),
    (Language.AR, "open_to", "rule_out", "لا تستبعد الوزارة ذلك."),
    (Language.EN, "stop_war", "halt", "They want a halt to the fighting."),
    (Language.RU, "stop_war", "halt", "Они требуют прекратить бомбардировки."),
    (Language.AR, "stop_war", "halt", "طلبوا إيقاف القصف."),
    (Language.EN, "coordinate", "near_negation", "The line is there to avoid collisions."),
    (Language.RU, "coordinate", "near_negation", "Линия нужна, чтобы избежать столкновений."),
    (Language.AR, "coordinate", "near_negation", "الخط وجد من أجل تجنب الصدام."),
    (Language.AR, "decline_comment", "reject", "رفض التعليق على الأمر."),
]


@pytest.mark.parametrize(("language", "found", "not_found", "text"), LONGER_WINS)
def test_the_longer_term_takes_its_words_along(language: Language, found: str, not_found: str, text: str) -> None:
    said = concepts(text, language)
    assert found in said
    assert not_found not in said
