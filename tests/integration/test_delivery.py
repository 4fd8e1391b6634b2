"""Replies on their way: tried again as told, given up where nobody is, never repeated blindly."""

from sqlalchemy import text

from core import acts
from core.errors import ChannelError
from tests.support.talk import Chat


async def deliver_again(chat: Chat, **later: float) -> None:
    from bot import turns

    chat.clock.pass_(**later)
    ((conversation_id,),) = await chat.rows("select id from conversations")
    await turns.handle(chat.services, conversation_id)


async def statuses(chat: Chat) -> list[str]:
    return [status for (status,) in await chat.rows("select status from outbound order by id")]


async def test_told_to_wait_it_waits_to_the_second(chat: Chat) -> None:
    chat.channel.faults.append(ChannelError("too many requests", retry_after=17))
    assert await chat.commands("help") == []
    assert await statuses(chat) == ["pending"]

    await deliver_again(chat, seconds=16)
    assert chat.new() == []
    await deliver_again(chat, seconds=1)
    assert len(chat.new()) == 1
    assert await statuses(chat) == ["sent"]


async def test_the_order_is_kept_while_one_waits(chat: Chat) -> None:
    chat.channel.faults.append(ChannelError("no route"))
    await chat.commands("help")
    await chat.commands("start")
    assert await statuses(chat) == ["pending", "pending"]

    await deliver_again(chat, seconds=2)
    first, second = chat.new()
    assert first.text.startswith("Ask me anything")
    assert second.text.startswith("Hi, I'm Velkommen")


async def test_where_nobody_is_it_is_given_up_and_the_address_marked(chat: Chat) -> None:
    chat.channel.faults.append(ChannelError("blocked by the user", permanent=True))
    await chat.commands("help")
    assert await statuses(chat) == ["failed"]
    assert await chat.rows("select 1 from addresses where unreachable_at is not null")

    await chat.commands("start")
    assert await chat.rows("select 1 from addresses where unreachable_at is not null"), "written before"
    chat.clock.pass_(seconds=1)
    await chat.commands("start")
    assert await chat.rows("select 1 from addresses where unreachable_at is null"), "who writes is reachable again"


async def test_a_time_out_is_not_repeated_but_told(chat: Chat) -> None:
    chat.channel.faults.append(ChannelError("timed out", maybe_sent=True))
    await chat.commands("help")
    assert await statuses(chat) == ["unknown", "pending"]
    chat.new()

    await deliver_again(chat, seconds=30)
    (notice,) = chat.new()
    (again,) = await chat.presses(notice.buttons[0].payload)
    assert again.text.startswith("Ask me anything")


async def test_another_persons_reply_cannot_be_shown_again(chat: Chat) -> None:
    await chat.commands("help")
    ((someone_elses,),) = await chat.rows("select id from outbound")
    other = Chat(chat.services, address="boris")
    assert await other.presses(f"again:{someone_elses}") == []


async def test_it_is_given_up_after_many_attempts(chat: Chat) -> None:
    chat.channel.faults.extend(ChannelError("no route") for _ in range(8))
    await chat.commands("help")
    for _ in range(7):
        await deliver_again(chat, hours=1)
    assert await statuses(chat) == ["failed"]


async def test_a_reply_thought_under_an_older_epoch_is_dropped(chat: Chat) -> None:
    chat.channel.faults.append(ChannelError("no route"))
    await chat.commands("help")
    async with chat.services.database.begin() as connection:
        await connection.execute(text("update conversations set owner = 'mentor', epoch = epoch + 1"))

    await deliver_again(chat, seconds=5)

    assert chat.new() == []
    assert await statuses(chat) == ["dropped"]


async def test_thumbs_are_kept_and_the_last_press_counts(chat: Chat) -> None:
    chat.engine.will(acts.AnswerTopics(("tax-card",)))
    await chat.says("how do I get a tax card")
    ((answer,), _) = await chat.rows("select id from outbound order by id")
    await chat.presses(f"rate:{answer}:1")
    await chat.presses(f"rate:{answer}:-1")
    assert await chat.rows("select value from feedback") == [(-1,)]
