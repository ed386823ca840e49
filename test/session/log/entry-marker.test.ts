import { describe, expect, test } from '@jest/globals';
import type { AgentEvent } from '../../../src/wire/agent-event.ts';
import type { EntryMarks } from '../../../src/wire/log-entry.ts';
import { createLog } from './log-messages.ts';

const STAMP = { id: 'id', invocationId: 'e-1', author: 'agent', timestamp: 1 };
const AUDIO = { inlineData: { mimeType: 'audio/pcm;rate=24000', data: 'AAAA' } };

/** The marks of each event, appended to one log. */
function marksOf(...events: Partial<AgentEvent>[]): (EntryMarks | undefined)[] {
  const { log, writer } = createLog();
  return events.map((event) => {
    const { seq } = writer.append({ event: { ...STAMP, ...event } });
    return log.at(seq)?.entry.marks;
  });
}

describe('the marks of an entry', () => {
  test('say where a turn begins and ends, and what it contained', () => {
    const usageMetadata = { promptTokenCount: 3, candidatesTokenCount: 4 };
    expect(
      marksOf(
        { content: { role: 'model', parts: [AUDIO] } },
        { outputTranscription: { text: 'Hello', finished: false } },
        { usageMetadata: { promptTokenCount: 1 } },
        { usageMetadata },
        { usageMetadata: { searchQueryCount: 1 } },
        { turnComplete: true },
        { content: { role: 'model', parts: [{ text: 'Hi' }] }, partial: true },
        { content: { role: 'model', parts: [{ text: '.' }] }, partial: true, turnComplete: true },
      ),
    ).toEqual([
      { replyBegins: true },
      undefined,
      undefined,
      undefined,
      undefined,
      {
        replyEnds: {
          hasAudio: true,
          hasTranscript: true,
          hasText: false,
          usage: { ...usageMetadata, searchQueryCount: 1 },
        },
      },
      { replyBegins: true },
      { replyEnds: { hasAudio: false, hasTranscript: false, hasText: true } },
    ]);
  });

  test('say where an utterance of the user begins and ends, and number the utterances', () => {
    const heard = (text: string, finished: boolean) => ({ author: 'user', inputTranscription: { text, finished } });
    expect(
      marksOf(heard('What', false), heard(' time', false), heard('What time', true), heard('Hello', true)),
    ).toEqual([
      { inputBegins: true, input: 1 },
      { input: 1 },
      { inputEnds: true, input: 1 },
      { inputBegins: true, inputEnds: true, input: 2 },
    ]);
  });

  test('say when the user is silent again before all words are there, if a voice detection reports that', () => {
    const heard = (text: string, finished: boolean) => ({ author: 'user', inputTranscription: { text, finished } });
    const sign = (voiceActivityType: 'ACTIVITY_START' | 'ACTIVITY_END') => ({ voiceActivity: { voiceActivityType } });
    expect(marksOf(sign('ACTIVITY_START'), heard('What', false), sign('ACTIVITY_END'), heard('What', true))).toEqual([
      { inputBegins: true, input: 1 },
      { input: 1 },
      { inputEnds: true, input: 1 },
      { input: 1 },
    ]);
    // Noise, a second start, and the words of an utterance that was followed by the next one.
    expect(
      marksOf(
        sign('ACTIVITY_END'),
        sign('ACTIVITY_START'),
        sign('ACTIVITY_START'),
        sign('ACTIVITY_END'),
        sign('ACTIVITY_END'),
      ),
    ).toEqual([undefined, { inputBegins: true, input: 1 }, { input: 1 }, { inputEnds: true, input: 1 }, undefined]);
    expect(marksOf(sign('ACTIVITY_START'), sign('ACTIVITY_END'), sign('ACTIVITY_START'))).toEqual([
      { inputBegins: true, input: 1 },
      { inputEnds: true, input: 1 },
      { inputBegins: true, input: 2 },
    ]);
    expect(marksOf({ interimInputTranscription: { text: 'Wha' } }, heard('What', true))).toEqual([
      { inputBegins: true, input: 1 },
      { inputEnds: true, input: 1 },
    ]);
  });

  test('say when the model can be reached for the first time in a run', () => {
    const status = (upstream: 'connecting' | 'ready' | 'working') => ({ status: { upstream } });
    expect(marksOf(status('connecting'), status('ready'), status('working'), status('ready'))).toEqual([
      undefined,
      { agentReady: true },
      undefined,
      undefined,
    ]);
  });

  test('are absent from an entry that nothing begins or ends with, and from a turn without a reply', () => {
    expect(marksOf({ status: { upstream: 'ready' } }, { interrupted: true }, { turnComplete: true })).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('stay where the log has moved the audio of the entry elsewhere', () => {
    const [first] = marksOf({ content: { role: 'model', parts: [AUDIO, { text: 'Hi' }] }, partial: true });
    expect(first).toEqual({ replyBegins: true });
  });
});
