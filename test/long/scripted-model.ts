import { expect } from '@jest/globals';
import { afterTest, waitFor } from '../http/test-server.ts';
import { type Frame, type ScriptedConnection, startScriptedGemini } from '../models/gemini/scripted-gemini.ts';
import { readLabel, voiceDown } from './labelled-voice.ts';

/** Speech of the model comes in pieces of so many ms, each with its transcript. */
export const PIECE_MS = 200;

const HANDLE = { sessionResumptionUpdate: { newHandle: 'a handle', resumable: true } };

/** A model that says what it is told to, and keeps nothing of what it has heard, for talks of any length. */
export interface ScriptedModel {
  readonly url: string;
  /** Has it been told this since the last time, and nothing else? Waits for it. A line for each piece of speech, text, picture, result. */
  hears(...lines: string[]): Promise<void>;
  /** The next line that it is told. */
  hearsNext(): Promise<string>;
  send(frame: object): void;
  /** Speaks the pieces from `first` to before `end`. @returns what a reader is to hear of it */
  speak(label: string, first: number, end: number): string[];
  /** Asks to be left, as Gemini does every ten minutes: the next connection continues. */
  leave(): void;
}

export async function startScriptedModel(): Promise<ScriptedModel> {
  const heard: string[] = [];
  let current: ScriptedConnection | undefined;
  const gemini = await startScriptedGemini({
    onSetup: (connection) => {
      connection.completeSetup();
      connection.send(HANDLE);
      current = connection;
    },
    onFrame: (connection, frame) => {
      heard.push(formatLine(frame));
      // Discard the stored input. It is kept for shorter tests, with the setup as the first entry.
      connection.texts.length = 1;
    },
  });
  afterTest(() => gemini.close());
  const send = (frame: Frame) => {
    current?.send(frame);
    // Send a new handle with every turn, because an older handle does not include the turn.
    if (frame.serverContent?.turnComplete) current?.send(HANDLE);
  };
  return {
    url: gemini.url,
    async hears(...lines) {
      await waitFor(`the model to hear ${lines.at(-1)}`, () => heard.length >= lines.length);
      expect(heard.splice(0)).toEqual(lines);
    },
    async hearsNext() {
      await waitFor('the model to hear something', () => heard.length > 0);
      return heard.shift() ?? '';
    },
    send,
    speak(label, first, end) {
      const lines: string[] = [];
      for (let piece = first; piece < end; piece += 1) {
        const name = `${label} ${piece}`;
        const data = voiceDown(name, PIECE_MS).toString('base64');
        send({
          serverContent: {
            modelTurn: { parts: [{ inlineData: { mimeType: 'audio/pcm;rate=24000', data } }] },
            outputTranscription: { text: `${name}. ` },
          },
        });
        lines.push(readLabel(data), `said ${name}. `);
      }
      return lines;
    },
    leave: () => send({ goAway: { timeLeft: '60s' } }),
  };
}

function formatLine({ realtimeInput, clientContent, toolResponse }: Frame): string {
  if (realtimeInput?.audio) return readLabel(realtimeInput.audio.data);
  if (realtimeInput?.audioStreamEnd) return 'silence';
  if (realtimeInput?.video) return 'a picture';
  // A connection that begins anew is told the whole conversation.
  if (clientContent?.turns.length > 1) return `so far: ${clientContent.turns[0].parts[0].text}`;
  // The picture that was shown just before stands before the text.
  if (clientContent) return clientContent.turns[0].parts.at(-1).text;
  return JSON.stringify(toolResponse.functionResponses);
}
