import { expect, jest, test } from '@jest/globals';
import * as z from 'zod';
import { Agent } from '../../src/agent/agent.ts';
import { tool } from '../../src/agent/tool.ts';
import { ActiveSessions } from '../../src/session/active-sessions.ts';
import { exchange, post } from '../http/requests.ts';
import { openStream } from '../http/sse-client.ts';
import { afterTest, startTestServer } from '../http/test-server.ts';
import { UNLIMITED } from '../http/unlimited.ts';
import { picture } from '../picture.ts';
import { MEGABYTE, memoryInUse } from './memory.ts';
import { PHONE, Phone } from './phone.ts';
import { PIECE_MS, type ScriptedModel, startScriptedModel } from './scripted-model.ts';
import { TurnReader } from './turn-reader.ts';

const HOUR_MS = 3_600_000;
/** Number of turns after which the model sends goAway: about ten minutes, as Gemini does. */
const CONNECTION_TURNS = 140;
/** Room for everything within the age of the log, at the pace of this test: a dropped piece would be a gap that the test does not expect. */
const LOG_BYTES = 16 * MEGABYTE;
/** The log is kept for two minutes; this hour is a hundred times as fast, and more. */
const LOG_AGE_MS = 5_000;
/** Maximum growth of memory between a third of the hour and its end. Audio of all turns would need 60 MB. */
const FLAT_BYTES = 12 * MEGABYTE;
const SILENCE = { audio_stream_end: true };

interface Talk {
  readonly model: ScriptedModel;
  readonly phone: Phone;
  readonly plain: TurnReader;
  /** Duration of the speech of both sides, in ms. */
  ms: number;
}

/** Has one turn said and answered. @returns what a reader is to be told */
type Turn = (talk: Talk, turn: number) => Promise<string[]>;

const KINDS: readonly Turn[] = [
  async function spoken(talk, turn) {
    await ask(talk, turn);
    return [...heard(talk, turn), ...answer(talk, turn, 12), ...finish(talk, turn)];
  },

  async function typed(talk, turn) {
    const { model, phone } = talk;
    const shown = { mime_type: 'image/png', data: picture('image/png') };
    await phone.post([shown, { mime_type: 'text/plain', data: `add ${turn}` }]);
    await model.hears('a picture', `add ${turn}`);
    const call = { id: `call ${turn}`, name: 'add', args: { a: turn, b: 1 } };
    const { id, name } = call;
    const sum = turn + 1;
    model.send({ toolCall: { functionCalls: [call] } });
    await model.hears(JSON.stringify([{ id, name, response: { sum } }]));
    return [
      `user_message ${JSON.stringify({ client: 'phone', text: `add ${turn}`, pictures: 1 })}`,
      `tool_call ${JSON.stringify({ ...call, where: 'server' })}`,
      `tool_result ${JSON.stringify({ id, name, result: { sum } })}`,
      ...answer(talk, turn, 8),
      ...finish(talk, turn),
    ];
  },

  async function recorded(talk, turn) {
    const { model, phone } = talk;
    const said = await phone.record(`tell ${turn}`, 3);
    talk.ms += 3_000;
    await phone.post([SILENCE]);
    await model.hears(...said, 'silence');
    // The answer is longer than the unacknowledged audio that the server sends to the phone.
    return [...heard(talk, turn), ...answer(talk, turn, 24), ...finish(talk, turn)];
  },

  async function stopped(talk, turn) {
    const { model, phone, plain } = talk;
    await ask(talk, turn);
    const lines = [...heard(talk, turn), ...answer(talk, turn, 4)];
    for (const reader of [phone, plain]) await reader.untilPieces(4);
    await phone.post([{ interrupt: { played_ms: 400 } }]);
    // The model does not know yet. Nobody hears this.
    model.speak(`${turn}`, 4, 8);
    model.send({ serverContent: { turnComplete: true } });
    return [...lines, 'interrupted', 'turn_complete'];
  },

  async function cutShort(talk, turn) {
    const { model, phone, plain } = talk;
    await ask(talk, turn);
    const lines = [...heard(talk, turn), ...answer(talk, turn, 4)];
    for (const reader of [phone, plain]) await reader.untilPieces(4);
    await model.hears(...(await phone.speak(`wait ${turn}`, 1)));
    talk.ms += 500;
    model.send({ serverContent: { interrupted: true } });
    model.send({ serverContent: { turnComplete: true } });
    return [...lines, 'interrupted', 'turn_complete'];
  },
];

test('an hour of talk at a fast pace arrives once and in order, and log, inbox, store and memory do not grow', async () => {
  const { server, session, talk } = await openTalk();
  const { phone, plain } = talk;
  let turn = 0;
  let warm = 0;
  while (talk.ms < HOUR_MS) {
    turn += 1;
    const [expected, atPhone, atPlain] = await Promise.all([take(talk, turn), phone.turn(), plain.turn()]);
    expect(atPhone.lines).toEqual(expected);
    expect(atPlain).toEqual(atPhone);
    expect(session.log.bytes).toBeLessThanOrEqual(LOG_BYTES);
    if (warm === 0 && talk.ms > HOUR_MS / 3) warm = memoryInUse();
  }
  expect(memoryInUse() - warm).toBeLessThan(FLAT_BYTES);

  // The last 32 answers are kept, and no more.
  for (let count = 0; count < 33; count += 1) expect(await phone.post([])).toMatchObject({ status: 200 });
  const next = phone.cseq;
  expect(JSON.parse((await phone.post([], next - 32)).text)).toMatchObject({ status: 'sent', next: next - 31 });
  expect(JSON.parse((await phone.post([], next - 33)).text)).toMatchObject({ code: 'outside_window', next });
  // Check that the inbox is empty: it has room for the maximum of a session.
  const recording = { mime_type: 'audio/pcm', data: 'A'.repeat(3 * MEGABYTE) };
  const ahead = await post(server, { client: 'other', cseq: 2, ack: phone.lastId, items: [recording] });
  expect(JSON.parse(ahead.text)).toMatchObject({ status: 'held', next: 1 });

  // An acknowledgement lets go of all of the log, once nobody is there who might ask for it again.
  plain.close();
  while (session.log.bytes > 0) await phone.acknowledge();

  // Check that the end of the conversation is stored, which is all that a new connection to the model receives.
  await exchange(server, '/poll/me?wait=0&is_audio=false');
  const [, first] = /^so far: \D+ (\d+)/.exec(await talk.model.hearsNext()) ?? [];
  expect(Number(first)).toBeGreaterThan(turn / 4);
}, 180_000);

async function openTalk() {
  const model = await startScriptedModel();
  const add = tool({
    name: 'add',
    description: 'Adds.',
    parameters: z.object({ a: z.number(), b: z.number() }),
    execute: ({ a, b }) => ({ sum: a + b }),
  });
  const opened = jest.spyOn(ActiveSessions.prototype, 'open');
  afterTest(() => opened.mockRestore());
  const server = await startTestServer(
    {
      ...UNLIMITED,
      GOOGLE_GEMINI_BASE_URL: model.url,
      LOG_BYTES: `${LOG_BYTES}`,
      LOG_AGE_MS: `${LOG_AGE_MS}`,
      HEARTBEAT_MS: '1000',
    },
    { agent: new Agent({ name: 'adder', tools: [add] }), emulator: 'none' },
  );
  const plain = await openStream(`${server.url}/events/me?is_audio=true`);
  await plain.until('the model', () => plain.named('status').length === 2);
  const phone = await openStream(`${server.url}/events/me?client=${PHONE}`);
  await phone.untilNamed('session');
  const answer = await (opened.mock.results[0]?.value as ReturnType<ActiveSessions['open']> | undefined);
  if (answer === undefined || answer === 'ended') throw new Error('no session was opened');
  const { session } = answer;
  // Discard the events so far, which belong to no turn.
  for (const { events } of [phone, plain]) events.length = 0;
  return { server, session, talk: { model, phone: new Phone(server, phone), plain: new TurnReader(plain), ms: 0 } };
}

async function take(talk: Talk, turn: number): Promise<string[]> {
  const kind = KINDS[turn % KINDS.length] as Turn; // the index is below the length
  if (turn === 1 || turn % CONNECTION_TURNS !== 1) return kind(talk, turn);
  // What is typed meanwhile would be reported between the two.
  await talk.plain.untilStatuses(reconnected.length);
  return [...reconnected, ...(await kind(talk, turn))];
}

/** Events after the end of the turn in which the model sent goAway. */
const reconnected = ['status {"upstream":"reconnecting","attempt":1,"code":1000}', 'status {"upstream":"resumed"}'];

async function ask(talk: Talk, turn: number): Promise<void> {
  const said = await talk.phone.speak(`ask ${turn}`, 5, [SILENCE]);
  talk.ms += 2_500;
  await talk.model.hears(...said, 'silence');
}

function heard({ model }: Talk, turn: number): string[] {
  const text = `ask ${turn}`;
  model.send({ serverContent: { inputTranscription: { text, finished: true } } });
  return [false, true].map((finished) => `input_transcript ${JSON.stringify({ text, finished, turn })}`);
}

function answer(talk: Talk, turn: number, pieces: number): string[] {
  talk.ms += pieces * PIECE_MS;
  return talk.model.speak(`${turn}`, 0, pieces);
}

function finish({ model }: Talk, turn: number): string[] {
  model.send({ usageMetadata: { promptTokenCount: turn, responseTokenCount: 2, totalTokenCount: turn + 2 } });
  if (turn % CONNECTION_TURNS === 0) model.leave();
  model.send({ serverContent: { turnComplete: true } });
  const usage = { prompt_tokens: turn, response_tokens: 2, total_tokens: turn + 2 };
  return [`usage ${JSON.stringify(usage)}`, 'turn_complete'];
}
