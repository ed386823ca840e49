import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { WebSocket } from 'ws';
import type { NumberedModel } from './numbered-model.ts';
import { HEARD_HZ } from './numbers.ts';

/** Maximum number of messages that wait until the model listens: 20 s of audio. */
const MOST_WAITING = 200;

/** Messages of the client. `number` counts the messages of a client, from 1. */
export interface SocketIoUp {
  audio(number: number, pcm: Uint8Array, acknowledge: () => void): void;
  text(number: number, text: string, acknowledge: () => void): void;
}

export interface SocketIoDown {
  audio(pcm: Uint8Array): void;
  text(words: string): void;
  turn_complete(): void;
}

/**
 * Starts the same model behind socket.io 4, with its defaults and the settings that its documentation recommends against loss. Down:
 * connection state recovery. Up: the client repeats unacknowledged messages, and the server drops known numbers.
 * @returns the port on 127.0.0.1
 */
export async function startSocketIoServer(model: NumberedModel, stack: AsyncDisposableStack): Promise<number> {
  const http = createServer((_request, response) => response.end());
  const io = new Server<SocketIoUp, SocketIoDown>(http, {
    // Use the values of the documentation.
    connectionStateRecovery: { maxDisconnectionDuration: 2 * 60 * 1_000, skipMiddlewares: true },
  });
  const talks = new Map<string, Talk>();
  io.on('connection', (socket) => {
    const { user } = socket.handshake.auth;
    // Identify by user, not by socket: a client whose state was not recovered continues with the same model and has lost messages.
    const talk = talks.get(user) ?? openTalk(model, (down) => down(io.to(user)));
    talks.set(user, talk);
    void socket.join(user);
    const take = (number: number, realtimeInput: object, acknowledge: () => void) => {
      if (number > talk.heard) talk.say(realtimeInput);
      talk.heard = Math.max(talk.heard, number);
      acknowledge();
    };
    socket.on('audio', (number, pcm, acknowledge) => {
      const data = Buffer.from(pcm).toString('base64');
      take(number, { audio: { mimeType: `audio/pcm;rate=${HEARD_HZ}`, data } }, acknowledge);
    });
    socket.on('text', (number, text, acknowledge) => take(number, { text }, acknowledge));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  stack.defer(async () => {
    for (const talk of talks.values()) talk.close();
    await io.close();
  });
  const { port } = http.address() as AddressInfo; // a listening TCP server has an AddressInfo
  return port;
}

interface Talk {
  /** Highest number received so far. */
  heard: number;
  say(realtimeInput: object): void;
  close(): void;
}

type Room = Pick<Server<SocketIoUp, SocketIoDown>, 'emit'>;

/** Opens a connection to the model, as our server does. */
function openTalk({ url }: NumberedModel, tell: (down: (room: Room) => void) => void): Talk {
  const upstream = new WebSocket(url);
  const waiting: string[] = [];
  let ready = false;
  upstream.on('error', () => undefined);
  upstream.on('open', () => upstream.send('{"setup":{}}'));
  upstream.on('message', (data) => {
    const { setupComplete, serverContent = {} }: ServerMessage = JSON.parse(String(data));
    if (setupComplete) {
      ready = true;
      for (const message of waiting.splice(0)) upstream.send(message);
    }
    for (const { inlineData } of serverContent.modelTurn?.parts ?? []) {
      tell((room) => room.emit('audio', Buffer.from(inlineData.data, 'base64')));
    }
    const { outputTranscription, turnComplete } = serverContent;
    if (outputTranscription) tell((room) => room.emit('text', outputTranscription.text));
    if (turnComplete) tell((room) => room.emit('turn_complete'));
  });
  return {
    heard: 0,
    say(realtimeInput) {
      const message = JSON.stringify({ realtimeInput });
      if (ready) upstream.send(message);
      else if (waiting.length < MOST_WAITING) waiting.push(message);
      else throw new Error('the model does not listen');
    },
    close: () => upstream.terminate(),
  };
}

/** The fields of a server message that this model sends. */
interface ServerMessage {
  readonly setupComplete?: object;
  readonly serverContent?: {
    readonly modelTurn?: { readonly parts: readonly { readonly inlineData: { readonly data: string } }[] };
    readonly outputTranscription?: { readonly text: string };
    readonly turnComplete?: boolean;
  };
}
