"""A manager gives the word in turn to a writer and an editor until the editor approves; a reader sees all of it.

`group_chat.py <host> manager|writer|editor|reader`: each in a process of its own. The source of the topics is the chat,
so that several go on at a time. No model is asked: writer and editor know their lines.
"""
import asyncio
import sys
from dataclasses import dataclass

from autogen_core import MessageContext, RoutedAgent, TopicId, TypeSubscription, message_handler
from work import say, serve

CHAT = "group_chat"
DRAFTS = ("A fox jumps.", "A quick fox jumps.", "A quick brown fox jumps over a lazy dog.")


@dataclass
class Line:
    speaker: str
    text: str


@dataclass
class RequestToSpeak:
    pass


@dataclass
class Ended:
    lines: int


class Participant(RoutedAgent):
    """Hears what is said in its chat, and speaks when it is asked to."""

    def __init__(self, _done):
        super().__init__("a participant")
        self.lines = []

    @message_handler
    async def on_line(self, message: Line, ctx: MessageContext) -> None:
        self.lines.append(message)

    @message_handler
    async def on_request(self, message: RequestToSpeak, ctx: MessageContext) -> None:
        await self.tell(CHAT, Line(self.id.type, self.speak()))

    async def tell(self, topic, message):
        await self.publish_message(message, TopicId(topic, self.id.key))


class Writer(Participant):
    def speak(self):
        return DRAFTS[sum(line.speaker == "editor" for line in self.lines)]


class Editor(Participant):
    def speak(self):
        return "APPROVE" if self.lines[-1].text == DRAFTS[-1] else f"Longer than {self.lines[-1].text!r}, please."


class Manager(Participant):
    @message_handler
    async def on_line(self, message: Line, ctx: MessageContext) -> None:
        self.lines.append(message)
        if message.text == "APPROVE":
            await self.tell("reader", Ended(len(self.lines)))
        else:
            await self.tell("editor" if message.speaker == "writer" else "writer", RequestToSpeak())


class Reader(Participant):
    @message_handler
    async def on_line(self, message: Line, ctx: MessageContext) -> None:
        self.lines.append(message)
        self.show()

    @message_handler
    async def on_end(self, message: Ended, ctx: MessageContext) -> None:
        self.ended = message.lines
        self.show()

    def show(self):
        if len(self.lines) == getattr(self, "ended", None):
            for line in self.lines:
                say(f"{self.id.key}: {line.speaker}: {line.text}")
            say(f"{self.id.key}: end")


async def main(host, role):
    kind = {"manager": Manager, "writer": Writer, "editor": Editor, "reader": Reader}[role]
    async with serve(host, role, kind, Line, RequestToSpeak, Ended) as (runtime, done):
        for topic in (CHAT, role):
            await runtime.add_subscription(TypeSubscription(topic, role))
        say("subscribed")
        if role == "reader":
            await asyncio.to_thread(sys.stdin.readline)
            for chat in ("one", "two"):
                await runtime.publish_message(Line("user", "Write about a fox."), TopicId(CHAT, chat))
        await done.wait()


asyncio.run(main(*sys.argv[1:]))
