import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { tool } from '../../src/agent/tool.ts';
import type { ConversationStore } from '../../src/store/conversation-store.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { ErrorCode } from '../../src/wire/error-catalogue.ts';
import { closesAfterEach } from '../models/cleanup.ts';
import { modelAt } from '../models/gemini-model.ts';
import { type ScriptedGeminiOptions, startScriptedGemini } from '../models/scripted-gemini.ts';
import { until } from '../models/until.ts';
import { CONVERSATION, heard, outline, runnerFor, startTalk, statusesOf, type Talk } from './talk.ts';

const closing = closesAfterEach();

/** The back-off's share of chance: 0 is no wait at all. */
let chance: number;

beforeEach(() => {
  chance = 0;
  jest.spyOn(Math, 'random').mockImplementation(() => chance);
});
afterEach(() => {
  jest.restoreAllMocks();
});

async function talkTo(script: ScriptedGeminiOptions = {}, model = {}) {
  const server = closing(await startScriptedGemini(script));
  const store = createMemoryStore();
  const talk = closing(startTalk(runnerFor(modelAt(server.url, model), {}, store)));
  return { server, store, talk };
}

const HANDLE = { sessionResumptionUpdate: { newHandle: 'h1', resumable: true } };
/** Of something that is seen: what was sent before it has come. */
const MARK = { usageMetadata: { totalTokenCount: 1 } };
const goAway = (timeLeft: string) => ({ goAway: { timeLeft } });

describe('a connection that is lost', () => {
  test.each([1006, 1011, 1000])('with %i and a handle is resumed, without a history', async (code) => {
    const { server, talk } = await talkTo();
    const first = await server.connection(0);
    first.say('One.');
    first.completeTurn();
    first.send(HANDLE);
    first.send(MARK);
    await talk.until(({ usageMetadata }) => usageMetadata);
    if (code === 1006) first.drop();
    else first.closeWith(code);
    const second = await server.connection(1);
    await talk.until(({ status }) => status?.upstream === 'resumed');
    expect(second.setup.sessionResumption).toEqual({ handle: 'h1' });
    talk.say('next');
    expect((await second.received('clientContent')).clientContent.turns).toEqual([
      { role: 'user', parts: [{ text: 'next' }] },
    ]);
    expect(talk.events.flatMap(({ status }) => status ?? [])).toEqual([
      { upstream: 'connecting', attempt: 1 },
      { upstream: 'ready' },
      { upstream: 'reconnecting', attempt: 2, code },
      { upstream: 'resumed' },
    ]);
  });

  test('without a handle is told the conversation anew', async () => {
    const { server, talk } = await talkTo();
    const first = await server.connection(0);
    talk.say('My name is Ann.');
    await first.received('clientContent');
    first.say('Hello Ann.');
    first.completeTurn();
    await talk.turn(1);
    first.drop();
    const second = await server.connection(1);
    await talk.until(({ status }) => status?.upstream === 'reseeded');
    expect(second.setup.sessionResumption).toEqual({});
    expect(await second.received('clientContent')).toEqual({
      clientContent: {
        turns: [
          { role: 'user', parts: [{ text: 'My name is Ann.' }] },
          { role: 'model', parts: [{ text: 'Hello Ann.' }] },
        ],
        turnComplete: false,
      },
    });
    expect(statusesOf(talk.events)).toEqual(['connecting', 'ready', 'reconnecting', 'reseeded']);
  });

  test('before the model answered has the question asked anew', async () => {
    const { server, talk } = await talkTo();
    talk.say('Are you there?');
    await (await server.connection(0)).received('clientContent');
    server.connections[0]?.drop();
    const { clientContent } = await (await server.connection(1)).received('clientContent');
    expect(clientContent).toEqual({
      turns: [{ role: 'user', parts: [{ text: 'Are you there?' }] }],
      turnComplete: true,
    });
  });

  test.each<[string, object]>([
    ['text', { modelTurn: { parts: [{ text: 'One, ' }] } }],
    ['audio', { modelTurn: { parts: [{ inlineData: { mimeType: 'audio/pcm', data: 'AAAA' } }] } }],
    ['a transcript', { outputTranscription: { text: 'One, ' } }],
  ])('after the first piece of a reply, %s, ends that turn before it reconnects', async (_what, serverContent) => {
    const { server, talk } = await talkTo();
    const first = await server.connection(0);
    first.send({ serverContent });
    await talk.until(({ content, outputTranscription }) => content ?? outputTranscription);
    first.drop();
    await talk.until(({ status }) => status?.upstream === 'reseeded');
    expect(outline(talk.events).slice(-4)).toEqual(['interrupted', 'turnComplete', 'reconnecting', 'reseeded']);
  });

  test('between turns ends no turn', async () => {
    const { server, talk } = await talkTo();
    const first = await server.connection(0);
    first.say('One.');
    first.completeTurn();
    await talk.turn(1);
    first.drop();
    await talk.until(({ status }) => status?.upstream === 'reseeded');
    expect(outline(talk.events).slice(-3)).toEqual(['turnComplete', 'reconnecting', 'reseeded']);
  });

  test('is closed on both sides before the next one is opened', async () => {
    const stillOpen: number[] = [];
    const { server, talk } = await talkTo({ onOpen: () => stillOpen.push(server.open) });
    for (const index of [0, 1]) {
      const peer = await server.connection(index);
      peer.send(HANDLE);
      await talk.until(() => statusesOf(talk.events).length === 2 * index + 2);
      peer.send(goAway('0s'));
    }
    await server.connection(2);
    expect(stillOpen).toEqual([1, 1, 1]);
  });

  test('leaves what is sent meanwhile to the next one', async () => {
    const { server, talk } = await talkTo({
      onSetup: (connection, index) => {
        if (index === 0) connection.completeSetup();
      },
    });
    (await server.connection(0)).drop();
    const second = await server.connection(1);
    talk.queue.sendRealtime({ mime_type: 'audio/pcm;rate=16000', data: 'AAAA' });
    talk.say('still there?');
    second.completeSetup();
    await second.received('clientContent');
    expect(second.frames.slice(1).map((frame) => Object.keys(frame)[0])).toEqual(['realtimeInput', 'clientContent']);
  });
});

test('what is sent while a connection is being closed goes to the next one', async () => {
  const { server, talk } = await talkTo();
  const first = await server.connection(0);
  first.freeze();
  first.send(HANDLE);
  first.send(goAway('0s'));
  first.say('last words');
  await talk.until(({ content }) => content);
  // The timer of goAway is older than this one.
  await delay(20);
  talk.say('next');
  const { clientContent } = await (await server.connection(1)).received('clientContent');
  expect(clientContent.turns[0].parts).toEqual([{ text: 'next' }]);
});

test('a slow store does not change what a fresh connection is told: everything, in order', async () => {
  const store = createMemoryStore();
  const slow: ConversationStore = {
    get: (key) => store.get(key),
    append: async (key, event) => {
      await delay(20);
      await store.append(key, event);
    },
  };
  const server = closing(await startScriptedGemini());
  const talk = closing(startTalk(runnerFor(modelAt(server.url), {}, slow)));
  const first = await server.connection(0);
  for (const text of ['One.', 'Two.', 'Three.']) {
    first.say(text);
    first.completeTurn();
  }
  await talk.turn(3);
  first.drop();
  const { clientContent } = await (await server.connection(1)).received('clientContent');
  expect(clientContent.turns).toEqual([{ role: 'model', parts: [{ text: 'One.\nTwo.\nThree.' }] }]);
});

describe('a handle that is refused', () => {
  test('gives way to a fresh connection that is told the conversation', async () => {
    const { server, talk } = await talkTo({
      onSetup: (connection, index) => {
        if (index === 1) connection.closeWith(1008, 'BidiGenerateContent session not found');
        else connection.completeSetup();
      },
    });
    const first = await server.connection(0);
    first.say('I am well.');
    first.completeTurn();
    first.send(HANDLE);
    first.send(MARK);
    await talk.until(({ usageMetadata }) => usageMetadata);
    first.drop();
    const third = await server.connection(2);
    expect(server.connections[1]?.setup.sessionResumption).toEqual({ handle: 'h1' });
    expect(third.setup.sessionResumption).toEqual({});
    expect((await third.received('clientContent')).clientContent.turns).toEqual([
      { role: 'model', parts: [{ text: 'I am well.' }] },
    ]);
    await talk.until(({ status }) => status?.upstream === 'reseeded');
  });
});

describe('goAway', () => {
  test('in the middle of a reply lets the turn finish, then resumes at once', async () => {
    chance = 0.99;
    const { server, talk } = await talkTo();
    const first = await server.connection(0);
    first.send(HANDLE);
    first.say('One, ');
    await talk.until(({ content }) => content);
    first.send(goAway('60s'));
    first.say('two.');
    first.completeTurn();
    await talk.turn(1);
    first.send({ sessionResumptionUpdate: { newHandle: 'h2', resumable: true } });
    const second = await server.connection(1);
    expect(second.setup.sessionResumption).toEqual({ handle: 'h2' });
    await talk.until(({ status }) => status?.upstream === 'resumed');
    expect(heard(talk.events)).toBe('One, two.');
    expect(first.closed?.code).toBe(1000);
    expect(outline(talk.events)).toEqual([
      'connecting',
      'ready',
      'text…',
      'text',
      'turnComplete',
      'reconnecting',
      'resumed',
    ]);
  });

  test('in the middle of a reply after which no handle comes is followed by a connection that is told the conversation', async () => {
    const { server, talk } = await talkTo();
    const first = await server.connection(0);
    first.send(HANDLE);
    first.say('One, ');
    await talk.until(({ content }) => content);
    first.send(goAway('60s'));
    first.say('two.');
    first.completeTurn();
    // Given before the turn, the handle knows nothing of it.
    const second = await server.connection(1);
    expect(second.setup.sessionResumption).toEqual({});
    const { clientContent } = await second.received('clientContent');
    expect(clientContent.turns).toEqual([{ role: 'model', parts: [{ text: 'One, two.' }] }]);
  });

  test('leaves what is typed while the handle of the last turn is waited for to the next connection', async () => {
    const { server, talk } = await talkTo();
    const first = await server.connection(0);
    first.send(HANDLE);
    first.send(goAway('60s'));
    first.say('One.');
    first.completeTurn();
    await talk.turn(1);
    talk.say('and two?');
    await delay(20);
    first.send({ sessionResumptionUpdate: { newHandle: 'h2', resumable: true } });
    const { clientContent } = await (await server.connection(1)).received('clientContent');
    expect(clientContent.turns).toEqual([{ role: 'user', parts: [{ text: 'and two?' }] }]);
    expect(first.frames).toHaveLength(1);
  });

  test('that comes again while the handle of the last turn is waited for has nobody wait longer', async () => {
    const { server, talk } = await talkTo();
    const first = await server.connection(0);
    first.send(HANDLE);
    first.send(goAway('60s'));
    first.say('One.');
    first.completeTurn();
    first.send(goAway('59s'));
    await talk.turn(1);
    talk.say('next');
    await (await server.connection(1)).received('clientContent');
  });

  test('without time left cuts the reply, and ends its turn', async () => {
    const { server, talk } = await talkTo();
    const first = await server.connection(0);
    first.send(HANDLE);
    first.say('One, ');
    await talk.until(({ content }) => content);
    first.send(goAway('0s'));
    await talk.until(({ status }) => status?.upstream === 'resumed');
    expect(outline(talk.events).slice(2, 6)).toEqual(['text…', 'text', 'interrupted', 'turnComplete']);
  });

  test('between turns of a connection that is well is followed at once, while nobody notices', async () => {
    const { server, talk } = await talkTo();
    const first = await server.connection(0);
    first.say('One.');
    first.completeTurn();
    first.send(HANDLE);
    first.send(goAway('300s'));
    const second = await server.connection(1);
    expect(second.setup.sessionResumption).toEqual({ handle: 'h1' });
    await talk.until(({ status }) => status?.upstream === 'resumed');
  });

  test.each([
    ['typed', (talk: Talk) => talk.say('and two?'), 'clientContent'],
    [
      'spoken',
      (talk: Talk) => talk.queue.sendRealtime({ mime_type: 'audio/pcm;rate=16000', data: 'AAAA' }),
      'realtimeInput',
    ],
  ] as const)('while something that was %s waits for its answer lets it come', async (how, ask, field) => {
    const { server, talk } = await talkTo();
    const first = await server.connection(0);
    first.say('One.');
    first.completeTurn();
    first.send(HANDLE);
    await talk.turn(1);
    ask(talk);
    await first.received(field);
    if (how === 'spoken') first.send({ serverContent: { inputTranscription: { text: 'and two?' } } });
    first.send(goAway('300s'));
    first.send(MARK);
    await talk.until(({ usageMetadata }) => usageMetadata);
    expect(server.connections).toHaveLength(1);
    first.say('Two.');
    first.completeTurn();
    await talk.turn(2);
    first.send({ sessionResumptionUpdate: { newHandle: 'h2', resumable: true } });
    expect((await server.connection(1)).setup.sessionResumption).toEqual({ handle: 'h2' });
  });

  test('between turns leaves before the deadline', async () => {
    const { server, talk } = await talkTo();
    const first = await server.connection(0);
    first.send(HANDLE);
    first.send(goAway('1.02s'));
    await talk.until(({ status }) => status?.upstream === 'resumed');
    expect(first.closed?.code).toBe(1000);
  });

  test('in a month is no reason to leave now', async () => {
    const { server, talk } = await talkTo();
    const first = await server.connection(0);
    first.send(goAway('2592000s'));
    first.say('Still here.');
    await talk.until(({ content }) => content);
    // A timer that cannot count that far would be over by now.
    await delay(20);
    expect([first.closed, statusesOf(talk.events)]).toEqual([undefined, ['connecting', 'ready']]);
  });

  test('without a handle is followed by a connection that is told the conversation', async () => {
    const { server, talk } = await talkTo();
    const first = await server.connection(0);
    first.say('One.');
    first.completeTurn();
    first.send(goAway('0s'));
    await (await server.connection(1)).received('clientContent');
    await until(() => statusesOf(talk.events).length === 4);
    expect(statusesOf(talk.events)).toEqual(['connecting', 'ready', 'reconnecting', 'reseeded']);
  });

  test('again and again, each time after a turn, is no failure', async () => {
    const { server, talk } = await talkTo();
    for (let index = 0; index < 8; index += 1) {
      const peer = await server.connection(index);
      peer.say('One.');
      peer.completeTurn();
      peer.send(HANDLE);
      peer.send(goAway('0s'));
    }
    await server.connection(8);
    await until(() => statusesOf(talk.events).at(-1) === 'resumed');
    const attempts = talk.events.flatMap(({ status }) => (status?.upstream === 'reconnecting' ? [status.attempt] : []));
    expect(new Set(attempts)).toEqual(new Set([1]));
  });

  test('again and again, each time right after setup, is waited out and then a failure', async () => {
    const { server, talk } = await talkTo();
    for (let index = 0; index < 5; index += 1) (await server.connection(index)).send(goAway('0s'));
    await expect(talk.done).rejects.toMatchObject({ code: 'model_closed' });
    expect(server.connections).toHaveLength(5);
  });
});

describe('what the model had not answered to the end when the connection was lost', () => {
  const SPOKEN = { mime_type: 'audio/pcm;rate=16000', data: 'AAAA' };
  const heardAs = (text: string) => ({ serverContent: { inputTranscription: { text } } });
  const REPLY = { modelTurn: { parts: [{ text: 'Well, ' }] } };
  const framesOf = (connection: { frames: readonly object[] }) =>
    connection.frames.slice(1).map((frame) => Object.keys(frame)[0]);

  test('is said again to a resumed connection, and before what was said meanwhile', async () => {
    const { server, talk } = await talkTo();
    const first = await server.connection(0);
    first.send(HANDLE);
    first.send(MARK);
    await talk.until(({ usageMetadata }) => usageMetadata);
    talk.say('one?');
    await first.received('clientContent');
    first.send({ serverContent: REPLY });
    await talk.until(({ content }) => content);
    first.drop();
    await talk.until(({ status }) => status?.upstream === 'reconnecting');
    talk.say('two?');
    const second = await server.connection(1);
    expect(second.setup.sessionResumption).toEqual({ handle: 'h1' });
    await until(() => second.frames.length === 3);
    expect(second.frames.slice(1).map(({ clientContent }) => clientContent.turns[0].parts[0].text)).toEqual([
      'one?',
      'two?',
    ]);
  });

  test('is not told in the history too, where the connection is fresh', async () => {
    const { server, talk } = await talkTo();
    const first = await server.connection(0);
    talk.say('hello');
    await first.received('clientContent');
    first.say('Hi.');
    first.completeTurn();
    await talk.turn(1);
    talk.say('one?');
    await until(() => first.frames.length === 3);
    first.drop();
    const second = await server.connection(1);
    await until(() => second.frames.length === 3);
    const said = second.frames.slice(1).flatMap(({ clientContent }) => clientContent.turns);
    expect(said.map(({ parts }) => parts[0].text)).toEqual(['hello', 'Hi.', 'one?']);
  });

  test('is heard again where it was spoken, and the words that had come so far are not told twice', async () => {
    const { server, talk } = await talkTo();
    const first = await server.connection(0);
    talk.queue.sendRealtime(SPOKEN);
    await first.received('realtimeInput');
    first.send(heardAs('What'));
    await talk.until(({ inputTranscription }) => inputTranscription);
    first.drop();
    const second = await server.connection(1);
    await second.received('realtimeInput');
    second.send(heardAs('What is it?'));
    second.say('A pear.');
    second.completeTurn();
    await talk.turn(1);
    const whole = talk.events.flatMap(({ inputTranscription: text, partial }) => (text && !partial ? [text.text] : []));
    expect(whole).toEqual(['What is it?']);
  });

  test('is said in words where the reply to what was spoken had begun', async () => {
    const { server, talk } = await talkTo();
    const first = await server.connection(0);
    talk.queue.sendRealtime(SPOKEN);
    await first.received('realtimeInput');
    first.send(heardAs('What is it?'));
    first.send({ serverContent: REPLY });
    await talk.until(({ content }) => content);
    first.drop();
    const second = await server.connection(1);
    await until(() => second.frames.length === 3);
    expect(second.frames[2].clientContent.turns).toEqual([{ role: 'user', parts: [{ text: 'What is it?' }] }]);
    expect(framesOf(second)).not.toContain('realtimeInput');
  });

  test('has its calls cancelled that still run, told what the others returned, and is asked again', async () => {
    const { promise: forever } = Promise.withResolvers<never>();
    const aborted = jest.fn();
    const quick = tool({ name: 'quick', description: '', execute: () => ({ pears: 3 }) });
    const slow = tool({
      name: 'slow',
      description: '',
      execute: (_args, { signal }) => {
        signal.addEventListener('abort', aborted);
        return forever;
      },
    });
    const server = closing(await startScriptedGemini());
    const talk = closing(startTalk(runnerFor(modelAt(server.url), { tools: [quick, slow] })));
    const first = await server.connection(0);
    talk.say('how many?');
    await first.received('clientContent');
    const call = (name: string) => ({ id: name, name, args: {} });
    first.send({ toolCall: { functionCalls: [call('quick'), call('slow')] } });
    await first.received('toolResponse');
    first.drop();
    const second = await server.connection(1);
    const { clientContent } = await second.received('clientContent');
    expect(clientContent.turns.at(-1).parts[0].text).toBe(
      'how many?\n(quick was called for this, and returned {"pears":3})',
    );
    expect(aborted).toHaveBeenCalledTimes(1);
    expect(talk.events.flatMap(({ toolCancellation }) => toolCancellation ?? [])).toEqual(['slow']);
    expect(framesOf(second)).not.toContain('toolResponse');
  });

  test.each([
    ['resumed', true],
    ['fresh', false],
  ])(
    'is not the call of an earlier turn: its result goes to the %s connection that comes',
    async (_what, resumable) => {
      const { promise: result, resolve } = Promise.withResolvers<object>();
      const slow = tool({ name: 'slow', description: '', execute: () => result });
      const server = closing(await startScriptedGemini());
      const talk = closing(startTalk(runnerFor(modelAt(server.url), { tools: [slow] })));
      const first = await server.connection(0);
      first.send({ toolCall: { functionCalls: [{ id: 'c1', name: 'slow', args: {} }] } });
      first.say('I am on it.');
      first.completeTurn();
      if (resumable) first.send(HANDLE);
      first.send(MARK);
      await talk.until(({ usageMetadata }) => usageMetadata);
      first.drop();
      await talk.until(({ status }) => status?.upstream === 'reconnecting');
      resolve({ pears: 3 });
      const second = await server.connection(1);
      if (resumable) {
        const { toolResponse } = await second.received('toolResponse');
        expect(toolResponse.functionResponses).toEqual([{ id: 'c1', name: 'slow', response: { pears: 3 } }]);
      } else {
        await until(() => JSON.stringify(second.frames).includes('(slow, called before, returned {\\"pears\\":3})'));
        expect(framesOf(second)).not.toContain('toolResponse');
      }
      expect(talk.events.flatMap(({ toolCancellation }) => toolCancellation ?? [])).toEqual([]);
    },
  );
});

test('the result of a call of an earlier turn is told again, in words, where the connection that had it is lost before the model says more', async () => {
  const { promise: result, resolve } = Promise.withResolvers<object>();
  const slow = tool({ name: 'slow', description: '', execute: () => result });
  const server = closing(await startScriptedGemini());
  const talk = closing(startTalk(runnerFor(modelAt(server.url), { tools: [slow] })));
  const first = await server.connection(0);
  first.send({ toolCall: { functionCalls: [{ id: 'c1', name: 'slow', args: {} }] } });
  first.say('I am on it.');
  first.completeTurn();
  first.send(HANDLE);
  first.send(MARK);
  await talk.until(({ usageMetadata }) => usageMetadata);
  resolve({ pears: 3 });
  await first.received('toolResponse');
  first.drop();
  const second = await server.connection(1);
  const { clientContent } = await second.received('clientContent');
  expect(clientContent.turns[0].parts[0].text).toBe('(slow, called before, returned {"pears":3})');
  second.completeTurn();
  second.send(HANDLE);
  await talk.turn(2);
  second.drop();
  const third = await server.connection(2);
  talk.say('thanks');
  await third.received('clientContent');
  expect(JSON.stringify(third.frames)).not.toContain('pears');
});

describe('text typed while a connection is being closed', () => {
  test('goes to the next one, once', async () => {
    const { server, talk } = await talkTo();
    const first = await server.connection(0);
    first.send(HANDLE);
    first.say('One.');
    first.send(goAway('0s'));
    // The answer is complete; from here the connection is being closed, and its peer has not answered yet.
    first.completeTurn();
    await talk.until(({ turnComplete }) => turnComplete);
    talk.say('in between');
    const second = await server.connection(1);
    await second.received('clientContent');
    talk.say('last');
    await until(() => JSON.stringify(second.frames).includes('last'));
    const heard = JSON.stringify([...first.frames, ...second.frames]);
    expect(heard.split('in between')).toHaveLength(2);
  });

  test('without a handle is told in the history or said, not both', async () => {
    const { server, talk } = await talkTo();
    const first = await server.connection(0);
    first.say('One.');
    first.completeTurn();
    await talk.until(({ turnComplete }) => turnComplete);
    first.drop();
    await talk.until(({ status }) => status?.upstream === 'reconnecting');
    talk.say('in between');
    const second = await server.connection(1);
    talk.say('last');
    await until(() => JSON.stringify(second.frames).includes('last'));
    expect(JSON.stringify(second.frames).split('in between')).toHaveLength(2);
  });
});

describe('failure', () => {
  test.each<[number, string, ErrorCode]>([
    [1007, 'Request contains an invalid argument.', 'model_request_refused'],
    [1008, 'models/x is not found', 'model_not_found'],
    [1007, 'API key not valid.', 'model_key_refused'],
  ])('a close %i "%s" ends the run with %s, and nothing is tried again', async (code, reason, expected) => {
    const { server, talk } = await talkTo();
    await talk.until(({ status }) => status?.upstream === 'ready');
    (await server.connection(0)).closeWith(code, reason);
    await expect(talk.done).rejects.toMatchObject({ name: 'WireError', code: expected });
    expect(server.connections).toHaveLength(1);
    await until(() => server.open === 0);
  });

  test('of the very first connection is tried again twice; then who waits for it is told what is wrong', async () => {
    const { server, talk } = await talkTo({ onSetup: (connection) => connection.closeWith(1011, 'busy') });
    await expect(talk.done).rejects.toMatchObject({ code: 'model_closed' });
    expect(server.connections).toHaveLength(3);
    expect(statusesOf(talk.events)).toEqual(['connecting', 'reconnecting', 'reconnecting']);
  });

  test('with a refusal of what it had taken before is tried again once', async () => {
    const { server, talk } = await talkTo({
      onFrame: (connection) => {
        connection.say('Well, ');
        connection.closeWith(1008, 'The operation was aborted.');
      },
    });
    talk.say('hello');
    await expect(talk.done).rejects.toMatchObject({ code: 'model_request_refused' });
    expect(server.connections).toHaveLength(2);
  });

  test('five times in a row after a connection was open ends the run with the last error', async () => {
    const { server, talk } = await talkTo({
      onSetup: (connection) => {
        connection.completeSetup();
        connection.closeWith(1011, 'busy');
      },
    });
    await expect(talk.done).rejects.toMatchObject({ code: 'model_closed', message: expect.stringContaining('busy') });
    expect(server.connections).toHaveLength(5);
    const attempts = talk.events.flatMap(({ status }) => (status?.upstream === 'reconnecting' ? [status.attempt] : []));
    expect(attempts).toEqual([2, 3, 4, 5]);
  });

  test('in the middle of each reply, however long that was, ends the run after five', async () => {
    const realNow = performance.now.bind(performance);
    jest.spyOn(performance, 'now').mockImplementation(() => realNow() * 1_000_000);
    const { server, talk } = await talkTo({
      onFrame: (connection) => {
        connection.say('Well, ');
        connection.closeWith(1011, 'Internal error encountered.');
      },
    });
    talk.say('what breaks you?');
    await expect(talk.done).rejects.toMatchObject({ code: 'model_closed' });
    expect(server.connections).toHaveLength(5);
  });

  test('to reconnect is tried again, up to five times', async () => {
    const { server, talk } = await talkTo({
      onSetup: (connection, index) => {
        if (index === 0) connection.completeSetup();
        else connection.closeWith(1011, 'busy');
      },
    });
    await talk.until(({ status }) => status?.upstream === 'ready');
    (await server.connection(0)).drop();
    await expect(talk.done).rejects.toMatchObject({ code: 'model_closed' });
    expect(server.connections).toHaveLength(5);
  });

  test('to resume whose reason names the handle does not tell it', async () => {
    const { server, talk } = await talkTo({
      onSetup: (connection, index) => {
        if (index === 0) connection.completeSetup();
        else connection.closeWith(1011, 'cannot load h1-secret');
      },
    });
    const first = await server.connection(0);
    first.send({ sessionResumptionUpdate: { newHandle: 'h1-secret', resumable: true } });
    first.send(MARK);
    await talk.until(({ usageMetadata }) => usageMetadata);
    first.drop();
    await expect(talk.done).rejects.toMatchObject({ message: expect.stringMatching(/cannot load \[key\]/) });
  });

  test('to reconnect with an error that no retry mends ends the run', async () => {
    const { server, talk } = await talkTo({
      onSetup: (connection, index) => {
        if (index === 0) connection.completeSetup();
        else connection.closeWith(1007, 'API key not valid.');
      },
    });
    await talk.until(({ status }) => status?.upstream === 'ready');
    (await server.connection(0)).drop();
    await expect(talk.done).rejects.toMatchObject({ code: 'model_key_refused' });
    expect(server.connections).toHaveLength(2);
  });

  test('counts anew after a turn was completed', async () => {
    const { server, talk } = await talkTo({
      onSetup: (connection, index) => {
        connection.completeSetup();
        if (index === 3) {
          connection.say('Well again.');
          connection.completeTurn();
        }
        connection.closeWith(1011, 'busy');
      },
    });
    await expect(talk.done).rejects.toMatchObject({ code: 'model_closed' });
    expect(server.connections).toHaveLength(8);
  });
});

test('a peer that takes nothing for ten seconds is given up, and another connection made', async () => {
  const { server, talk } = await talkTo();
  (await server.connection(0)).freeze();
  // A clock that runs a hundred times faster.
  const realNow = performance.now.bind(performance);
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => realNow() * 100);
  for (let index = 0; index < 32; index += 1) {
    talk.queue.sendRealtime({ mime_type: 'audio/pcm', data: 'A'.repeat(1024 * 1024) });
  }
  await server.connection(1);
  // The next one has its ten seconds, be the machine as slow as it likes.
  clock.mockRestore();
  talk.say('still there?');
  await (await server.connection(1)).received('clientContent');
});

test('an abort during the back-off ends the run at once, without an error', async () => {
  chance = 1_000;
  const controller = new AbortController();
  const server = closing(await startScriptedGemini());
  const talk = closing(startTalk(runnerFor(modelAt(server.url)), {}, controller.signal));
  (await server.connection(0)).drop();
  await talk.until(({ status }) => status?.upstream === 'reconnecting');
  controller.abort();
  await talk.done;
  expect(server.connections).toHaveLength(1);
});

test('a queue that is closed during the back-off is read to its end by the next connection', async () => {
  const { server, talk } = await talkTo();
  (await server.connection(0)).drop();
  await talk.until(({ status }) => status?.upstream === 'reconnecting');
  talk.say('goodbye');
  talk.queue.close();
  await talk.done;
  const texts = server.connections.flatMap(({ texts: sent }) => sent.slice(1)).join('');
  expect(texts).toContain('goodbye');
});

test('a queue that is closed, and read to its end, ends a run that is connecting again', async () => {
  const { server, talk } = await talkTo({
    onSetup: (connection, index) => {
      if (index === 0) connection.completeSetup();
    },
  });
  const first = await server.connection(0);
  talk.say('hello');
  await first.received('clientContent');
  first.drop();
  await server.connection(1);
  talk.queue.close();
  await talk.done;
  await until(() => server.open === 0);
});

test('a conversation of a user whose words could not be sent still has them', async () => {
  const { server, store, talk } = await talkTo();
  talk.say('hello');
  await (await server.connection(0)).received('clientContent');
  (await server.connection(0)).closeWith(1007, 'no');
  await talk.done.catch(() => {});
  const { events } = await store.get(CONVERSATION);
  expect(events.map(({ content }) => content?.parts?.[0]?.text)).toEqual(['hello']);
});
