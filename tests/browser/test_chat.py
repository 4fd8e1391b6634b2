import pytest
from person import Person

pytestmark = pytest.mark.browser


async def test_a_question_gets_its_answer(person: Person) -> None:
    await person.opens()
    await person.says("How do I get a tax card?")

    await person.sees("You get your tax card")
    assert person.complaints == []
