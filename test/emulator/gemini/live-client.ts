import { GoogleGenAI, type LiveConnectConfig, type LiveServerMessage, type Session } from '@google/genai';
import type { GeminiEmulator } from '../../../src/emulator/gemini/emulator.ts';

/** A conversation through the real SDK, with everything the server said so far. */
export interface LiveClient {
  readonly session: Session;
  readonly messages: LiveServerMessage[];
  /** The first message (from the `from`th on) that the predicate likes; waits for it. */
  until(predicate: (message: LiveServerMessage) => boolean, from?: number): Promise<LiveServerMessage>;
  /** Waits for the next turnComplete, and returns the messages from number `from` up to it. */
  turn(from?: number): Promise<LiveServerMessage[]>;
  readonly closed: Promise<{ code: number; reason: string }>;
}

export interface LiveClientOptions {
  model?: string;
  apiVersion?: string;
  apiKey?: string;
  vertexai?: boolean;
  basePath?: string;
}

export async function connect(
  emulator: GeminiEmulator,
  config: LiveConnectConfig,
  options: LiveClientOptions = {},
): Promise<LiveClient> {
  const {
    model = 'gemini-live-2.5-flash-preview',
    apiVersion = 'v1beta',
    apiKey = 'key',
    vertexai,
    basePath = '',
  } = options;
  const ai = new GoogleGenAI({
    apiKey,
    apiVersion,
    ...(vertexai ? { vertexai } : {}),
    httpOptions: { baseUrl: `${emulator.url}${basePath}` },
  });
  const messages: LiveServerMessage[] = [];
  const watchers = new Set<() => void>();
  const { promise: closed, resolve: onClose } = Promise.withResolvers<{ code: number; reason: string }>();
  const session = await ai.live.connect({
    model,
    config,
    callbacks: {
      onmessage(message) {
        messages.push(message);
        for (const watch of watchers) watch();
      },
      onclose: ({ code, reason }) => onClose({ code, reason }),
    },
  });

  function until(predicate: (message: LiveServerMessage) => boolean, from = 0): Promise<LiveServerMessage> {
    return new Promise((resolve) => {
      const watch = () => {
        const found = messages.slice(from).find(predicate);
        if (!found) return;
        watchers.delete(watch);
        resolve(found);
      };
      watchers.add(watch);
      watch();
    });
  }

  return {
    session,
    messages,
    until,
    async turn(from = 0) {
      const end = await until((message) => message.serverContent?.turnComplete === true, from);
      return messages.slice(from, messages.indexOf(end) + 1);
    },
    closed,
  };
}

export function joinText(messages: readonly LiveServerMessage[]): string {
  return messages
    .flatMap((message) => message.serverContent?.modelTurn?.parts ?? [])
    .map((part) => part.text ?? '')
    .join('');
}

export function joinTranscript(messages: readonly LiveServerMessage[]): string {
  return messages.map((message) => message.serverContent?.outputTranscription?.text ?? '').join('');
}

export function joinInputTranscript(messages: readonly LiveServerMessage[]): string {
  return messages.map((message) => message.serverContent?.inputTranscription?.text ?? '').join('');
}

export function joinAudio(messages: readonly LiveServerMessage[]): Int16Array {
  const pieces = messages
    .flatMap((message) => message.serverContent?.modelTurn?.parts ?? [])
    .map((part) => Buffer.from(part.inlineData?.data ?? '', 'base64'));
  const bytes = Buffer.concat(pieces);
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** `setupComplete`, `text`, `audio`, `interrupted` …: what each message is, equal neighbours once. */
export function outline(messages: readonly LiveServerMessage[]): string[] {
  return messages.flatMap(listKinds).filter((kind, index, all) => kind !== all[index - 1]);
}

function listKinds(message: LiveServerMessage): string[] {
  const { serverContent: content } = message;
  const kinds: [unknown, string][] = [
    [message.setupComplete, 'setupComplete'],
    [content?.inputTranscription, 'inputTranscription'],
    [content?.outputTranscription, 'outputTranscription'],
    [content?.modelTurn?.parts?.[0]?.text, 'text'],
    [content?.modelTurn?.parts?.[0]?.inlineData, 'audio'],
    [message.toolCall, 'toolCall'],
    [message.toolCallCancellation, 'toolCallCancellation'],
    [content?.interrupted, 'interrupted'],
    [content?.generationComplete, 'generationComplete'],
    [content?.turnComplete, 'turnComplete'],
    [message.usageMetadata, 'usage'],
    [message.sessionResumptionUpdate, 'handle'],
    [message.goAway, 'goAway'],
    [message.voiceActivity, 'voiceActivity'],
  ];
  return kinds.filter(([present]) => present !== undefined).map(([, kind]) => kind);
}
