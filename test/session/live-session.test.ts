import { describe, expect, test } from '@jest/globals';
import { startGeminiEmulator } from '../../src/emulator/gemini-emulator.ts';
import type { ActiveSessionsOptions } from '../../src/session/active-sessions.ts';
import type { LiveSession } from '../../src/session/live-session.ts';
import type { ConversationStore } from '../../src/store/conversation-store.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { formatCursor } from '../../src/wire/cursor.ts';
import { WireError } from '../../src/wire/error-catalogue.ts';
import { CONVERSATION, runnerFor } from '../agent/talk.ts';
import { closesAfterEach } from '../models/cleanup.ts';
import { modelAt } from '../models/gemini-model.ts';
import { startScriptedGemini } from '../models/scripted-gemini.ts';
import { until } from '../models/until.ts';
import { said } from '../store/conversation-store-contract.ts';
import { open, recordingLogger, say, sessionsOf, speak, TestReader } from './live.ts';

const closing = closesAfterEach();

/** The whole of it, from the sessions down to the model's wire. */
async function emulated(options: Partial<ActiveSessionsOptions> & { pace?: number; model?: string } = {}) {
  const { pace = 50, model = 'gemini-live-2.5-flash-preview', store = createMemoryStore(), ...rest } = options;
  const emulator = closing(await startGeminiEmulator({ pace }));
  const sessions = closing(sessionsOf(runnerFor(modelAt(emulator.url, { model }), {}, store), { store, ...rest }));
  return { emulator, sessions, store };
}

async function scripted(options: Partial<ActiveSessionsOptions> = {}) {
  const store = createMemoryStore();
  const server = closing(await startScriptedGemini());
  const sessions = closing(sessionsOf(runnerFor(modelAt(server.url), {}, store), { store, ...options }));
  const session = open(sessions);
  const peer = await server.connection(0);
  await until(() => session.log.head === 2);
  return { server, sessions, session, peer, store };
}

const cursorOf = ({ log }: LiveSession, seq: number, frames?: number) => formatCursor(log.epoch, seq, frames);

describe('a conversation', () => {
  test('goes from send to the log, for each reader', async () => {
    const { sessions } = await emulated();
    const session = open(sessions);
    const [one, two] = [await TestReader.attach(session), await TestReader.attach(session, cursorOf(session, 0))];
    session.send([say('count to three')]);
    expect(await one.turn(1)).toBe('One, two, three.');
    expect(await two.turn(1)).toBe('One, two, three.');
    expect(one.messages).toEqual(two.messages);
    expect(one.outline).toEqual(['connecting', 'ready', 'text…', 'text', 'usage', 'turnComplete']);
  });

  test('that was typed before the model was connected is answered all the same', async () => {
    const { sessions } = await emulated();
    const session = open(sessions);
    session.send([say('thanks')]);
    const reader = await TestReader.attach(session);
    expect(await reader.turn(1)).toBe('You are welcome.');
  });

  test('in AUDIO is spoken', async () => {
    const { sessions } = await emulated();
    const session = open(sessions, { settings: { modality: 'AUDIO' } });
    expect(session.modality).toBe('AUDIO');
    const reader = await TestReader.attach(session);
    session.send([say('thanks')]);
    expect(await reader.turn(1)).toBe('You are welcome.');
    expect(reader.outline).toContain('audio');
  });
});

describe('a reader without a cursor', () => {
  test('that is the first gets everything from the beginning', async () => {
    const { session } = await scripted();
    const reader = await TestReader.attach(session);
    expect([reader.position, reader.reset]).toEqual([{ seq: 1, frames: 0 }, undefined]);
  });

  test('that comes beside another begins at the head', async () => {
    const { session } = await scripted();
    await TestReader.attach(session);
    const second = await TestReader.attach(session);
    expect([second.position, second.reset]).toEqual([{ seq: 3, frames: 0 }, undefined]);
  });

  test('that races a connection of its own client begins where that one began: what was written to that may not have come', async () => {
    const { session, peer } = await scripted();
    const first = await TestReader.attach(session, undefined, 'me');
    first.read();
    peer.say('hello');
    await until(() => session.log.head === 3);
    const second = await TestReader.attach(session, undefined, 'me', true);
    expect([second.position, second.reset]).toEqual([{ seq: 1, frames: 0 }, undefined]);
    for (const [client, races] of [
      ['other', true],
      ['me', false],
    ] as const) {
      const other = await TestReader.attach(session, undefined, client, races);
      expect(other.position).toEqual({ seq: 4, frames: 0 });
    }
  });

  test('that comes after the last one left continues where that one stood', async () => {
    const { session, peer } = await scripted();
    const [first, second] = [await TestReader.attach(session), await TestReader.attach(session)];
    first.read(1);
    second.read();
    second.detach();
    first.detach();
    peer.say('meanwhile');
    await until(() => session.log.head === 3);
    const third = await TestReader.attach(session);
    expect(third.position).toEqual({ seq: 2, frames: 0 });
    third.read();
    expect(third.outline).toEqual(['ready', 'text…']);
  });

  test('that finds the place of the last one gone is told the conversation, and begins at the head', async () => {
    const { session, peer, store } = await scripted({ logLimits: { bytes: 400, ageMs: 120_000 } });
    await store.append(CONVERSATION, said('hello', 'user'));
    const first = await TestReader.attach(session);
    first.detach();
    peer.say('x'.repeat(200));
    peer.say('y'.repeat(200));
    await until(() => session.log.head === 4);
    expect(session.log.oldest).toBeGreaterThan(1);
    const second = await TestReader.attach(session);
    // The reply being given is told whole, whatever the log still holds of it.
    const turns = [
      { role: 'user', text: 'hello' },
      { role: 'model', text: 'x'.repeat(200) + 'y'.repeat(200) },
    ];
    expect(second.reset).toEqual({ reason: 'too_old', turns, truncated: false });
    expect(second.position).toEqual({ seq: session.log.head + 1, frames: 0 });
  });
});

describe('a reader with a cursor', () => {
  test('gets everything after it', async () => {
    const { session } = await scripted();
    const reader = await TestReader.attach(session, cursorOf(session, 1));
    reader.read();
    expect([reader.reset, reader.outline]).toEqual([undefined, ['ready']]);
  });

  test('of a part of an entry gets the rest of it', async () => {
    const { session } = await scripted();
    const reader = await TestReader.attach(session, cursorOf(session, 2, 1));
    expect([reader.reset, reader.position]).toEqual([undefined, { seq: 2, frames: 1 }]);
  });

  test.each<[string, (session: LiveSession) => string]>([
    ['malformed', () => 'garbage'],
    ['malformed', () => ''],
    ['unknown_epoch', () => formatCursor('A'.repeat(16), 1)],
    ['ahead', (session) => cursorOf(session, 99)],
  ])('that is %s is told the conversation, and begins at the head', async (reason, cursor) => {
    const { session, store } = await scripted();
    await store.append(CONVERSATION, said('hello', 'user'));
    await store.append(CONVERSATION, said('hi'));
    const reader = await TestReader.attach(session, cursor(session));
    expect(reader.reset).toEqual({
      reason,
      turns: [
        { role: 'user', text: 'hello' },
        { role: 'model', text: 'hi' },
      ],
      truncated: false,
    });
    expect(reader.position).toEqual({ seq: 3, frames: 0 });
  });

  test('that is too old is told the conversation, and so is one that falls behind later', async () => {
    const { session, peer } = await scripted({ logLimits: { bytes: 400, ageMs: 120_000 } });
    peer.say('x'.repeat(200));
    peer.say('y'.repeat(200));
    await until(() => session.log.head === 4);
    const reader = await TestReader.attach(session, cursorOf(session, 1));
    expect(reader.reset?.reason).toBe('too_old');
    expect(await session.reset('too_old')).toMatchObject({
      position: { seq: 5, frames: 0 },
      reset: { reason: 'too_old' },
    });
  });

  test('in the middle of a reply is told what was said of it so far', async () => {
    const { session, peer, store } = await scripted();
    await store.append(CONVERSATION, said('count', 'user'));
    peer.say('One, ');
    peer.say('two, ');
    await until(() => session.log.head === 4);
    const { reset, position } = await session.reset('too_old');
    expect(reset?.turns).toEqual([
      { role: 'user', text: 'count' },
      { role: 'model', text: 'One, two, ' },
    ]);
    expect(position).toEqual({ seq: 5, frames: 0 });
  });

  test('is told the last 200 turns, and that there are more', async () => {
    const { session, store } = await scripted();
    for (let index = 0; index < 202; index += 1) {
      await store.append(CONVERSATION, said(`${index}`, index % 2 === 0 ? 'user' : 'assistant'));
    }
    const { reset } = await TestReader.attach(session, 'garbage');
    expect(reset?.turns).toHaveLength(200);
    expect(reset?.turns[0]?.text).toBe('2');
    expect(reset?.truncated).toBe(true);
  });

  test('is told that there was more where the store has dropped it', async () => {
    const store = createMemoryStore({ events: 1 });
    await store.append(CONVERSATION, said('first'));
    await store.append(CONVERSATION, said('second'));
    const { sessions } = await emulated({ store });
    const { reset } = await TestReader.attach(open(sessions), 'garbage');
    expect(reset).toEqual({ reason: 'malformed', turns: [{ role: 'model', text: 'second' }], truncated: true });
  });
});

test('a conversation that cannot be read is told as one of which everything is missing', async () => {
  const store: ConversationStore = { ...createMemoryStore(), get: () => Promise.reject(new Error('disk gone')) };
  const { logger, lines } = recordingLogger();
  const server = closing(await startScriptedGemini());
  const sessions = closing(sessionsOf(runnerFor(modelAt(server.url)), { store, logger }));
  const { reset } = await TestReader.attach(open(sessions), 'garbage');
  expect(reset).toEqual({ reason: 'malformed', turns: [], truncated: true });
  expect(lines.filter(({ level }) => level === 'error')).toHaveLength(1);
});

describe('linger', () => {
  test('a session without a reader ends after it: idle, and its connection is closed', async () => {
    const { sessions, emulator } = await emulated({ lingerMs: 30 });
    const session = open(sessions);
    await until(() => session.ended);
    expect(session.ended).toEqual({ reason: 'idle' });
    expect(session.log.at(session.log.head)?.message).toEqual({ end: { reason: 'idle' } });
    expect(sessions.size).toBe(0);
    await until(() => emulator.connections === 0);
    expect(() => sessions.get('ann', 'default')).toThrow(new WireError('session_not_found'));
  });

  test('a session lives on while one reader is there, and ends after the last has left', async () => {
    const { sessions } = await emulated({ lingerMs: 30 });
    const session = open(sessions);
    const [one, two] = [await TestReader.attach(session), await TestReader.attach(session)];
    one.detach();
    // Another session begins to linger later: when it is over, this one would be.
    const other = open(sessions, { sessionId: 'other' });
    await until(() => other.ended);
    expect(session.ended).toBeUndefined();
    two.detach();
    await until(() => session.ended);
  });

  test('a reader that comes in time keeps the session, log and all', async () => {
    const { sessions } = await emulated({ lingerMs: 200 });
    const session = open(sessions);
    const reader = await TestReader.attach(session);
    reader.detach();
    const back = await TestReader.attach(open(sessions));
    expect(back.session).toBe(session);
    session.send([say('thanks')]);
    expect(await back.turn(1)).toBe('You are welcome.');
  });

  test('a session that comes after another one ended knows the conversation', async () => {
    const { sessions } = await emulated({ lingerMs: 30 });
    const first = open(sessions);
    const reader = await TestReader.attach(first);
    first.send([say('My name is Ann.')]);
    await reader.turn(1);
    reader.detach();
    await until(() => first.ended);
    const second = open(sessions);
    expect(second.log.epoch).not.toBe(first.log.epoch);
    second.send([say('What did I say?')]);
    const next = await TestReader.attach(second, formatCursor(first.log.epoch, 3));
    expect(next.reset).toMatchObject({ reason: 'unknown_epoch', turns: [{ text: 'My name is Ann.' }, {}] });
    expect(await next.turn(1)).toBe('You said: My name is Ann.');
    next.detach();
  });
});

describe('a change of modality', () => {
  test('replaces the run and keeps session, log and conversation', async () => {
    const { sessions, emulator } = await emulated();
    const session = open(sessions, { settings: { modality: 'TEXT' } });
    const reader = await TestReader.attach(session);
    session.send([say('My name is Ann.')]);
    await reader.turn(1);
    expect(open(sessions, { settings: { modality: 'AUDIO' } })).toBe(session);
    expect(session.modality).toBe('AUDIO');
    session.send([say('What did I say?')]);
    expect(await reader.turn(2)).toBe('You said: My name is Ann.');
    expect(reader.outline.filter((kind) => kind === 'connecting')).toHaveLength(2);
    expect(reader.outline).toContain('audio');
    await until(() => emulator.connections === 1);
  });

  test('in the middle of a reply ends that turn', async () => {
    const { sessions } = await emulated({ pace: 0.05 });
    const session = open(sessions);
    const reader = await TestReader.attach(session);
    session.send([say('count to thirty')]);
    await reader.until(({ event }) => event?.content);
    open(sessions, { settings: { modality: 'AUDIO' } });
    await reader.until(({ event }) => event?.turnComplete);
    expect(reader.outline.slice(0, 5)).toEqual(['connecting', 'ready', 'text…', 'interrupted', 'turnComplete']);
  });

  test('takes along what was sent and not yet read by the run before', async () => {
    const server = closing(await startScriptedGemini({ onSetup: (it, index) => index === 1 && it.completeSetup() }));
    const sessions = closing(sessionsOf(runnerFor(modelAt(server.url))));
    const session = open(sessions);
    await server.connection(0);
    session.send([say('hello')]);
    open(sessions, { settings: { modality: 'AUDIO' } });
    const second = await server.connection(1);
    expect(second.setup.generationConfig.responseModalities).toEqual(['AUDIO']);
    expect((await second.received('clientContent')).clientContent.turns[0].parts).toEqual([{ text: 'hello' }]);
  });

  test.each<[string, Parameters<typeof open>[1]]>([
    ['that is the same', { settings: { modality: 'TEXT' } }],
    ['that is not named', {}],
    ['that a reconnecting EventSource repeats', { settings: { modality: 'AUDIO' }, reconnect: true }],
  ])('%s changes nothing', async (_what, params) => {
    const { server, sessions, session } = await scripted();
    expect(open(sessions, params)).toBe(session);
    session.send([say('hello')]);
    await (await server.connection(0)).received('clientContent');
    expect([session.modality, server.connections.length]).toEqual(['TEXT', 1]);
  });

  test('of a model that only speaks is none: it is AUDIO from the start', async () => {
    const { sessions } = await emulated({ model: 'gemini-3.8-live' });
    const session = open(sessions);
    expect(session.modality).toBe('AUDIO');
    const reader = await TestReader.attach(session);
    open(sessions, { settings: { modality: 'TEXT' } });
    session.send([say('thanks')]);
    expect(await reader.turn(1)).toBe('You are welcome.');
    expect(reader.outline.filter((kind) => kind === 'connecting')).toHaveLength(1);
  });
});

describe('close', () => {
  test('ends the session for all readers, and what is sent then is refused', async () => {
    const { sessions, emulator } = await emulated();
    const session = open(sessions);
    const reader = await TestReader.attach(session);
    await reader.until(({ event }) => event?.status?.upstream === 'ready');
    session.send([{ close: true }]);
    expect(() => session.send([say('hello')])).toThrow(new WireError('session_ended'));
    await reader.until(({ end }) => end);
    expect(reader.messages.at(-1)).toEqual({ end: { reason: 'closed' } });
    expect(session.ended).toEqual({ reason: 'closed' });
    expect(() => session.send([say('hello')])).toThrow(new WireError('session_ended'));
    await until(() => emulator.connections === 0);
  });

  test('passes on what was sent before it, in the same body and in the same item too', async () => {
    const { session, peer } = await scripted();
    session.send([say('one')]);
    session.send([say('two'), { ...say('three'), close: true }]);
    await until(() => session.ended);
    await until(() => peer.closed);
    expect(peer.frames.slice(1).map(({ clientContent }) => clientContent.turns[0].parts[0].text)).toEqual([
      'one',
      'two',
      'three',
    ]);
  });

  test('in the middle of a reply ends the turn first', async () => {
    const { session, peer } = await scripted();
    const reader = await TestReader.attach(session);
    peer.say('One, ');
    await reader.until(({ event }) => event?.content);
    session.send([{ close: true }]);
    await reader.until(({ end }) => end);
    expect(reader.outline.slice(-3)).toEqual(['interrupted', 'turnComplete', 'end']);
  });

  test('with something behind it in the same body is refused whole', async () => {
    const { session } = await scripted();
    expect(() => session.send([say('one'), { close: true }, say('two')])).toThrow(
      expect.objectContaining({ code: 'malformed_item' }),
    );
    session.send([say('three')]);
    expect(session.over).toBe(false);
  });

  test('twice ends it once', async () => {
    const { sessions } = await emulated();
    const session = open(sessions);
    session.send([{ close: true }]);
    expect(() => session.send([{ close: true }])).toThrow(expect.objectContaining({ code: 'session_ended' }));
    await until(() => session.ended);
    session.end({ reason: 'idle' });
    expect(session.ended).toEqual({ reason: 'closed' });
    expect(session.log.at(session.log.head)?.message).toEqual({ end: { reason: 'closed' } });
  });

  test('lets a change of modality and readers that come do nothing more', async () => {
    const { sessions } = await emulated();
    const session = open(sessions);
    session.end({ reason: 'closed' });
    const { head } = session.log;
    session.change({ modality: 'AUDIO' });
    session.revive();
    const reader = await TestReader.attach(session, cursorOf(session, 0));
    reader.detach();
    expect([session.modality, session.log.head]).toEqual(['TEXT', head]);
  });
});

describe('a request queue that is full', () => {
  test('refuses a body whole, and takes the next that fits', async () => {
    const server = closing(await startScriptedGemini({ onSetup: () => {} }));
    const session = open(closing(sessionsOf(runnerFor(modelAt(server.url)))));
    await server.connection(0);
    expect(session.congested).toBe(false);
    session.send([speak(3 * 1024 * 1024)]);
    expect(session.congested).toBe(true);
    expect(() => session.send([say('first'), speak(2 * 1024 * 1024)])).toThrow(new WireError('request_queue_full'));
    session.send([say('second')]);
    (await server.connection(0)).completeSetup();
    const { clientContent } = await (await server.connection(0)).received('clientContent');
    expect(clientContent.turns[0].parts).toEqual([{ text: 'second' }]);
    expect(server.connections[0]?.frames).toHaveLength(3);
    await until(() => !session.congested);
  });
});

describe('betweenTurns', () => {
  test('resolves at once when no reply is given', async () => {
    const { session } = await scripted();
    await session.betweenTurns();
  });

  test('resolves when the reply is complete', async () => {
    const { session, peer } = await scripted();
    peer.say('One, ');
    await until(() => session.log.midTurn);
    let between = false;
    const waiting = session.betweenTurns().then(() => {
      between = true;
    });
    peer.say('two.');
    await until(() => session.log.head === 4);
    expect(between).toBe(false);
    peer.completeTurn();
    await waiting;
  });

  test('resolves only when what was asked is answered', async () => {
    const { session, peer } = await scripted();
    session.send([say('hello')]);
    let between = false;
    const waiting = session.betweenTurns().then(() => {
      between = true;
    });
    await peer.received('clientContent');
    expect(between).toBe(false);
    peer.completeTurn();
    await waiting;
  });

  test('resolves when the run fails in the middle of the reply', async () => {
    const { session, peer } = await scripted();
    peer.say('One, ');
    await until(() => session.log.midTurn);
    const waiting = session.betweenTurns();
    peer.closeWith(1007, 'no');
    await waiting;
  });
});
