import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { createLedger, type Ledger } from './ledger.ts';
import { type BlockReader, createBlockReader, encodeBlock, HEARD_HZ, SPOKEN_HZ } from './numbers.ts';

/** Everything that the model of a conversation has received and sent. */
export interface Conversation {
  readonly heardBlocks: Ledger;
  readonly heardTexts: Ledger;
  /** Transit time of each block to the model, in ms. */
  readonly heardMs: number[];
  readonly spokenBlocks: number;
  readonly spokenTexts: number;
  /** Number of bytes of audio that belong to no block. */
  readonly strayBytes: number;
}

export interface NumberedModel {
  readonly url: string;
  /** Returns the conversation that started with `hello <name>`. */
  conversation(name: string): Conversation | undefined;
}

/** Interval between two words in text while the model speaks, in blocks. */
const WORD_EVERY = 5;

/**
 * Starts a live model that numbers its output and counts its input. It speaks the part of BidiGenerateContent that this needs. It
 * obeys texts: `hello <name>` names the conversation, `speak <number> <blocks> <every ms>` makes it speak, `say <number>` is
 * answered with a word. The numbers are counted.
 */
export async function startNumberedModel(stack: AsyncDisposableStack): Promise<NumberedModel> {
  const conversations = new Map<string, Conversation>();
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  server.on('connection', (socket) => converse(socket, conversations));
  await once(server, 'listening');
  stack.defer(async () => {
    for (const socket of server.clients) socket.terminate();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo; // a listening TCP server has an AddressInfo
  return { url: `http://127.0.0.1:${port}`, conversation: (name) => conversations.get(name) };
}

function converse(socket: WebSocket, conversations: Map<string, Conversation>): void {
  const reader: BlockReader = createBlockReader(HEARD_HZ);
  const heard = { blocks: createLedger(), texts: createLedger(), ms: [] as number[] };
  let spokenBlocks = 0;
  let spokenTexts = 0;
  let timer: NodeJS.Timeout | undefined;
  /** Number of utterances in progress. One may be requested before the previous has ended. */
  let speaking = 0;
  let ready = false;

  const say = (serverContent: object) => socket.send(JSON.stringify({ serverContent }));
  const word = () => say({ outputTranscription: { text: `w${++spokenTexts} ` } });
  const endTurn = () => {
    say({ generationComplete: true });
    say({ turnComplete: true });
  };
  const speak = (blocks: number, everyMs: number) => {
    const startedAt = performance.now();
    let spoken = 0;
    speaking += 1;
    const next = () => {
      const pcm = encodeBlock({ number: ++spokenBlocks, sentAt: performance.now() }, SPOKEN_HZ);
      const inlineData = { mimeType: `audio/pcm;rate=${SPOKEN_HZ}`, data: pcm.toString('base64') };
      say({ modelTurn: { parts: [{ inlineData }] } });
      if (spoken % WORD_EVERY === 0) word();
      spoken += 1;
      if (spoken === blocks) {
        speaking -= 1;
        endTurn();
      } else timer = setTimeout(next, Math.max(0, startedAt + spoken * everyMs - performance.now()));
    };
    next();
  };
  const obey = (text: string) => {
    const [order, first = '', ...more] = text.split(' ');
    if (order === 'hello') {
      conversations.set(first, {
        heardBlocks: heard.blocks,
        heardTexts: heard.texts,
        heardMs: heard.ms,
        get spokenBlocks() {
          return spokenBlocks;
        },
        get spokenTexts() {
          return spokenTexts;
        },
        get strayBytes() {
          return reader.strayBytes;
        },
      });
      word();
      endTurn();
      return;
    }
    heard.texts.take(Number(first));
    if (order === 'speak') {
      const [blocks, everyMs] = more;
      speak(Number(blocks), Number(everyMs));
      return;
    }
    word();
    if (speaking === 0) endTurn();
  };

  socket.on('error', () => undefined);
  socket.on('close', () => clearTimeout(timer));
  socket.on('message', (data) => {
    const message: ClientMessage = JSON.parse(String(data));
    if (!ready) {
      ready = true;
      socket.send('{"setupComplete":{}}');
      return;
    }
    const { audio, text } = message.realtimeInput ?? {};
    if (audio?.data) {
      for (const { number, sentAt } of reader.feed(Buffer.from(audio.data, 'base64'))) {
        heard.blocks.take(number);
        heard.ms.push(performance.now() - sentAt);
      }
    }
    if (text) obey(text);
    for (const { parts = [] } of message.clientContent?.turns ?? []) {
      for (const part of parts) if (part.text) obey(part.text);
    }
  });
}

/** The fields of a client message that the model reads. */
interface ClientMessage {
  readonly realtimeInput?: { readonly audio?: { readonly data?: string }; readonly text?: string };
  readonly clientContent?: { readonly turns?: readonly { readonly parts?: readonly { readonly text?: string }[] }[] };
}
