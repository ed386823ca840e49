import { describe, expect, test } from '@jest/globals';
import { startGeminiEmulator } from '../../src/emulator/gemini/emulator.ts';
import type { ActiveSessionsOptions } from '../../src/session/active-sessions.ts';
import type { LiveSession } from '../../src/session/live-session.ts';
import { LiveConversations } from '../../src/store/live-conversations.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { SessionStore } from '../../src/store/session-store.ts';
import type { AgentEvent } from '../../src/wire/agent-event.ts';
import { formatCursor } from '../../src/wire/cursor.ts';
import { WireError } from '../../src/wire/wire-error.ts';
import { CONVERSATION, runnerFor } from '../agent/talk.ts';
import { closesAfterEach } from '../models/cleanup.ts';
import { modelAt } from '../models/gemini/gemini-model.ts';
import { startScriptedGemini } from '../models/gemini/scripted-gemini.ts';
import { until } from '../models/until.ts';
import { textEvent } from '../store/events.ts';
import { TroubledStore } from '../store/troubled-store.ts';
import { open, recordingLogger, say, send, sessionsOf, speak, TestReader } from './live.ts';

const closing = closesAfterEach();

/** Creates sessions with the real runner and a model on the emulator. */
async function emulated(
  options: Partial<ActiveSessionsOptions> & { pace?: number; model?: string; store?: SessionStore } = {},
) {
  const { pace = 50, model = 'gemini-live-2.5-flash-preview', store = createMemoryStore(), ...rest } = options;
  const emulator = closing(await startGeminiEmulator({ pace, strict: true }));
  const sessions = closing(sessionsOf(runnerFor(modelAt(emulator.url, { model }), {}, store), rest));
  return { emulator, sessions, store };
}

/** @param stored events of the conversation before the live session begins */
async function scripted(options: Partial<ActiveSessionsOptions> = {}, stored: AgentEvent[] = []) {
  const store = createMemoryStore();
  await store.commit(CONVERSATION, { events: stored });
  const server = closing(await startScriptedGemini());
  const sessions = closing(sessionsOf(runnerFor(modelAt(server.url), {}, store), options));
  const session = await open(sessions);
  const peer = await server.connection(0);
  await until(() => session.log.head === 2);
  return { server, sessions, session, peer, store };
}

const cursorOf = ({ log }: LiveSession, seq: number, frames?: number) => formatCursor(log.epoch, seq, frames);

describe('conversations', () => {
  test('a reply to a posted message reaches the log for each reader', async () => {
    const { sessions } = await emulated();
    const session = await open(sessions);
    const [one, two] = [await TestReader.attach(session), await TestReader.attach(session, cursorOf(session, 0))];
    await send(session, [say('count to three')]);
    expect(await one.turn(1)).toBe('One, two, three.');
    expect(await two.turn(1)).toBe('One, two, three.');
    expect(one.messages).toEqual(two.messages);
    expect(one.outline).toEqual(['connecting', 'ready', 'text…', 'text', 'usage', 'turnComplete']);
  });

  test('a message that is posted before the model is connected is answered', async () => {
    const { sessions } = await emulated();
    const session = await open(sessions);
    await send(session, [say('thanks')]);
    const reader = await TestReader.attach(session);
    expect(await reader.turn(1)).toBe('You are welcome.');
  });

  test('a reply in AUDIO contains audio', async () => {
    const { sessions } = await emulated();
    const session = await open(sessions, { runConfig: { responseModalities: ['AUDIO'] } });
    expect(session.info.modality).toBe('AUDIO');
    const reader = await TestReader.attach(session);
    await send(session, [say('thanks')]);
    expect(await reader.turn(1)).toBe('You are welcome.');
    expect(reader.outline).toContain('audio');
  });
});

describe('start without a cursor', () => {
  test('the first reader without a cursor starts at the first entry', async () => {
    const { session } = await scripted();
    const reader = await TestReader.attach(session);
    expect([reader.position, reader.reset]).toEqual([{ seq: 1, frames: 0 }, undefined]);
  });

  test('a reader without a cursor that joins another reader starts at the head', async () => {
    const { session } = await scripted();
    await TestReader.attach(session);
    const second = await TestReader.attach(session);
    expect([second.position, second.reset]).toEqual([{ seq: 3, frames: 0 }, undefined]);
  });

  test('a poll that replaces a silent connection of its client starts where that connection started, because its frames may not have arrived', async () => {
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

  test('a reader without a cursor continues where the last reader stood', async () => {
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

  test('a reader without a cursor starts at the head with a reset if the position of the last reader was released', async () => {
    const stored = [textEvent('hello', 'user')];
    const { session, peer } = await scripted({ logLimits: { bytes: 400, ageMs: 120_000 } }, stored);
    const first = await TestReader.attach(session);
    first.detach();
    peer.say('x'.repeat(200));
    peer.say('y'.repeat(200));
    await until(() => session.log.head === 4);
    expect(session.log.oldest).toBeGreaterThan(1);
    const second = await TestReader.attach(session);
    // The reset contains the whole reply so far, whether or not the log still holds its entries.
    const turns = [
      { role: 'user', text: 'hello' },
      { role: 'model', text: 'x'.repeat(200) + 'y'.repeat(200), partial: true },
    ];
    expect(second.reset).toEqual({ reason: 'too_old', turns, truncated: false });
    expect(second.position).toEqual({ seq: session.log.head + 1, frames: 0 });
  });
});

describe('start with a cursor', () => {
  test('a reader starts after the entry of its cursor', async () => {
    const { session } = await scripted();
    const reader = await TestReader.attach(session, cursorOf(session, 1));
    reader.read();
    expect([reader.reset, reader.outline]).toEqual([undefined, ['ready']]);
  });

  test('a reader whose cursor is inside an entry starts with the rest of the entry', async () => {
    const { session } = await scripted();
    const reader = await TestReader.attach(session, cursorOf(session, 2, 1));
    expect([reader.reset, reader.position]).toEqual([undefined, { seq: 2, frames: 1 }]);
  });

  test.each<[string, (session: LiveSession) => string]>([
    ['malformed', () => 'garbage'],
    ['malformed', () => ''],
    ['unknown_epoch', () => formatCursor('A'.repeat(16), 1)],
    ['ahead', (session) => cursorOf(session, 99)],
  ])(
    'a reader whose cursor is %s starts at the head with a reset that has the conversation',
    async (reason, cursor) => {
      const { session } = await scripted({}, [textEvent('hello', 'user'), textEvent('hi')]);
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
    },
  );

  test('a reader whose cursor is too old gets a reset, and so does a reader that the log overtakes later', async () => {
    const { session, peer } = await scripted({ logLimits: { bytes: 400, ageMs: 120_000 } });
    peer.say('x'.repeat(200));
    peer.say('y'.repeat(200));
    await until(() => session.log.head === 4);
    const reader = await TestReader.attach(session, cursorOf(session, 1));
    expect(reader.reset?.reason).toBe('too_old');
    expect(await reader.attachment.restart()).toMatchObject({
      position: { seq: 5, frames: 0 },
      reset: { reason: 'too_old' },
    });
  });

  test('a reset in the middle of a reply contains the reply so far', async () => {
    const { session, peer } = await scripted({}, [textEvent('count', 'user')]);
    peer.say('One, ');
    peer.say('two, ');
    await until(() => session.log.head === 4);
    const reader = await TestReader.attach(session);
    const { reset, position } = await reader.attachment.restart();
    expect(reset?.turns).toEqual([
      { role: 'user', text: 'count' },
      { role: 'model', text: 'One, two, ', partial: true },
    ]);
    expect(position).toEqual({ seq: 5, frames: 0 });
  });

  test('a reset contains the last 200 turns and says that there are more', async () => {
    const stored = Array.from({ length: 202 }, (_, index) =>
      textEvent(`${index}`, index % 2 === 0 ? 'user' : 'assistant'),
    );
    const { session } = await scripted({}, stored);
    const { reset } = await TestReader.attach(session, 'garbage');
    expect(reset?.turns).toHaveLength(200);
    expect(reset?.turns[0]?.text).toBe('2');
    expect(reset?.truncated).toBe(true);
  });

  test('a reset says that there was more if the store has dropped events', async () => {
    const store = createMemoryStore({ events: 1 });
    await store.commit(CONVERSATION, { events: [textEvent('first'), textEvent('second')] });
    const { sessions } = await emulated({ store });
    const { reset } = await TestReader.attach(await open(sessions), 'garbage');
    expect(reset).toEqual({ reason: 'malformed', turns: [{ role: 'model', text: 'second' }], truncated: true });
  });
});

test('a reset of a conversation that the store cannot load contains the turns since then and says that there may be more', async () => {
  const store = new TroubledStore();
  store.loads = 'rejects';
  const { logger, lines } = recordingLogger();
  const server = closing(await startScriptedGemini());
  const conversations = new LiveConversations(store, { logger, limits: { loadMs: 20 } });
  const sessions = closing(sessionsOf(runnerFor(modelAt(server.url), {}, conversations)));
  const session = await open(sessions);
  (await server.connection(0)).say('hello');
  await until(() => session.log.head === 3);
  const { reset } = await TestReader.attach(session, 'garbage');
  const turns = [{ role: 'model', text: 'hello', partial: true }];
  expect(reset).toEqual({ reason: 'malformed', turns, truncated: true });
  expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
});

test('a session that ends while the conversation of a reset is loaded still reports its end to that reader', async () => {
  const store = new TroubledStore();
  store.loads = 'hangs';
  const server = closing(await startScriptedGemini());
  const conversations = new LiveConversations(store, { limits: { loadMs: 100 } });
  const session = await open(closing(sessionsOf(runnerFor(modelAt(server.url), {}, conversations))));
  const attached = TestReader.attach(session, 'garbage');
  session.end({ reason: 'closed' });
  const reader = await attached;
  expect(reader.reset?.reason).toBe('malformed');
  expect(reader.read()).toEqual([{ end: { reason: 'closed' } }]);
});

describe('linger', () => {
  test('a session without a reader ends after lingerMs with the reason idle, and its model connection is closed', async () => {
    const { sessions, emulator } = await emulated({ lingerMs: 30 });
    const session = await open(sessions);
    await until(() => session.ended);
    expect(session.ended).toEqual({ reason: 'idle' });
    expect(session.log.at(session.log.head)?.entry.message).toEqual({ end: { reason: 'idle' } });
    expect(sessions.size).toBe(0);
    await until(() => emulator.connections === 0);
    await expect(sessions.get('ann', 'default')).rejects.toThrow(new WireError('session_not_found'));
  });

  test('a session lives while it has one reader, and ends lingerMs after the last one has left', async () => {
    const { sessions } = await emulated({ lingerMs: 500 });
    const session = await open(sessions);
    const [one, two] = [await TestReader.attach(session), await TestReader.attach(session)];
    one.detach();
    // Another session starts to linger later. When that one ends, this one would have ended, too.
    const other = await open(sessions, { sessionId: 'other' });
    await until(() => other.ended);
    expect(session.ended).toBeUndefined();
    two.detach();
    await until(() => session.ended);
  });

  test('a reader that returns within lingerMs gets the same session', async () => {
    const { sessions } = await emulated({ lingerMs: 60_000 });
    const session = await open(sessions);
    const reader = await TestReader.attach(session);
    reader.detach();
    const back = await TestReader.attach(await open(sessions));
    expect(back.session).toBe(session);
    await send(session, [say('thanks')]);
    expect(await back.turn(1)).toBe('You are welcome.');
  });

  test('a session that is opened after another one has ended continues the conversation', async () => {
    const { sessions } = await emulated({ lingerMs: 500 });
    const first = await open(sessions);
    const reader = await TestReader.attach(first);
    await send(first, [say('My name is Ann.')]);
    await reader.turn(1);
    reader.detach();
    await until(() => first.ended);
    const second = await open(sessions);
    expect(second.log.epoch).not.toBe(first.log.epoch);
    await send(second, [say('What did I say?')]);
    const next = await TestReader.attach(second, formatCursor(first.log.epoch, 3));
    expect(next.reset).toMatchObject({ reason: 'unknown_epoch', turns: [{ text: 'My name is Ann.' }, {}] });
    expect(await next.turn(1)).toBe('You said: My name is Ann.');
    next.detach();
  });
});

describe('modality', () => {
  test('a change of modality replaces the run and keeps session, log and conversation', async () => {
    const { sessions, emulator } = await emulated();
    const session = await open(sessions, { runConfig: { responseModalities: ['TEXT'] } });
    const reader = await TestReader.attach(session);
    await send(session, [say('My name is Ann.')]);
    await reader.turn(1);
    expect(await open(sessions, { runConfig: { responseModalities: ['AUDIO'] } })).toBe(session);
    expect(session.info.modality).toBe('AUDIO');
    await send(session, [say('What did I say?')]);
    expect(await reader.turn(2)).toBe('You said: My name is Ann.');
    expect(reader.outline.filter((kind) => kind === 'connecting')).toHaveLength(2);
    expect(reader.outline).toContain('audio');
    await until(() => emulator.connections === 1);
  });

  test('a change of modality in the middle of a reply ends the turn', async () => {
    const { sessions } = await emulated({ pace: 0.05 });
    const session = await open(sessions);
    const reader = await TestReader.attach(session);
    await send(session, [say('count to thirty')]);
    await reader.until(({ event }) => event?.content);
    await open(sessions, { runConfig: { responseModalities: ['AUDIO'] } });
    await reader.until(({ event }) => event?.turnComplete);
    expect(reader.outline.slice(0, 5)).toEqual(['connecting', 'ready', 'text…', 'interrupted', 'turnComplete']);
  });

  test('the next run gets the requests that the previous run has not read', async () => {
    const server = closing(await startScriptedGemini({ onSetup: (it, index) => index === 1 && it.completeSetup() }));
    const sessions = closing(sessionsOf(runnerFor(modelAt(server.url))));
    const session = await open(sessions);
    await server.connection(0);
    await send(session, [say('hello')]);
    await open(sessions, { runConfig: { responseModalities: ['AUDIO'] } });
    const second = await server.connection(1);
    expect(second.setup.generationConfig.responseModalities).toEqual(['AUDIO']);
    expect((await second.received('clientContent')).clientContent.turns[0].parts).toEqual([{ text: 'hello' }]);
  });

  test.each<[string, Parameters<typeof open>[1]]>([
    ['that is the same', { runConfig: { responseModalities: ['TEXT'] } }],
    ['that is not named', {}],
    ['that a reconnecting EventSource repeats', { runConfig: { responseModalities: ['AUDIO'] }, reconnect: true }],
  ])('a modality %s changes nothing', async (_what, params) => {
    const { server, sessions, session } = await scripted();
    expect(await open(sessions, params)).toBe(session);
    await send(session, [say('hello')]);
    await (await server.connection(0)).received('clientContent');
    expect([session.info.modality, server.connections.length]).toEqual(['TEXT', 1]);
  });

  test('a model that only speaks answers in AUDIO, whatever is requested', async () => {
    const { sessions } = await emulated({ model: 'gemini-3.8-live' });
    const session = await open(sessions);
    expect(session.info.modality).toBe('AUDIO');
    const reader = await TestReader.attach(session);
    await open(sessions, { runConfig: { responseModalities: ['TEXT'] } });
    await send(session, [say('thanks')]);
    expect(await reader.turn(1)).toBe('You are welcome.');
    expect(reader.outline.filter((kind) => kind === 'connecting')).toHaveLength(1);
  });
});

describe('close', () => {
  test('close ends the session for all readers, and later requests are refused', async () => {
    const { sessions, emulator } = await emulated();
    const session = await open(sessions);
    const reader = await TestReader.attach(session);
    await reader.until(({ event }) => event?.status?.upstream === 'ready');
    await send(session, [{ close: true }]);
    await expect(send(session, [say('hello')])).rejects.toThrow(new WireError('session_ended'));
    await reader.until(({ end }) => end);
    expect(reader.messages.at(-1)).toEqual({ end: { reason: 'closed' } });
    expect(session.ended).toEqual({ reason: 'closed' });
    await expect(send(session, [say('hello')])).rejects.toThrow(new WireError('session_ended'));
    await until(() => emulator.connections === 0);
  });

  test('requests before a close reach the model, also those in the same body and in the same item', async () => {
    const { session, peer } = await scripted();
    await send(session, [say('one')]);
    await send(session, [say('two'), { ...say('three'), close: true }]);
    await until(() => session.ended);
    await until(() => peer.closed);
    expect(peer.frames.slice(1).map(({ clientContent }) => clientContent.turns[0].parts[0].text)).toEqual([
      'one',
      'two',
      'three',
    ]);
  });

  test('close in the middle of a reply ends the turn before the session', async () => {
    const { session, peer } = await scripted();
    const reader = await TestReader.attach(session);
    peer.say('One, ');
    await reader.until(({ event }) => event?.content);
    await send(session, [{ close: true }]);
    await reader.until(({ end }) => end);
    expect(reader.outline.slice(-3)).toEqual(['interrupted', 'turnComplete', 'end']);
  });

  test('a body with a request behind a close is refused as a whole', async () => {
    const { session } = await scripted();
    await expect(send(session, [say('one'), { close: true }, say('two')])).rejects.toThrow(
      expect.objectContaining({ code: 'malformed_item' }),
    );
    await send(session, [say('three')]);
    expect(session.over).toBe(false);
  });

  test('a second close is refused, and the session ends once', async () => {
    const { sessions } = await emulated();
    const session = await open(sessions);
    await send(session, [{ close: true }]);
    await expect(send(session, [{ close: true }])).rejects.toThrow(expect.objectContaining({ code: 'session_ended' }));
    await until(() => session.ended);
    session.end({ reason: 'idle' });
    expect(session.ended).toEqual({ reason: 'closed' });
    expect(session.log.at(session.log.head)?.entry.message).toEqual({ end: { reason: 'closed' } });
  });

  test('after the end a change of modality and new readers have no effect', async () => {
    const { sessions } = await emulated();
    const session = await open(sessions);
    session.end({ reason: 'closed' });
    const { head } = session.log;
    session.reconfigure({ responseModalities: ['AUDIO'] });
    session.revive();
    const reader = await TestReader.attach(session, cursorOf(session, 0));
    reader.detach();
    expect([session.info.modality, session.log.head]).toEqual(['TEXT', head]);
  });
});

describe('full request queue', () => {
  test('a body that does not fit is refused as a whole, and the next one that fits is accepted', async () => {
    const server = closing(await startScriptedGemini({ onSetup: () => {} }));
    const session = await open(closing(sessionsOf(runnerFor(modelAt(server.url)))));
    await server.connection(0);
    expect(session.congested).toBe(false);
    // Send both before the run can read the first.
    const speech = send(session, [speak(3 * 1024 * 1024)]);
    expect(session.congested).toBe(true);
    const refused = send(session, [say('first'), speak(2 * 1024 * 1024)]);
    await speech;
    await expect(refused).rejects.toThrow(new WireError('request_queue_full'));
    await send(session, [say('second')]);
    (await server.connection(0)).completeSetup();
    const { clientContent } = await (await server.connection(0)).received('clientContent');
    expect(clientContent.turns[0].parts).toEqual([{ text: 'second' }]);
    expect(server.connections[0]?.frames).toHaveLength(3);
    await until(() => !session.congested);
  });
});

describe('waitForTurnEnd', () => {
  test('waitForTurnEnd resolves at once when no reply is being given', async () => {
    const { session } = await scripted();
    await session.waitForTurnEnd();
  });

  test('waitForTurnEnd resolves when the reply is complete, and not before', async () => {
    const { session, peer } = await scripted();
    peer.say('One, ');
    await until(() => session.midTurn);
    let between = false;
    const waiting = session.waitForTurnEnd().then(() => {
      between = true;
    });
    peer.say('two.');
    await until(() => session.log.head === 4);
    expect(between).toBe(false);
    peer.completeTurn();
    await waiting;
  });

  test('waitForTurnEnd resolves when a posted message is answered, and not before', async () => {
    const { session, peer } = await scripted();
    await send(session, [say('hello')]);
    let between = false;
    const waiting = session.waitForTurnEnd().then(() => {
      between = true;
    });
    await peer.received('clientContent');
    expect(between).toBe(false);
    peer.say('Hello.');
    peer.completeTurn();
    await waiting;
  });

  test('waitForTurnEnd resolves when the run fails in the middle of the reply', async () => {
    const { session, peer } = await scripted();
    peer.say('One, ');
    await until(() => session.midTurn);
    const waiting = session.waitForTurnEnd();
    peer.closeWith(1007, 'no');
    await waiting;
  });
});
