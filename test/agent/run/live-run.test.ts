import { describe, expect, test } from '@jest/globals';
import { LiveRequestQueue } from '../../../src/agent/live-request-queue.ts';
import { tool } from '../../../src/agent/tool.ts';
import { listTurns } from '../../../src/store/conversation-turns.ts';
import { WireError } from '../../../src/wire/wire-error.ts';
import { closesAfterEach } from '../../models/cleanup.ts';
import { FakeModel } from '../../models/fake-model.ts';
import { until } from '../../models/until.ts';
import { loadEvents } from '../../store/events.ts';
import { type FakeTalkOptions, flushEvents, SPEECH, sentText, startFakeTalk } from '../fake-talk.ts';
import { CONVERSATION, outline, runnerFor } from '../talk.ts';

const closing = closesAfterEach();

/** A run that is ready, and the provider's side of its connection. */
async function openTalk(options: FakeTalkOptions = {}) {
  const fake = startFakeTalk(options);
  closing(fake.talk);
  const provider = await fake.model.connection(0);
  await fake.talk.until(({ status }) => status?.upstream === 'ready');
  return { ...fake, provider };
}

/** A run that nobody reads yet. */
function createRun(model = new FakeModel()) {
  const liveRequestQueue = new LiveRequestQueue();
  const { userId, sessionId } = CONVERSATION;
  return { model, liveRequestQueue, run: runnerFor(model).runLive({ userId, sessionId, liveRequestQueue }) };
}

const DONE = { value: undefined, done: true };

describe('the tools of a run', () => {
  test('a call during the transcript of the user runs at once, and is emitted with its result after the transcript', async () => {
    const ran: string[] = [];
    const clock = tool({ name: 'clock', description: '', execute: () => ran.push('clock') && '12:00' });
    const { talk, provider, store } = await openTalk({ agent: { tools: [clock] } });
    provider.hear('What ');
    provider.call({ name: 'clock' });
    await provider.nextInput('tool_results');
    expect(ran).toEqual(['clock']);
    expect(outline(talk.events).slice(2)).toEqual(['heard…']);
    provider.hear('time?');
    provider.transcribe('Noon.');
    provider.completeTurn();
    const kinds = ['heard', 'call', 'result', 'spoken…', 'spoken', 'turnComplete'];
    expect(outline(await talk.turn(1)).slice(2)).toEqual(['heard…', ...kinds]);
    await talk.close();
    const events = await loadEvents(store, CONVERSATION);
    expect(outline(events)).toEqual(kinds.filter((kind) => kind !== 'spoken…'));
    expect(listTurns(events)).toEqual([
      { role: 'user', text: 'What time?' },
      { role: 'model', text: 'Noon.' },
    ]);
  });

  test.each(['the queue is closed', 'the run is aborted'])('running calls are aborted when %s', async (how) => {
    const signals: AbortSignal[] = [];
    const slow = tool({
      name: 'slow',
      description: '',
      execute: (_args, { signal }) => {
        signals.push(signal);
        return new Promise(() => {});
      },
    });
    const controller = new AbortController();
    const { talk, provider } = await openTalk({ agent: { tools: [slow] }, signal: controller.signal });
    provider.call({ name: 'slow' });
    await until(() => signals.length === 1);
    if (how === 'the run is aborted') controller.abort();
    else talk.queue.close();
    await talk.done;
    expect(signals[0]?.aborted).toBe(true);
  });
});

test('with manual activity detection the model receives no audio_end, and everything beside it', async () => {
  const { talk, provider } = await openTalk({
    runConfig: { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } },
  });
  talk.queue.send({ activity_start: {} });
  talk.queue.send({ activity_end: {}, audio_stream_end: true });
  talk.queue.send({ audio_stream_end: true });
  talk.say('over');
  await provider.nextInput('text');
  expect(provider.received).toEqual([{ type: 'activity_start' }, { type: 'activity_end' }, sentText('over')]);
});

test.each(['a message', 'the end of the queue'])('a frame that waits for its time is sent before %s', async (what) => {
  const input = { rate: 16_000, images: ['frames'], turnDetection: ['server'], framesPerSecond: 0.01 } as const;
  const { talk, provider } = await openTalk({ model: { capabilities: { input } } });
  for (const data of ['AAAA', 'BBBB']) talk.queue.sendRealtime({ mime_type: 'image/png', data });
  if (what === 'a message') talk.say('what is it?');
  else talk.queue.close();
  await until(() => provider.received.length === (what === 'a message' ? 3 : 2));
  expect(provider.received.map((each) => ('data' in each ? each.data : each.type))).toEqual(
    what === 'a message' ? ['AAAA', 'BBBB', 'text'] : ['AAAA', 'BBBB'],
  );
});

describe('a run', () => {
  test('starts with the first event that its caller asks for', async () => {
    const { model, run, liveRequestQueue } = createRun();
    expect(model.setups).toEqual([]);
    expect(await run.next()).toMatchObject({ done: false, value: { status: { upstream: 'connecting' } } });
    liveRequestQueue.close();
    await run.return();
  });

  test('never starts if its caller leaves before the first event', async () => {
    const { model, run } = createRun();
    expect(await run.return()).toEqual(DONE);
    expect(await run.next()).toEqual(DONE);
    expect(model.setups).toEqual([]);
  });

  test('throws its error once, and then has no more events', async () => {
    const { model, run } = createRun();
    model.refuse(new WireError('model_key_refused'));
    expect(await run.next()).toMatchObject({ value: { status: { upstream: 'connecting' } } });
    await expect(run.next()).rejects.toMatchObject({ code: 'model_key_refused' });
    expect(await run.next()).toEqual(DONE);
  });

  test('ends when its caller throws an error into it', async () => {
    const { model, run } = createRun();
    await run.next();
    const provider = await model.connection(0);
    await run.next();
    await expect(run.throw(new Error('enough'))).rejects.toThrow('enough');
    expect(await run.next()).toEqual(DONE);
    await provider.ended();
  });
});

describe('the end of a run', () => {
  test('comes when the queue is closed, and closes the connection', async () => {
    const { talk, provider } = await openTalk();
    talk.queue.close();
    await talk.done;
    expect(await provider.ended()).toMatchObject({ code: 1000 });
  });

  test('comes after the model has received what was sent before the queue was closed', async () => {
    const { model, talk } = startFakeTalk();
    closing(talk);
    talk.say('goodbye');
    talk.queue.close();
    await talk.done;
    await model.latest.ended();
    expect(model.latest.received).toEqual([sentText('goodbye')]);
  });

  test('comes at once with an abort, without an error, even while nothing happens', async () => {
    const controller = new AbortController();
    const { talk, provider } = await openTalk({ signal: controller.signal });
    controller.abort();
    await talk.done;
    await provider.ended();
  });

  test('comes at once with an abort while it connects', async () => {
    const controller = new AbortController();
    const { model, talk } = startFakeTalk({ signal: controller.signal });
    closing(talk);
    model.hold();
    await model.setup(0);
    controller.abort();
    await talk.done;
    expect(model.connections).toEqual([]);
  });

  test('comes before anything else if the run was aborted before', async () => {
    const { model, talk } = startFakeTalk({ signal: AbortSignal.abort() });
    closing(talk);
    await talk.done;
    expect([talk.events, model.setups]).toEqual([[], []]);
  });

  test('by an abort discards what the provider has on its way: no tool runs, and nothing more is recorded', async () => {
    let runs = 0;
    const late = tool({ name: 'late', description: '', execute: () => (runs += 1) });
    const { talk, provider, store } = await openTalk({ agent: { tools: [late] } });
    provider.say('Well, ');
    await talk.until(({ content }) => content);
    provider.call({ name: 'late' });
    provider.say('I am late.');
    provider.completeTurn();
    // The run has read none of it yet.
    await talk.close();
    const events = await loadEvents(store, CONVERSATION);
    await provider.ended();
    expect(runs).toBe(0);
    expect(await loadEvents(store, CONVERSATION)).toEqual(events);
    expect(listTurns(events)).toEqual([{ role: 'model', text: 'Well, ', interrupted: true }]);
  });

  test('comes when the caller breaks out of the loop during a reply', async () => {
    const { model, run, liveRequestQueue } = createRun(
      new FakeModel({ onInput: (connection) => connection.say('One, ') }),
    );
    liveRequestQueue.sendContent({ role: 'user', parts: [{ text: 'count to thirty' }] });
    for await (const event of run) if (event.content) break;
    await model.latest.ended();
    expect(await run.next()).toEqual(DONE);
  });

  test('comes with an error if 10,000 events wait for the caller', async () => {
    const { model, run } = createRun();
    await run.next();
    const provider = await model.connection(0);
    for (let index = 0; index < 10_100; index += 1) {
      provider.say('x');
      // Let the run read the events: this test is about the queue behind it.
      if (index % 100 === 0) await new Promise(setImmediate);
    }
    const reading = async () => {
      for await (const _ of run);
    };
    await expect(reading()).rejects.toThrow('nobody reads this run');
  });

  test('comes with an error for a blob that is neither audio nor an image, also behind an image', async () => {
    const { talk } = await openTalk();
    talk.queue.sendRealtime({ mime_type: 'image/png', data: 'AAAA' });
    talk.queue.sendRealtime({ mime_type: 'video/mp4', data: 'AAAA' });
    await expect(talk.done).rejects.toMatchObject({ code: 'unsupported_mime_type' });
  });
});

test('audio of the user reaches the model while a reply is in progress', async () => {
  const { talk, provider } = await openTalk();
  provider.say('Well, ');
  await flushEvents(talk, provider);
  talk.queue.sendRealtime(SPEECH);
  expect(await provider.nextInput('audio')).toEqual({ type: 'audio', mimeType: SPEECH.mime_type, data: SPEECH.data });
});
