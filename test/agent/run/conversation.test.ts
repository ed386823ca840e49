import { describe, expect, test } from '@jest/globals';
import { tool } from '../../../src/agent/tool.ts';
import { listTurns } from '../../../src/store/conversation-turns.ts';
import { createMemoryStore } from '../../../src/store/memory-store.ts';
import { closesAfterEach } from '../../models/cleanup.ts';
import { FakeModel } from '../../models/fake-model.ts';
import { until } from '../../models/until.ts';
import { loadEvents } from '../../store/events.ts';
import { asked, type FakeTalkOptions, sentText, startFakeTalk } from '../fake-talk.ts';
import { CONVERSATION, outline, runnerFor, startTalk } from '../talk.ts';

const closing = closesAfterEach();

/** A run that is ready, the provider's side of its connection, and what the store has of its conversation. */
async function openTalk(options: FakeTalkOptions = {}) {
  const fake = startFakeTalk(options);
  closing(fake.talk);
  const provider = await fake.model.connection(0);
  await fake.talk.until(({ status }) => status?.upstream === 'ready');
  return { ...fake, provider, loadStored: () => loadEvents(fake.store, CONVERSATION) };
}

describe('the conversation of a run', () => {
  test('contains typed text, complete answers, calls, usage and flags, and neither increments nor statuses', async () => {
    const clock = tool({ name: 'current_time', description: '', execute: () => '12:00' });
    const { talk, provider, loadStored } = await openTalk({ agent: { tools: [clock] } });
    talk.say('What time is it?');
    await provider.nextInput('text');
    provider.call({ name: 'current_time' });
    await provider.nextInput('tool_results');
    provider.say('It is ');
    provider.say('12:00.');
    provider.reportUsage({ totalTokenCount: 1 });
    provider.completeTurn();
    await talk.turn(1);
    await talk.close();
    const events = await loadStored();
    expect(outline(events)).toEqual(['text', 'call', 'result', 'usage', 'text', 'turnComplete']);
    expect(events[0]).toMatchObject({ author: 'user', content: asked('What time is it?') });
    expect(listTurns(events)).toEqual([
      { role: 'user', text: 'What time is it?' },
      { role: 'model', text: 'It is 12:00.' },
    ]);
  });

  test('contains complete transcripts of speech, and no audio', async () => {
    const { talk, provider, loadStored } = await openTalk({ runConfig: { responseModalities: ['AUDIO'] } });
    talk.say('thanks');
    await provider.nextInput('text');
    provider.speak('AAAA');
    provider.transcribe('You are ');
    provider.transcribe('welcome.');
    provider.completeTurn();
    await talk.turn(1);
    await talk.close();
    const events = await loadStored();
    expect(outline(events)).toEqual(['text', 'spoken', 'turnComplete']);
    expect(JSON.stringify(events)).not.toContain('inlineData');
  });

  test('contains an interrupted reply before the text that interrupted it', async () => {
    const { talk, provider, loadStored } = await openTalk();
    talk.say('count to thirty');
    await provider.nextInput('text');
    provider.say('One, ');
    await talk.until(({ content }) => content);
    talk.say('count to twenty');
    await provider.nextInput('text');
    provider.interrupt();
    provider.completeTurn();
    await talk.turn(1);
    await talk.close();
    expect(listTurns(await loadStored())).toEqual([
      { role: 'user', text: 'count to thirty' },
      { role: 'model', text: 'One, ', interrupted: true },
      { role: 'user', text: 'count to twenty' },
    ]);
  });

  test('contains at most 1 MiB of text that was typed into a reply after it, and more of it before', async () => {
    const { talk, provider, loadStored } = await openTalk();
    provider.say('once upon a time');
    await talk.until(({ content }) => content);
    const third = (letter: string) => letter.repeat(400 * 1024);
    const initials = async () => listTurns(await loadStored()).map(({ text }) => text.replace(/(.)\1+/g, '$1'));
    for (const letter of ['a', 'b']) talk.say(third(letter));
    await until(() => provider.received.length === 2);
    expect(await initials()).toEqual([]);
    talk.say(third('c'));
    await until(() => provider.received.length === 3);
    // The store has room for 1 MiB as well.
    expect(await initials()).toEqual(['b\nc']);
    talk.say('d');
    await until(() => provider.received.length === 4);
    provider.completeTurn();
    await talk.turn(1);
    await talk.close();
    expect(await initials()).toEqual(['b\nc', 'once upon a time', 'd']);
  });

  test('contains the transcript of the user as far as it came when the run ends', async () => {
    const { talk, provider, loadStored } = await openTalk();
    provider.hear('Good ni');
    await talk.until(({ inputTranscription }) => inputTranscription);
    await talk.close();
    expect(outline(await loadStored())).toEqual(['heard']);
  });

  test('contains the reason why an answer was withheld', async () => {
    const { talk, provider, loadStored } = await openTalk();
    const reason = 'RESPONSE_REJECTED';
    provider.completeTurn({ reason, failure: 'The model rejected its own answer' });
    const expected = expect.objectContaining({ turnComplete: true, turnCompleteReason: reason, errorCode: reason });
    expect(await talk.turn(1)).toContainEqual(expected);
    await talk.close();
    expect(await loadStored()).toEqual([expected]);
  });
});

test('a question that the user stopped is part of the history of later connections, and is not answered there', async () => {
  const model = new FakeModel();
  const runner = runnerFor(model, {}, createMemoryStore());
  const talk = closing(startTalk(runner));
  const first = await model.connection(0);
  talk.say('what is it?');
  talk.queue.send({ interrupt: {} });
  await talk.turn(1);
  first.drop();
  await model.connection(1);
  await talk.close();
  const next = closing(startTalk(runner));
  const third = await model.connection(2);
  for (const { setup } of model.connections.slice(1)) {
    expect(setup).toMatchObject({ history: [asked('what is it?')], answered: true });
  }
  next.say('thanks');
  await third.nextInput('text');
  expect(third.received).toEqual([sentText('thanks')]);
});
