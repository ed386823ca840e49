import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { LiveRequestQueue } from '../../src/agent/live-request-queue.ts';
import type { RunConfig } from '../../src/agent/run-config.ts';
import { type ToolContext, tool } from '../../src/agent/tool.ts';
import { type GeminiEmulatorOptions, startGeminiEmulator } from '../../src/emulator/gemini-emulator.ts';
import type { ConversationStore } from '../../src/store/conversation-store.ts';
import { turnsOf } from '../../src/store/conversation-turns.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { closesAfterEach } from '../models/cleanup.ts';
import { startCuttableProxy } from '../models/cuttable-proxy.ts';
import { modelAt } from '../models/gemini-model.ts';
import { startScriptedGemini } from '../models/scripted-gemini.ts';
import { until } from '../models/until.ts';
import { picture } from '../picture.ts';
import { CONVERSATION, heard, outline, runnerFor, startTalk, statusesOf } from './talk.ts';

const closing = closesAfterEach();

const AUDIO: RunConfig = { responseModalities: ['AUDIO'] };
/** An answer that takes a minute and a half: whatever a test does with it, it does in its middle. */
const SLOW: GeminiEmulatorOptions = { pace: 0.05 };

async function emulated(options: GeminiEmulatorOptions = {}) {
  return closing(await startGeminiEmulator({ pace: 50, ...options }));
}

describe('text', () => {
  test('is answered in increments, then whole, then usage and the end of the turn', async () => {
    const { url } = await emulated();
    const talk = closing(startTalk(runnerFor(modelAt(url))));
    talk.say('count to six');
    const events = await talk.turn(1);
    expect(outline(events)).toEqual(['connecting', 'ready', 'text…', 'text', 'usage', 'turnComplete']);
    expect(heard(events)).toBe('One, two, three, four, five, six.');
    const whole = events.filter(({ content, partial }) => content && !partial);
    expect(whole.map(({ content }) => content)).toEqual([{ role: 'model', parts: [{ text: heard(events) }] }]);
  });

  test('events carry an id each, in order, one invocation id, the author and the time', async () => {
    const { url } = await emulated();
    const before = Date.now() / 1000;
    const talk = closing(startTalk(runnerFor(modelAt(url))));
    talk.say('thanks');
    const events = await talk.turn(1);
    const ids = events.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...ids].sort()).toEqual(ids);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(events.map(({ invocationId }) => invocationId)).size).toBe(1);
    expect(events[0]?.invocationId).toMatch(/^e-[0-9a-f-]{36}$/);
    expect(new Set(events.map(({ author }) => author))).toEqual(new Set(['assistant']));
    for (const { timestamp } of events) {
      expect(timestamp).toBeGreaterThanOrEqual(before);
      expect(timestamp).toBeLessThanOrEqual(Date.now() / 1000);
    }
  });

  test('the instruction and the tools of the agent reach the model', async () => {
    const { url } = await emulated();
    const talk = closing(startTalk(runnerFor(modelAt(url), { instruction: 'Be kind.' })));
    talk.say('What are your instructions?');
    expect(heard(await talk.turn(1))).toBe('My instructions are: Be kind.');
  });

  test('that is partial is not answered, and known when the rest of it comes', async () => {
    const { url } = await emulated();
    const talk = closing(startTalk(runnerFor(modelAt(url))));
    talk.queue.sendContent({ role: 'user', parts: [{ text: 'I like pears.' }] }, true);
    talk.say('What did I say?');
    expect(heard(await talk.turn(1))).toBe('You said: I like pears.');
  });

  test('images that were sent before are seen', async () => {
    const { url } = await emulated();
    const talk = closing(startTalk(runnerFor(modelAt(url))));
    talk.queue.sendRealtime({ mime_type: 'image/jpeg', data: picture('image/jpeg', 2_048) });
    talk.say('Look!');
    expect(heard(await talk.turn(1))).toBe('I received an image: JPEG, 2 kilobytes.');
  });

  test.each(['gemini-live-2.5-flash-preview', 'gemini-3.1-flash-live-preview'])(
    'images inside a message are seen with its words, and only the words kept, by %s',
    async (model) => {
      const { url } = await emulated();
      const store = createMemoryStore();
      const talk = closing(startTalk(runnerFor(modelAt(url, { model }), {}, store)));
      const inlineData = { mimeType: 'image/png', data: picture('image/png', 4_096) };
      talk.queue.sendContent({ role: 'user', parts: [{ text: 'Look!' }, { inlineData }] });
      expect(heard(await talk.turn(1))).toBe('I received an image: PNG, 4 kilobytes.');
      const { events } = await store.get(CONVERSATION);
      expect(events[0]?.content?.parts).toEqual([{ text: 'Look!' }]);
    },
  );
});

describe('speech', () => {
  test('is answered in audio of 24 kHz with a transcript: in pieces, and whole once', async () => {
    const { url } = await emulated();
    const talk = closing(startTalk(runnerFor(modelAt(url)), AUDIO));
    talk.say('hello');
    const events = await talk.turn(1);
    const audio = events.flatMap((event) => event.content?.parts?.[0]?.inlineData ?? []);
    expect(audio.length).toBeGreaterThan(10);
    expect(new Set(audio.map(({ mimeType }) => mimeType))).toEqual(new Set(['audio/pcm;rate=24000']));
    const whole = events.flatMap(({ outputTranscription }) =>
      outputTranscription?.finished ? [outputTranscription] : [],
    );
    expect(whole).toEqual([{ text: heard(events), finished: true }]);
    expect(outline(events).slice(-3)).toEqual(['spoken', 'usage', 'turnComplete']);
  });

  test('of the user is transcribed as the user, and played back', async () => {
    const { url } = await emulated();
    const realtimeInputConfig = { automaticActivityDetection: { disabled: true } };
    const talk = closing(startTalk(runnerFor(modelAt(url)), { ...AUDIO, realtimeInputConfig }));
    talk.queue.sendActivityStart();
    talk.queue.sendRealtime({ mime_type: 'audio/pcm;rate=16000', data: Buffer.alloc(64_000, 7).toString('base64') });
    talk.queue.sendActivityEnd();
    const events = await talk.turn(1);
    expect(heard(events)).toBe('You spoke for two seconds. This is what I heard.');
    const whole = events.filter(({ inputTranscription }) => inputTranscription?.finished);
    expect(whole).toMatchObject([{ author: 'user', inputTranscription: { text: '2.0 s of speech', finished: true } }]);
  });

  test('transcripts that the config turns off do not come', async () => {
    const { url } = await emulated();
    const config = { ...AUDIO, inputAudioTranscription: null, outputAudioTranscription: null };
    const talk = closing(startTalk(runnerFor(modelAt(url)), config));
    talk.say('hello');
    expect(outline(await talk.turn(1))).toEqual(['connecting', 'ready', 'audio', 'usage', 'turnComplete']);
  });

  test('comes from a model that only speaks, where nothing was asked for', async () => {
    const { url } = await emulated();
    const runner = runnerFor(modelAt(url, { model: 'gemini-3.8-live' }));
    expect(runner.card).toEqual({
      appName: 'app',
      agent: 'assistant',
      model: 'gemini-3.8-live',
      audioOnly: true,
      inputRate: 16_000,
      outputRate: 24_000,
    });
    const talk = closing(startTalk(runner));
    talk.say('thanks');
    expect(outline(await talk.turn(1))).toContain('audio');
  });
});

describe('tools', () => {
  test('a call is told, run and answered, and its result told', async () => {
    const { url } = await emulated();
    const clock = tool({
      name: 'current_time',
      description: 'Tells the time.',
      parameters: z.object({ zone: z.string().optional() }),
      execute: ({ zone = 'local' }) => ({ time: '14:35', zone }),
    });
    const talk = closing(startTalk(runnerFor(modelAt(url), { tools: [clock] })));
    talk.say('What time is it? {"zone":"UTC"}');
    const events = await talk.turn(1);
    expect(outline(events).slice(2)).toEqual(['call', 'result', 'text…', 'text', 'usage', 'turnComplete']);
    const parts = events.flatMap(({ content }) => content?.parts ?? []);
    const id = parts.find(({ functionCall }) => functionCall)?.functionCall?.id;
    expect(parts).toContainEqual({ functionCall: { id, name: 'current_time', args: { zone: 'UTC' } } });
    expect(parts).toContainEqual({
      functionResponse: { id, name: 'current_time', response: { time: '14:35', zone: 'UTC' } },
    });
    expect(heard(events)).toBe('It is 14:35.');
  });

  test('a call in the middle of what the user says runs at once, and is told with its result behind the transcript', async () => {
    const server = closing(await startScriptedGemini());
    const store = createMemoryStore();
    const ran: string[] = [];
    const clock = tool({ name: 'clock', description: '', execute: () => ran.push('clock') && '12:00' });
    const talk = closing(startTalk(runnerFor(modelAt(server.url), { tools: [clock] }, store), AUDIO));
    const peer = await server.connection(0);
    peer.send({ serverContent: { inputTranscription: { text: 'What ' } } });
    peer.send({ toolCall: { functionCalls: [{ id: 'c1', name: 'clock' }] } });
    await peer.received('toolResponse');
    expect(ran).toEqual(['clock']);
    expect(outline(talk.events).slice(2)).toEqual(['heard…']);
    peer.send({ serverContent: { inputTranscription: { text: 'time?' } } });
    peer.send({ serverContent: { outputTranscription: { text: 'Noon.' } } });
    peer.completeTurn();
    const kinds = ['heard', 'call', 'result', 'spoken…', 'spoken', 'turnComplete'];
    expect(outline(await talk.turn(1)).slice(2)).toEqual(['heard…', ...kinds]);
    await talk.close();
    const { events } = await store.get(CONVERSATION);
    expect(outline(events)).toEqual(kinds.filter((kind) => kind !== 'spoken…'));
    expect(turnsOf(events)).toEqual([
      { role: 'user', text: 'What time?' },
      { role: 'model', text: 'Noon.' },
    ]);
  });

  test('a tool that fails is told to the model as its error', async () => {
    const { url } = await emulated();
    const broken = tool({ name: 'roll_dice', description: '', execute: () => Promise.reject(new Error('no dice')) });
    const talk = closing(startTalk(runnerFor(modelAt(url), { tools: [broken] })));
    talk.say('roll the dice');
    expect(heard(await talk.turn(1))).toBe('The tool failed: no dice');
  });

  test('a tool that waits does not block an interruption: it is cancelled, and its result dropped', async () => {
    const { url } = await emulated();
    const contexts: ToolContext[] = [];
    const slow = tool({
      name: 'ask_oracle',
      description: '',
      execute: (_args, context) => {
        contexts.push(context);
        return new Promise((resolve) => context.signal.addEventListener('abort', () => resolve('too late')));
      },
    });
    const talk = closing(startTalk(runnerFor(modelAt(url), { tools: [slow] })));
    talk.say('ask the oracle');
    await until(() => contexts.length === 1);
    talk.say('thanks');
    await talk.turn(2);
    expect(contexts[0]?.signal.aborted).toBe(true);
    expect(outline(talk.events).slice(2)).toEqual([
      'call',
      'toolCancellation',
      'interrupted',
      'usage',
      'turnComplete',
      'text…',
      'text',
      'usage',
      'turnComplete',
    ]);
    expect(talk.events.find(({ toolCancellation }) => toolCancellation)?.toolCancellation).toEqual([
      contexts[0]?.callId,
    ]);
  });

  test('a tool that still runs when the run ends has its signal aborted', async () => {
    const { url } = await emulated();
    const signals: AbortSignal[] = [];
    const slow = tool({
      name: 'ask_oracle',
      description: '',
      execute: (_args, { signal }) => {
        signals.push(signal);
        return new Promise(() => {});
      },
    });
    const talk = closing(startTalk(runnerFor(modelAt(url), { tools: [slow] })));
    talk.say('ask the oracle');
    await until(() => signals.length === 1);
    talk.queue.close();
    await talk.done;
    expect(signals[0]?.aborted).toBe(true);
  });
});

test('the end of the microphone is left out for a model that is told when the user speaks, and nothing that comes with it', async () => {
  const server = closing(await startScriptedGemini());
  const manual: RunConfig = { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } };
  const talk = closing(startTalk(runnerFor(modelAt(server.url)), manual));
  const connection = await server.connection(0);
  talk.queue.send({ activity_start: {} });
  talk.queue.send({ activity_end: {}, audio_stream_end: true });
  talk.queue.send({ audio_stream_end: true });
  talk.say('over');
  await connection.received('clientContent');
  expect(connection.frames.slice(1, -1)).toEqual([
    { realtimeInput: { activityStart: {} } },
    { realtimeInput: { activityEnd: {} } },
  ]);
});

describe('the end of a run', () => {
  test('comes when the client closes the queue, and the connection is closed', async () => {
    const emulator = await emulated();
    const talk = closing(startTalk(runnerFor(modelAt(emulator.url))));
    await talk.until(({ status }) => status?.upstream === 'ready');
    expect(emulator.connections).toBe(1);
    talk.queue.close();
    await talk.done;
    await until(() => emulator.connections === 0);
  });

  test('comes after what was sent before the queue was closed has gone to the model', async () => {
    const server = closing(await startScriptedGemini());
    const talk = closing(startTalk(runnerFor(modelAt(server.url))));
    talk.say('goodbye');
    talk.queue.close();
    await talk.done;
    expect((await server.connection(0)).frames[1]?.clientContent.turns[0].parts).toEqual([{ text: 'goodbye' }]);
  });

  test('comes at once with abortSignal, without an error, even while nothing happens', async () => {
    const emulator = await emulated();
    const controller = new AbortController();
    const talk = closing(startTalk(runnerFor(modelAt(emulator.url)), {}, controller.signal));
    await talk.until(({ status }) => status?.upstream === 'ready');
    controller.abort();
    await talk.done;
    await until(() => emulator.connections === 0);
  });

  test('comes at once with abortSignal while it connects', async () => {
    const server = closing(await startScriptedGemini({ onSetup: () => {} }));
    const controller = new AbortController();
    const talk = closing(startTalk(runnerFor(modelAt(server.url)), {}, controller.signal));
    await server.connection(0);
    controller.abort();
    await talk.done;
    await until(() => server.open === 0);
  });

  test('comes before anything with an abortSignal that is aborted already', async () => {
    const server = closing(await startScriptedGemini());
    const talk = closing(startTalk(runnerFor(modelAt(server.url)), {}, AbortSignal.abort()));
    await talk.done;
    expect(talk.events).toEqual([]);
    expect(server.connections).toEqual([]);
  });

  test('by abortSignal is the end of what the provider had on its way, too: no tool runs, and nothing more is kept', async () => {
    const server = closing(await startScriptedGemini());
    const store = createMemoryStore();
    let runs = 0;
    const late = tool({ name: 'late', description: '', execute: () => (runs += 1) });
    const talk = closing(startTalk(runnerFor(modelAt(server.url), { tools: [late] }, store)));
    const connection = await server.connection(0);
    connection.say('Well, ');
    await talk.until(({ content }) => content);
    connection.send({ toolCall: { functionCalls: [{ id: 'c1', name: 'late', args: {} }] } });
    connection.say('I am late.');
    connection.completeTurn();
    // Before any of it is read.
    await talk.close();
    const { events } = await store.get(CONVERSATION);
    await until(() => connection.closed);
    expect(runs).toBe(0);
    expect((await store.get(CONVERSATION)).events).toEqual(events);
    expect(turnsOf(events)).toEqual([{ role: 'model', text: 'Well, ', interrupted: true }]);
  });

  test('comes when its caller breaks out of the loop, in the middle of a reply', async () => {
    const emulator = await emulated(SLOW);
    const liveRequestQueue = new LiveRequestQueue();
    liveRequestQueue.sendContent({ role: 'user', parts: [{ text: 'count to thirty' }] });
    const { userId, sessionId } = CONVERSATION;
    for await (const event of runnerFor(modelAt(emulator.url)).runLive({ userId, sessionId, liveRequestQueue })) {
      if (event.content) break;
    }
    await until(() => emulator.connections === 0);
  });

  test('comes with an error when the caller reads nothing while 10,000 events wait', async () => {
    const server = closing(await startScriptedGemini());
    const liveRequestQueue = new LiveRequestQueue();
    const { userId, sessionId } = CONVERSATION;
    const run = runnerFor(modelAt(server.url)).runLive({ userId, sessionId, liveRequestQueue });
    await run.next();
    const peer = await server.connection(0);
    peer.send({ serverContent: { modelTurn: { parts: Array.from({ length: 10_100 }, () => ({ text: 'x' })) } } });
    peer.closeWith(1000);
    await until(() => server.open === 0);
    const reading = async () => {
      for await (const _ of run);
    };
    await expect(reading()).rejects.toThrow('nobody reads this run');
  });

  test('comes with an error for a blob that is neither audio nor an image, behind an image, too', async () => {
    const server = closing(await startScriptedGemini());
    const talk = closing(startTalk(runnerFor(modelAt(server.url))));
    await talk.until(({ status }) => status?.upstream === 'ready');
    talk.queue.sendRealtime({ mime_type: 'image/png', data: 'AAAA' });
    talk.queue.sendRealtime({ mime_type: 'video/mp4', data: 'AAAA' });
    await expect(talk.done).rejects.toMatchObject({ code: 'unsupported_mime_type' });
  });

  test('comes with the error of a store that fails', async () => {
    const { url } = await emulated();
    const store: ConversationStore = {
      ...createMemoryStore(),
      append: () => Promise.reject(new Error('disk full')),
    };
    const talk = closing(startTalk(runnerFor(modelAt(url), {}, store)));
    talk.say('hello');
    await expect(talk.done).rejects.toThrow('disk full');
  });
});

describe('the conversation', () => {
  const eventsIn = async (store: ConversationStore) => (await store.get(CONVERSATION)).events;

  test('keeps typed text, whole answers, calls, usage and flags, and neither increments nor states', async () => {
    const { url } = await emulated();
    const store = createMemoryStore();
    const clock = tool({ name: 'current_time', description: '', execute: () => '12:00' });
    const talk = closing(startTalk(runnerFor(modelAt(url), { tools: [clock] }, store)));
    talk.say('What time is it?');
    await talk.turn(1);
    await talk.close();
    const events = await eventsIn(store);
    expect(outline(events)).toEqual(['text', 'call', 'result', 'text', 'usage', 'turnComplete']);
    expect(events[0]).toMatchObject({
      author: 'user',
      content: { role: 'user', parts: [{ text: 'What time is it?' }] },
    });
    expect(turnsOf(events)).toEqual([
      { role: 'user', text: 'What time is it?' },
      { role: 'model', text: 'It is 12:00.' },
    ]);
  });

  test('keeps whole transcripts of speech, and no audio', async () => {
    const { url } = await emulated();
    const store = createMemoryStore();
    const talk = closing(startTalk(runnerFor(modelAt(url), {}, store), AUDIO));
    talk.say('thanks');
    await talk.turn(1);
    await talk.close();
    const events = await eventsIn(store);
    expect(outline(events)).toEqual(['text', 'spoken', 'usage', 'turnComplete']);
    expect(JSON.stringify(events)).not.toContain('inlineData');
  });

  test('keeps what was said of an interrupted reply before what interrupted it', async () => {
    const { url } = await emulated(SLOW);
    const store = createMemoryStore();
    const talk = closing(startTalk(runnerFor(modelAt(url), {}, store)));
    talk.say('count to thirty');
    await talk.until(({ content }) => content);
    talk.say('count to twenty');
    await talk.until(({ turnComplete }) => turnComplete);
    await talk.close();
    const turns = turnsOf(await eventsIn(store));
    expect(turns.slice(0, 3)).toEqual([
      { role: 'user', text: 'count to thirty' },
      { role: 'model', text: expect.stringMatching(/^One, /), interrupted: true },
      { role: 'user', text: 'count to twenty' },
    ]);
  });

  test('keeps 1 MiB of what is typed into a reply for its end, and more of it before', async () => {
    const server = closing(await startScriptedGemini());
    const store = createMemoryStore();
    const talk = closing(startTalk(runnerFor(modelAt(server.url), {}, store)));
    const peer = await server.connection(0);
    peer.say('once upon a time');
    await talk.until(({ content }) => content);
    const third = (letter: string) => letter.repeat(400 * 1024);
    const initials = async () => turnsOf(await eventsIn(store)).map(({ text }) => text.replace(/(.)\1+/g, '$1'));
    for (const letter of ['a', 'b']) talk.say(third(letter));
    await until(() => peer.texts.length === 3);
    expect(await initials()).toEqual([]);
    talk.say(third('c'));
    await until(() => peer.texts.length === 4);
    // The store has room for 1 MiB as well.
    expect(await initials()).toEqual(['b\nc']);
    talk.say('d');
    await until(() => peer.texts.length === 5);
    peer.completeTurn();
    await talk.turn(1);
    await talk.close();
    expect(await initials()).toEqual(['b\nc', 'once upon a time', 'd']);
  });

  test('keeps what was heard of the user when the run ends before the transcript does', async () => {
    const server = closing(await startScriptedGemini());
    const store = createMemoryStore();
    const talk = closing(startTalk(runnerFor(modelAt(server.url), {}, store), AUDIO));
    (await server.connection(0)).send({ serverContent: { inputTranscription: { text: 'Good ni' } } });
    await talk.until(({ inputTranscription }) => inputTranscription);
    await talk.close();
    expect(outline(await eventsIn(store))).toEqual(['heard']);
  });

  test('keeps why an answer was withheld', async () => {
    const server = closing(await startScriptedGemini());
    const store = createMemoryStore();
    const talk = closing(startTalk(runnerFor(modelAt(server.url), {}, store)));
    const turnCompleteReason = 'RESPONSE_REJECTED';
    (await server.connection(0)).send({ serverContent: { turnComplete: true, turnCompleteReason } });
    expect(await talk.turn(1)).toContainEqual(
      expect.objectContaining({ turnComplete: true, turnCompleteReason, errorCode: turnCompleteReason }),
    );
    await talk.close();
    expect(await eventsIn(store)).toEqual([expect.objectContaining({ turnCompleteReason })]);
  });

  test('is told to a model that a later run talks to', async () => {
    const { url } = await emulated();
    const store = createMemoryStore();
    const first = closing(startTalk(runnerFor(modelAt(url), {}, store)));
    first.say('My name is Ann.');
    await first.turn(1);
    await first.close();
    const second = closing(startTalk(runnerFor(modelAt(url), {}, store), AUDIO));
    second.say('What did I say?');
    expect(heard(await second.turn(1))).toBe('You said: My name is Ann.');
  });

  test('that ends with the user is answered by a later run without being asked again', async () => {
    const { url } = await emulated();
    const store = createMemoryStore();
    const content = { role: 'user', parts: [{ text: 'count to three' }] };
    await store.append(CONVERSATION, { id: '1', invocationId: 'e-1', author: 'user', timestamp: 1, content });
    const talk = closing(startTalk(runnerFor(modelAt(url), {}, store)));
    expect(heard(await talk.turn(1))).toBe('One, two, three.');
  });
});

describe('a question that the user stopped before anything was said to it', () => {
  test.each(['gemini-live-2.5-flash-preview', 'gemini-3.1-flash-live-preview'])(
    'is told to a later connection to %s, and not answered',
    async (model) => {
      const server = closing(await startScriptedGemini());
      const store = createMemoryStore();
      const runner = runnerFor(modelAt(server.url, { model }), {}, store);
      const talk = closing(startTalk(runner));
      talk.say('what is it?');
      talk.queue.send({ interrupt: {} });
      await talk.turn(1);
      (await server.connection(0)).drop();
      const told = [await (await server.connection(1)).received('clientContent')];
      await talk.close();
      const next = closing(startTalk(runner));
      told.push(await (await server.connection(2)).received('clientContent'));
      await next.until(({ status }) => status?.upstream === 'ready');
      const isFirst = model.includes('-3.1-');
      for (const { clientContent } of told) {
        // That this model answers none of it, whatever it says, is in the SDK's own words (HistoryConfig).
        expect(clientContent).toEqual({
          turns: [{ role: 'user', parts: [{ text: 'what is it?' }] }],
          turnComplete: isFirst,
        });
      }
      next.say('thanks');
      const connection = await server.connection(2);
      await until(() => connection.frames.length === 3);
      expect(JSON.stringify(connection.frames[2])).not.toContain('what is it?');
    },
  );
});

describe('a lost connection', () => {
  test('is resumed with its handle, and the conversation continues', async () => {
    const { url } = await emulated();
    const proxy = closing(await startCuttableProxy(url));
    const talk = closing(startTalk(runnerFor(modelAt(proxy.url))));
    talk.say('My name is Ann.');
    await talk.turn(1);
    // The handle of this turn comes behind its end, and the next turn's text behind that.
    talk.say('thanks');
    await talk.turn(2);
    proxy.cut();
    await talk.until(({ status }) => status?.upstream === 'resumed');
    expect(statusesOf(talk.events)).toEqual(['connecting', 'ready', 'reconnecting', 'resumed']);
    talk.say('What did I say?');
    expect(heard(await talk.turn(3))).toMatch(/^You said: (thanks|My name is Ann\.)$/);
    expect(proxy.made).toBe(2);
  });

  test('in the middle of a reply ends that turn, and the question is asked and answered anew', async () => {
    const { url } = await emulated(SLOW);
    const proxy = closing(await startCuttableProxy(url));
    const talk = closing(startTalk(runnerFor(modelAt(proxy.url))));
    talk.say('count to five');
    await talk.until(({ content }) => content);
    proxy.cut();
    const again = await talk.turn(2);
    expect(heard(again)).toBe('One, two, three, four, five.');
    expect(outline(talk.events)).toEqual([
      'connecting',
      'ready',
      'text…',
      'text',
      'interrupted',
      'turnComplete',
      'reconnecting',
      'resumed',
      'text…',
      'text',
      'usage',
      'turnComplete',
    ]);
  });
});
