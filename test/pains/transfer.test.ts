import { expect } from '@jest/globals';
import { Agent } from '../../src/agent/agent.ts';
import { Runner } from '../../src/agent/run/runner.ts';
import { startGeminiEmulator } from '../../src/emulator/gemini/emulator.ts';
import type { Scenario } from '../../src/emulator/scenario.ts';
import { GEMINI_FAMILIES } from '../../src/models/gemini/family.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { heard, startTalk } from '../agent/talk.ts';
import { concurrentTest as test } from '../concurrent-test.ts';
import { join, room, speech } from '../emulator/microphone.ts';
import { closesAfterEach } from '../models/cleanup.ts';
import { modelAt } from '../models/gemini/gemini-model.ts';

const closing = closesAfterEach();
const FAMILIES = Object.values(GEMINI_FAMILIES).map(
  ({ name, example, exchanges }) => [name, example, exchanges] as const,
);

/** A talk with a desk that transfers what is about bills, against the strict emulator. */
async function open(name: string, scenario: Scenario = []) {
  const billing = new Agent({ name: 'billing', description: 'Answers questions on bills.' });
  const agent = new Agent({ name: 'desk', instruction: 'You receive the caller.', subAgents: [billing] });
  const emulator = closing(await startGeminiEmulator({ pace: 20, strict: true, scenario }));
  const model = modelAt(emulator.url, { model: name });
  const talk = closing(startTalk(new Runner({ appName: 'app', agent, model, store: createMemoryStore() })));
  await talk.until(({ status }) => status?.upstream === 'ready');
  const saidBy = (author: string) => heard(talk.events.filter((each) => each.author === author));
  const isComplete = () => talk.events.findLast(({ partial, turnComplete }) => partial || turnComplete)?.turnComplete;
  /** Waits until an agent has said this at last, and its turn is complete. */
  const hears = (author: string, text: string) => talk.until(() => saidBy(author).endsWith(text) && isComplete());
  return { emulator, talk, saidBy, hears };
}

/** A model that thinks in the background says so before it calls a function. */
const FIRST_WORDS = { single: '', background: 'One moment.' } as const;

test.each(FAMILIES)(
  'pain 17: a question that is transferred is answered once, by the other agent, with a model of the family %s',
  async (_family, name, exchanges) => {
    const { talk, saidBy, hears } = await open(name);
    talk.say('My bill: count to three');
    await hears('billing', 'One, two, three.');
    talk.say('what did I say?');
    await hears('billing', 'You said: My bill: count to three');
    expect(saidBy('billing')).toBe('One, two, three.You said: My bill: count to three');
    expect(saidBy('desk')).toBe(FIRST_WORDS[exchanges]);
    expect(talk.events.filter(({ interrupted, errorCode }) => interrupted || errorCode)).toEqual([]);
  },
);

test.each(FAMILIES)(
  'pain 17: a message that is typed while the other agent takes over is answered, with a model of the family %s',
  async (_family, name, exchanges) => {
    const { talk, saidBy, hears } = await open(name);
    talk.say('count to two');
    await hears('desk', 'One, two.');
    talk.say('transfer to agent billing');
    await talk.until(({ actions }) => actions?.transferToAgent === 'billing');
    talk.say('what did I say?');
    await hears('billing', 'You said: transfer to agent billing');
    expect(saidBy('desk')).toBe(`One, two.${FIRST_WORDS[exchanges]}`);
  },
);

test('pain 17: a spoken question is transferred with its last words, and answered once', async () => {
  const transcription = { serverContent: { inputTranscription: { text: 'My bill: count to two' } } };
  const call = { id: 'call-1', name: 'transfer_to_agent', args: { agent_name: 'billing' } };
  const { talk, saidBy, hears } = await open('gemini-3.1-flash-live-preview', [
    [
      { at: { heard: 8 }, do: { send: transcription } },
      { at: { heard: 8 }, do: { send: { toolCall: { functionCalls: [call] } } } },
    ],
  ]);
  // The call comes with the last of the eight pieces: words after it would be for the other agent, which would wait for their end.
  const samples = join(room(0.2), speech(0.6));
  for (let at = 0; at < samples.length; at += 1_600) {
    const data = Buffer.from(samples.slice(at, at + 1_600).buffer).toString('base64');
    talk.queue.sendRealtime({ mime_type: 'audio/pcm;rate=16000', data });
  }
  await hears('billing', 'One, two.');
  expect([saidBy('desk'), saidBy('billing')]).toEqual(['', 'One, two.']);
  const words = talk.events.flatMap(({ inputTranscription }) =>
    inputTranscription?.finished ? [inputTranscription.text] : [],
  );
  expect(words).toEqual(['My bill: count to two']);
});
